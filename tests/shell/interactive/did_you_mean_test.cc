// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/did_you_mean.h"

#include <gtest/gtest.h>

namespace mish::interactive {
namespace {

TEST(NearestName, FindsTheFewestEdits) {
  EXPECT_EQ(nearest_name("ehco", {"cat", "echo", "each"}), "echo");
  EXPECT_EQ(nearest_name("grpe", {"grep", "group"}), "grep");
}

TEST(NearestName, LongWordsMayBeTwoEditsAway) {
  EXPECT_EQ(nearest_name("pythn", {"python3"}), "python3");
  EXPECT_EQ(nearest_name("cta", {"cargo"}), "");
}

TEST(NearestName, FirstOfEqualsWins) { EXPECT_EQ(nearest_name("cab", {"cat", "car"}), "cat"); }

TEST(NearestName, OneLetterIsNoTypingError) { EXPECT_EQ(nearest_name("x", {"xz"}), ""); }

}  // namespace
}  // namespace mish::interactive
