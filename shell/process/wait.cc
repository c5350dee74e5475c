// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/wait.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>

#include "shell/process/interrupt_witness.h"
#include "shell/process/signals.h"
#include "shell/process/usage.h"

namespace mish::process {
namespace {

/// The mask to sleep with: that of before, with SIGCHLD let in.
sigset_t sleeping_mask(const SignalMask& mask) {
  sigset_t sleeping = mask.previous();
  sigdelset(&sleeping, SIGCHLD);
  return sleeping;
}

bool must_stop_waiting(WaitMode mode) {
  switch (mode) {
    case WaitMode::Poll:
    case WaitMode::Block: return false;
    case WaitMode::Interruptible: return peek_pending_signal(false) != 0;
    case WaitMode::UntilHangup: return is_signal_pending(SIGHUP) && is_hangup_fatal();
  }
  return false;
}

/// Sleeps until a signal comes that was not looked at yet. Returns whether the wait must end.
bool sleep_for_signal(WaitMode mode) {
  SignalMask blocked;
  if (must_stop_waiting(mode)) return true;
  if (take_child_change()) return false;
  sigset_t sleeping = sleeping_mask(blocked);
  sigsuspend(&sleeping);
  return false;
}

}  // namespace

ProcessStatus ProcessStatus::from_wait(int raw) {
  if (WIFEXITED(raw)) return exited(WEXITSTATUS(raw));
  if (WIFSIGNALED(raw)) return signaled(WTERMSIG(raw), WCOREDUMP(raw));
  if (WIFSTOPPED(raw)) return stopped(WSTOPSIG(raw));
  return {Kind::Continued, 0, false};
}

int ProcessStatus::to_exit_status() const {
  switch (kind_) {
    case Kind::Running:
    case Kind::Continued: return 0;
    case Kind::Exited: return code_;
    case Kind::Signaled:
    case Kind::Stopped: return 128 + code_;
  }
  return 0;
}

WaitOutcome wait_for_change(WaitMode mode, bool stops, ChildChange& change) {
  int options = stops ? WUNTRACED | WCONTINUED : 0;
  const bool sleeps_for_signals = mode == WaitMode::Interruptible || mode == WaitMode::UntilHangup;
  if (sleeps_for_signals && !watch_children()) mode = WaitMode::Block;
  if (mode != WaitMode::Block) options |= WNOHANG;
  for (;;) {
    // While an interrupt is held, the dead child must stay in /proc until the handler of a SIGINT that came before its
    // end has looked at it: that handler runs at the latest when this call returns.
    if (mode == WaitMode::Block && InterruptHold::is_in_force()) {
      siginfo_t info;
      waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (stops ? WSTOPPED | WCONTINUED : 0));
    }
    InterruptWitness::look_at_ended_child();
    int raw = 0;
    pid_t pid = waitpid(-1, &raw, options);
    if (pid > 0) {
      change.pid = pid;
      change.status = ProcessStatus::from_wait(raw);
      return WaitOutcome::Changed;
    }
    if (pid < 0) {
      if (errno == EINTR) continue;
      return WaitOutcome::NoChildren;
    }
    if (mode == WaitMode::Poll) return WaitOutcome::NoChange;
    if (sleep_for_signal(mode)) return WaitOutcome::Interrupted;
  }
}

ProcessStatus wait_for_pid(pid_t pid) {
  int raw = 0;
  while (waitpid(pid, &raw, 0) < 0) {
    if (errno != EINTR) return ProcessStatus::exited(127);
  }
  return ProcessStatus::from_wait(raw);
}

PollOutcome wait_for_descriptors(std::span<struct pollfd> descriptors, int64_t timeout_ns, bool children) {
  int64_t deadline = timeout_ns < 0 ? 0 : monotonic_ns() + timeout_ns;
  if (children) watch_children();
  for (;;) {
    SignalMask blocked;
    if (peek_pending_signal() != 0) return PollOutcome::Interrupted;
    if (children && take_child_change()) return PollOutcome::ChildChanged;
    struct timespec left = {};
    int64_t rest = 0;
    if (timeout_ns >= 0) {
      rest = std::max<int64_t>(deadline - monotonic_ns(), 0);
      left.tv_sec = static_cast<time_t>(rest / 1000000000);
      left.tv_nsec = static_cast<long>(rest % 1000000000);
    }
    sigset_t sleeping = sleeping_mask(blocked);
    int count = ppoll(descriptors.data(), descriptors.size(), timeout_ns < 0 ? nullptr : &left, &sleeping);
    if (count > 0) return PollOutcome::Ready;
    if (count == 0) return PollOutcome::TimedOut;
    if (errno == EINTR || errno == EAGAIN) continue;
    if (errno != ENOMEM || timeout_ns <= 0) return PollOutcome::Ready;  // let the read tell
    // The read would not mind the time.
    if (rest == 0) return PollOutcome::TimedOut;
    left = {0, static_cast<long>(std::min<int64_t>(rest, 10'000'000))};
    nanosleep(&left, nullptr);
  }
}

PollOutcome wait_readable(int fd, int64_t timeout_ns, bool children) {
  struct pollfd descriptor = {fd, POLLIN, 0};
  return wait_for_descriptors({&descriptor, 1}, timeout_ns, children);
}

bool wait_readable_unless(int fd, const std::function<bool()>& is_over) {
  struct pollfd descriptor = {fd, POLLIN, 0};
  for (;;) {
    SignalMask blocked;
    if (is_over()) return false;
    sigset_t sleeping = sleeping_mask(blocked);
    int count = ppoll(&descriptor, 1, nullptr, &sleeping);
    if (count > 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return true;  // let the read tell
  }
}

PollOutcome wait_for_signal(int64_t timeout_ns, bool children) {
  return wait_for_descriptors({}, timeout_ns, children);
}

}  // namespace mish::process
