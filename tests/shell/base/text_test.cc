// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/text.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

TEST(ParseInteger, AcceptsTheWholeRange) {
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_integer("+07"), 7);
}

TEST(ParseInteger, IdsAreNaturalNumbersOfAnInt) {
  EXPECT_EQ(parse_id("0"), 0);
  EXPECT_EQ(parse_id("2147483647"), INT32_MAX);
  for (const char* text : {"-1", "2147483648", "99999999999999999999", "", " 1", "1x"}) {
    EXPECT_EQ(parse_id(text), std::nullopt) << text;
  }
}

TEST(ParseInteger, RefusesEverythingElse) {
  for (const char* text :
       {"", "-", "1x", " 1", "1 ", "9223372036854775808", "-9223372036854775809", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << text;
  }
  EXPECT_EQ(parse_integer_trimmed(" 12\n"), 12);
}

TEST(FormatInteger, WritesBothEnds) {
  char text[kMaxIntegerText];
  EXPECT_EQ(std::string_view(text, format_integer(INT64_MIN, text)), "-9223372036854775808");
  EXPECT_EQ(std::string_view(text, format_integer(0, text)), "0");
}

TEST(EditDistance, CountsATranspositionOnce) {
  EXPECT_EQ(edit_distance("gti", "git", 3), 1);
  EXPECT_EQ(edit_distance("grep", "grpe", 3), 1);
  EXPECT_EQ(edit_distance("", "abc", 5), 3);
  EXPECT_EQ(edit_distance("abcdef", "uvwxyz", 2), 3);
}

TEST(EqualsWithoutCase, LooksAtAsciiLettersOnly) {
  EXPECT_TRUE(equals_without_case("SigInt", "SIGint"));
  EXPECT_TRUE(equals_without_case("", ""));
  EXPECT_FALSE(equals_without_case("INT", "INTR"));
  EXPECT_FALSE(equals_without_case("[", "{"));
  EXPECT_FALSE(equals_without_case("\xc3\x84", "\xc3\xa4"));
}

TEST(TextBuffer, GrowsAndTerminates) {
  Arena arena;
  TextBuffer text(arena);
  for (int i = 0; i < 1000; ++i) text.append("ab");
  std::string_view all = text.finish();
  EXPECT_EQ(all.size(), 2000u);
  EXPECT_EQ(all.substr(1996), "abab");
  EXPECT_EQ(all.data()[all.size()], '\0');
}

}  // namespace
}  // namespace mish
