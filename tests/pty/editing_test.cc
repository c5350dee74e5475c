// SPDX-License-Identifier: GPL-3.0-or-later
// Editing at the prompt: keys, several lines, history, completion, the display on terminals that can do more.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/pty/interactive_shell.h"
#include "tests/support/temporary_directory.h"

namespace mish::tests {
namespace {

/// A shell with a home of its own, which goes with the test.
class EditingTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kHasFrontend) GTEST_SKIP();
  }
  std::unique_ptr<PtySession> start(const std::string& terminal = "dumb") {
    auto shell = std::make_unique<PtySession>(
        std::vector<std::string>{shell_path(), "--norc", "--noprofile", "-i"},
        std::vector<std::pair<std::string, std::string>>{
            {"PS1", "ready> "}, {"HOME", home_.path()}, {"TERM", terminal}, {"HISTFILE", home_ / "history"}});
    shell->expect("ready> ");
    return shell;
  }
  std::string history_file() const {
    std::ifstream file(home_ / "history");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  TemporaryDirectory home_;
};

TEST_F(EditingTest, EmacsKeysMoveAndKill) {
  auto shell = start();
  shell->send(
      "cho A''B\x01"
      "e\x05"
      "C\n");
  EXPECT_TRUE(shell->expect("ABC\r\n"));
}

TEST_F(EditingTest, ViKeysAfterSetVi) {
  auto shell = start();
  shell->send("set -o vi\n");
  shell->expect("ready> ");
  shell->send("Xecho A''B");
  shell->expect("B");
  shell->send("\033");
  shell->send("0x\n");
  EXPECT_TRUE(shell->expect("AB\r\n"));
}

TEST_F(EditingTest, IncompleteCommandContinuesAfterPs2) {
  auto shell = start();
  shell->send("if true\n");
  EXPECT_TRUE(shell->expect("> "));
  shell->send("then echo y''es; fi\n");
  EXPECT_TRUE(shell->expect("yes\r\n"));
  // The whole command is one entry of the history.
  shell->send("history\n");
  EXPECT_TRUE(shell->expect("1  if true\r\nthen echo y''es; fi\r\n"));
}

TEST_F(EditingTest, CtrlCInContinuationDropsTheWholeCommand) {
  auto shell = start();
  shell->send("echo 'one\n");
  EXPECT_TRUE(shell->expect("> "));
  shell->send(kCtrlC);
  EXPECT_TRUE(shell->expect("ready> "));
  shell->send("echo st''=$?=\n");
  EXPECT_TRUE(shell->expect("st=130="));
}

TEST_F(EditingTest, HistoryExpansionShowsTheCommandAndRunsIt) {
  auto shell = start();
  shell->send("echo on''e two\n");
  shell->expect("one two\r\n");
  shell->send("!!:s/two/three/\n");
  EXPECT_TRUE(shell->expect("echo on''e three\r\none three\r\n"));
  shell->send("!nosuch\n");
  EXPECT_TRUE(shell->expect("!nosuch: event not found"));
}

TEST_F(EditingTest, CommandIsInTheFileBeforeItRuns) {
  auto shell = start();
  shell->send("kill -9 $$ # keep me\n");
  EXPECT_EQ(shell->wait_for_exit(), 137);
  EXPECT_NE(history_file().find("kill -9 $$ # keep me\n"), std::string::npos);
}

TEST_F(EditingTest, NextSessionHasTheHistory) {
  {
    auto shell = start();
    shell->send("echo fi''rst session\nexit\n");
    EXPECT_EQ(shell->wait_for_exit(), 0);
  }
  auto shell = start();
  shell->send("fc -l -1 -1 | cat\n");
  shell->expect("fc -l");
  EXPECT_TRUE(shell->expect("exit\r\n"));
  shell->send("fc -ln 1 1\n");
  EXPECT_TRUE(shell->expect("\t echo fi''rst session\r\n"));
}

