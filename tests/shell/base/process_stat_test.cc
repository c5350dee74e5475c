// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/process_stat.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace mish {
namespace {

/// A child that sleeps under the command name `name`, once it has it.
pid_t start_sleeper(const char* name) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NAME, name);
    (void)!write(ready[1], "x", 1);
    for (;;) pause();
  }
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return pid;
}

TEST(ProcessStat, OfARunningProcessHasItsStart) {
  Result<ProcessStat> stat = read_process_stat(getpid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'R');
  EXPECT_FALSE(stat->is_ending());
  EXPECT_FALSE(stat->has_not_called_exec());
  EXPECT_GT(stat->start_ticks, 0u);
}

TEST(ProcessStat, TheNameMayHoldBlanksAndParentheses) {
  pid_t pid = start_sleeper("Z) Z 9 (x");
  Result<ProcessStat> stat = read_process_stat(pid);
  ASSERT_TRUE(stat);
  EXPECT_FALSE(stat->is_ending());
  EXPECT_TRUE(stat->has_not_called_exec());
  EXPECT_EQ(stat->parent, getpid());
  EXPECT_GE(stat->start_ticks, read_process_stat(getpid())->start_ticks);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(ProcessStat, AZombieIsEndingAndNobodyIsAnError) {
  pid_t pid = start_sleeper("sleeper");
  kill(pid, SIGKILL);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  Result<ProcessStat> stat = read_process_stat(pid);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'Z');
  EXPECT_TRUE(stat->is_ending());
  waitpid(pid, nullptr, 0);
  stat = read_process_stat(pid);
  EXPECT_EQ(stat.code(), ESRCH);
}

}  // namespace
}  // namespace mish
