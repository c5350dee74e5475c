// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/complete_command.h"

#include <gtest/gtest.h>

#include "shell/state/shell_state.h"

namespace mish::interactive {
namespace {

class NeedsMoreLines : public testing::Test {
 protected:
  bool needs_more(std::string_view text) const { return needs_more_lines(state_, text); }

  state::ShellState state_;
};

TEST_F(NeedsMoreLines, CompleteCommandsNeedNone) {
  EXPECT_FALSE(needs_more("echo a; echo b\n"));
  EXPECT_FALSE(needs_more("if true\nthen echo a\nfi\n"));
  EXPECT_FALSE(needs_more("cat <<E\ntext\nE\n"));
  EXPECT_FALSE(needs_more("\n"));
}

TEST_F(NeedsMoreLines, OpenConstructsNeedMore) {
  EXPECT_TRUE(needs_more("if true\n"));
  EXPECT_TRUE(needs_more("echo 'a\n"));
  EXPECT_TRUE(needs_more("echo a |\n"));
  EXPECT_TRUE(needs_more("echo a \\\n"));
  EXPECT_TRUE(needs_more("cat <<E\ntext\n"));
  EXPECT_TRUE(needs_more("x=(1\n"));
}

TEST_F(NeedsMoreLines, WrongTextIsNotMendedByMore) { EXPECT_FALSE(needs_more("if true; fi\n")); }

}  // namespace
}  // namespace mish::interactive
