// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iterator>
#include <optional>

#include "shell/process/signals.h"
#include "shell/process/wait.h"

namespace mish::process {
namespace {

/// Pauses between attempts, in milliseconds: 0.8 s in all.
constexpr int64_t kPausesMs[] = {5, 15, 40, 90, 200, 450};

void set_up_child(const ChildOptions& options) {
  // Both sides do this: whoever comes first, the group exists before the child goes on or is waited for.
  if (options.process_group != kShellsGroup) setpgid(0, options.process_group);
  if (options.terminal != nullptr) {
    options.terminal->witness().await_in_group();
    // A failure is not fatal: the command runs, without the terminal.
    (void)options.terminal->set_foreground_group(getpgrp()).ok();
  }
  InterruptWitness::forget_in_child();
  ChildDispositions dispositions;
  dispositions.is_asynchronous = options.role == ChildRole::Background && options.process_group == kShellsGroup;
  dispositions.keeps_stop_ignored = options.role == ChildRole::Substitution;
  enter_child_dispositions(dispositions);
  sigprocmask(SIG_SETMASK, &shell_mask(), nullptr);
}

/// The program is bound lazily: what the first child calls and the shell never did, every further child would have to
/// look up again, a dozen page faults each. So the shell makes these calls once, in vain, before its first fork.
void bind_what_children_call() {
  static bool is_bound = false;
  if (is_bound) return;
  is_bound = true;
  int error = errno;
  (void)dup2(-1, -1);
  (void)open("", O_RDONLY | O_CLOEXEC);
  (void)close(-1);
  (void)write(-1, "", 0);
  char* nothing[] = {nullptr};
  (void)execve("", nothing, nothing);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  errno = error;
}

/// fork() without what it does for programs with several threads: the shell has one, no lock of the C library is held,
/// and nobody registers with pthread_atfork(). It saves the child the copies of three pages.
pid_t fork_process() {
#ifdef MISH_HAVE__FORK
  return _Fork();
#else
  return fork();
#endif
}

}  // namespace

bool back_off_after_failed_fork(int error, int attempt) {
  if (error != EAGAIN || attempt >= static_cast<int>(std::size(kPausesMs))) return false;
  return wait_for_signal(kPausesMs[attempt] * 1000000) == PollOutcome::TimedOut;
}

Result<pid_t> fork_child(const ChildOptions& options) {
  bind_what_children_call();
  for (int attempt = 0;; ++attempt) {
    std::optional<SignalMask> blocked;
    // A handler that ran in the child before its flags are cleared would make it run a trap of the parent.
    if (catches_any()) blocked.emplace();
    InterruptHold::note_start();
    pid_t pid = fork_process();
    if (pid == 0) {
      set_up_child(options);
      if (blocked) blocked->dismiss();
      return 0;
    }
    if (pid > 0) {
      if (options.process_group != kShellsGroup) {
        const pid_t group = options.process_group == kNewGroup ? pid : options.process_group;
        setpgid(pid, group);
        if (options.terminal != nullptr) options.terminal->witness().join(group);
      }
      return pid;
    }
    int error = errno;
    blocked.reset();
    if (!back_off_after_failed_fork(error, attempt)) return Errno(error);
  }
}

void end_child(int status) {
  syscall(SYS_exit_group, status);
  __builtin_unreachable();
}

}  // namespace mish::process
