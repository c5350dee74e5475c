// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/spawn.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "shell/process/signals.h"
#include "shell/process/wait.h"

// The child runs in the memory of the shell, on a stack of its own; sanitizers do not know that stack.
#define MISH_BORROWED_STACK __attribute__((no_sanitize("address", "undefined"), noinline))

namespace mish::process {
namespace {

/// What the child reads and, on failure, writes. Lives on the stack of the suspended shell.
struct Handover {
  Handover(const SpawnRequest& wanted, const ExecDispositions& changed) : request(&wanted), dispositions(&changed) {}
  const SpawnRequest* request;
  const ExecDispositions* dispositions;
  int error = 0;
  SpawnStage stage = SpawnStage::Started;
  std::atomic<int> is_borrowing = 1;  // the memory; the kernel clears it when the child has called execve or ended
};

/// Enough for execve(2) and the small calls before it. Pages that are never touched cost nothing.
constexpr size_t kStackSize = 64 * 1024;
alignas(64) char g_stack[kStackSize];

void apply_dispositions(const ExecDispositions& dispositions) {
  if (!dispositions.has_default && !dispositions.has_ignore) return;
  struct sigaction action = {};
  for (int signal = 1; signal <= kMaxSignal; ++signal) {
    if (sigismember(&dispositions.to_default, signal) == 1) {
      action.sa_handler = SIG_DFL;
    } else if (sigismember(&dispositions.to_ignore, signal) == 1) {
      action.sa_handler = SIG_IGN;
    } else {
      continue;
    }
    sigaction(signal, &action, nullptr);
  }
}

/// The result is the exit code of the child, which nobody sees.
/// Stop signal that came to the child between clone and exec, 0 if none. A child stopped there would leave the shell
/// asleep until somebody continues it, and nothing would be told that it stopped.
volatile sig_atomic_t g_stop_signal = 0;

extern "C" MISH_BORROWED_STACK void note_stop(int signal) { g_stop_signal = signal; }

/// Exec makes caught signals default ones again: no moment is left in which they are neither caught nor the program's.
void catch_stops(const sigset_t& stops) {
  struct sigaction action = {};
  action.sa_handler = note_stop;
  for (int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    if (sigismember(&stops, signal) == 1) sigaction(signal, &action, nullptr);
  }
}

int fail(Handover& handover, SpawnStage stage, int error) {
  handover.stage = stage;
  handover.error = error;
  return 127;
}

/// Everything here is async-signal-safe and writes to nothing of the shell's but the Handover (and errno).
MISH_BORROWED_STACK int run_child(void* data) {
  Handover& handover = *static_cast<Handover*>(data);
  const SpawnRequest& request = *handover.request;
  if (request.process_group != kShellsGroup) setpgid(0, request.process_group);
  if (request.terminal != nullptr) {
    request.terminal->witness().await_in_group();
    (void)request.terminal->set_foreground_group(getpgrp()).ok();
  }
  if (request.plan != nullptr) {
    if (auto applied = request.plan->apply_in_child(); !applied) {
      return fail(handover, SpawnStage::Descriptors, applied.error().code());
    }
  }
  apply_dispositions(*handover.dispositions);
  catch_stops(handover.dispositions->stops);
  sigprocmask(SIG_SETMASK, &entry_mask(), nullptr);
  execve(request.path, request.argv, request.envp);
  return fail(handover, SpawnStage::Exec, errno);
}

/// Starts the child and returns when it needs the memory no more; -1 with errno when there is none.
pid_t start_child(const SpawnRequest& request, Handover& handover) {
  InterruptWitness* witness = request.terminal != nullptr ? &request.terminal->witness() : nullptr;
  // The shell sleeps until the child has called execve or ended, so one stack serves all.
  if (witness == nullptr || !witness->is_present()) {
    return clone(run_child, g_stack + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &handover);
  }
  // Only the shell can put the witness into the child's group, which the child waits for: the shell sleeps after that.
  pid_t pid = clone(run_child, g_stack + kStackSize, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, &handover, nullptr,
                    nullptr, &handover.is_borrowing);
  if (pid < 0) return pid;
  const pid_t group = request.process_group == kNewGroup ? pid : request.process_group;
  setpgid(pid, group);
  witness->join(group);
  while (handover.is_borrowing.load() != 0) {
    syscall(SYS_futex, &handover.is_borrowing, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  }
  return pid;
}

}  // namespace

SpawnResult spawn(const SpawnRequest& request) {
  ExecDispositions dispositions = exec_dispositions(request.is_asynchronous);
  for (int attempt = 0;; ++attempt) {
    Handover handover(request, dispositions);
    // A handler of the shell must not run in the child, and nothing must stop it while the shell is suspended.
    std::optional<SignalMask> blocked(std::in_place);
    g_stop_signal = 0;
    InterruptHold::note_start();
    pid_t pid = start_child(request, handover);
    int error = errno;
    if (pid < 0) {
      blocked.reset();
      if (back_off_after_failed_fork(error, attempt)) continue;
      return {-1, error, SpawnStage::Fork};
    }
    if (handover.error != 0) {
      blocked.reset();
      wait_for_pid(pid);
      // The terminal was handed to a group that is gone with its only member.
      if (request.terminal != nullptr && request.process_group == kNewGroup) {
        (void)request.terminal->set_foreground_group(getpgrp()).ok();
      }
      return {-1, handover.error, handover.stage};
    }
    // Sent again before the shell itself can stop: it is to find the command stopped, not at work.
    if (g_stop_signal != 0) kill(pid, g_stop_signal);
    return {pid, 0, SpawnStage::Started};
  }
}

Errno replace_process(const char* path, char* const* argv, char* const* envp) {
  SignalMask blocked;
  ExecDispositions dispositions = exec_dispositions(false);
  struct sigaction old[kMaxSignal + 1];
  auto is_changed = [&dispositions](int signal) {
    return sigismember(&dispositions.to_default, signal) == 1 || sigismember(&dispositions.to_ignore, signal) == 1;
  };
  for (int signal = 1; signal <= kMaxSignal; ++signal) {
    if (is_changed(signal)) sigaction(signal, nullptr, &old[signal]);
  }
  apply_dispositions(dispositions);
  sigprocmask(SIG_SETMASK, &entry_mask(), nullptr);
  execve(path, argv, envp);
  int error = errno;
  for (int signal = 1; signal <= kMaxSignal; ++signal) {
    if (is_changed(signal)) sigaction(signal, &old[signal], nullptr);
  }
  return Errno(error);
}

}  // namespace mish::process
