// SPDX-License-Identifier: GPL-3.0-or-later
// Alias substitution (XCU 2.3.1).
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

std::string with(FakeAliases aliases, std::string_view text, ParserOptions options = {}) {
  return parse(text, options, &aliases);
}

TEST(Alias, CommandWordIsReplaced) {
  EXPECT_EQ(with({{"ll", "ls -l"}}, "ll a; x=1 ll b; >f ll; echo ll"),
            "(list (simple ls -l a) (simple (= x 1) ls -l b) (simple ls -l (1> f)) (simple echo ll))");
}

TEST(Alias, QuotedWordIsNot) {
  EXPECT_EQ(with({{"ll", "ls -l"}}, "\\ll; 'll'; \"ll\"; l\\l"),
            "(list (simple ['l' l]) (simple 'll') (simple 'll') (simple [l 'l']))");
}

TEST(Alias, RecursionStops) {
  EXPECT_EQ(with({{"ls", "ls -l"}}, "ls a"), "(simple ls -l a)");
  EXPECT_EQ(with({{"a", "b x"}, {"b", "a y"}}, "a z"), "(simple a y x z)");
  EXPECT_EQ(with({{"a", "a; a"}}, "a; a"), "(list (simple a) (simple a) (simple a) (simple a))");
}

TEST(Alias, DoublingTextHasAnEnd) {
  FakeAliases aliases;
  for (int i = 0; i < 40; ++i) {
    const std::string next = "a" + std::to_string(i + 1);
    aliases.set("a" + std::to_string(i), next + " " + std::string(10000, 'x') + ";" + next);
  }
  EXPECT_NE(with(aliases, "a0").find("aliases make this command too long"), std::string::npos);
  EXPECT_EQ(with({{"b", "b c"}}, "b"), "(simple b c)");
}

TEST(Alias, TrailingBlankChecksTheNextWord) {
  EXPECT_EQ(with({{"e", "echo "}, {"a", "b"}}, "e a a"), "(simple echo b a)");
  EXPECT_EQ(with({{"e", "echo "}, {"a", "b "}, {"c", "d"}}, "e a c c"), "(simple echo b d c)");
  EXPECT_EQ(with({{"e", "echo"}, {"a", "b"}}, "e a"), "(simple echo a)");
  EXPECT_EQ(with({{"e", "echo "}, {"f", "e "}, {"a", "b"}}, "f a"), "(simple echo b)");
}

TEST(Alias, ReservedWordsComeFromAliases) {
  EXPECT_EQ(with({{"i", "if"}, {"t", "then"}, {"f", "fi"}}, "i a; t b; f"), "(if (simple a) (simple b))");
  EXPECT_EQ(with({{"w", "while a; do"}}, "w b; done"), "(while (simple a) (simple b))");
}

TEST(Alias, ReservedWordsAreReplacedInBashModeOnly) {
  EXPECT_EQ(with({{"if", "echo x"}}, "if"), "(simple echo x)");
  ParserOptions posix;
  posix.posix = true;
  EXPECT_EQ(with({{"if", "echo x"}}, "if a; then b; fi", posix), "(if (simple a) (simple b))");
}

TEST(Alias, IncompleteConstructs) {
  EXPECT_EQ(with({{"q", "echo \"x"}}, "q y\""), "(simple echo 'x y')");
  EXPECT_EQ(with({{"g", "{ a"}}, "g; }"), "(group (simple a))");
  EXPECT_EQ(with({{"s", "echo $("}}, "s a)"), "(simple echo ($ (simple a)))");
  EXPECT_EQ(with({{"h", "cat <<E"}}, "h\nx\nE\n"), "(simple cat (0<< E 'x\\n'))");
  EXPECT_EQ(with({{"d", "f ()"}}, "d { a; }"), "(function f (group (simple a)))");
}

TEST(Alias, SpanningLines) { EXPECT_EQ(with({{"m", "a\nb"}}, "m c\nd"), "(simple a)\n(simple b c)\n(simple d)"); }

TEST(Alias, EmptyValue) {
  EXPECT_EQ(with({{"e", ""}}, "e foo"), "(simple foo)");
  EXPECT_EQ(with({{"e", ""}}, "e\nfoo"), "(simple foo)");
  EXPECT_EQ(with({{"e", " "}, {"foo", "bar"}}, "e foo foo"), "(simple bar foo)");
}

TEST(Alias, InsideCommandSubstitutions) {
  EXPECT_EQ(with({{"ll", "ls -l"}}, "echo $(ll) `ll` \"$(ll)\""),
            "(simple echo ($ (simple ls -l)) ($ (simple ls -l)) \"($ (simple ls -l))\")");
}

TEST(Alias, DeferredInCommandSubstitutionsOfPosixMode) {
  ParserOptions posix;
  posix.posix = true;
  EXPECT_EQ(with({{"ll", ")"}}, "a \"$(ll x)\"", posix), "(simple a \"($ (simple ll x))\")");
}

TEST(Alias, NewlinesFromAliases) {
  EXPECT_EQ(with({{"dn", "\n done"}}, "while a; do b; dn"), "(while (simple a) (simple b))");
  EXPECT_EQ(with({{"e", ""}}, "a | e\n b && e\n c"), "(and-or (pipe (simple a) (simple b)) && (simple c))");
}

TEST(Alias, InAndDoAreRecognisedFirst) {
  EXPECT_EQ(with({{"forx", "for x "}, {"do", ";"}, {"in", "y"}}, "forx do a; done; forx in b; do c; done",
                 ParserOptions{.posix = true}),
            "(list (for x (in \"$@\") (simple a)) (for x (in b) (simple c)))");
}

TEST(Alias, UndoneWhenArithmeticIsNot) {
  EXPECT_EQ(with({{"ll", "ll -l"}}, "echo $(($(ll)); b)"),
            "(simple echo ($ (list (subshell (simple ($ (simple ll -l)))) (simple b))))");
}

TEST(Alias, LastTextIsBeforeSubstitution) {
  FakeAliases aliases{{"ll", "ls -l"}};
  StringSource source("ll a\nll b\n");
  ParserOptions options;
  Parser parser(source, options, &aliases, "test");
  parser.parse_command();
  EXPECT_EQ(parser.last_text(), "ll a\n");
  parser.parse_command();
  EXPECT_EQ(parser.last_text(), "ll b\n");
}

TEST(Alias, OffWhenTheOptionIsOff) {
  ParserOptions options;
  options.expand_aliases = false;
  EXPECT_EQ(with({{"ll", "ls -l"}}, "ll", options), "(simple ll)");
}

TEST(Alias, ManyOnOneLineAreLinear) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "a;";
  FakeAliases aliases{{"a", "bcd e"}};
  StringSource source(text);
  ParserOptions options;
  Parser parser(source, options, &aliases, "test");
  ParseResult result = parser.parse_command();
  EXPECT_EQ(as<List>(*result.program->root()).items.size(), 100000u);
}

}  // namespace
}  // namespace mish::syntax
