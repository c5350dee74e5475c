// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/interrupt_witness.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace mish::process {
namespace {

void do_nothing(int) {}

/// A child in a group of its own that has ended, not reaped yet. With `handles` it catches SIGINT.
pid_t make_ended_job(bool handles) {
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    signal(SIGINT, handles ? do_nothing : SIG_DFL);
    _exit(0);
  }
  siginfo_t info;
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  return pid;
}

TEST(InterruptWitness, IsNoChildThatAnybodyWaitsFor) {
  InterruptWitness witness;
  witness.start();
  ASSERT_TRUE(witness.is_present());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  witness.stop();
  EXPECT_FALSE(witness.is_present());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
}

TEST(InterruptWitness, SeesTheInterruptThatCameToNobodyAlive) {
  InterruptWitness witness;
  witness.start();
  const pid_t job = make_ended_job(false);
  witness.join(job);
  InterruptWitness::look_at_ended_child();
  kill(-job, SIGINT);
  EXPECT_EQ(waitpid(job, nullptr, 0), job);
  EXPECT_TRUE(witness.leave_group());
}

TEST(InterruptWitness, LeavesToTheJobWhatItHandled) {
  InterruptWitness witness;
  witness.start();
  const pid_t job = make_ended_job(true);
  witness.join(job);
  kill(-job, SIGINT);
  InterruptWitness::look_at_ended_child();
  EXPECT_EQ(waitpid(job, nullptr, 0), job);
  EXPECT_FALSE(witness.leave_group());
}

TEST(InterruptWitness, SaysNothingWithoutAnInterrupt) {
  InterruptWitness witness;
  witness.start();
  for (int i = 0; i < 3; ++i) {
    const pid_t job = make_ended_job(false);
    witness.join(job);
    kill(-job, SIGTERM);
    EXPECT_EQ(waitpid(job, nullptr, 0), job);
    EXPECT_FALSE(witness.leave_group());
    EXPECT_TRUE(witness.is_present());
  }
}

TEST(InterruptWitness, MayBeKilledByOthers) {
  InterruptWitness witness;
  witness.start();
  pid_t job = make_ended_job(false);
  witness.join(job);
  kill(-job, SIGKILL);
  EXPECT_EQ(waitpid(job, nullptr, 0), job);
  EXPECT_FALSE(witness.leave_group());
  witness.stop();
  witness.start();
  EXPECT_TRUE(witness.is_present());
}

}  // namespace
}  // namespace mish::process
