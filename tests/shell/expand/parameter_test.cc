// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/shell/expand/fixture.h"

namespace mish::expand {
namespace {

using state::Option;

class ParameterTest : public ExpandTest {};

TEST_F(ParameterTest, DefaultsAndAlternatives) {
  set("e", "");
  set("x", "v");
  EXPECT_EQ(fields("${x-d} ${x:-d} ${x+a} ${x:+a}"), "[v][v][a][a]");
  EXPECT_EQ(fields("${u-d} ${u:-d} ${u+a} ${u:+a}"), "[d][d]");
  EXPECT_EQ(fields("\"${e-d}\" ${e:-d} ${e+a} \"${e:+a}\""), "[][d][a][]");
  EXPECT_EQ(fields("${u-a b}"), "[a][b]");
  EXPECT_EQ(fields("${u-'a b'}"), "[a b]");
  EXPECT_EQ(fields("\"${u-a b}\""), "[a b]");
  EXPECT_EQ(fields("${u-\"a b\" c}d"), "[a b][cd]");
  EXPECT_EQ(fields("${u-$x$(s t)}"), "[vs][t]");
}

TEST_F(ParameterTest, AssigningDefaults) {
  EXPECT_EQ(fields("${u=a b} \"${u}\""), "[a][b][a b]");
  EXPECT_EQ(get("u"), "a b");
  set("e", "");
  EXPECT_EQ(fields("${e:=z}"), "[z]");
  EXPECT_EQ(fields("${1=x}"), "error: $1: cannot assign in this way");
}

TEST_F(ParameterTest, ErrorIfUnset) {
  EXPECT_EQ(fields("${u?}"), "error: u: parameter not set");
  EXPECT_EQ(fields("${u:?}"), "error: u: parameter null or not set");
  EXPECT_EQ(fields("${u?say so}"), "error: u: say so");
}

TEST_F(ParameterTest, Lengths) {
  set("x", "abc");
  positional({"a", "bb"});
  EXPECT_EQ(fields("${#x} ${#u} ${#} ${#@} ${#*} ${#2}"), "[3][0][2][2][2][2]");
  set_locale({.lc_all = "C.UTF-8"});
  set("x", "h\xc3\xa9\xff");
  EXPECT_EQ(fields("${#x}"), "[3]");
}

TEST_F(ParameterTest, Trimming) {
  set("x", "a/b/c.tar.gz");
  EXPECT_EQ(fields("${x#*/} ${x##*/} ${x%.*} ${x%%.*}"), "[b/c.tar.gz][c.tar.gz][a/b/c.tar][a/b/c]");
  set("p", "*/");
  EXPECT_EQ(fields("${x#$p} ${x#\"$p\"} \"${x#*/}\""), "[b/c.tar.gz][a/b/c.tar.gz][b/c.tar.gz]");
  positional({"xa", "xb"});
  EXPECT_EQ(fields("\"${@#x}\""), "[a][b]");
}

TEST_F(ParameterTest, Substrings) {
  set("x", "abcdef");
  EXPECT_EQ(fields("${x:1} ${x:1:2} ${x: -2} ${x:1:-1} ${x:(-3):2}"), "[bcdef][bc][ef][bcde][de]");
  EXPECT_EQ(fields("${x:9} \"${x:9}\" ${x:0:0}"), "[]");
  EXPECT_EQ(fields("${x:3:-4}"), "error: -4: substring expression < 0");
  set_locale({.lc_all = "C.UTF-8"});
  set("x", "h\xc3\xa9llo");
  EXPECT_EQ(fields("${x:1:1} ${x: -3}"), "[\xc3\xa9][llo]");
}

TEST_F(ParameterTest, PositionalSlices) {
  positional({"a", "b", "c"});
  EXPECT_EQ(fields("\"${@:2}\" \"${@:1:2}\""), "[b][c][a][b]");
  EXPECT_EQ(fields("\"${@: -1}\""), "[c]");
  EXPECT_EQ(fields("\"${@:0:2}\""), "[mish][a]");
  EXPECT_EQ(fields("\"${*:2}\""), "[b c]");
  EXPECT_EQ(fields("\"${@:9}\""), "");
}

TEST_F(ParameterTest, Replacement) {
  set("x", "banana");
  EXPECT_EQ(fields("${x/an/X} ${x//an/X} ${x/#b/X} ${x/%a/X} ${x//an}"), "[bXana][bXXa][Xanana][bananX][ba]");
  EXPECT_EQ(fields("${x/#/pre} ${x/%/post} ${x//}"), "[prebanana][bananapost][banana]");
  EXPECT_EQ(fields("${x//[an]/<&>}"), "[b<a><n><a><n><a>]");
  EXPECT_EQ(fields("${x/n/\\&} ${x/n/'&'}"), "[ba&ana][ba&ana]");
  set("r", "$x/");
  EXPECT_EQ(fields("\"${x/n/$r}\""), "[ba$x/ana]");
  set("y", "a b  c");
  EXPECT_EQ(fields("\"${y//+( )/_}\""), "[a b  c]");
  state.options.set(Option::ExtGlob, true);
  EXPECT_EQ(fields("\"${y//+( )/_}\""), "[a_b_c]");
  EXPECT_EQ(fields("\"${y//*(z)/-}\""), "[-a- -b- - -c]");
  positional({"aa", "ba"});
  EXPECT_EQ(fields("\"${@/a/X}\""), "[Xa][bX]");
}

TEST_F(ParameterTest, CaseModification) {
  set("x", "hello World");
  EXPECT_EQ(fields("\"${x^}\" \"${x^^}\" \"${x,,}\" \"${x~~}\" \"${x^^[lo]}\""),
            "[Hello World][HELLO WORLD][hello world][HELLO wORLD][heLLO WOrLd]");
  set_locale({.lc_all = "C.UTF-8"});
  set("x", "\xc3\xa9t\xc3\xa9");
  EXPECT_EQ(fields("${x^^}"), "[\xc3\x89T\xc3\x89]");
}

TEST_F(ParameterTest, Indirection) {
  set("x", "y");
  set("y", "value");
  positional({"one", "two"});
  EXPECT_EQ(fields("${!x} ${!#}"), "[value][two]");
  set("x", "a[1]");
  assign("a=(p q)");
  EXPECT_EQ(fields("${!x}"), "[q]");
  set("x", "a[@]");
  EXPECT_EQ(fields("\"${!x}\""), "[p][q]");
  EXPECT_EQ(fields("${!u}"), "error: u: invalid indirect expansion");
  set("x", "not a name");
  EXPECT_EQ(fields("${!x}"), "error: not a name: invalid variable name");
  set("x", "u");
  EXPECT_EQ(fields("${!x-default}"), "[default]");
}

TEST_F(ParameterTest, ComputedSubscriptsRunNothing) {
  assign("a=(p q)");
  set("x", "a[$(touch it)]");
  fields("${!x}");
  set("v", "a[$(touch it)]");
  fields("$((v))");
  fields("$(( a[v] ))");
  EXPECT_EQ(hooks.substitutions, 0);
}

TEST_F(ParameterTest, PrefixNames) {
  set("pre_b", "1");
  set("pre_a", "2");
  EXPECT_EQ(fields("${!pre_*}"), "[pre_a][pre_b]");
  EXPECT_EQ(fields("\"${!pre_*}\""), "[pre_a pre_b]");
  EXPECT_EQ(fields("\"${!pre_@}\""), "[pre_a][pre_b]");
}

TEST_F(ParameterTest, IndexedArrays) {
  assign("a=(zero 'one two' [5]=five six)");
  EXPECT_EQ(fields("$a ${a[0]} \"${a[1]}\" ${a[5]} ${a[-1]} ${a[2]}"), "[zero][zero][one two][five][six]");
  EXPECT_EQ(fields("\"${a[@]}\""), "[zero][one two][five][six]");
  EXPECT_EQ(fields("\"${a[*]}\""), "[zero one two five six]");
  EXPECT_EQ(fields("${a[@]}"), "[zero][one][two][five][six]");
  EXPECT_EQ(fields("${#a[@]} ${#a[1]} ${!a[@]}"), "[4][7][0][1][5][6]");
  EXPECT_EQ(fields("\"${a[@]:1:2}\""), "[one two][five]");
  EXPECT_EQ(fields("\"${a[@]: -1}\""), "[six]");
  EXPECT_EQ(fields("\"x${a[@]}y\""), "[xzero][one two][five][sixy]");
  EXPECT_EQ(fields("\"${nope[@]}\""), "");
  EXPECT_EQ(fields("\"${nope[@]:+x}\""), "");
  EXPECT_EQ(fields("\"${nope[*]:+x}\""), "[]");
  EXPECT_EQ(fields("${a[-9]}x"), "[x]");
  EXPECT_EQ(fields("${a[1+4]} ${a[i=1]}"), "[five][one][two]");
}

TEST_F(ParameterTest, AssociativeArrays) {
  state.variables.prepare_associative(NameTable::intern("m"), true);
  assign("m=([k 1]=v1 ['k2']=v2)");
  EXPECT_EQ(fields("\"${m[k 1]}\" ${m[k2]} ${m[nope]-none}"), "[v1][v2][none]");
  EXPECT_EQ(fields("\"${!m[@]}\""), "[k2][k 1]");
  EXPECT_EQ(fields("\"${m[@]}\""), "[v2][v1]");
  EXPECT_EQ(fields("${#m[@]}"), "[2]");
  set("i", "k2");
  EXPECT_EQ(fields("${m[$i]}"), "[v2]");
}

TEST_F(ParameterTest, Transformations) {
  set("x", "it's");
  EXPECT_EQ(fields("${x@Q} ${x@U} ${x@u} ${x@A}"), "['it'\\''s'][IT'S][It's][x='it'\\''s']");
  set("x", "a\\tb");
  EXPECT_EQ(fields("\"${x@E}\""), "[a\tb]");
  assign("a=(1 'b c')");
  EXPECT_EQ(fields("\"${a[@]@A}\""), "[declare][-a][a=([0]=\"1\" [1]=\"b c\")]");
  EXPECT_EQ(fields("\"${a[@]@K}\""), "[0 \"1\" 1 \"b c\"]");
  EXPECT_EQ(fields("\"${a[@]@k}\""), "[0][1][1][b c]");
  EXPECT_EQ(fields("\"${a[@]@Q}\""), "['1']['b c']");
  EXPECT_EQ(fields("${a@a}"), "[a]");
}

TEST_F(ParameterTest, BadSubstitutionIsAnErrorWhenExpanded) {
  EXPECT_EQ(fields("${x!y}"), "error: ${x!y}: bad substitution");
}

TEST_F(ParameterTest, OperandsMayChangeTheParameter) {
  set("x", "aXb");
  EXPECT_EQ(fields("${x:$((x=5, 0))}"), "[5]");
  EXPECT_EQ(fields("${u:=${x:=1}}"), "[5]");
}

}  // namespace
}  // namespace mish::expand
