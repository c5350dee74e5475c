// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/options.h"

#include <gtest/gtest.h>

namespace mish::state {
namespace {

TEST(Options, FoundByNameAndLetter) {
  ASSERT_NE(find_option("errexit", OptionFamily::Set), nullptr);
  EXPECT_EQ(find_option("errexit", OptionFamily::Set)->letter, 'e');
  EXPECT_EQ(find_option('u')->option, Option::NoUnset);
  EXPECT_EQ(find_option("nullglob", OptionFamily::Set), nullptr);
  ASSERT_NE(find_option("nullglob", OptionFamily::Shopt), nullptr);
  EXPECT_EQ(find_option('Z'), nullptr);
  EXPECT_EQ(info(Option::XTrace).name, "xtrace");
}

TEST(Options, FlagsFollowTheOptions) {
  OptionSet options;
  EXPECT_EQ(options.flags(), "hB");
  options.set(Option::ErrExit, true);
  options.set(Option::CommandString, true);
  options.set(Option::BraceExpand, false);
  EXPECT_EQ(options.flags(), "ehc");
  EXPECT_TRUE(options.is_on(Option::CheckWinSize));
  EXPECT_FALSE(options.is_on(Option::XpgEcho));
}

}  // namespace
}  // namespace mish::state
