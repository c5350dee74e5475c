// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class TestBuiltin : public BuiltinTest {
 protected:
  template <typename... T>
  int test(T... args) {
    return status({"test", std::string_view(args)...});
  }
};

TEST_F(TestBuiltin, UpToTwoArguments) {
  EXPECT_EQ(test(), 1);
  EXPECT_EQ(test(""), 1);
  EXPECT_EQ(test("-n"), 0);
  EXPECT_EQ(test("!"), 0);
  EXPECT_EQ(test("!", ""), 0);
  EXPECT_EQ(test("-n", "a"), 0);
  EXPECT_EQ(test("-z", "a"), 1);
  EXPECT_EQ(test("a", "b"), 2);
}

TEST_F(TestBuiltin, BinaryPrimaryComesFirstWithThree) {
  EXPECT_EQ(test("!", "=", "!"), 0);
  EXPECT_EQ(test("(", "=", ")"), 1);
  EXPECT_EQ(test("-f", "=", "-f"), 0);
  EXPECT_EQ(test("(", "a", ")"), 0);
  EXPECT_EQ(test("!", "-n", ""), 0);
  EXPECT_EQ(test("a", "<", "b"), 0);
  EXPECT_EQ(test("a", "?", "b"), 2);
}

TEST_F(TestBuiltin, FourArguments) {
  EXPECT_EQ(test("!", "a", "=", "b"), 0);
  EXPECT_EQ(test("(", "-n", "a", ")"), 0);
  EXPECT_EQ(test("!", "(", "a", ")"), 1);
}

TEST_F(TestBuiltin, Numbers) {
  EXPECT_EQ(test("10", "-gt", "9"), 0);
  EXPECT_EQ(test(" 1 ", "-eq", "+1"), 0);
  EXPECT_EQ(test("-1", "-lt", "0"), 0);
  EXPECT_EQ(test("a", "-eq", "1"), 2);
  EXPECT_NE(err.find("a: integer expression expected"), std::string::npos);
}

TEST_F(TestBuiltin, AndBindsTighterThanOr) {
  EXPECT_EQ(test("a", "-o", "", "-a", ""), 0);
  EXPECT_EQ(test("(", "a", "-o", "", ")", "-a", ""), 1);
  EXPECT_EQ(test("1", "-eq", "1", "-a", "!", "2", "-eq", "3"), 0);
  EXPECT_EQ(test("(", "a", "-o", "b", "-a"), 2);
}

TEST_F(TestBuiltin, VariablesAndFiles) {
  state.variables.assign(n("set_one"), "");
  EXPECT_EQ(test("-v", "set_one"), 0);
  EXPECT_EQ(test("-v", "unset_one"), 1);
  EXPECT_EQ(test("-d", "/"), 0);
  EXPECT_EQ(test("-f", "/"), 1);
  EXPECT_EQ(test("/", "-ef", "/."), 0);
}

TEST_F(TestBuiltin, BracketNeedsItsEnd) {
  EXPECT_EQ(status({"[", "a", "]"}), 0);
  EXPECT_EQ(status({"[", "a"}), 2);
  EXPECT_EQ(status({"[", "]"}), 1);
}

}  // namespace
}  // namespace mish::builtins
