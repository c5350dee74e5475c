// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(Lexer, LineContinuationAnywhere) {
  EXPECT_EQ(parse("ec\\\nho a\\\nb \"c\\\nd\" 'e\\\nf'"), "(simple echo ab 'cd' 'e\\\\\\nf')");
  EXPECT_EQ(parse("i\\\nf a; t\\\nhen b; f\\\ni"), "(if (simple a) (simple b))");
  EXPECT_EQ(parse("a &\\\n& b |\\\n| c"), "(and-or (simple a) && (simple b) || (simple c))");
  EXPECT_EQ(parse("a 2\\\n>\\\n>f >\\\n&2"), "(simple a (2>> f) (1>& 2))");
  EXPECT_EQ(parse("a $f\\\noo ${f\\\noo\\\n:\\\n-x} $\\\n(b) $\\\n(\\\n(1+1)\\\n)"),
            "(simple a $foo ($foo :- x) ($ (simple b)) (+ 1 1))");
  EXPECT_EQ(parse("fo\\\no=b\\\nar"), "(simple (= foo bar))");
  EXPECT_EQ(parse("case x in a) b;\\\n; esac"), "(case x (a) (simple b))");
  EXPECT_EQ(parse("{\\\n a; }"), "(group (simple a))");
}

TEST(Lexer, CommentsBeginOnlyWords) {
  EXPECT_EQ(parse("a#b #c\n#d \\\ne"), "(simple a#b)\n(simple e)");
  EXPECT_EQ(parse("a;#b"), "(simple a)");
}

TEST(Lexer, IoNumbersMustTouchTheOperator) {
  EXPECT_EQ(parse("a 2>b"), "(simple a (2> b))");
  EXPECT_EQ(parse("a 2 >b"), "(simple a 2 (1> b))");
  EXPECT_EQ(parse("a \\2>b"), "(simple a '2' (1> b))");
  EXPECT_EQ(parse("a 12345678901>b"), "(simple a 12345678901 (1> b))");
}

TEST(Lexer, LongestOperatorWins) {
  EXPECT_EQ(parse("a&&b;c|d||e"),
            "(list (and-or (simple a) && (simple b)) (and-or (pipe (simple c) (simple d)) || (simple e)))");
  EXPECT_EQ(parse("a<<<b"), "(simple a (0<<< b))");
}

TEST(Lexer, AssignmentsAcrossBufferBoundaries) {
  // Words, quotes and operators that straddle the pieces the text is read in.
  for (size_t pad = 65520; pad < 65552; ++pad) {
    std::string text = ": " + std::string(pad, 'x') + "\necho \"a (b)\" 'c' $d && e >>f\n";
    std::string out = parse(text);
    EXPECT_EQ(out.substr(out.find('\n') + 1), "(and-or (simple echo 'a (b)' 'c' $d) && (simple e (1>> f)))") << pad;
  }
}

TEST(Lexer, OneLineAtATimeAndNotMoreThanNeeded) {
  LineSource source("a\nif b\nthen c\nfi\nd 'x\ny'\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  parser.parse_command();
  EXPECT_EQ(source.lines_read, 1);
  parser.parse_command();
  EXPECT_EQ(source.lines_read, 4);
  parser.parse_command();
  EXPECT_EQ(source.lines_read, 6);
  EXPECT_EQ(source.purposes, "112212");
}

TEST(Lexer, InteractiveSourceGetsBlankLinesBack) {
  LineSource source("\n# x\na\n");
  source.interactive = true;
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  EXPECT_EQ(result.status, ParseStatus::Command);
  EXPECT_EQ(result.program->root(), nullptr);
  EXPECT_EQ(source.lines_read, 1);
}

TEST(Lexer, HugeLineIsLinear) {
  std::string text = "x";
  for (int i = 0; i < 300000; ++i) text += " ab";
  StringSource source(text);
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  EXPECT_EQ(as<SimpleCommand>(*result.program->root()).words.size(), 300001u);
}

}  // namespace
}  // namespace mish::syntax
