// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(Parser, SimpleCommandHasAssignmentsWordsAndRedirections) {
  EXPECT_EQ(parse("a=1 b= cmd x 2>&1 >>f <g y"), "(simple (= a 1) (= b) cmd x y (2>& 1) (1>> f) (0< g))");
  EXPECT_EQ(parse(">f"), "(simple (1> f))");
  EXPECT_EQ(parse("cmd a=1"), "(simple cmd a=1)");
}

TEST(Parser, EachCompleteCommandIsItsOwnProgram) {
  EXPECT_EQ(parse("a\n\n# comment\nb; c\n d # e\n"), "(simple a)\n(list (simple b) (simple c))\n(simple d)");
}

TEST(Parser, ListOfOneCommandIsThatCommand) {
  EXPECT_EQ(parse("a;"), "(simple a)");
  EXPECT_EQ(parse("a &"), "(list (simple a) &)");
  EXPECT_EQ(parse("a & b; c &"), "(list (simple a) & (simple b) (simple c) &)");
}

TEST(Parser, AndOrListAndPipeline) {
  EXPECT_EQ(parse("! a | b && c ||\n\n d"), "(and-or (pipe ! (simple a) (simple b)) && (simple c) || (simple d))");
  EXPECT_EQ(parse("a |\n b |& c"), "(pipe (simple a) (simple b (2>& 1)) (simple c))");
  EXPECT_EQ(parse("! ! a"), "(pipe (simple a))");
}

TEST(Parser, GroupsAndSubshells) {
  EXPECT_EQ(parse("{ a; b; } >f"), "(group (list (simple a) (simple b)) (1> f))");
  EXPECT_EQ(parse("(a; b) 2>f | c"), "(pipe (subshell (list (simple a) (simple b)) (2> f)) (simple c))");
  EXPECT_EQ(parse("{ a\n}\n"), "(group (simple a))");
  EXPECT_EQ(parse("( (a) )"), "(subshell (subshell (simple a)))");
}

TEST(Parser, If) {
  EXPECT_EQ(parse("if a; then b; elif c; d; then e; else f; fi >g"),
            "(if (simple a) (simple b) (list (simple c) (simple d)) (simple e) else (simple f) (1> g))");
}

TEST(Parser, Loops) {
  EXPECT_EQ(parse("while a; do b; done <f"), "(while (simple a) (simple b) (0< f))");
  EXPECT_EQ(parse("until a\ndo\nb\ndone"), "(until (simple a) (simple b))");
  EXPECT_EQ(parse("for i in a $b; do c; done"), "(for i (in a $b) (simple c))");
  EXPECT_EQ(parse("for i do c; done"), "(for i (in \"$@\") (simple c))");
  EXPECT_EQ(parse("for i\n\ndo c; done"), "(for i (in \"$@\") (simple c))");
  EXPECT_EQ(parse("for i; do c; done"), "(for i (in \"$@\") (simple c))");
  EXPECT_EQ(parse("for i in; do c; done"), "(for i (in) (simple c))");
  EXPECT_EQ(parse("for i\nin a\ndo c; done"), "(for i (in a) (simple c))");
  EXPECT_EQ(parse("for in in in; do in; done"), "(for in (in in) (simple in))");
}

TEST(Parser, Case) {
  EXPECT_EQ(parse("case $x in a|b) c;; (\"d e\") ;; *.[ch]) f;& g) h;;& i) j\nesac"),
            "(case $x (a | b) (simple c) ('d e') nil (*.[ch]) (simple f) ;& (g) (simple h) ;;& (i) (simple j))");
  EXPECT_EQ(parse("case x in esac"), "(case x)");
  EXPECT_EQ(parse("case in in (esac) a;; if) b;; esac"), "(case in (esac) (simple a) (if) (simple b))");
}

TEST(Parser, FunctionsInBothForms) {
  EXPECT_EQ(parse("f() { a; } >g"), "(function f (group (simple a) (1> g)))");
  EXPECT_EQ(parse("f ()\n\n(a)"), "(function f (subshell (simple a)))");
  EXPECT_EQ(parse("function f { a; }"), "(function f (group (simple a)))");
  EXPECT_EQ(parse("function f() if a; then b; fi"), "(function f (if (simple a) (simple b)))");
  EXPECT_EQ(parse("function f (a)"), "(function f (subshell (simple a)))");
  EXPECT_EQ(parse("a.b-c::d() { e; }; c++() { e; }"),
            "(list (function a.b-c::d (group (simple e))) (function c++ (group (simple e))))");
}

