// SPDX-License-Identifier: GPL-3.0-or-later
// Job control as a user at the terminal sees it (XCU 2.11, bg, fg, jobs).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "tests/pty/interactive_shell.h"
#include "tests/support/temporary_directory.h"

namespace mish::tests {
namespace {

/// Runs `line` in the foreground and stops it with Ctrl-Z. False where it did not start, or no stop was told of.
bool start_and_stop(InteractiveShell& shell, std::string_view line) {
  if (!shell.start(line)) return false;
  shell.send(kCtrlZ);
  return shell.expect("Stopped");
}

TEST(JobControl, CtrlZStopsAndFgContinues) {
  InteractiveShell shell;
  shell.type("sh -c 'kill -STOP $$; echo conti''nued; exit 7'");
  ASSERT_TRUE(shell.expect("Stopped"));
  shell.type("fg");
  ASSERT_TRUE(shell.expect("continued"));
  shell.command(":");
  ASSERT_TRUE(start_and_stop(shell, "sleep 60"));
  EXPECT_NE(shell.command("jobs").find("[1]+  Stopped                 sleep 60"), std::string::npos);
  ASSERT_TRUE(shell.start("fg"));
  shell.send(kCtrlC);
  shell.command(":");
  EXPECT_EQ(shell.command("jobs").find("sleep"), std::string::npos);
}

TEST(JobControl, StatusOfAStoppedCommand) {
  InteractiveShell shell;
  ASSERT_TRUE(start_and_stop(shell, "sleep 60"));
  shell.type("echo status''=$?=");
  ASSERT_TRUE(shell.expect("status="));
  ASSERT_TRUE(shell.expect("="));
  EXPECT_EQ(shell.before(), std::to_string(128 + SIGTSTP));
}

TEST(JobControl, BgLetsAStoppedJobRun) {
  InteractiveShell shell;
  ASSERT_TRUE(start_and_stop(shell, "sleep 60"));
  shell.command("bg");
  EXPECT_NE(shell.command("jobs").find("Running                 sleep 60 &"), std::string::npos);
  shell.command("kill %1; wait");
  EXPECT_EQ(shell.command("jobs -r").find("sleep"), std::string::npos);
}

TEST(JobControl, KilledStoppedJobIsContinuedSoThatItDies) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  pid_t job = shell.foreground_group();
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  shell.type("kill %1");
  EXPECT_TRUE(shell.await([job] { return has_ended(job); }));
}

TEST(JobControl, WaitWaitsForAStoppedJobThatIsKilled) {
  InteractiveShell shell;
  ASSERT_TRUE(start_and_stop(shell, "sleep 60"));
  // No stopped job is left that `exit` would warn of.
  shell.type("kill %1; wait; exit 5");
  EXPECT_EQ(shell.wait_for_exit(), 5);
}

TEST(JobControl, CtrlZWhileACommandIsBeingStarted) {
  InteractiveShell shell;
  for (const char* line : {"sleep 60", "(sleep 60; :)"}) {
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(shell.start(line));  // its group has the terminal: the command itself may not have begun
      shell.send(kCtrlZ);
      ASSERT_TRUE(shell.expect("Stopped")) << i;
      shell.command("kill -9 %%; wait");
    }
  }
}

TEST(JobControl, CtrlZLeavesLoops) {
  InteractiveShell shell;
  for (const char* line : {"while :; do sleep 60; done", "f() { sleep 60; }; for i in 1 2 3; do f; done"}) {
    ASSERT_TRUE(shell.start(line));
    shell.send(kCtrlZ);
    ASSERT_TRUE(shell.expect("Stopped"));
    ASSERT_TRUE(shell.expect("ready> "));
    shell.command("kill %%; wait");
  }
}

TEST(JobControl, JobSpecificationAsCommandResumesTheJob) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  pid_t job = shell.foreground_group();
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  shell.command("%1 &");
  EXPECT_TRUE(shell.await([job] { return process_state(job) == 'S'; }));
  ASSERT_TRUE(shell.start("%1"));
  EXPECT_EQ(shell.foreground_group(), job);
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
}

TEST(JobControl, SubshellMayHaveJobControlOfItsOwn) {
  InteractiveShell shell;
  shell.type("(set -m; sleep 60 & ps -o pgid= -p $!; echo pid''=$!=; kill $!)");
  ASSERT_TRUE(shell.expect("pid="));
  std::string text = shell.before();
  ASSERT_TRUE(shell.expect("="));
  EXPECT_NE(text.find(shell.before() + "\r\n"), std::string::npos) << text;
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
  shell.command(":");
}

TEST(JobControl, TerminalGoesBackToTheShell) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
}

TEST(JobControl, CommandThatCannotStartDoesNotKeepTheTerminal) {
  InteractiveShell shell;
  for (const char* command : {"./no-such-file", "/", "true | ./no-such-file", "./no-such-file | cat"}) {
    shell.command(command);
    EXPECT_EQ(shell.foreground_group(), shell.pid()) << command;
    EXPECT_NE(shell.command("echo ali''ve").find("alive"), std::string::npos) << command;
  }
}

