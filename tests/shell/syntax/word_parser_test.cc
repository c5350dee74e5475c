// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

// The dump of one word.
std::string word(std::string_view text) {
  std::string out = parse("x " + std::string(text));
  return out.starts_with("(simple x ") ? out.substr(10, out.size() - 11) : out;
}

const Word* first_argument(ParseResult& result, std::string_view text) {
  StringSource source(text);
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  result = parser.parse_command();
  return as<SimpleCommand>(*result.program->root()).words[1];
}

std::string flags(std::string_view text) {
  ParseResult result;
  std::string input = "x " + std::string(text);
  const Word* w = first_argument(result, input);
  std::string out;
  if (w->is_literal) out += fmt::format("literal({}) ", w->literal);
  if (w->has_quotes) out += "quotes ";
  if (w->may_split) out += "split ";
  if (w->may_glob) out += "glob ";
  if (w->has_tilde) out += "tilde ";
  if (w->may_brace) out += "brace ";
  if (w->is_single_parameter) out += "single ";
  if (!out.empty()) out.pop_back();
  return out;
}

TEST(WordParser, QuotingIsStructure) {
  EXPECT_EQ(word("a'b c'd"), "[a 'b c' d]");
  EXPECT_EQ(word("\"a $b 'c'\""), "['a ' \"$b\" ' 'c'']");
  EXPECT_EQ(word("\\a\\ b"), "['a ' b]");
  EXPECT_EQ(word("\"\\a\\$\\`\\\"\\\\\""), "'\\\\a$`\"\\\\'");
  EXPECT_EQ(word("''"), "''");
  EXPECT_EQ(word("\"\"$x''"), "['' $x '']");
  EXPECT_EQ(word("\"$@\""), "\"$@\"");
}

TEST(WordParser, AnsiCQuotes) {
  EXPECT_EQ(word("$'a\\tb\\x41\\101\\n\\'\\\\'"), "'a\\tbAA\\n'\\\\'");
  EXPECT_EQ(word("$'\\cA'"), "'\x01'");
  EXPECT_EQ(word("$'a\\0b'c"), "['a' c]");
  EXPECT_EQ(word("\"$'a'\""), "'$'a''");
  EXPECT_EQ(word("$'\\q'"), "'\\\\q'");
}

TEST(WordParser, LiteralFlags) {
  EXPECT_EQ(flags("abc"), "literal(abc)");
  EXPECT_EQ(flags("a\"b c\"d"), "literal(ab cd) quotes");
  EXPECT_EQ(flags("\"*\""), "literal(*) quotes");
  EXPECT_EQ(flags("''"), "literal() quotes");
  EXPECT_EQ(flags("a=b:c"), "literal(a=b:c)");
  EXPECT_EQ(flags("["), "literal([)");
  EXPECT_EQ(flags("a["), "literal(a[)");
  EXPECT_EQ(flags("{a"), "literal({a)");
  EXPECT_EQ(flags("a~"), "literal(a~)");
}

TEST(WordParser, ExpansionFlags) {
  EXPECT_EQ(flags("$x"), "split glob single");
  EXPECT_EQ(flags("\"$x\""), "quotes single");
  EXPECT_EQ(flags("a\"$x\""), "quotes");
  EXPECT_EQ(flags("a$(b)"), "split glob");
  EXPECT_EQ(flags("*"), "glob");
  EXPECT_EQ(flags("a[b]"), "glob");
  EXPECT_EQ(flags("@(a|b)"), "glob");
  EXPECT_EQ(flags("~"), "tilde");
  EXPECT_EQ(flags("{a,b}"), "brace");
}

TEST(WordParser, SourceIsTheWordAsWritten) {
  ParseResult result;
  EXPECT_EQ(first_argument(result, "x a'b'$(c \"d\" ${e})`f`$((1 + 2))z y")->source,
            "a'b'$(c \"d\" ${e})`f`$((1 + 2))z");
}

TEST(WordParser, TildePrefixes) {
  EXPECT_EQ(word("~/a"), "[(~) /a]");
  EXPECT_EQ(word("~user"), "(~user)");
  EXPECT_EQ(word("~+/a"), "[(~+) /a]");
  EXPECT_EQ(word("\"~\""), "'~'");
  EXPECT_EQ(word("~\"a\""), "[~ 'a']");
  EXPECT_EQ(word("~$a"), "[~ $a]");
  EXPECT_EQ(word("a=~/b:~"), "[a= (~) /b: (~)]");
  EXPECT_EQ(parse("a=~/b:~c:d~ x"), "(simple (= a [(~) /b: (~c) :d~]) x)");
}

