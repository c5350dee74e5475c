// SPDX-License-Identifier: GPL-3.0-or-later
// POSIX mode: the bash language is off.
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(PosixMode, BashWordsAreOrdinary) {
  EXPECT_EQ(parse_posix("[[ a ]]; function f; time b; select c; coproc d"),
            "(list (simple [[ a ]]) (simple function f) (simple time b) (simple select c) (simple coproc d))");
}

TEST(PosixMode, BashOperatorsAreSeveral) {
  EXPECT_EQ(parse_posix("a &>b"), "(list (simple a) & (simple (1> b)))");
  EXPECT_EQ(parse_posix("a{b,c} {1..3}"), "(simple a{b,c} {1..3})");
  EXPECT_EQ(parse_posix("a $\"b\""), "(simple a [$ 'b'])");
  EXPECT_EQ(parse_posix("a+=b"), "(simple a+=b)");
  EXPECT_EQ(parse_posix("((a))"), "(subshell (subshell (simple a)))");
  EXPECT_EQ(parse_posix("a >&b"), "(simple a (1>& b))");
}

TEST(PosixMode, StandardFormsWork) {
  EXPECT_EQ(parse_posix("a $'b\\n' $((1+1)) ${c%d}"), "(simple a 'b\\n' (+ 1 1) ($c % d))");
  EXPECT_EQ(parse_posix("case a in b) c;& d) ;; esac"), "(case a (b) (simple c) ;& (d) nil)");
  EXPECT_EQ(parse_posix("export a=~"), "(declare export (= a (~)))");
  EXPECT_EQ(parse_posix("echo a=~"), "(simple echo a=~)");
}

TEST(PosixMode, ArithmeticWithoutEndIsAnError) {
  EXPECT_EQ(parse_posix("a $((cat <<E\n+(\nE\n))"),
            "incomplete:4:3: unexpected end of file while looking for `))' to close the `((' of line 1");
}

TEST(PosixMode, ErrorsOfTheStandard) {
  EXPECT_EQ(parse_posix("a=(b)"), "error:1:3: unexpected `('");
  EXPECT_EQ(parse_posix("a-b() { c; }"), "error:1:5: `a-b' is not a valid function name");
  EXPECT_EQ(parse_posix("!"), "incomplete:1:2: unexpected end of file; a command was expected");
}

}  // namespace
}  // namespace mish::syntax