TEST(JobControl, PipelineIsOneJobAndOneGroup) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60 | sleep 61 | sh -c 'echo go''ing; exec cat'"));
  ASSERT_TRUE(shell.expect("going"));
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  EXPECT_NE(shell.command("jobs").find("sleep 60 | sleep 61 | sh"), std::string::npos);
  ASSERT_TRUE(shell.start("fg"));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
}

TEST(JobControl, BackgroundReaderIsStopped) {
  InteractiveShell shell;
  shell.command("cat &");
  pid_t cat = shell.last_background();
  EXPECT_TRUE(shell.await([cat] { return process_state(cat) == 'T'; }));
  shell.command(":");
  EXPECT_NE(shell.command("jobs").find("Stopped"), std::string::npos);
  shell.type("kill -9 %1");
  EXPECT_TRUE(shell.await([cat] { return has_ended(cat); }));
}

TEST(JobControl, ExitWarnsOfStoppedJobsOnce) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  pid_t job = shell.foreground_group();
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  shell.type("exit");
  ASSERT_TRUE(shell.expect("stopped jobs"));
  shell.type("exit");
  shell.wait_for_exit();
  // The stopped job is hung up and continued, so that it ends.
  EXPECT_TRUE(shell.await([job] { return has_ended(job); }));
}

TEST(JobControl, ExitWarnsAgainAfterAnotherCommand) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  shell.type("set +H; f() { exit; }");
  ASSERT_TRUE(start_and_stop(shell, "sleep 60"));
  shell.type("f");
  ASSERT_TRUE(shell.expect("stopped jobs"));
  shell.type(":");
  shell.type("f");
  ASSERT_TRUE(shell.expect("stopped jobs"));
  shell.type(":");
  // Who has seen them needs no warning.
  shell.type("jobs");
  shell.type("exit 7");
  EXPECT_EQ(shell.wait_for_exit(), 7);
}

TEST(JobControl, LongListShowsWhatEachProcessRuns) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sh -c 'exit 3' | sleep 60 | echo x | sh -c 'echo go''ing; exec sleep 61'"));
  ASSERT_TRUE(shell.expect("going"));
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  std::string text = shell.command("jobs -l | sed 's/  *[0-9][0-9]* / PID /'");
  EXPECT_NE(text.find("[1]+ PID Exit 3                  sh -c 'exit 3'\r\n"
                      " PID Stopped                 | sleep 60\r\n"
                      " PID Stopped                 | echo x | sh -c 'echo go''ing; exec sleep 61'\r\n"),
            std::string::npos)
      << text;
  shell.command("kill -9 %1; wait");
  shell.command("sleep 60 | sleep 61 &");
  text = shell.command("jobs -l | sed 's/  *[0-9][0-9]* / PID /'");
  EXPECT_NE(text.find("[1]+ PID Running                 sleep 60\r\n"
                      " PID                       | sleep 61 &\r\n"),
            std::string::npos)
      << text;
}

TEST(JobControl, NotifyTellsAtOnceWhileACommandRuns) {
  TemporaryDirectory directory;
  std::string fifo = directory / "fifo";
  InteractiveShell shell;
  shell.command("set -b; mkfifo " + fifo);
  for (const char* line : {"sleep 60", "sleep 61 & wait $!", "while :; do :; done"}) {
    shell.command("sh -c 'read x <" + fifo + "; exit 3' &");
    shell.type(std::string("echo go''ing; ") + line);
    ASSERT_TRUE(shell.expect("going"));
    close(open(fifo.c_str(), O_WRONLY));
    EXPECT_TRUE(shell.expect("Exit 3")) << line;
    shell.send(kCtrlC);
    ASSERT_TRUE(shell.expect("ready> ")) << line;
  }
}

TEST(JobControl, WaitForTheNextTellsOfIt) {
  InteractiveShell shell;
  EXPECT_NE(shell.command("sh -c 'exit 3' & wait -n").find("Exit 3"), std::string::npos);
}

TEST(JobControl, DeathOfAResumedJobIsTold) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("sleep 60"));
  pid_t job = shell.foreground_group();
  shell.send(kCtrlZ);
  ASSERT_TRUE(shell.expect("Stopped"));
  ASSERT_TRUE(shell.start("fg"));
  kill(job, SIGTERM);
  EXPECT_TRUE(shell.expect("Terminated"));
}

TEST(JobControl, LoopWithinAFunctionIsLeftByCtrlZNotTheFunction) {
  InteractiveShell shell;
  shell.command("f() { while :; do sleep 60; done; echo af''ter; }");
  ASSERT_TRUE(start_and_stop(shell, "f; echo go''es on"));
  EXPECT_TRUE(shell.expect("after"));
  EXPECT_TRUE(shell.expect("goes on"));
  shell.command("kill %%; wait");
}

