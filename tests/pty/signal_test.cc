// SPDX-License-Identifier: GPL-3.0-or-later
// Signals from the keyboard and from the end of the terminal (XCU sh, ASYNCHRONOUS EVENTS; 2.11).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/pty/interactive_shell.h"
#include "tests/support/temporary_directory.h"

namespace mish::tests {
namespace {

TEST(KeyboardSignals, CtrlCEndsTheCommandNotTheShell) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  shell.send(kCtrlC);
  shell.type("echo status''=$?=");
  ASSERT_TRUE(shell.expect("status="));
  ASSERT_TRUE(shell.expect("="));
  EXPECT_EQ(shell.before(), "130");
}

TEST(KeyboardSignals, CtrlCAtThePromptAbandonsTheLine) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  shell.send("echo not''run");
  shell.send(kCtrlC);
  ASSERT_TRUE(shell.expect("ready> "));
  std::string text = shell.command("echo ru''n");
  EXPECT_EQ(text.find("notrun"), std::string::npos);
  EXPECT_NE(text.find("run"), std::string::npos);
}

TEST(KeyboardSignals, CtrlCEndsALoopOfBuiltins) {
  InteractiveShell shell;
  shell.type("echo loo''ping; while :; do :; done");
  ASSERT_TRUE(shell.expect("looping"));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.expect("ready> "));
}

TEST(KeyboardSignals, CtrlCEndsABuiltinThatReadsItsData) {
  InteractiveShell shell;
  shell.command("mbox create typed-$$");
  for (const char* verb : {"mbox send typed-$$", "mbox send typed-$$ --frame line", "mbox send typed-$$ < /dev/tty"}) {
    shell.type("echo rea''ding; " + std::string(verb));
    ASSERT_TRUE(shell.expect("reading"));
    shell.send(kCtrlC);
    ASSERT_TRUE(shell.expect("ready> ")) << verb;
    shell.command(":");
  }
  shell.command("mbox stat typed-$$ | grep '^sent *0'");
  EXPECT_EQ(shell.status(), "0");
}

TEST(KeyboardSignals, CtrlCEndsALoopOfCommands) {
  InteractiveShell shell;
  shell.type("while :; do sleep 60; done");
  ASSERT_TRUE(shell.await([&shell] { return shell.foreground_group() != shell.pid(); }));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.expect("ready> "));
}

/// Ctrl-C leads to the prompt, and what would print "notreached" is not reached.
void expect_ctrl_c_to_end_all(InteractiveShell& shell) {
  shell.send(kCtrlC);
  ASSERT_TRUE(shell.expect("ready> "));
  EXPECT_EQ(shell.before().find("notreached"), std::string::npos);
}

TEST(KeyboardSignals, CtrlCEndsSelect) {
  InteractiveShell shell;
  shell.type("select x in one; do :; done; echo not''reached");
  ASSERT_TRUE(shell.expect("#? "));
  ASSERT_NO_FATAL_FAILURE(expect_ctrl_c_to_end_all(shell));
}

TEST(KeyboardSignals, CtrlCEndsAScriptReadFromTheTerminal) {
  InteractiveShell shell;
  shell.type(". /dev/stdin; echo not''reached");
  shell.type("echo wai''ting");
  ASSERT_TRUE(shell.expect("waiting"));
  ASSERT_NO_FATAL_FAILURE(expect_ctrl_c_to_end_all(shell));
}

TEST(KeyboardSignals, WithAnActionForItCtrlCEndsTheCommandAlone) {
  InteractiveShell shell;
  shell.command("trap 'echo act''ion' INT");
  ASSERT_TRUE(shell.start("sleep 60; echo go''es on"));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.expect("goes on"));
}

TEST(KeyboardSignals, WithAnActionForItCtrlCEndsTheResumedJobAlone) {
  InteractiveShell shell;
  shell.command("trap 'echo action' INT");
  ASSERT_TRUE(shell.start("sleep 60"));
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  ASSERT_TRUE(shell.start("fg; echo status''=$?="));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.expect("status=130="));
}

TEST(KeyboardSignals, PromptBeginsALineAfterCtrlCInABuiltin) {
  InteractiveShell shell;
  for (const char* line : {"echo go''ing; while :; do :; done", "f() { while :; do (:); done; }; echo go''ing; f",
                           "echo go''ing; read x", "sleep 60 & echo go''ing; wait",
                           "echo go''ing; x=$(while :; do :; done)", "echo go''ing; eval 'while :; do x=$(:); done'"}) {
    shell.type(line);
    ASSERT_TRUE(shell.expect("going")) << line;
    shell.send(kCtrlC);
    ASSERT_TRUE(shell.expect("^C\r\nready> ")) << line;
    shell.command("kill %% 2>/dev/null; wait");
  }
}