TEST_F(EditingTest, FcRunsAnEarlierCommandAgain) {
  auto shell = start();
  shell->send("echo a''b\n");
  shell->expect("ab\r\n");
  shell->send("fc -s a=x echo\n");
  EXPECT_TRUE(shell->expect("echo x''b\r\nxb\r\n"));
}

TEST_F(EditingTest, TabCompletesFilesAndVariables) {
  std::filesystem::create_directory(home_ / "longname dir");
  auto shell = start();
  shell->send("cd ~/lon\t\n");
  shell->expect("ready> ");
  shell->send("echo in=\"$PW\t\n");
  EXPECT_TRUE(shell->expect("in=" + home_ / "longname dir\r\n"));
}

TEST_F(EditingTest, ProgrammableCompletionCallsTheFunction) {
  auto shell = start();
  shell->send("_f() { COMPREPLY=(ch''osen-$COMP_CWORD-$2); }; complete -F _f echo\n");
  shell->expect("ready> ");
  shell->send("echo a b\t\n");
  EXPECT_TRUE(shell->expect("a chosen-2-b\r\n"));
}

TEST_F(EditingTest, BoundCommandChangesTheLine) {
  auto shell = start();
  shell->send("bind -x '\"\\C-g\": READLINE_LINE=\"echo w''as $READLINE_LINE\"'\n");
  shell->expect("ready> ");
  shell->send("text\x07\n");
  EXPECT_TRUE(shell->expect("was text\r\n"));
}

TEST_F(EditingTest, IgnoreEofAsksForExit) {
  auto shell = start();
  shell->send("IGNOREEOF=2\n");
  shell->expect("ready> ");
  shell->send(kCtrlD);
  EXPECT_TRUE(shell->expect("Use \"exit\" to leave the shell."));
  shell->send("exit 7\n");
  EXPECT_EQ(shell->wait_for_exit(), 7);
}

TEST_F(EditingTest, PromptCommandArrayRunsEachAndKeepsTheStatus) {
  auto shell = start();
  shell->send("PROMPT_COMMAND=('echo fi''rst=$?' 'echo sec''ond=$?'); false\n");
  EXPECT_TRUE(shell->expect("first=1\r\nsecond=1\r\nready> "));
}

TEST_F(EditingTest, TrapActionRunsWhileALineIsTyped) {
  auto shell = start();
  shell->send("trap 'echo tr''apped' USR1\n");
  shell->expect("ready> ");
  shell->send("echo af");
  shell->expect("echo af");
  kill(shell->pid(), SIGUSR1);
  EXPECT_TRUE(shell->expect("trapped"));
  shell->send("''ter\n");
  EXPECT_TRUE(shell->expect("after\r\n"));
}

TEST_F(EditingTest, UnknownCommandGetsASuggestion) {
  auto shell = start();
  shell->send("histroy\n");
  EXPECT_TRUE(shell->expect("Did you mean history?"));
}

TEST_F(EditingTest, SuggestionFromHistoryIsTakenWithTheRightArrow) {
  auto shell = start("xterm");
  shell->send("echo som''ething\n");
  shell->expect("something\r\n");
  shell->expect("ready> ");
  shell->send("ec");
  // The rest of the suggestion, in its own colour.
  EXPECT_TRUE(shell->expect("ho som''ething"));
  shell->send("\033[C\n");
  EXPECT_TRUE(shell->expect("something\r\n"));
}

TEST_F(EditingTest, KnownAndUnknownCommandsAreColoured) {
  auto shell = start("xterm");
  shell->send("cd");
  EXPECT_TRUE(shell->expect("\033[;32mcd"));
  shell->send("zzz");
  EXPECT_TRUE(shell->expect("\033[;31mcdzzz"));
}

