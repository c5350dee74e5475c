// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

std::string arith(std::string_view text) {
  std::string out = parse("((" + std::string(text) + "))");
  return out.starts_with("(arith ") ? out.substr(7, out.size() - 8) : out;
}

std::string run_time(std::string_view text) {
  Arena arena;
  std::string error;
  return parse_arithmetic(text, arena, error) != nullptr ? "ok" : error;
}

TEST(ArithParser, Precedence) {
  EXPECT_EQ(arith("1+2*3-4/5%6"), "(- (+ 1 (* 2 3)) (% (/ 4 5) 6))");
  EXPECT_EQ(arith("a||b&&c|d^e&f"), "(|| a (&& b (| c (^ d (& e f)))))");
  EXPECT_EQ(arith("a==b<c<<d+e"), "(== a (< b (<< c (+ d e))))");
  EXPECT_EQ(arith("2**3**2"), "(** 2 (** 3 2))");
  EXPECT_EQ(arith("-2**2"), "(** (- 2) 2)");
  EXPECT_EQ(arith("!a+~b"), "(+ (! a) (~ b))");
  EXPECT_EQ(arith("(1+2)*3"), "(* (+ 1 2) 3)");
}

TEST(ArithParser, AssignmentsAndConditions) {
  EXPECT_EQ(arith("a=b=1,c+=2"), "(, (= a (= b 1)) (+= c 2))");
  EXPECT_EQ(arith("a<<=1"), "(<<= a 1)");
  EXPECT_EQ(arith("a?b:c?d:e"), "(? a b (? c d e))");
  EXPECT_EQ(arith("a?b=1,2:3"), "(? a (, (= b 1) 2) 3)");
  EXPECT_EQ(arith("a[i]=1"), "(= a[i] 1)");
}

TEST(ArithParser, Increments) {
  EXPECT_EQ(arith("a++ + ++b - c-- - --d"), "(- (- (+ (_++ a) (++_ b)) (_-- c)) (--_ d))");
  EXPECT_EQ(arith("a- -b"), "(- a (- b))");
  EXPECT_EQ(arith("1--1"), "(- 1 (- 1))");
  EXPECT_EQ(arith("- -1"), "(- (- 1))");
}

TEST(ArithParser, Numbers) {
  EXPECT_EQ(arith("0x1F+010+2#101+16#ff+36#Z+64#_"), "(+ (+ (+ (+ (+ 31 8) 5) 255) 35) 63)");
  EXPECT_EQ(arith("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(arith("9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(arith(""), "0");
  EXPECT_EQ(arith(" \n "), "0");
}

TEST(ArithParser, ExpansionsStandAsOperands) {
  EXPECT_EQ(arith("$a+${b}*${#c}-$1"), "(- (+ $a (* $b ($c length))) $1)");
  EXPECT_EQ(arith("\"$a\" + 1"), "(+ $a 1)");
  EXPECT_EQ(arith("$((1+2))*3"), "(* (+ (+ 1 2)) 3)");
  EXPECT_EQ(arith("${a:-0}+1"), "(+ ($a :- '0') 1)");
  EXPECT_EQ(arith("b[$i]++"), "(_++ b[$i])");
}

TEST(ArithParser, TextThatOnlyRunTimeCanParse) {
  EXPECT_EQ(arith("$a$b"), "(text [\"$a\" \"$b\"])");
  EXPECT_EQ(arith("1$a"), "(text ['1' \"$a\"])");
  EXPECT_EQ(arith("${a}b"), "(text [\"$a\" 'b'])");
  EXPECT_EQ(arith("1 $op 2"), "(text ['1 ' \"$op\" ' 2'])");
  EXPECT_EQ(arith("$a=1"), "(text [\"$a\" '=1'])");
  EXPECT_EQ(arith("$(a)+1"), "(text [\"($ (simple a))\" '+1'])");
  EXPECT_EQ(arith("1 +"), "(text '1 +')");
}

TEST(ArithParser, ParametersAreListed) {
  StringSource source("(( $a + b[$c] * ${d} ))");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  const ArithExpression* expression = as<ArithmeticCommand>(*result.program->root()).expression;
  ASSERT_EQ(expression->parameters.size(), 2u);
  EXPECT_EQ(text(expression->parameters[0]->name), "a");
  EXPECT_EQ(text(expression->parameters[1]->name), "d");
  EXPECT_EQ(expression->text, " $a + b[$c] * ${d} ");
}

TEST(ArithParser, ErrorsAtRunTime) {
  EXPECT_EQ(run_time("1+1"), "ok");
  EXPECT_EQ(run_time("a[$i]+\"2\"+b['k k']"), "ok");
  EXPECT_EQ(run_time("1 +"), "syntax error: operand expected at the end of the expression");
  EXPECT_EQ(run_time("1 2"), "syntax error: operator expected at `2'");
  EXPECT_EQ(run_time("08"), "08: value too great for base 8");
  EXPECT_EQ(run_time("1=2"), "attempted assignment to something that is no variable at `=2'");
  EXPECT_EQ(run_time("(1"), "missing `)' at the end of the expression");
  EXPECT_EQ(run_time("a?b"), "`:' expected for conditional expression at the end of the expression");
  EXPECT_EQ(run_time("a["), "missing `]' at the end of the expression");
  EXPECT_EQ(run_time("65#1"), "65#1: invalid arithmetic base (2 to 64 are known)");
}

}  // namespace
}  // namespace mish::syntax
