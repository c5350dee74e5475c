// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/wait.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "shell/base/fd.h"
#include "shell/process/signals.h"

namespace mish::process {
namespace {

template <typename Body>
pid_t start(Body body) {
  pid_t pid = fork();
  if (pid == 0) _exit(body());
  return pid;
}

TEST(ProcessStatus, ExitStatusOfASignalIs128Plus) {
  EXPECT_EQ(ProcessStatus::exited(3).to_exit_status(), 3);
  EXPECT_EQ(ProcessStatus::signaled(SIGKILL).to_exit_status(), 137);
  EXPECT_EQ(ProcessStatus::stopped(SIGTSTP).to_exit_status(), 148);
  EXPECT_EQ(ProcessStatus().to_exit_status(), 0);
}

TEST(Wait, ReportsExitAndUsage) {
  pid_t pid = start([] { return 5; });
  ChildChange change;
  ASSERT_EQ(wait_for_change(WaitMode::Block, false, change), WaitOutcome::Changed);
  EXPECT_EQ(change.pid, pid);
  EXPECT_EQ(change.status, ProcessStatus::exited(5));
  EXPECT_EQ(wait_for_change(WaitMode::Block, false, change), WaitOutcome::NoChildren);
}

TEST(Wait, ReportsStopAndContinuation) {
  pid_t pid = start([] {
    raise(SIGSTOP);
    return 0;
  });
  ChildChange change;
  ASSERT_EQ(wait_for_change(WaitMode::Block, true, change), WaitOutcome::Changed);
  EXPECT_EQ(change.status, ProcessStatus::stopped(SIGSTOP));
  EXPECT_EQ(wait_for_change(WaitMode::Poll, true, change), WaitOutcome::NoChange);
  kill(pid, SIGCONT);
  ASSERT_EQ(wait_for_change(WaitMode::Block, true, change), WaitOutcome::Changed);
  if (change.status.kind() == ProcessStatus::Kind::Continued) {
    ASSERT_EQ(wait_for_change(WaitMode::Block, true, change), WaitOutcome::Changed);
  }
  EXPECT_EQ(change.status, ProcessStatus::exited(0));
}

TEST(Wait, InterruptibleWaitEndsBySignalThatCameBefore) {
  pid_t pid = start([] {
    pause();
    return 0;
  });
  set_disposition(SIGUSR1, Disposition::Catch);
  raise(SIGUSR1);
  ChildChange change;
  EXPECT_EQ(wait_for_change(WaitMode::Interruptible, false, change), WaitOutcome::Interrupted);
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Default);
  kill(pid, SIGKILL);
  EXPECT_EQ(wait_for_change(WaitMode::Interruptible, false, change), WaitOutcome::Changed);
  EXPECT_EQ(change.status, ProcessStatus::signaled(SIGKILL));
}

TEST(Wait, NoSignalIsLostBetweenLookAndSleep) {
  // A child signals and ends at once, at every possible moment of the parent's way into its sleep.
  set_disposition(SIGUSR1, Disposition::Catch);
  pid_t parent = getpid();
  for (int i = 0; i < 500; ++i) {
    pid_t pid = start([parent] { return kill(parent, SIGUSR1); });
    ChildChange change;
    bool signaled = false;
    bool ended = false;
    while (!signaled || !ended) {
      switch (wait_for_change(WaitMode::Interruptible, false, change)) {
        case WaitOutcome::Changed: ended = change.pid == pid; break;
        case WaitOutcome::Interrupted: signaled = take_pending_signal() == SIGUSR1; break;
        case WaitOutcome::NoChange:
        case WaitOutcome::NoChildren: signaled = signaled || take_pending_signal() == SIGUSR1; break;
      }
    }
  }
  set_disposition(SIGUSR1, Disposition::Default);
}

TEST(Poll, ReadableDescriptorIsReady) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  EXPECT_EQ(wait_readable(pipe->read_end.get(), 0), PollOutcome::TimedOut);
  ASSERT_TRUE(write_all(pipe->write_end.get(), "x").ok());
  EXPECT_EQ(wait_readable(pipe->read_end.get(), -1), PollOutcome::Ready);
}

TEST(Poll, EndsBySignal) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  set_disposition(SIGUSR1, Disposition::Catch);
  pid_t parent = getpid();
  pid_t pid = start([parent] { return kill(parent, SIGUSR1); });
  EXPECT_EQ(wait_readable(pipe->read_end.get(), -1), PollOutcome::Interrupted);
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Default);
  wait_for_pid(pid);
}

TEST(Poll, TellsOfChildren) {
  watch_children();
  take_child_change();
  pid_t pid = start([] { return 0; });
  EXPECT_EQ(wait_for_signal(-1, true), PollOutcome::ChildChanged);
  wait_for_pid(pid);
}

}  // namespace
}  // namespace mish::process