TEST_F(EditingTest, PastedLinesWaitForEnter) {
  auto shell = start("xterm");
  shell->send("\033[200~echo on''e\necho tw''o\n\033[201~");
  EXPECT_TRUE(shell->expect("tw\033[;33m''"));
  shell->send("\n");
  EXPECT_TRUE(shell->expect("one\r\ntwo\r\n"));
}

TEST_F(EditingTest, CtrlCInAnActionIsForTheLineToo) {
  auto shell = start("dumb");
  shell->send("trap 'echo beg''un; sleep 60' USR2\n");
  ASSERT_TRUE(shell->expect("ready> "));
  shell->send("echo the line");
  ASSERT_TRUE(shell->expect("the line"));
  kill(shell->pid(), SIGUSR2);
  ASSERT_TRUE(shell->expect("begun"));
  ASSERT_TRUE(shell->await([&] { return shell->foreground_group() != shell->pid(); }));
  shell->send(kCtrlC);
  ASSERT_TRUE(shell->expect("ready> "));
  shell->send("echo ali''ve\n");
  EXPECT_TRUE(shell->expect("\nalive"));
}

TEST_F(EditingTest, PasteThatIsCutShortIsDropped) {
  for (const char* terminal : {"dumb", "xterm"}) {
    for (size_t size : {0, 64, 200}) {
      auto shell = start(terminal);
      shell->send("trap 'echo see''n' USR2\n");
      ASSERT_TRUE(shell->expect("ready> "));
      shell->send("\033[200~" + std::string(size, 'x'));
      // The action runs between two keys: those that were sent are read meanwhile.
      for (int i = 0; i < 3; ++i) {
        kill(shell->pid(), SIGUSR2);
        ASSERT_TRUE(shell->expect("seen"));
      }
      ASSERT_TRUE(shell->expect("ready> "));
      shell->send(kCtrlC);
      ASSERT_TRUE(shell->expect("ready> "));
      shell->send("echo ali''ve\n");
      EXPECT_TRUE(shell->expect("alive")) << terminal << size;
    }
  }
}

TEST_F(EditingTest, NumberOfTheCommandIsThatOfItsPrompt) {
  auto shell = start();
  shell->send("PS0='(\\#)\n'; PS1='{\\#} '\n");
  ASSERT_TRUE(shell->expect("{2} "));
  shell->send(":\n");
  EXPECT_TRUE(shell->expect("(2)\r\n{3} "));
}

TEST_F(EditingTest, ErrorInAPromptCommandIsToldOnce) {
  auto shell = start();
  shell->send("PROMPT_COMMAND='if'\n");
  ASSERT_TRUE(shell->expect("    ^\r\n"));
  ASSERT_TRUE(shell->expect("ready> "));
  EXPECT_EQ(shell->before(), "");
}

TEST(Editing, CtrlDWithinACommandAbandonsIt) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  shell.type("if true");
  ASSERT_TRUE(shell.expect("> "));
  shell.send("\x04");
  ASSERT_TRUE(shell.expect("syntax error"));
  ASSERT_TRUE(shell.expect("ready> "));
  EXPECT_NE(shell.command("echo ali''ve").find("alive"), std::string::npos);
}

TEST(Editing, WindowsOfTwoColumnsAreEnough) {
  if (!kHasFrontend) GTEST_SKIP();
  for (const char* terminal : {"dumb", "xterm"}) {
    PtySession shell({"sh", "-c", "stty cols 2; exec \"$0\" --norc --noprofile -i", shell_path()},
                     {{"PS1", "> "}, {"HISTFILE", "/dev/null"}, {"TERM", terminal}});
    shell.send("echo xxxxxxxx \x01\x05; stty cols 1\n");
    shell.send("x\x12y\x07\x15stty cols 80; echo e''nd\n");
    EXPECT_TRUE(shell.expect("end")) << terminal;
    shell.send("exit\n");
    EXPECT_EQ(shell.wait_for_exit(), 0) << terminal;
  }
}

}  // namespace
}  // namespace mish::tests