TEST(JobControl, FinishedJobIsAnnouncedBeforeThePrompt) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  // However soon it ends, the notice comes after the command line and before a prompt.
  shell.type("sh -c 'exit 3' &");
  shell.type("sleep 0.2");
  EXPECT_TRUE(shell.expect("Exit 3"));
  EXPECT_TRUE(shell.expect("ready> "));
}

TEST(JobControl, NoZombiesWhileIdle) {
  if (!kHasFrontend) GTEST_SKIP();
  InteractiveShell shell;
  shell.command("sleep 0.2 & sleep 0.2 & sleep 0.2 &");
  pid_t last = shell.last_background();
  EXPECT_TRUE(shell.await([last] { return has_ended(last); }));
  EXPECT_TRUE(shell.await([&shell] { return zombie_children(shell.pid()) == 0; }));
}

TEST(JobControl, NoZombieOfAJobOfALoopThatWasKilledWhole) {
  InteractiveShell shell;
  ASSERT_TRUE(shell.start("while :; do sleep 60; done"));
  pid_t job = shell.foreground_group();
  kill(-job, SIGKILL);
  ASSERT_TRUE(shell.await([&] { return shell.foreground_group() != job && shell.foreground_group() != shell.pid(); }));
  EXPECT_TRUE(shell.await([&shell] { return zombie_children(shell.pid()) == 0; }));
  shell.send(kCtrlC);
  EXPECT_TRUE(shell.expect("ready> "));
}

TEST(JobControl, ModesComeBackAfterAProgramDiedInRawMode) {
  InteractiveShell shell;
  shell.command("sh -c 'stty raw -echo; kill -KILL $$'");
  EXPECT_EQ(shell.command("stty -a | grep -c -- '-icanon'").find('1'), std::string::npos);
}

TEST(JobControl, ModesComeBackWhenAnyProcessOfAPipelineWasKilled) {
  InteractiveShell shell;
  shell.command("sh -c 'stty -opost; kill -KILL $$' | cat");
  EXPECT_NE(shell.command("stty -a | grep -c -- '-opost'").find('0'), std::string::npos);
}

TEST(JobControl, ModesOfAResumedJobAreNotTheShells) {
  InteractiveShell shell;
  shell.type("sh -c 'stty -opost; kill -STOP $$; exit 0'");
  ASSERT_TRUE(shell.expect("Stopped"));
  shell.command("fg");
  EXPECT_NE(shell.command("stty -a | grep -c -- '-opost'").find('0'), std::string::npos);
}

TEST(JobControl, SttyOfTheUserLasts) {
  InteractiveShell shell;
  shell.command("stty -ixon");
  EXPECT_NE(shell.command("stty -a | grep -c -- '-ixon'").find('1'), std::string::npos);
}

TEST(JobControl, DisownedJobSurvivesTheTerminal) {
  InteractiveShell shell;
  shell.command("sleep 60 & disown");
  pid_t job = shell.last_background();
  EXPECT_EQ(shell.command("jobs").find("sleep"), std::string::npos);
  shell.type("exit");
  shell.wait_for_exit();
  EXPECT_FALSE(has_ended(job));
  kill(job, SIGKILL);
}

TEST(JobControl, NestedShellSuspendsAndComesBack) {
  InteractiveShell shell;
  shell.type(shell_path() + " --norc -i");
  ASSERT_TRUE(shell.expect("ready> "));
  ASSERT_TRUE(shell.await([&shell] { return shell.foreground_group() != shell.pid(); }));
  shell.command(":");
  shell.type("suspend");
  ASSERT_TRUE(shell.expect("Stopped"));
  ASSERT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
  ASSERT_TRUE(shell.start("fg"));
  EXPECT_NE(shell.command("echo in''ner").find("inner"), std::string::npos);
  shell.type("exit");
  EXPECT_TRUE(shell.await([&shell] { return shell.foreground_group() == shell.pid(); }));
}

TEST(JobControl, GroupsInAScriptWithMonitor) {
  PtySession script({shell_path(), "-mc", "sleep 60 & ps -o pgid= -p $!; echo pid''=$!; kill $!"});
  ASSERT_TRUE(script.expect("pid="));
  std::string group = script.before();
  ASSERT_TRUE(script.expect("\n"));
  EXPECT_EQ(std::stoi(group), std::stoi(script.before()));
  script.wait_for_exit();
}

TEST(JobControl, TenThousandJobs) {
  ProcessRequest request;
  request.argv = {shell_path(), "-c",
                  "i=0; while [ $i -lt 10000 ]; do : & i=$((i+1)); case $i in *00) wait;; esac; done; wait; jobs;"
                  "echo $i; ls /proc/self/fd | wc -l"};
  request.timeout_ms = 60000;
  ProcessResult result = run_process(request);
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.out, "10000\n4\n");
  EXPECT_EQ(result.err, "");
}

}  // namespace
}  // namespace mish::tests
