// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include "shell/process/child.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"
#include "shell/process/wait.h"

namespace mish::process {
namespace {

/// Runs `body` as leader of a session on a new pseudo-terminal.
template <typename Body>
ProcessStatus on_terminal(Body body) {
  int master = -1;
  pid_t pid = forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) _exit(body());
  UniqueFd owner(master);
  return wait_for_pid(pid);
}

TEST(Terminal, NoneWithoutControllingTerminal) {
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    Terminal terminal;
    _exit(terminal.open() ? 1 : 0);
  }
  EXPECT_EQ(wait_for_pid(pid), ProcessStatus::exited(0));
}

TEST(Terminal, LivesOnAPrivateDescriptor) {
  EXPECT_EQ(on_terminal([] {
              Terminal terminal;
              return terminal.take(true) && terminal.fd() >= 10 && terminal.is_taken() ? 0 : 1;
            }),
            ProcessStatus::exited(0));
}

TEST(Terminal, IsHandedToAJobAndTakenBack) {
  EXPECT_EQ(on_terminal([] {
              Terminal terminal;
              if (!terminal.take(true)) return 1;
              set_interactive_dispositions(true, true);
              ChildOptions options;
              options.process_group = kNewGroup;
              options.terminal = &terminal;
              JobTable jobs;
              jobs.set_monitor(true, &terminal);
              Job& job = jobs.create(true, {});
              auto pid = fork_child(options);
              if (!pid) return 2;
              if (*pid == 0) _exit(tcgetpgrp(0) == getpgrp() ? 0 : 1);
              jobs.add_process(job, *pid);
              if (jobs.wait_in_foreground(job) != ForegroundOutcome::Done) return 3;
              if (job.exit_status() != 0) return 4;
              jobs.release(job);
              return tcgetpgrp(0) == getpgrp() ? 0 : 5;
            }),
            ProcessStatus::exited(0));
}

TEST(Terminal, ModesComeBackAfterAJobDiedInRawMode) {
  EXPECT_EQ(on_terminal([] {
              Terminal terminal;
              if (!terminal.take(true)) return 1;
              set_interactive_dispositions(true, true);
              JobTable jobs;
              jobs.set_monitor(true, &terminal);
              for (bool dies : {true, false}) {
                Job& job = jobs.create(true, {});
                ChildOptions options;
                options.process_group = kNewGroup;
                options.terminal = &terminal;
                auto pid = fork_child(options);
                if (!pid) return 2;
                if (*pid == 0) {
                  struct termios modes = {};
                  tcgetattr(0, &modes);
                  cfmakeraw(&modes);
                  tcsetattr(0, TCSANOW, &modes);
                  if (dies) raise(SIGKILL);
                  _exit(0);
                }
                jobs.add_process(job, *pid);
                jobs.wait_in_foreground(job);
                jobs.release(job);
                struct termios modes = {};
                tcgetattr(0, &modes);
                bool is_raw = (modes.c_lflag & ICANON) == 0;
                if (is_raw == dies) return dies ? 3 : 4;  // what ends by itself leaves what it wanted
              }
              return 0;
            }),
            ProcessStatus::exited(0));
}

TEST(Terminal, StoppedJobIsListedAndContinuesInTheForeground) {
  EXPECT_EQ(on_terminal([] {
              Terminal terminal;
              if (!terminal.take(true)) return 1;
              set_interactive_dispositions(true, true);
              JobTable jobs;
              jobs.set_monitor(true, &terminal);
              Job& job =
                  jobs.create(true, {[](const void*, std::vector<size_t>&) { return std::string("editor"); }, nullptr});
              ChildOptions options;
              options.process_group = kNewGroup;
              options.terminal = &terminal;
              auto pid = fork_child(options);
              if (!pid) return 2;
              if (*pid == 0) {
                raise(SIGTSTP);
                _exit(tcgetpgrp(0) == getpgrp() ? 9 : 1);
              }
              jobs.add_process(job, *pid);
              if (jobs.wait_in_foreground(job) != ForegroundOutcome::Stopped) return 3;
              if (job.exit_status() != 128 + SIGTSTP) return 4;
              if (jobs.take_notices() != "[1]+  Stopped                 editor\n") return 5;
              auto outcome = jobs.resume_in_foreground(job);
              if (!outcome || *outcome != ForegroundOutcome::Done) return 6;
              if (job.exit_status() != 9) return 7;
              jobs.release(job);
              return jobs.listed_count() == 0 ? 0 : 8;
            }),
            ProcessStatus::exited(0));
}

}  // namespace
}  // namespace mish::process
