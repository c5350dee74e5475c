// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/usage.h"

#include <gtest/gtest.h>

namespace mish::process {
namespace {

TEST(Usage, DefaultFormatShowsMinutesAndThreeDigits) {
  std::string out;
  char bad = 0;
  ASSERT_TRUE(format_elapsed(kTimeFormat, {61234567, 1500000, 20999}, out, bad));
  EXPECT_EQ(out, "\nreal\t1m1.234s\nuser\t0m1.500s\nsys\t0m0.020s\n");
}

TEST(Usage, PosixFormatShowsSecondsAndTwoDigits) {
  std::string out;
  char bad = 0;
  ASSERT_TRUE(format_elapsed(kTimeFormatPosix, {61234567, 1500000, 20999}, out, bad));
  EXPECT_EQ(out, "real 61.23\nuser 1.50\nsys 0.02\n");
}

TEST(Usage, PercentSignAndPlainDigits) {
  std::string out;
  char bad = 0;
  ASSERT_TRUE(format_elapsed("%%%0R%6U", {2000000, 1, 0}, out, bad));
  EXPECT_EQ(out, "%20.000001\n");
}

TEST(Usage, UnknownConversionIsNamed) {
  std::string out;
  char bad = 0;
  EXPECT_FALSE(format_elapsed("%Q", {}, out, bad));
  EXPECT_EQ(bad, 'Q');
}

TEST(Usage, TimesFormat) {
  EXPECT_EQ(format_minutes(0, 3), "0m0.000s");
  EXPECT_EQ(format_minutes(125250000, 2), "2m5.25s");
}

TEST(Usage, ElapsedNeverRunsBackwards) {
  Stopwatch watch = Stopwatch::start();
  Elapsed elapsed = elapsed_since(watch);
  EXPECT_GE(elapsed.real_us, 0);
  EXPECT_GE(elapsed.user_us, 0);
  EXPECT_GE(elapsed.system_us, 0);
}

}  // namespace
}  // namespace mish::process
