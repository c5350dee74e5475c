// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/shell/expand/fixture.h"

namespace mish::expand {
namespace {

class ArithmeticTest : public ExpandTest {
 protected:
  /// The value of $((text)), compiled, and checked to be the same when evaluated as text.
  std::string eval(const std::string& text) { return fields("$((" + text + "))"); }
};

TEST_F(ArithmeticTest, OperatorsAndPrecedence) {
  EXPECT_EQ(eval("1+2*3"), "[7]");
  EXPECT_EQ(eval("(1+2)*3"), "[9]");
  EXPECT_EQ(eval("2**3**2"), "[512]");
  EXPECT_EQ(eval("-2**2"), "[4]");
  EXPECT_EQ(eval("7/2"), "[3]");
  EXPECT_EQ(eval("-7/2"), "[-3]");
  EXPECT_EQ(eval("-7%3"), "[-1]");
  EXPECT_EQ(eval("1<<4|1"), "[17]");
  EXPECT_EQ(eval("~0"), "[-1]");
  EXPECT_EQ(eval("!5+!0"), "[1]");
  EXPECT_EQ(eval("5>3 && 2>=2 || 0"), "[1]");
  EXPECT_EQ(eval("6&3^1"), "[3]");
  EXPECT_EQ(eval("1?2:3"), "[2]");
  EXPECT_EQ(eval("0?2:0?4:5"), "[5]");
  EXPECT_EQ(eval("1,2,3"), "[3]");
  EXPECT_EQ(eval(""), "[0]");
}

TEST_F(ArithmeticTest, Constants) {
  EXPECT_EQ(eval("0x1F+010"), "[39]");
  EXPECT_EQ(eval("16#ff"), "[255]");
  EXPECT_EQ(eval("2#101"), "[5]");
  EXPECT_EQ(eval("36#z"), "[35]");
  EXPECT_EQ(eval("64#_"), "[63]");
}

TEST_F(ArithmeticTest, OverflowWraps) {
  EXPECT_EQ(eval("9223372036854775807+1"), "[-9223372036854775808]");
  EXPECT_EQ(eval("-9223372036854775807-2"), "[9223372036854775807]");
  set("m", "-9223372036854775808");
  EXPECT_EQ(eval("-m"), "[-9223372036854775808]");
  EXPECT_EQ(eval("m%-1"), "[0]");
  EXPECT_EQ(eval("1<<64"), "[1]");
}

TEST_F(ArithmeticTest, ErrorsInsteadOfCrashes) {
  EXPECT_EQ(eval("1/0"), "error: 1/0: division by zero");
  EXPECT_EQ(eval("1%0"), "error: 1%0: division by zero");
  set("m", "-9223372036854775808");
  EXPECT_EQ(eval("m/-1"), "error: m/-1: the quotient is out of range");
  EXPECT_EQ(eval("2**-1"), "error: 2**-1: exponent less than 0");
}

TEST_F(ArithmeticTest, Variables) {
  set("x", "5");
  set("e", "");
  EXPECT_EQ(eval("x+1"), "[6]");
  EXPECT_EQ(eval("$x+1"), "[6]");
  EXPECT_EQ(eval("${x}0"), "[50]");
  EXPECT_EQ(eval("unset+e"), "[0]");
  set("o", "010");
  EXPECT_EQ(eval("o"), "[8]");
  EXPECT_EQ(eval("$o"), "[8]");
  set("h", "0x10");
  EXPECT_EQ(eval("h+$h"), "[32]");
  set("n", "-3");
  EXPECT_EQ(eval("5-$n"), "[8]");
  EXPECT_EQ(eval("5-n"), "[8]");
}

TEST_F(ArithmeticTest, ValuesAreExpressions) {
  set("x", "y+1");
  set("y", "4");
  EXPECT_EQ(eval("x*2"), "[10]");
  EXPECT_EQ(eval("$x*2"), "[6]");
  set("loop", "loop");
  EXPECT_TRUE(eval("loop").starts_with("error: loop: ")) << eval("loop");  // not a crash
}

TEST_F(ArithmeticTest, Assignments) {
  EXPECT_EQ(eval("x=3"), "[3]");
  EXPECT_EQ(eval("x+=4"), "[7]");
  EXPECT_EQ(eval("x<<=1"), "[14]");
  EXPECT_EQ(eval("x=y=2"), "[2]");
  EXPECT_EQ(get("x") + get("y"), "22");
  EXPECT_EQ(eval("x++ + ++x"), "[6]");
  EXPECT_EQ(eval("x-- - --x"), "[2]");
  EXPECT_EQ(get("x"), "2");
  EXPECT_EQ(eval("0 && (x=9)"), "[0]");
  EXPECT_EQ(eval("1 || (x=9)"), "[1]");
  EXPECT_EQ(get("x"), "2");
}

TEST_F(ArithmeticTest, ParametersAreExpandedBeforeAnythingIsAssigned) {
  set("x", "1");
  EXPECT_EQ(eval("(x=5)+$x"), "[6]");
}

TEST_F(ArithmeticTest, OperatorsMayComeFromExpansions) {
  set("op", "+");
  set("x", "1 +");
  EXPECT_EQ(eval("2 $op 3"), "[5]");
  EXPECT_EQ(eval("$x 4"), "[5]");
  EXPECT_EQ(eval("$(12) + 1"), "[13]");
}

TEST_F(ArithmeticTest, ArrayElements) {
  assign("a=(10 20 30)");
  EXPECT_EQ(eval("a[1]+a[2]"), "[50]");
  EXPECT_EQ(eval("a[1]++"), "[20]");
  EXPECT_EQ(eval("a[1]"), "[21]");
  EXPECT_EQ(eval("a[a[0]-8]"), "[30]");
  EXPECT_EQ(eval("a[-1]"), "[30]");
  EXPECT_EQ(eval("i=0, a[i++]=7, i"), "[1]");
  EXPECT_EQ(fields("${a[0]}"), "[7]");
  state.variables.prepare_associative(NameTable::intern("m"), true);
  assign("m=([k]=5)");
  EXPECT_EQ(eval("m[k]+1"), "[6]");
  EXPECT_EQ(eval("m[new]+=2"), "[2]");
}

TEST_F(ArithmeticTest, SyntaxErrorsAreReported) {
  for (const char* text : {"1+", "1 2", "(1", "1=2", "08", "a b", "3#3"}) {
    EXPECT_THROW(expander.evaluate_text(text), state::ShellError) << text;
  }
}

TEST_F(ArithmeticTest, TextIsEvaluated) {
  EXPECT_EQ(expander.evaluate_text(" 1 + 2 "), 3);
  EXPECT_EQ(expander.evaluate_text(""), 0);
  EXPECT_EQ(expander.evaluate_text("x = 4, x * 2"), 8);
}

TEST_F(ArithmeticTest, ReadOnlyVariablesCannotBeAssigned) {
  set("r", "1");
  state.variables.add_attributes(NameTable::intern("r"), state::attribute::ReadOnly);
  EXPECT_EQ(eval("r++"), "error: r: is read only");
}

}  // namespace
}  // namespace mish::expand
