// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/shell/expand/fixture.h"
#include "tests/support/temporary_directory.h"

namespace mish::expand {
namespace {

using state::Option;

class ExpanderTest : public ExpandTest {};

TEST_F(ExpanderTest, LiteralWordsAndQuotes) { EXPECT_EQ(fields("a 'b c' \"d\" e\\ f ''"), "[a][b c][d][e f][]"); }

TEST_F(ExpanderTest, UnquotedResultsAreSplit) {
  set("x", " a  b ");
  EXPECT_EQ(fields("$x"), "[a][b]");
  EXPECT_EQ(fields("\"$x\""), "[ a  b ]");
  EXPECT_EQ(fields("1$x'2'"), "[1][a][b][2]");
  EXPECT_EQ(fields("$x$x"), "[a][b][a][b]");
  set("e", "");
  EXPECT_EQ(fields("$e"), "");
  EXPECT_EQ(fields("$e\"\" $e''$e"), "[][]");
  EXPECT_EQ(fields("\"$e\""), "[]");
  EXPECT_EQ(fields("$unset \"$unset\""), "[]");
}

TEST_F(ExpanderTest, SplittingAcrossExpansions) {
  ifs(" :");
  set("x", "a ");
  set("y", " :b");
  EXPECT_EQ(fields("$x$y"), "[a][b]");
  set("x", ":a:");
  EXPECT_EQ(fields("$x"), "[][a]");
  EXPECT_EQ(fields("$x\"\""), "[][a][]");
  EXPECT_EQ(fields("b$x"), "[b][a]");
  set("x", " a");
  EXPECT_EQ(fields("\"\"$x"), "[][a]");
}

TEST_F(ExpanderTest, NonWhitespaceSeparators) {
  ifs(":");
  set("x", "a::b:");
  EXPECT_EQ(fields("$x"), "[a][][b]");
  EXPECT_EQ(fields("q$x"), "[qa][][b]");
  set("n", "::");
  EXPECT_EQ(fields("$n"), "[][]");
  ifs("");
  set("x", "a b:c");
  EXPECT_EQ(fields("$x"), "[a b:c]");
}

TEST_F(ExpanderTest, IntegersAreSplitWhenIfsHoldsDigits) {
  state.variables.assign_integer(NameTable::intern("n"), 12345);
  EXPECT_EQ(fields("$n"), "[12345]");
  ifs("3");
  EXPECT_EQ(fields("$n"), "[12][45]");
  EXPECT_EQ(fields("$((n))"), "[12][45]");
}

TEST_F(ExpanderTest, PositionalParameters) {
  positional({"a b", "", "c"});
  EXPECT_EQ(fields("\"$@\""), "[a b][][c]");
  EXPECT_EQ(fields("x\"$@\"y"), "[xa b][][cy]");
  EXPECT_EQ(fields("\"x$@y\""), "[xa b][][cy]");
  EXPECT_EQ(fields("$@"), "[a][b][c]");
  EXPECT_EQ(fields("$*"), "[a][b][c]");
  EXPECT_EQ(fields("\"$*\""), "[a b  c]");
  EXPECT_EQ(fields("$1 \"$2\" $# ${3}"), "[a][b][][3][c]");
  EXPECT_EQ(single("\"$@\""), "a b  c");
  ifs(":");
  EXPECT_EQ(fields("\"$*\""), "[a b::c]");
  EXPECT_EQ(single("$*"), "a b::c");
  EXPECT_EQ(single("$@"), "a b  c");
  ifs("");
  EXPECT_EQ(fields("\"$*\""), "[a bc]");
  EXPECT_EQ(fields("$*"), "[a b][c]");
}

TEST_F(ExpanderTest, NoPositionalParametersVanish) {
  positional({});
  EXPECT_EQ(fields("\"$@\""), "");
  EXPECT_EQ(fields("\"$@$@\""), "");
  EXPECT_EQ(fields("\"\"$@"), "[]");
  EXPECT_EQ(fields("\"$*\""), "[]");
  EXPECT_EQ(fields("x\"$@\""), "[x]");
  EXPECT_EQ(fields("${1+\"$@\"}"), "");
  positional({""});
  EXPECT_EQ(fields("${1+\"$@\"}"), "[]");
}

TEST_F(ExpanderTest, CommandSubstitution) {
  EXPECT_EQ(fields("$(a b)"), "[a][b]");
  EXPECT_EQ(fields("\"$(a b)\""), "[a b]");
  EXPECT_EQ(fields("x$(a b)y"), "[xa][by]");
  EXPECT_EQ(expander.last_substitution_status(), 3);
  hooks.output = "one\n\n\n";
  EXPECT_EQ(single("\"$(x)\""), "one");
  hooks.output = std::string("a\0b\n", 4);
  EXPECT_EQ(single("$(x)"), "ab");
  EXPECT_EQ(hooks.warnings.size(), 1u);
  hooks.output = "\n\n";
  EXPECT_EQ(fields("$(x)"), "");
}

TEST_F(ExpanderTest, ProcessSubstitutionIsAPath) { EXPECT_EQ(fields("<(x)"), "[/dev/fd/63]"); }

TEST_F(ExpanderTest, Tilde) {
  set("HOME", "/home/me");
  EXPECT_EQ(fields("~ ~/x '~' a~"), "[/home/me][/home/me/x][~][a~]");
  set("HOME", "/");
  EXPECT_EQ(fields("~/x"), "[/x]");
  set("HOME", "a b*");
  EXPECT_EQ(fields("~"), "[a b*]");
  set("HOME", "");
  EXPECT_EQ(fields("~"), "[]");
  EXPECT_EQ(fields("~nobody_of_that_name/x"), "[~nobody_of_that_name/x]");
  set("HOME", "/h");
  assign("p=~/a:~:b");
  EXPECT_EQ(get("p"), "/h/a:/h:b");
}

TEST_F(ExpanderTest, HereDocumentsAndTextsAreSingle) {
  set("x", "a  b");
  EXPECT_EQ(expander.expand_text("<$x>\"$x\"$((1+1))"), "<a  b>\"a  b\"2");
  EXPECT_EQ(expander.expand_text("<$x>\"$x\"$((1+1))"), "<a  b>\"a  b\"2");
}

class ExpanderFiles : public ExpanderTest {
 protected:
  void SetUp() override {
    ExpanderTest::SetUp();
    for (const char* file : {"a.c", "b.c", "c d.c", "star*.h"}) std::ofstream out(file);
  }
  tests::TemporaryWorkingDirectory root_;
};

TEST_F(ExpanderFiles, PatternsBecomePathnames) {
  EXPECT_EQ(fields("*.c"), "[a.c][b.c][c d.c]");
  EXPECT_EQ(fields("'*'.c \"*.c\" \\*.c"), "[*.c][*.c][*.c]");
  EXPECT_EQ(fields("star'*'*"), "[star*.h]");
  EXPECT_EQ(fields("nothing*"), "[nothing*]");
  set("p", "*.c");
  EXPECT_EQ(fields("$p"), "[a.c][b.c][c d.c]");
  EXPECT_EQ(fields("\"$p\""), "[*.c]");
  set("p", "b.c *.h");
  EXPECT_EQ(fields("$p"), "[b.c][star*.h]");
  set("p", "[");
  EXPECT_EQ(fields("$p"), "[[]");
}

TEST_F(ExpanderFiles, OptionsDecideWhatNoMatchGives) {
  option(Option::NullGlob);
  EXPECT_EQ(fields("x nothing*"), "[x]");
  option(Option::NullGlob, false);
  option(Option::FailGlob);
  EXPECT_EQ(fields("x nothing*"), "error: nothing*: no match for the pattern");
  option(Option::FailGlob, false);
  option(Option::NoGlob);
  EXPECT_EQ(fields("*.c"), "[*.c]");
  set("p", "*.c x");
  EXPECT_EQ(fields("$p"), "[*.c][x]");
}

TEST_F(ExpanderFiles, GlobIgnoreDropsMatches) {
  set("GLOBIGNORE", "a*:*.h");
  EXPECT_EQ(fields("*"), "[b.c][c d.c]");
}

TEST_F(ExpanderFiles, RedirectionTargetsAreOneField) {
  set("x", "a b");
  EXPECT_EQ(expander.expand_redirection_target(*parse(": $x").words[1]), std::nullopt);
  EXPECT_EQ(expander.expand_redirection_target(*parse(": a.*").words[1]), "a.c");
  option(Option::Posix);
  EXPECT_EQ(expander.expand_redirection_target(*parse(": $x").words[1]), "a b");
}

TEST_F(ExpanderTest, PatternsKeepQuotedPartsLiteral) {
  set("x", "*");
  EXPECT_TRUE(expander.expand_pattern(*parse(": a$x").words[1]).matches("abc"));
  EXPECT_FALSE(expander.expand_pattern(*parse(": a\"$x\"").words[1]).matches("abc"));
  EXPECT_TRUE(expander.expand_pattern(*parse(": a\"$x\"").words[1]).matches("a*"));
  set("x", "\\*");
  EXPECT_TRUE(expander.expand_pattern(*parse(": $x").words[1]).matches("*"));
  EXPECT_FALSE(expander.expand_pattern(*parse(": $x").words[1]).matches("x"));
}

TEST_F(ExpanderTest, RegexEscapesQuotedParts) {
  set("x", "a.b");
  EXPECT_EQ(expander.expand_regex(*parse(": ^$x").words[1]), "^a.b");
  EXPECT_EQ(expander.expand_regex(*parse(": ^\"$x\"[\"x.\"]").words[1]), "^a\\.b[x.]");
}

TEST_F(ExpanderTest, NoUnset) {
  option(Option::NoUnset);
  EXPECT_EQ(fields("$nope"), "error: nope: parameter not set");
  EXPECT_EQ(fields("\"${nope}\"x"), "error: nope: parameter not set");
  EXPECT_EQ(fields("$1"), "error: 1: parameter not set");
  EXPECT_EQ(fields("${#nope}"), "error: nope: parameter not set");
  EXPECT_EQ(fields("${nope#x}"), "error: nope: parameter not set");
  EXPECT_EQ(fields("$((nope))"), "error: nope: parameter not set");
  EXPECT_EQ(fields("${nope-d} ${nope+d} \"$@\" $*"), "[d]");
}

TEST_F(ExpanderTest, SpecialParameters) {
  state.last_status = 7;
  state.zero = "sh";
  EXPECT_EQ(fields("$? $0"), "[7][sh]");
  EXPECT_EQ(fields("$!"), "");
  state.last_background = 42;
  EXPECT_EQ(fields("$!"), "[42]");
  EXPECT_EQ(fields("$$"), "[" + std::to_string(state.shell_pid) + "]");
}

TEST_F(ExpanderTest, FieldsOutliveTheirVariables) {
  set("x", "old");
  FieldList list(state.scratch);
  expander.expand_fields(*parse(": $x").words[1], list);
  set("x", "new value that is longer than before");
  EXPECT_EQ(list[0], "old");
}

}  // namespace
}  // namespace mish::expand
