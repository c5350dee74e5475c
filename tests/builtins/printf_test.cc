// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class PrintfTest : public BuiltinTest {
 protected:
  template <typename... T>
  std::string printf(T... args) {
    last_status = status({"printf", std::string_view(args)...});
    return out;
  }
  int last_status = 0;
};

TEST_F(PrintfTest, FormatIsUsedAgainWhileThereAreArguments) {
  EXPECT_EQ(printf("%s-%d\n", "a", "1", "b", "2"), "a-1\nb-2\n");
  EXPECT_EQ(printf("%s %s\n", "a", "b", "c"), "a b\nc \n");
  EXPECT_EQ(printf("x\n", "unused"), "x\n");
}

TEST_F(PrintfTest, IntegersInEveryForm) {
  EXPECT_EQ(printf("%d %i %o %u %x %X", "-5", "010", "8", "7", "255", "255"), "-5 8 10 7 ff FF");
  EXPECT_EQ(printf("%5d|%-5d|%05d|%+d|% d", "42", "42", "42", "42", "42"), "   42|42   |00042|+42| 42");
  EXPECT_EQ(printf("%.3d|%5.3d|%#x|%#o", "5", "5", "255", "8"), "005|  005|0xff|010");
  EXPECT_EQ(printf("%.0d|", "0"), "|");
  EXPECT_EQ(printf("%d", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(printf("%u", "-1"), "18446744073709551615");
  EXPECT_EQ(printf("%d %d", "'A", "\"B"), "65 66");
  EXPECT_EQ(printf("%*d|%-*d|", "4", "1", "4", "2"), "   1|2   |");
}

TEST_F(PrintfTest, WidthsThatDoNotFitAreErrorsAtOnce) {
  EXPECT_EQ(printf("a%99999999999999db", "1"), "a");
  EXPECT_EQ(last_status, 1);
  EXPECT_NE(err.find("%99999999999999d': the width or precision is too large"), std::string::npos);
  EXPECT_EQ(printf("%.99999999999999f", "1"), "");
  EXPECT_EQ(last_status, 1);
  EXPECT_EQ(printf("%.1000000000f", "1"), "");
  EXPECT_EQ(last_status, 1);
  EXPECT_EQ(printf("%*d", "-99999999999999", "1"), "");
  EXPECT_EQ(last_status, 1);
  EXPECT_EQ(printf("%.99999999999999s", "abc"), "abc");
  EXPECT_EQ(last_status, 0);
}

TEST_F(PrintfTest, BadNumbersAreReportedAndStillPrinted) {
  EXPECT_EQ(printf("%d|", "12x"), "12|");
  EXPECT_EQ(last_status, 1);
  EXPECT_NE(err.find("12x: invalid number"), std::string::npos);
  EXPECT_EQ(printf("%d", "99999999999999999999"), "9223372036854775807");
  EXPECT_EQ(last_status, 0);
}

TEST_F(PrintfTest, StringsAndCharacters) {
  EXPECT_EQ(printf("%5s|%-5s|%.2s|%c", "ab", "ab", "abc", "xyz"), "   ab|ab   |ab|x");
  EXPECT_EQ(printf("%b", "a\\tb\\0101\\101"), "a\tbAA");
  EXPECT_EQ(printf("%b%s", "a\\cb", "c"), "a");
  EXPECT_EQ(printf("%q %q", "a b", ""), "a\\ b ''");
  EXPECT_EQ(printf("a\\101\\x42\\n%%"), "aAB\n%");
}

TEST_F(PrintfTest, FloatingPoint) {
  EXPECT_EQ(printf("%.2f %e %g", "3.14159", "1.5", "1e10"), "3.14 1.500000e+00 1e+10");
  EXPECT_EQ(printf("%8.3f|%-8.1f|", "2.5", "2.5"), "   2.500|2.5     |");
}

TEST_F(PrintfTest, NumberedArguments) {
  EXPECT_EQ(printf("%2$s %1$s\n", "a", "b"), "b a\n");
  EXPECT_EQ(printf("%2$s %1$s\n", "a", "b", "c", "d"), "b a\nd c\n");
}

TEST_F(PrintfTest, ResultGoesToAVariable) {
  EXPECT_EQ(printf("-v", "x", "%03d", "7"), "");
  EXPECT_EQ(get("x"), "007");
}

TEST_F(PrintfTest, FormatErrors) {
  EXPECT_EQ(printf("a%"), "a");
  EXPECT_EQ(last_status, 1);
  EXPECT_EQ(printf("a%y"), "a");
  EXPECT_EQ(last_status, 1);
  EXPECT_EQ(status({"printf"}), 2);
}

}  // namespace
}  // namespace mish::builtins
