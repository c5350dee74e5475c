// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "shell/process/signals.h"
#include "shell/process/wait.h"

namespace mish::process {
namespace {

char* const kNoEnvironment[] = {nullptr};

/// /bin/sh -c script, its standard output captured.
struct RunResult {
  ProcessStatus status;
  std::string output;
};

RunResult run(const char* script, SpawnRequest request = {}) {
  auto pipe = make_pipe();
  EXPECT_TRUE(pipe.ok());
  FdPlan plan;
  plan.duplicate(pipe->write_end.get(), 1);
  std::string text = script;
  char sh[] = "sh";
  char option[] = "-c";
  char* const argv[] = {sh, option, text.data(), nullptr};
  request.path = "/bin/sh";
  request.argv = argv;
  request.envp = kNoEnvironment;
  request.plan = &plan;
  SpawnResult started = spawn(request);
  EXPECT_TRUE(started.ok()) << started.error;
  pipe->write_end.reset();
  RunResult result;
  EXPECT_TRUE(read_all(pipe->read_end.get(), result.output).ok());
  result.status = wait_for_pid(started.pid);
  return result;
}

int exec_error(const char* path) {
  char name[] = "x";
  char* const argv[] = {name, nullptr};
  SpawnRequest request;
  request.path = path;
  request.argv = argv;
  request.envp = kNoEnvironment;
  SpawnResult result = spawn(request);
  EXPECT_EQ(result.pid, -1);
  EXPECT_EQ(result.stage, SpawnStage::Exec);
  return result.error;
}

TEST(Spawn, RunsAndGivesStatus) {
  RunResult result = run("echo hi; exit 3");
  EXPECT_EQ(result.output, "hi\n");
  EXPECT_EQ(result.status, ProcessStatus::exited(3));
}

TEST(Spawn, ReportsTheErrorOfExecExactly) {
  EXPECT_EQ(exec_error("/nowhere/at/all"), ENOENT);
  EXPECT_EQ(exec_error("/"), EACCES);
  EXPECT_EQ(exec_error("/dev/null"), EACCES);
  EXPECT_EQ(exec_error("/bin/sh/x"), ENOTDIR);
  char path[] = "/tmp/mish-spawn-test-XXXXXX";
  int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(write(fd, "echo\n", 5), 5);
  fchmod(fd, 0755);
  close(fd);
  EXPECT_EQ(exec_error(path), ENOEXEC);
  unlink(path);
  ChildChange change;
  EXPECT_EQ(wait_for_change(WaitMode::Poll, false, change), WaitOutcome::NoChildren);
}

TEST(Spawn, TooLongArgumentListIsE2big) {
  std::string big(200 * 1024, 'x');
  std::vector<char*> argv(200, big.data());
  argv.push_back(nullptr);
  SpawnRequest request;
  request.path = "/bin/sh";
  request.argv = argv.data();
  request.envp = kNoEnvironment;
  EXPECT_EQ(spawn(request).error, E2BIG);
}

TEST(Spawn, BadDescriptorIsReportedAsSuch) {
  FdPlan plan;
  plan.duplicate(99, 1);
  char name[] = "sh";
  char* const argv[] = {name, nullptr};
  SpawnRequest request;
  request.path = "/bin/sh";
  request.argv = argv;
  request.envp = kNoEnvironment;
  request.plan = &plan;
  SpawnResult result = spawn(request);
  EXPECT_EQ(result.stage, SpawnStage::Descriptors);
  EXPECT_EQ(result.error, EBADF);
}

TEST(Spawn, ChildInheritsOnlyTheUsersDescriptors) {
  auto own = memory_file("secret");
  ASSERT_TRUE(own.ok());
  auto moved = duplicate_above_9(own->get());
  ASSERT_TRUE(moved.ok());
  std::string script = "[ -e /dev/fd/" + std::to_string(own->get()) + " ] || [ -e /dev/fd/" +
                       std::to_string(moved->get()) + " ] && echo leaked";
  EXPECT_EQ(run(script.c_str()).output, "");
}

TEST(Spawn, CaughtSignalsAreDefaultAndIgnoredOnesStayIgnored) {
  set_disposition(SIGUSR1, Disposition::Catch);
  set_disposition(SIGUSR2, Disposition::Ignore);
  RunResult result = run("kill -USR2 $$; echo alive; kill -USR1 $$; echo dead");
  EXPECT_EQ(result.output, "alive\n");
  EXPECT_EQ(result.status, ProcessStatus::signaled(SIGUSR1));
  set_disposition(SIGUSR1, Disposition::Default);
  set_disposition(SIGUSR2, Disposition::Default);
}

TEST(Spawn, AsynchronousCommandIgnoresInterruptAndQuit) {
  SpawnRequest request;
  request.is_asynchronous = true;
  RunResult result = run("kill -INT $$; kill -QUIT $$; echo alive", request);
  EXPECT_EQ(result.output, "alive\n");
}

TEST(Spawn, BlockedSignalsOfTheShellAreNotInherited) {
  SignalMask blocked;
  RunResult result = run("kill -TERM $$; echo alive");
  EXPECT_EQ(result.status, ProcessStatus::signaled(SIGTERM));
}

TEST(Spawn, InterruptHeldBackByTheShellStillKillsTheCommand) {
  InterruptHold hold(true);
  RunResult result = run("kill -INT $$; echo alive");
  EXPECT_EQ(result.status, ProcessStatus::signaled(SIGINT));
  EXPECT_FALSE(hold.settle(true));
}

TEST(Spawn, LeadsANewProcessGroup) {
  SpawnRequest request;
  request.process_group = kNewGroup;
  RunResult result = run("read -r stat </proc/$$/stat; set -- $stat; [ $1 = $5 ] && echo leader", request);
  EXPECT_EQ(result.output, "leader\n");
}

TEST(ReplaceProcess, ComesBackWithTheErrorAndTheSignalsAsBefore) {
  set_disposition(SIGUSR1, Disposition::Catch);
  char name[] = "x";
  char* const argv[] = {name, nullptr};
  EXPECT_EQ(replace_process("/nowhere", argv, kNoEnvironment).code(), ENOENT);
  raise(SIGUSR1);
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Default);
}

}  // namespace
}  // namespace mish::process
