// SPDX-License-Identifier: GPL-3.0-or-later
// The only fork of the shell. What a forked child of the shell may rely on is listed here and nowhere else: the signal
// dispositions of its role, its process group, the terminal if it takes it, no pending signals, the mask of the entry.
// What changes in the shell's state (XCU 2.13) is the caller's: Shell::become_subshell().
#ifndef MISH_SHELL_PROCESS_CHILD_H_
#define MISH_SHELL_PROCESS_CHILD_H_

#include <sys/types.h>

#include <cstdint>

#include "shell/base/result.h"
#include "shell/process/terminal.h"

namespace mish::process {

enum class ChildRole : uint8_t {
  Foreground,    // element of a foreground pipeline, ( ) in the foreground
  Background,    // asynchronous list: without a group of its own it ignores SIGINT and SIGQUIT (XCU 2.11)
  Substitution,  // command or process substitution: stays in the shell's group and cannot be stopped from the keyboard
};

/// Values of `process_group` besides an existing group to join.
inline constexpr pid_t kShellsGroup = -1;  // stay in the group of the shell
inline constexpr pid_t kNewGroup = 0;      // lead a new group

struct ChildOptions {
  ChildRole role = ChildRole::Foreground;
  pid_t process_group = kShellsGroup;
  Terminal* terminal = nullptr;  // not null: the child's group becomes the foreground group before it goes on
};

/// Forks. Returns 0 in the child and the pid in the parent, where the child's process group is set already too. The
/// caller has flushed all outputs. On EAGAIN tries again for less than a second in all, and gives up at once when a
/// caught signal is pending. Fails with EAGAIN or ENOMEM; then nothing has changed.
Result<pid_t> fork_child(const ChildOptions& options);

/// What both fork_child() and spawn() do when fork or clone fails: sleeps a little longer with each attempt (from 0 on)
/// and returns true to try again, false to give up.
bool back_off_after_failed_fork(int error, int attempt);

/// Ends a child made by fork_child() at once, like _exit(2), but without a name that each child would have to bind
/// anew.
[[noreturn]] void end_child(int status);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_CHILD_H_