TEST(WordParser, SimpleParameters) {
  EXPECT_EQ(word("$a$1$10$@$*$#$?$-$$$!$0"), "[$a $1 $1 0 $@ $* $# $? $- $$ $! $0]");
  EXPECT_EQ(word("${a}${10}${#}"), "[$a $10 $#]");
  EXPECT_EQ(word("a$ $."), "a$ $.");
}

TEST(WordParser, Defaults) {
  EXPECT_EQ(word("${a:-b c}"), "($a :- b c)");
  EXPECT_EQ(word("${a-}"), "($a -)");
  EXPECT_EQ(word("${a:=$b\"c\"}"), "($a := [$b 'c'])");
  EXPECT_EQ(word("\"${a?'b'}\""), "\"($a ? ''b'')\"");
  EXPECT_EQ(word("\"${a+\"b c\"}\""), "\"($a + 'b c')\"");
  EXPECT_EQ(word("\"${a-\\}}\""), "\"($a - '}')\"");
  EXPECT_EQ(word("${a-~}"), "($a - (~))");
  EXPECT_EQ(word("${a-${b-${c}}}"), "($a - ($b - $c))");
}

TEST(WordParser, LengthAgainstSpecialParameter) {
  EXPECT_EQ(word("${#a}"), "($a length)");
  EXPECT_EQ(word("${##}"), "($# length)");
  EXPECT_EQ(word("${#-}"), "($- length)");
  EXPECT_EQ(word("${#-x}"), "($# - x)");
  EXPECT_EQ(word("${#:-x}"), "($# :- x)");
  EXPECT_EQ(word("${#%%x}"), "($# %% x)");
  EXPECT_EQ(word("${#a[@]}"), "($a[@] length)");
}

TEST(WordParser, PatternOperators) {
  EXPECT_EQ(word("${a#*/}"), "($a # */)");
  EXPECT_EQ(word("${a##\"*\"}"), "($a ## '*')");
  EXPECT_EQ(word("\"${a%'x'$y}\""), "\"($a % ['x' $y])\"");
  EXPECT_EQ(word("${a%%[!a}]}"), "[($a %% [!a) ]}]");
  EXPECT_EQ(word("${a/b c/d}"), "($a / b c d)");
  EXPECT_EQ(word("${a//\\//_}"), "($a // '/' _)");
  EXPECT_EQ(word("${a/#b/}"), "($a /# b)");
  EXPECT_EQ(word("${a^}${a^^}${a,}${a,,x}"), "[($a ^) ($a ^^) ($a ,) ($a ,, x)]");
}

TEST(WordParser, SubstringsAreArithmetic) {
  EXPECT_EQ(word("${a:1:2}"), "($a substring 1 2)");
  EXPECT_EQ(word("${a: -1}"), "($a substring (- 1))");
  EXPECT_EQ(word("${a:b?1:2:c}"), "($a substring (? b 1 2) c)");
  EXPECT_EQ(word("${@:2}"), "($@ substring 2)");
}

TEST(WordParser, ArraysAndIndirection) {
  EXPECT_EQ(word("${a[1]}"), "($a[1])");
  EXPECT_EQ(word("${a[@]}${a[*]}"), "[($a[@]) ($a[*])]");
  EXPECT_EQ(word("${a[b[c]]}"), "($a[b[c]])");
  EXPECT_EQ(word("${a[\"k k\"]}"), "($a[(text 'k k')])");
  EXPECT_EQ(word("${!a}${!a[@]}${!a*}${!a:-b}${!1}"), "[($!a) ($a[@] keys) ($a names*) ($!a :- b) ($!1)]");
  EXPECT_EQ(word("${!}"), "$!");
  EXPECT_EQ(word("${a@Q}"), "($a @Q)");
}

TEST(WordParser, BadExpansionsAreErrorsOnlyWhenExpanded) {
  EXPECT_EQ(word("${}"), "($ bad)");
  EXPECT_EQ(word("${a b}"), "($a bad)");
  EXPECT_EQ(word("${a:}x"), "[($a bad) x]");
}