/// Commands of the shell itself that wait for a FIFO, open as descriptor 9, and no terminal.
constexpr const char* kWaitsForFifo[] = {"printf %1000000d 1 >&9",
                                         "printf -v x %1000000d 1; echo \"$x\" >&9",
                                         "x=$(</dev/fd/9)",
                                         ". /dev/fd/9",
                                         ": <fifo",
                                         ". ./fifo",
                                         "history -r /dev/fd/9"};

/// Types such a command in `directory` and waits until it waits.
void start_waiting_for_fifo(InteractiveShell& shell, const TemporaryDirectory& directory, const char* line) {
  shell.command("cd " + directory.path() + "; mkfifo fifo fifo9; exec 9<>fifo9");
  shell.type(std::string("echo go''ing; ") + line + "; echo not''reached");
  ASSERT_TRUE(shell.expect("going"));
  ASSERT_TRUE(shell.await([&shell] { return process_state(shell.pid()) == 'S'; }));
}

TEST(KeyboardSignals, CtrlCEndsABuiltinThatWaitsForAFifo) {
  for (const char* line : kWaitsForFifo) {
    TemporaryDirectory directory;
    InteractiveShell shell;
    ASSERT_NO_FATAL_FAILURE(start_waiting_for_fifo(shell, directory, line)) << line;
    ASSERT_NO_FATAL_FAILURE(expect_ctrl_c_to_end_all(shell)) << line;
    EXPECT_EQ(shell.before().find("nterrupted"), std::string::npos) << shell.before();
  }
}

TEST(KeyboardSignals, CtrlCEndsWait) {
  InteractiveShell shell;
  shell.command("sleep 60 &");
  pid_t job = shell.last_background();
  shell.type("echo wai''ting; wait");
  ASSERT_TRUE(shell.expect("waiting"));
  shell.send(kCtrlC);
  shell.type("echo status''=$?=");
  ASSERT_TRUE(shell.expect("status="));
  ASSERT_TRUE(shell.expect("="));
  EXPECT_EQ(shell.before(), "130");
  EXPECT_FALSE(has_ended(job));
  kill(job, SIGKILL);
}

TEST(KeyboardSignals, CtrlCEndsACommandSubstitutionAndItsCommand) {
  InteractiveShell shell;
  shell.type("echo go''ing; while :; do x=$(sleep 60); echo not''reached; done");
  ASSERT_TRUE(shell.expect("going"));
  ASSERT_TRUE(shell.await([&shell] { return has_child(shell.pid()); }));
  ASSERT_NO_FATAL_FAILURE(expect_ctrl_c_to_end_all(shell));
  shell.type("echo status''=$?=");
  ASSERT_TRUE(shell.expect("status=130="));
}

TEST(KeyboardSignals, CtrlCInACommandSubstitutionEndsTheScript) {
  for (const char* text :
       {"x=$(sleep 60); echo not''reached", "x=$(echo $(sleep 60)); echo not''reached",
        "(sleep 60; echo not''reached); echo not''reached", "x=$(f() { sleep 60; }; f); echo not''reached"}) {
    PtySession script({shell_path(), "-c", text});
    ASSERT_TRUE(script.await([&script] { return has_child(script.pid()); }));
    script.send(kCtrlC);
    EXPECT_EQ(script.wait_for_exit(), 130) << text;
  }
}

