// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "shell/process/signals.h"
#include "shell/process/wait.h"

namespace mish::process {
namespace {

template <typename Body>
ProcessStatus in_forked(const ChildOptions& options, Body body) {
  auto pid = fork_child(options);
  EXPECT_TRUE(pid.ok());
  if (*pid == 0) _exit(body());
  return wait_for_pid(*pid);
}

TEST(ForkChild, StaysInTheGroupUnlessAsked) {
  pid_t group = getpgrp();
  EXPECT_EQ(in_forked({}, [group] { return getpgrp() == group ? 0 : 1; }), ProcessStatus::exited(0));
  ChildOptions options;
  options.process_group = kNewGroup;
  EXPECT_EQ(in_forked(options, [] { return getpgrp() == getpid() ? 0 : 1; }), ProcessStatus::exited(0));
}

TEST(ForkChild, ParentSeesTheGroupAtOnce) {
  ChildOptions options;
  options.process_group = kNewGroup;
  auto pid = fork_child(options);
  ASSERT_TRUE(pid.ok());
  if (*pid == 0) {
    pause();
    _exit(0);
  }
  EXPECT_EQ(getpgid(*pid), *pid);
  kill(-*pid, SIGKILL);
  EXPECT_EQ(wait_for_pid(*pid), ProcessStatus::signaled(SIGKILL));
}

TEST(ForkChild, BackgroundWithoutGroupIgnoresInterrupt) {
  ChildOptions options;
  options.role = ChildRole::Background;
  EXPECT_EQ(in_forked(options, [] { return raise(SIGINT); }), ProcessStatus::exited(0));
  options.process_group = kNewGroup;
  EXPECT_EQ(in_forked(options, [] { return raise(SIGINT); }), ProcessStatus::signaled(SIGINT));
}

TEST(ForkChild, HasNothingPendingAndNothingBlocked) {
  set_disposition(SIGUSR1, Disposition::Catch);
  raise(SIGUSR1);
  InterruptHold hold(true);
  ProcessStatus status = in_forked({}, [] {
    if (any_pending()) return 1;
    raise(SIGINT);
    return 2;
  });
  EXPECT_EQ(status, ProcessStatus::signaled(SIGINT));
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Default);
}

TEST(ForkChild, SubstitutionOfAJobControlShellCannotBeStoppedFromTheKeyboard) {
  auto pid = fork_child({});
  ASSERT_TRUE(pid.ok());
  if (*pid == 0) {
    set_interactive_dispositions(true, true);
    ChildOptions options;
    options.role = ChildRole::Substitution;
    ProcessStatus status = in_forked(options, [] { return raise(SIGTSTP); });
    _exit(status == ProcessStatus::exited(0) ? 0 : 1);
  }
  EXPECT_EQ(wait_for_pid(*pid), ProcessStatus::exited(0));
}

}  // namespace
}  // namespace mish::process