TEST(WordParser, CommandSubstitutions) {
  EXPECT_EQ(word("$(a; b)"), "($ (list (simple a) (simple b)))");
  EXPECT_EQ(word("$()"), "($ nil)");
  EXPECT_EQ(word("$(<f)"), "($< (simple (0< f)))");
  EXPECT_EQ(word("$(case x in a) b;; esac)"), "($ (case x (a) (simple b)))");
  EXPECT_EQ(word("\"$(a \"b\" '\"')\""), "\"($ (simple a 'b' '\"'))\"");
  EXPECT_EQ(word("$(a # )\n)"), "($ (simple a))");
}

TEST(WordParser, Backquotes) {
  EXPECT_EQ(word("`a b`"), "($ (simple a b))");
  EXPECT_EQ(word("`a \\`b\\``"), "($ (simple a ($ (simple b))))");
  EXPECT_EQ(word("`a \\$b \\\\$c`"), "($ (simple a $b ['$' c]))");
  EXPECT_EQ(word("\"`a \\\"b\\\"`\""), "\"($ (simple a 'b'))\"");
}

TEST(WordParser, ArithmeticOrSubshell) {
  EXPECT_EQ(word("$((1+2))"), "(+ 1 2)");
  EXPECT_EQ(word("$( (a) )"), "($ (subshell (simple a)))");
  EXPECT_EQ(word("$((a); (b))"), "($ (list (subshell (simple a)) (subshell (simple b))))");
  EXPECT_EQ(word("$(( (1) + (2) ))"), "(+ 1 2)");
  EXPECT_EQ(word("$((\n1 \\\n + 1))"), "(+ 1 1)");
  EXPECT_EQ(word("$[1+2]"), "(+ 1 2)");
}

TEST(WordParser, ProcessSubstitution) {
  EXPECT_EQ(word("<(a) >(b)"), "(< (simple a)) (> (simple b))");
  EXPECT_EQ(word("x=<(a|b)"), "[x= (< (pipe (simple a) (simple b)))]");
}

TEST(WordParser, ExtendedPatterns) {
  EXPECT_EQ(word("!(a|b c)x"), "!(a|b c)x");
  EXPECT_EQ(word("*(a@(b|\"c d\"))"), "[*(a@(b| 'c d' ))]");
  EXPECT_EQ(parse("if !(a); then b; fi"), "(if (pipe ! (subshell (simple a))) (simple b))");
}

TEST(WordParser, Assignments) {
  EXPECT_EQ(parse("a=(b [2]=c \"d e\"\n # x\n $f)"), "(simple (= a (array b [2]=c 'd e' $f)))");
  EXPECT_EQ(parse("a[i+1]+=x"), "(simple (= a[(+ i 1)] + x))");
  EXPECT_EQ(parse("a[x y]=z"), "(simple (= a[(text 'x y')] z))");
  EXPECT_EQ(parse("a[b]c"), "(simple a[b]c)");
  EXPECT_EQ(parse("a+=(b) c+=d"), "(simple (= a + (array b)) (= c + d))");
  EXPECT_EQ(parse("a=*{b,c} d"), "(simple (= a *{b,c}) d)");
  EXPECT_EQ(parse("1a=b"), "(simple 1a=b)");
  EXPECT_EQ(parse("\"a\"=b"), "(simple ['a' =b])");
}

TEST(WordParser, PlainArithmeticValueIsMarked) {
  StringSource source("a=$((b+1)) c=\"$((d))\" e=x$((f))");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  const auto& command = as<SimpleCommand>(*result.program->root());
  EXPECT_NE(command.assignments[0].plain_arithmetic, nullptr);
  EXPECT_NE(command.assignments[1].plain_arithmetic, nullptr);
  EXPECT_EQ(command.assignments[2].plain_arithmetic, nullptr);
}

TEST(WordParser, OddBytesPassThrough) {
  EXPECT_EQ(word("\xff\xfe\x80"), "\xff\xfe\x80");
  EXPECT_EQ(word("a\r"), "a\r");
  EXPECT_EQ(parse(std::string_view("ec\0ho a\0\n", 9)), "(simple echo a)");
}

}  // namespace
}  // namespace mish::syntax