/// The process whose id the program shows as "pid=1234."; it is killed at the end.
class ShownProcess {
 public:
  explicit ShownProcess(PtySession& session) {
    if (session.expect("pid=") && session.expect(".")) pid_ = static_cast<pid_t>(std::stoi(session.before()));
  }
  ~ShownProcess() {
    if (pid_ > 0) kill(pid_, SIGKILL);
  }
  ShownProcess(const ShownProcess&) = delete;
  ShownProcess& operator=(const ShownProcess&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(KeyboardSignals, CtrlCEndsAScriptWhosePipeIsHeldOpenByOthers) {
  // What runs asynchronously ignores SIGINT, and keeps the end of the pipe open.
  for (std::string text :
       std::vector<std::string>{"x=$(sleep 60 & echo pi''d=$!. >&2); echo not''reached",
                                "x=$(" + shell_path() + " -c 'sleep 60 & echo pi''d=$!. >&2'; echo); echo not''reached",
                                "{ sleep 60 & echo pi''d=$!. >&2; } | while read x; do :; done; echo not''reached"}) {
    for (bool has_action : {false, true}) {
      PtySession script({shell_path(), "-c", (has_action ? "trap 'echo act''ion' EXIT; " : "") + text});
      ShownProcess holder(script);
      ASSERT_GT(holder.pid(), 0);
      script.send(kCtrlC);
      if (has_action) {
        EXPECT_TRUE(script.expect("action"));
        EXPECT_EQ(script.before().find("notreached"), std::string::npos) << text;
      }
      EXPECT_EQ(script.wait_for_exit(), 130) << text;
    }
  }
}

TEST(KeyboardSignals, CtrlCEndsASubstitutionThatOthersStillWriteTo) {
  InteractiveShell shell;
  for (const char* text : {"x=$(sleep 60 & echo pi''d=$!. >&2); echo not''reached",
                           "x=$(sh -c 'sleep 60 & echo pi''d=$!. >&2'; echo); echo not''reached"}) {
    shell.type(text);
    ShownProcess holder(shell);
    ASSERT_GT(holder.pid(), 0);
    shell.send(kCtrlC);
    ASSERT_TRUE(shell.expect("ready> "));
    EXPECT_EQ(shell.before().find("notreached"), std::string::npos) << text;
  }
}

TEST(KeyboardSignals, CommandThatHandledCtrlCMayGoOnToBeReadFrom) {
  PtySession script({shell_path(), "-c",
                     "x=$(sh -c 'trap \"sleep 0.3; exit 3\" INT; echo go''ing >&2; while :; do sleep 0.1; done';"
                     " echo st=$?); echo $x; kill -INT $$"});
  ASSERT_TRUE(script.expect("going"));
  script.send(kCtrlC);
  EXPECT_TRUE(script.expect("st=3"));
  EXPECT_EQ(script.wait_for_exit(), 130);
}

TEST(KeyboardSignals, CtrlCReachesAProcessSubstitutionThatTheShellReads) {
  InteractiveShell shell;
  shell.type("read x < <(sh -c 'echo pi''d=$$. >&2; exec sleep 60')");
  ShownProcess process(shell);
  ASSERT_GT(process.pid(), 0);
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.await([&process] { return has_ended(process.pid()); }));
}

TEST(Signals, DeadlyOneDoesNotWaitForASubstitution) {
  for (const char* text :
       {"trap 'echo act''ion' EXIT; x=$(sleep 60 & echo pi''d=$!. >&2); echo not''reached",
        "trap 'echo act''ion' EXIT; x=$(sh -c 'echo pi''d=$$. >&2; exec sleep 60'; echo); echo no"}) {
    PtySession script({shell_path(), "-c", text});
    ShownProcess process(script);
    ASSERT_GT(process.pid(), 0);
    kill(script.pid(), SIGTERM);
    EXPECT_TRUE(script.expect("action"));
    EXPECT_EQ(script.wait_for_exit(), 128 + SIGTERM) << text;
  }
}

TEST(Signals, OneForTheShellDoesNotWaitForAJobWithAGroupOfItsOwn) {
  const std::string job = "sh -c 'echo pi''d=$$.; exec sleep 60'; echo not''reached";
  for (int signal : {SIGINT, SIGTERM}) {
    for (bool has_action : {false, true}) {
      PtySession script({shell_path(), "-mc", (has_action ? "trap 'echo act''ion' EXIT; " : "") + job});
      ShownProcess process(script);
      ASSERT_GT(process.pid(), 0);
      kill(script.pid(), signal);
      if (has_action) {
        EXPECT_TRUE(script.expect("action"));
      }
      EXPECT_EQ(script.wait_for_exit(), 128 + signal) << has_action;
    }
  }
}

TEST(KeyboardSignals, CtrlCIsNotLostBetweenTheCommandsOfALoop) {
  // Each command is over in no time: the interrupt comes at any moment of its life and of the shell's.
  for (int i = 0; i < 80; ++i) {
    PtySession script({shell_path(), "-c",
                       std::string(i % 2 == 0 ? "" : "trap : EXIT; ") +
                           "echo going; while :; do /bin/true; x=$(/bin/true); (/bin/true); /bin/true | /bin/true; "
                           "/bin/true | while read x; do :; done; done"});
    ASSERT_TRUE(script.expect("going"));
    std::this_thread::sleep_for(std::chrono::microseconds(i * 97));
    script.send(kCtrlC);
    ASSERT_EQ(script.wait_for_exit(), 130) << i;
  }
}

TEST(KeyboardSignals, CtrlCAfterTheEndOfACommandEndsTheLoopAtThePrompt) {
  // The command stops the shell, which finds it dead and the interrupt come and gone when it is continued.
  for (std::string loop :
       {"while :; do env kill -STOP $$; done", "f() { echo a | env kill -STOP $$; }; for i in 1 2 3; do f; done",
        "while (true) | env kill -STOP $$; do :; done", "while :; do (env kill -STOP $$; :); done",
        "while :; do eval 'env kill -STOP $$'; done"}) {
    InteractiveShell shell;
    shell.type(loop + "; echo not''reached");
    ASSERT_TRUE(shell.await([&shell] { return process_state(shell.pid()) == 'T' && zombie_children(shell.pid()) > 0; }))
        << loop;
    shell.send(kCtrlC);
    ASSERT_TRUE(shell.expect("^C"));
    kill(shell.pid(), SIGCONT);
    ASSERT_TRUE(shell.expect("ready> ")) << loop;
    EXPECT_EQ(shell.before().find("notreached"), std::string::npos);
    EXPECT_FALSE(has_child(shell.pid()));
  }
}

TEST(KeyboardSignals, LoopAtThePromptGoesOnWhenItsCommandHandledTheInterrupt) {
  InteractiveShell shell;
  shell.type(
      "for i in 1 2 3; do sh -c 'trap \"exit 0\" INT; echo in''ner; while :; do sleep 0.1; done'; done; echo af''ter");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(shell.expect("inner"));
    shell.send(kCtrlC);
  }
  EXPECT_TRUE(shell.expect("after"));
}

