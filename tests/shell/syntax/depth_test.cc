// SPDX-License-Identifier: GPL-3.0-or-later
// 100 000 levels of anything end in an error or in success, soon, and never in a crash.
#include <gtest/gtest.h>

#include "shell/base/stack_guard.h"
#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

constexpr int kLevels = 100000;

class Depth : public testing::Test {
 protected:
  void SetUp() override { StackGuard::initialise(); }
};

std::string repeat(std::string_view text, int n = kLevels) {
  std::string out;
  out.reserve(text.size() * static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

// "ok", or the message without its place.
std::string outcome(const std::string& text) {
  StringSource source(text);
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  ParseResult result = parser.parse_command();
  return result.status == ParseStatus::Command ? "ok" : result.error.message;
}

constexpr const char* kTooDeep = "maximum nesting depth reached";

TEST_F(Depth, NestedConstructsAreRefused) {
  EXPECT_EQ(outcome(repeat("(") + "a" + repeat(")")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$(") + "a" + repeat(")")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$(")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("<(")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("${x:-") + repeat("}")), kTooDeep);
  EXPECT_EQ(outcome("a \"" + repeat("${x:-\"") + repeat("\"}") + "\""), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("${a[") + "1" + repeat("]}")), kTooDeep);
  EXPECT_EQ(outcome(repeat("{ ") + "a" + repeat("; }")), kTooDeep);
  EXPECT_EQ(outcome(repeat("if a; then ") + "b;" + repeat("fi;")), kTooDeep);
  EXPECT_EQ(outcome(repeat("while ")), kTooDeep);
  EXPECT_EQ(outcome(repeat("case x in a) ")), kTooDeep);
  EXPECT_EQ(outcome(repeat("f() { ")), kTooDeep);
  EXPECT_EQ(outcome("[[ " + repeat("( ")), kTooDeep);
}

TEST_F(Depth, SubshellsThatLookLikeArithmeticAreNotReadAgainForEver) {
  EXPECT_EQ(outcome(repeat("(( ") + "a" + repeat(") )")), kTooDeep);
  EXPECT_EQ(outcome(repeat("(( ", 500) + "a" + repeat(") )", 500)), "ok");
}

TEST_F(Depth, NestedArithmeticIsRefused) {
  EXPECT_EQ(outcome("a $((" + repeat("(") + "1" + repeat(")") + "))"), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$((1+") + "1" + repeat("))")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$((")), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$((") + ")"), kTooDeep);
  EXPECT_EQ(outcome("a $((" + repeat("b[") + "1" + repeat("]") + "))"), kTooDeep);
  EXPECT_EQ(outcome("a " + repeat("$[")), kTooDeep);
}

TEST_F(Depth, LongChainsAreFine) {
  EXPECT_EQ(outcome(repeat("a | ") + "a"), "ok");
  EXPECT_EQ(outcome(repeat("a && ") + "a"), "ok");
  EXPECT_EQ(outcome(repeat("a; ")), "ok");
  EXPECT_EQ(outcome(repeat("! ") + "a"), "ok");
  EXPECT_EQ(outcome("a $((" + repeat("1+") + "1))"), "ok");
  EXPECT_EQ(outcome("if a; then b; " + repeat("elif c; then d; ") + "fi"), "ok");
  EXPECT_EQ(outcome("[[ " + repeat("! ") + "a ]]"), "ok");
  EXPECT_EQ(outcome("a " + repeat("@(") + repeat(")")), "ok");
  EXPECT_EQ(outcome("a " + repeat("{") + repeat("}")), "ok");
  EXPECT_EQ(outcome("a " + repeat("{b,")), "ok");
  EXPECT_EQ(outcome("cat " + repeat("<<E ") + "\n" + repeat("E\n")), "ok");
}

TEST_F(Depth, ParserGoesOnAfterwards) {
  std::string text = repeat("(") + "\necho a\n";
  LineSource source(text);
  ParserOptions options;
  options.posix = true;
  Parser parser(source, options, nullptr, "test");
  EXPECT_EQ(parser.parse_command().error.message, kTooDeep);
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple echo a)");
}

}  // namespace
}  // namespace mish::syntax
