// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

std::string word(std::string_view text) {
  std::string out = parse("x " + std::string(text));
  return out.substr(10, out.size() - 11);
}

TEST(BraceParser, Alternatives) {
  EXPECT_EQ(word("a{b,c}d"), "[a (brace b c) d]");
  EXPECT_EQ(word("{,a}"), "(brace \"\" a)");
  EXPECT_EQ(word("{a,{b,c}d}"), "(brace a [(brace b c) d])");
  EXPECT_EQ(word("{a,b}{c,d}"), "[(brace a b) (brace c d)]");
  EXPECT_EQ(word("{$a,\"b c\",$(d,e)}"), "(brace $a 'b c' ($ (simple d,e)))");
  EXPECT_EQ(word("{~,a}/b"), "[(brace ~ a) /b]");
  EXPECT_EQ(word("{*.c,x}"), "(brace *.c x)");
}

TEST(BraceParser, Ranges) {
  EXPECT_EQ(word("{1..3}"), "(range 1 3 1)");
  EXPECT_EQ(word("{3..-3..2}"), "(range 3 -3 -2)");
  EXPECT_EQ(word("{01..10}"), "(range 1 10 1 width 2)");
  EXPECT_EQ(word("{-05..5}"), "(range -5 5 1 width 3)");
  EXPECT_EQ(word("{a..e..2}"), "(range 'a' 'e' 2)");
  EXPECT_EQ(word("{1..3..0}"), "(range 1 3 1)");
}

TEST(BraceParser, WhatIsNoBraceExpressionStaysText) {
  EXPECT_EQ(word("{}"), "{}");
  EXPECT_EQ(word("{a}"), "{a}");
  EXPECT_EQ(word("{a,b"), "{a,b");
  EXPECT_EQ(word("{a,{b,c}"), "[{a, (brace b c)]");
  EXPECT_EQ(word("{a,b}}"), "[(brace a b) }]");
  EXPECT_EQ(word("{{a,b}}"), "[{ (brace a b) }]");
  EXPECT_EQ(word("{1..a}"), "{1..a}");
  EXPECT_EQ(word("\\{a,b}"), "['{' a,b}]");
  EXPECT_EQ(word("{a','b}"), "[{a ',' b}]");
  EXPECT_EQ(word("${a}{b"), "[$a {b]");
}

TEST(BraceParser, NotInAssignmentsAndConditions) {
  EXPECT_EQ(parse("a={b,c}"), "(simple (= a {b,c}))");
  EXPECT_EQ(parse("[[ {a,b} ]]"), "(cond {a,b})");
  EXPECT_EQ(parse("case {a,b} in c) ;; esac"), "(case {a,b} (c) nil)");
  EXPECT_EQ(parse("a=({b,c})"), "(simple (= a (array (brace b c))))");
}

TEST(BraceParser, OffByOption) {
  ParserOptions options;
  options.brace_expansion = false;
  EXPECT_EQ(parse("x {a,b}", options), "(simple x {a,b})");
}

}  // namespace
}  // namespace mish::syntax