TEST(KeyboardSignals, KeysAfterCtrlCBelongToTheNextLine) {
  if (!kHasFrontend) GTEST_SKIP();
  for (int i = 0; i < 10; ++i) {
    InteractiveShell shell;
    shell.send("abc");
    shell.expect("abc");
    shell.send(
        "\x03"
        "echo wh''ole\n");
    ASSERT_TRUE(shell.expect("whole\r\n"));
  }
}

TEST(KeyboardSignals, WindowChangeRunsItsTrapAtThePrompt) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  shell.command("trap 'echo chan''ged' WINCH");
  kill(shell.pid(), SIGWINCH);
  EXPECT_TRUE(shell.expect("changed"));
  kill(shell.pid(), SIGWINCH);
  EXPECT_TRUE(shell.expect("changed"));
}

TEST(WindowSize, OfTheTerminalIsInLinesAndColumnsAfterEachCommand) {
  InteractiveShell shell;
  EXPECT_NE(shell.command("stty rows 30 cols 90; echo $LINES,$COLUMNS").find("30,90"), std::string::npos);
  std::string text =
      shell.command("for i in 91 92; do stty cols $i; echo 1: $COLUMNS; done; (stty cols 93); echo 2: $COLUMNS");
  EXPECT_NE(text.find("1: 91\r\n1: 92\r\n2: 93"), std::string::npos) << text;
  text = shell.command("x=$(stty cols 94); echo 1: $COLUMNS; echo | stty cols 95 </dev/tty; echo 2: $COLUMNS");
  EXPECT_NE(text.find("1: 94\r\n2: 95"), std::string::npos) << text;
  text = shell.command(
      "shopt -u checkwinsize; stty cols 96; echo 1: $COLUMNS; readonly LINES; shopt -s checkwinsize; "
      "stty rows 31; echo 2: $LINES,$COLUMNS");
  EXPECT_NE(text.find("1: 95\r\n2: 30,96"), std::string::npos) << text;
  EXPECT_NE(shell.command("echo 3: $LINES").find("3: 30"), std::string::npos);
}

TEST(WindowSize, IsKnownToTheStartUpFiles) {
  if (!kHasFrontend) GTEST_SKIP();
  TemporaryDirectory directory;
  std::ofstream(directory / "rc") << "echo rc: $LINES,$COLUMNS, \n";
  PtySession session({"sh", "-c", "stty rows 31 cols 77; unset LINES COLUMNS; exec \"$0\" --rcfile \"$1\" -i",
                      shell_path(), directory / "rc"},
                     {{"HISTFILE", "/dev/null"}, {"TERM", "dumb"}});
  EXPECT_TRUE(session.expect("rc: 31,77,"));
}