TEST(Parser, ReservedWordsOnlyWhereTheGrammarRecognisesThem) {
  EXPECT_EQ(parse("echo if then { } do"), "(simple echo if then { } do)");
  EXPECT_EQ(parse("a=1 if"), "(simple (= a 1) if)");
  EXPECT_EQ(parse("\\if"), "(simple ['i' f])");
  EXPECT_EQ(parse(">f if"), "(simple if (1> f))");
  EXPECT_EQ(parse("{a"), "(simple {a)");
}

TEST(Parser, ArithmeticCommandAndFor) {
  EXPECT_EQ(parse("((a = b + 1)) && c"), "(and-or (arith (= a (+ b 1))) && (simple c))");
}

TEST(Parser, NestedSubshellsAreNotArithmetic) {
  EXPECT_EQ(parse("((a); b)"), "(subshell (list (subshell (simple a)) (simple b)))");
  EXPECT_EQ(parse("((a) | (b))"), "(subshell (pipe (subshell (simple a)) (subshell (simple b))))");
}

TEST(Parser, ArithmeticForHasOptionalExpressions) {
  EXPECT_EQ(parse("for ((i=0; i<3; i++)); do a; done"), "(arith-for (= i 0) (< i 3) (_++ i) (simple a))");
  EXPECT_EQ(parse("for ((;;)) { a; }"), "(arith-for _ _ _ (simple a))");
  EXPECT_EQ(parse("for ((a;b)); do c; done"), "error:1:10: `;' must separate the expressions of `for (('");
}

TEST(Parser, ConditionalCommand) {
  EXPECT_EQ(parse("[[ -f $a && ! ( b == c* || d -lt e+1 ) ]] >f"),
            "(cond (&& (-f $a) (! (|| (== b c*) (-lt d e+1)))) (1> f))");
  EXPECT_EQ(parse("[[ a < b || -n ]]"), "error:1:16: unexpected `]]'; an operand was expected inside [[ ]]");
  EXPECT_EQ(parse("[[ a == @() ]]"), "(cond (== a @()))");
  EXPECT_EQ(parse("[[ !(a) ]]"), "(cond (! a))");
  EXPECT_EQ(parse("[[ $x =~ ^(a b|c)\"d\"[[:space:]]$ && e ]]"), "(cond (&& (=~ $x [^(a b|c) 'd' [[:space:]]$]) e))");
  EXPECT_EQ(parse("[[ -n a\n&& b &&\nc ]]"), "(cond (&& (&& (-n a) b) c))");
  EXPECT_EQ(parse("[[ x == @(a|b) ]]"), "(cond (== x @(a|b)))");
}

TEST(Parser, SelectAndCoprocess) {
  EXPECT_EQ(parse("select x in a b; do c; done"), "(select x (in a b) (simple c))");
  EXPECT_EQ(parse("coproc a b"), "(coproc COPROC (simple a b))");
  EXPECT_EQ(parse("coproc N { a; } >f"), "(coproc N (group (simple a) (1> f)))");
}

TEST(Parser, TimeIsAPrefixOfPipelines) {
  EXPECT_EQ(parse("time -p a | b"), "(pipe time-p (simple a) (simple b))");
  EXPECT_EQ(parse("time; ! time a"), "(list (pipe time (simple)) (pipe ! time (simple a)))");
  EXPECT_EQ(parse("a | time b"), "(pipe (simple a) (simple time b))");
}

TEST(Parser, DeclarationUtilitiesTakeAssignments) {
  EXPECT_EQ(parse("export a=~/b c"), "(declare export (= a [(~) /b]) c)");
  EXPECT_EQ(parse("command readonly a=$b"), "(declare command readonly (= a $b))");
  EXPECT_EQ(parse("declare -A m=([k v]=1)"), "(declare declare -A (= m (array [(text 'k v')]=1)))");
  EXPECT_EQ(parse("echo export a=~x"), "(simple echo export [a= (~x)])");
}

