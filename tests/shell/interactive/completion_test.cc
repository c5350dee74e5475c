// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/completion.h"

#include <gtest/gtest.h>

namespace mish::interactive {
namespace {

using Words = std::vector<std::string>;

CommandAtPoint at_end(std::string_view line) { return find_command(line, line.size()); }

TEST(CommandAtPoint, FirstWordIsTheCommand) {
  CommandAtPoint found = at_end("ech");
  EXPECT_TRUE(found.is_command_word);
  EXPECT_EQ(found.word_begin, 0u);
}

TEST(CommandAtPoint, LaterWordIsAnArgument) {
  CommandAtPoint found = at_end("git log --on");
  EXPECT_FALSE(found.is_command_word);
  EXPECT_EQ(found.words, (Words{"git", "log"}));
  EXPECT_EQ(found.word_begin, 8u);
}

TEST(CommandAtPoint, OperatorsBeginANewCommand) {
  EXPECT_EQ(at_end("a b; c d | e f").words, (Words{"e"}));
  EXPECT_TRUE(at_end("a && ").is_command_word);
}

TEST(CommandAtPoint, AssignmentsAndKeywordsAreNoCommands) {
  EXPECT_TRUE(at_end("X=1 Y=2 ec").is_command_word);
  EXPECT_TRUE(at_end("if ! tes").is_command_word);
  EXPECT_EQ(at_end("sudo apt in").words, (Words{"apt"}));
}

TEST(CommandAtPoint, CommandSubstitutionIsItsOwnCommand) {
  EXPECT_EQ(at_end("echo \"$(ls -").words, (Words{"ls"}));
  EXPECT_EQ(at_end("echo $(ls) x").words, (Words{"echo", "$(ls)"}));
}

TEST(CommandAtPoint, RedirectionTargetIsAFile) {
  EXPECT_TRUE(at_end("cat < fi").is_redirection);
  EXPECT_EQ(at_end("cat <in fi").words, (Words{"cat"}));
}

TEST(CommandAtPoint, QuotesHideOperators) { EXPECT_EQ(at_end("echo 'a; b' c").words, (Words{"echo", "'a; b'"})); }

}  // namespace
}  // namespace mish::interactive