TEST(WindowSize, OfTheTerminalComesToScriptsWithTheirFirstSubshell) {
  PtySession script({shell_path(), "-c", "stty rows 31 cols 77; unset LINES COLUMNS; (:); echo size: $LINES,$COLUMNS"});
  EXPECT_TRUE(script.expect("size: 31,77"));
}

TEST(KeyboardSignals, QuitAndTermDoNotEndAnInteractiveShell) {
  InteractiveShell shell;
  shell.send(kCtrlBackslash);
  kill(shell.pid(), SIGTERM);
  kill(shell.pid(), SIGTSTP);
  EXPECT_NE(shell.command("echo ali''ve").find("alive"), std::string::npos);
}

TEST(KeyboardSignals, ScriptDiesOfTheInterruptThatKilledItsCommand) {
  PtySession script({shell_path(), "-c", "echo sta''rted; sh -c 'echo in''ner; exec sleep 60'; echo not''reached"});
  ASSERT_TRUE(script.expect("inner"));
  script.send(kCtrlC);
  EXPECT_EQ(script.wait_for_exit(), 130);
}

TEST(KeyboardSignals, LastCommandOfAPipelineDecides) {
  // A loop of its own, so that it is at work when the other one has died.
  const std::string handler = "sh -c 'trap \"exit 3\" INT; echo in''ner; while :; do sleep 0.1; done'";
  PtySession script({shell_path(), "-c", "sleep 60 | " + handler + "; echo rea''ched; exit 5"});
  ASSERT_TRUE(script.expect("inner"));
  script.send(kCtrlC);
  ASSERT_TRUE(script.expect("reached"));
  EXPECT_EQ(script.wait_for_exit(), 5);
  InteractiveShell shell;
  shell.type("sleep 60 | " + handler);
  ASSERT_TRUE(shell.expect("inner"));
  shell.send(kCtrlC);
  shell.type("echo status''=$?=");
  EXPECT_TRUE(shell.expect("status=3="));
  shell.type("sleep 60 | " + handler + "; echo not''reached");
  ASSERT_TRUE(shell.expect("inner"));
  shell.send(kCtrlC);
  shell.type("echo status''=$?=");
  ASSERT_TRUE(shell.expect("status=130="));
  EXPECT_EQ(shell.before().find("notreached"), std::string::npos);
}

TEST(KeyboardSignals, ScriptGoesOnWhenItsCommandHandledTheInterrupt) {
  PtySession script({shell_path(), "-c",
                     "sh -c 'trap \"exit 0\" INT; echo in''ner; while :; do sleep 0.1; done'; echo rea''ched; exit 5"});
  ASSERT_TRUE(script.expect("inner"));
  script.send(kCtrlC);
  ASSERT_TRUE(script.expect("reached"));
  EXPECT_EQ(script.wait_for_exit(), 5);
}

TEST(KeyboardSignals, TrapOfTheScriptRunsAfterItsCommand) {
  PtySession script(
      {shell_path(), "-c", "trap 'echo tra''pped' INT; sh -c 'echo in''ner; exec sleep 60'; echo af''ter"});
  ASSERT_TRUE(script.expect("inner"));
  script.send(kCtrlC);
  ASSERT_TRUE(script.expect("trapped"));
  ASSERT_TRUE(script.expect("after"));
  EXPECT_EQ(script.wait_for_exit(), 0);
}

TEST(KeyboardSignals, BackgroundCommandOfAScriptIsNotInterrupted) {
  // The outer shell lives on: with it the terminal would end, and hang everything up.
  std::string text = "sleep 60 & echo pid''=$!=; sh -c 'echo in''ner; exec sleep 60'";
  PtySession script({"sh", "-c", "trap : INT; \"$0\" -c \"$1\"; echo sta''tus=$?=; read wait", shell_path(), text});
  ASSERT_TRUE(script.expect("pid="));
  ASSERT_TRUE(script.expect("="));
  pid_t background = static_cast<pid_t>(std::stoi(script.before()));
  ASSERT_TRUE(script.expect("inner"));
  script.send(kCtrlC);
  ASSERT_TRUE(script.expect("status=130="));
  EXPECT_FALSE(has_ended(background));
  kill(background, SIGKILL);
}

TEST(HangUp, EndsTheShellAndItsJobs) {
  InteractiveShell shell;
  shell.command("sleep 60 &");
  pid_t job = shell.last_background();
  shell.hang_up();
  EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP);
  EXPECT_TRUE(shell.await([job] { return has_ended(job); }));
}

