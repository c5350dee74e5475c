// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/shell/expand/fixture.h"

namespace mish::expand {
namespace {

class AssignmentTest : public ExpandTest {};

TEST_F(AssignmentTest, Scalars) {
  assign("x=abc y=$x z=\"$x  $y\" e= n=$((1+2))");
  EXPECT_EQ(get("x") + get("y") + get("z") + get("e") + get("n"), "abcabcabc  abc3");
}

TEST_F(AssignmentTest, ValuesAreNeitherSplitNorGlobbed) {
  set("x", "a  * b");
  assign("y=$x z=*");
  EXPECT_EQ(get("y"), "a  * b");
  EXPECT_EQ(get("z"), "*");
}

TEST_F(AssignmentTest, CommandSubstitutionKeepsItsStatus) {
  assign("x=$(some text)");
  EXPECT_EQ(get("x"), "some text");
  EXPECT_EQ(expander.last_substitution_status(), 9);
}

TEST_F(AssignmentTest, IntegersStayIntegers) {
  assign("i=$((41+1)) j=$i");
  EXPECT_TRUE(state.variables.find(NameTable::intern("j"))->value.holds_integer());
  EXPECT_EQ(get("j"), "42");
}

TEST_F(AssignmentTest, Append) {
  assign("x=a x+=b x+=$x");
  EXPECT_EQ(get("x"), "abab");
  assign("x=$x");
  EXPECT_EQ(get("x"), "abab");
}

TEST_F(AssignmentTest, ArraysFromThemselves) {
  assign("a=(1 2) a=(\"${a[@]}\" 3) a+=(4) a[1]=two a[1]+=!");
  EXPECT_EQ(fields("${a[@]}"), "[1][two!][3][4]");
  assign("a=()");
  EXPECT_EQ(fields("${#a[@]}"), "[0]");
}

TEST_F(AssignmentTest, ElementsAreSplitAndGlobbed) {
  set("x", "p q");
  assign("a=($x \"$x\" {1..2})");
  EXPECT_EQ(fields("\"${a[@]}\""), "[p][q][p q][1][2]");
}

TEST_F(AssignmentTest, AssociativePairs) {
  state.variables.prepare_associative(NameTable::intern("m"), true);
  assign("m=(a 1 b 2)");
  EXPECT_EQ(fields("${m[a]} ${m[b]}"), "[1][2]");
  assign("m[c]=3 m+=([d]=4)");
  EXPECT_EQ(fields("${!m[@]}"), "[d][c][b][a]");
}

TEST_F(AssignmentTest, ReadOnlyIsAnError) {
  set("r", "1");
  state.variables.add_attributes(NameTable::intern("r"), state::attribute::ReadOnly);
  EXPECT_EQ(assign("r=2"), "error: r: is read only");
  EXPECT_EQ(assign("r=$((2))"), "error: r: is read only");
  EXPECT_EQ(fields("${r:=x}"), "[1]");
  EXPECT_EQ(get("r"), "1");
}

TEST_F(AssignmentTest, BadSubscripts) {
  EXPECT_TRUE(assign("a[-5]=x").starts_with("error: "));
  EXPECT_TRUE(assign("a[@]=x").starts_with("error: "));
}

}  // namespace
}  // namespace mish::expand