TEST(Parser, RedirectionForms) {
  EXPECT_EQ(parse("a &>b"), "(simple a (1&> b))");
  EXPECT_EQ(parse("a &>>b"), "(simple a (1&>> b))");
  EXPECT_EQ(parse("a >&b"), "(simple a (1&> b))");
  EXPECT_EQ(parse("a >&2 2>&- 3>&4-"), "(simple a (1>& 2) (2>& -) (3>& 4-))");
  EXPECT_EQ(parse("a {fd}>b {fd}<&-"), "(simple a ({fd}> b) ({fd}<& -))");
  EXPECT_EQ(parse("a <<<\"b c\" <>d >|e"), "(simple a (0<<< 'b c') (0<> d) (1>| e))");
  EXPECT_EQ(parse("a 2 >b"), "(simple a 2 (1> b))");
  EXPECT_EQ(parse("a b2>c"), "(simple a b2 (1> c))");
}

TEST(Parser, FlagsOfSimpleCommands) {
  auto flags = [](std::string_view text) {
    StringSource source(text);
    ParserOptions options;
    Parser parser(source, options, nullptr, "test");
    ParseResult result = parser.parse_command();
    const auto& command = as<SimpleCommand>(*result.program->root());
    return fmt::format("{}{}{}", command.all_literal ? 'l' : '-', command.is_plain ? 'p' : '-',
                       command.is_declaration ? 'd' : '-');
  };
  EXPECT_EQ(flags("echo a \"b c\""), "lp-");
  EXPECT_EQ(flags("[ a = b ]"), "lp-");
  EXPECT_EQ(flags("echo *"), "-p-");
  EXPECT_EQ(flags("a=1 echo b"), "l--");
  EXPECT_EQ(flags("echo $x >f"), "---");
  EXPECT_EQ(flags("export a"), "lpd");
}

TEST(Parser, CommandWordIsInterned) {
  StringSource source("myutil $x");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  const auto& command = as<SimpleCommand>(*result.program->root());
  EXPECT_EQ(text(command.words[0]->name), "myutil");
  EXPECT_EQ(command.words[0]->literal.data()[6], '\0');
}

TEST(Parser, LinesAreCountedThroughQuotesAndHereDocuments) {
  StringSource source("a 'x\ny'\ncat <<E\nz\nE\nb \\\n c\nd\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  std::string lines;
  for (ParseResult r = parser.parse_command(); r.status == ParseStatus::Command; r = parser.parse_command()) {
    lines += std::to_string(r.program->root()->line) + " ";
  }
  EXPECT_EQ(lines, "1 3 6 8 ");
  EXPECT_EQ(parser.line(), 9u);
}

TEST(Parser, FirstLineIsGivenByTheCaller) {
  StringSource source("a\nb");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test", 40);
  EXPECT_EQ(parser.parse_command().program->root()->line, 40u);
  EXPECT_EQ(parser.parse_command().program->root()->line, 41u);
}

TEST(Parser, LastTextIsTheCommandAsRead) {
  StringSource source("a  b; c\n\nif x\nthen y; fi # z\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  parser.parse_command();
  EXPECT_EQ(parser.last_text(), "a  b; c\n");
  parser.parse_command();
  EXPECT_EQ(parser.last_text(), "\nif x\nthen y; fi # z\n");
}

TEST(Parser, KnowsWhenNothingFollows) {
  StringSource source("a\nb\n # c\n \n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  parser.parse_command();
  EXPECT_FALSE(parser.is_at_end());
  parser.parse_command();
  EXPECT_TRUE(parser.is_at_end());
}

TEST(Parser, ParseAllReadsToTheEnd) {
  StringSource source("a\nb; c\n\nd &\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  EXPECT_EQ(dump(parser.parse_all().program->root()), "(list (simple a) (simple b) (simple c) (simple d) &)");
}

TEST(Parser, GoesOnAfterAnErrorWithTheNextLine) {
  StringSource source("a )) b\nc\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  EXPECT_EQ(parser.parse_command().status, ParseStatus::Error);
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple c)");
}

TEST(Parser, OptionsAreReadAgainBeforeEachCommand) {
  StringSource source("a {b,c}\na {b,c}\n");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple a (brace b c))");
  options.posix = true;
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple a {b,c})");
}

}  // namespace
}  // namespace mish::syntax