TEST(HangUp, EndsTheShellInASubstitution) {
  InteractiveShell shell;
  shell.type("echo wai''ting; x=$(sleep 60)");
  ASSERT_TRUE(shell.expect("waiting"));
  kill(shell.pid(), SIGHUP);
  EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP);
}

TEST(HangUp, EndsTheShellAtTheMenuOfSelect) {
  InteractiveShell shell;
  shell.type("select x in one; do :; done");
  ASSERT_TRUE(shell.expect("#? "));
  kill(shell.pid(), SIGHUP);
  EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP);
}

TEST(HangUp, EndsTheShellInABuiltinThatWaitsForAFifo) {
  for (const char* line : kWaitsForFifo) {
    TemporaryDirectory directory;
    InteractiveShell shell;
    ASSERT_NO_FATAL_FAILURE(start_waiting_for_fifo(shell, directory, line)) << line;
    kill(shell.pid(), SIGHUP);
    EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP) << line;
  }
}

TEST(HangUp, IgnoredAtEntryIsTakenBackByTrap) {
  PtySession shell({"sh", "-c", "trap '' HUP; exec \"$0\" --norc --noprofile -i", shell_path()},
                   {{"PS1", "ready> "}, {"HISTFILE", "/dev/null"}});
  shell.expect("ready> ");
  shell.send("kill -HUP $$\n");
  shell.expect("ready> ");
  shell.send("trap - HUP; kill -HUP $$; echo not reached\n");
  EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP);
}

TEST(HangUp, EndsTheShellWhileACommandThatIgnoresItRuns) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sh -c 'trap \"\" HUP; echo pid''=$$=; while :; do sleep 0.1; done'"));
  ASSERT_TRUE(shell.expect("pid="));
  ASSERT_TRUE(shell.expect("="));
  pid_t command = static_cast<pid_t>(std::stoi(shell.before()));
  kill(shell.pid(), SIGHUP);
  EXPECT_EQ(shell.wait_for_exit(), 128 + SIGHUP);
  kill(command, SIGKILL);
}

TEST(ReadError, OfTheTerminalIsNotItsEnd) {
  if (!kHasFrontend) GTEST_SKIP();
  // Nobody is left who could continue the group: reading from the background fails there instead of stopping it.
  TemporaryDirectory directory;
  PtySession session({"sh", "-c",
                      "\"$0\" -mc '(while kill -0 $$; do :; done 2>&-; \"$0\" --norc --noprofile -i; echo $? >\"$1\") "
                      "& exit 0' \"$0\" \"$1\"\n"
                      "until [ -s \"$1\" ]; do sleep 0.02; done; echo status=$(cat \"$1\")=",
                      shell_path(), directory / "status"},
                     {{"PS1", "ready> "}, {"HISTFILE", "/dev/null"}, {"TERM", "dumb"}});
  ASSERT_TRUE(session.expect("no job control"));
  session.send("\n");
  EXPECT_TRUE(session.expect("cannot read: Input/output error"));
  EXPECT_TRUE(session.expect("status=126="));
}

TEST(StolenTerminal, IsTakenBack) {
  if (!kHasFrontend || access("/usr/bin/perl", X_OK) != 0) GTEST_SKIP();
  const std::string steal = "perl -MPOSIX -e '$SIG{TTOU} = q(IGNORE); POSIX::tcsetpgrp(0, getpgrp)'";
  TemporaryDirectory directory;
  std::string fifo = directory / "fifo";
  InteractiveShell shell;
  shell.command("mkfifo " + fifo);
  // Before a prompt.
  shell.type(steal + " & wait");
  ASSERT_TRUE(shell.expect("ready> "));
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
  // While a line is typed: with the next key.
  shell.type("(read x <" + fifo + "; " + steal + ") &");
  ASSERT_TRUE(shell.expect("ready> "));
  shell.send("echo ha''lf");
  close(open(fifo.c_str(), O_WRONLY));
  ASSERT_TRUE(shell.await([&shell] { return shell.foreground_group() != shell.pid(); }));
  shell.type("way");
  EXPECT_TRUE(shell.expect("halfway"));
  EXPECT_EQ(shell.foreground_group(), shell.pid());
}

TEST(HangUp, RightAfterThePromptIsNotLost) {
  if (!kHasFrontend) GTEST_SKIP();
  for (int i = 0; i < 20; ++i) {
    InteractiveShell shell;
    kill(shell.pid(), SIGHUP);
    ASSERT_EQ(shell.wait_for_exit(), 128 + SIGHUP) << i;
  }
}

}  // namespace
}  // namespace mish::tests
