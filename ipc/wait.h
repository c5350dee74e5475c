// SPDX-License-Identifier: GPL-3.0-or-later
// How long an operation may wait and what may interrupt it: one value handed to everything that blocks. Waits on
// descriptors are free of the race between the look at pending signals and the sleep (ppoll with the old mask).
#ifndef MISH_IPC_WAIT_H_
#define MISH_IPC_WAIT_H_

#include <poll.h>
#include <signal.h>

#include <cstdint>
#include <ctime>
#include <span>

#include "ipc/status.h"

namespace mish::ipc {

/// CLOCK_MONOTONIC in nanoseconds.
int64_t monotonic_ns();

/// A time limit with an optional interruption. A copy is cheap.
struct Wait {
  Deadline deadline = kForever;
  Interrupt interrupt;

  static Wait forever() { return {}; }
  static Wait none() { return {kNoWait, {}}; }
  static Wait for_ns(int64_t duration_ns);

  bool is_nowait() const { return deadline == kNoWait; }
  bool is_forever() const { return deadline == kForever; }
  /// Nanoseconds left, at least 0; INT64_MAX without a limit.
  int64_t remaining_ns() const;
};

enum class WaitResult : uint8_t { Ready, TimedOut, Interrupted };

/// Waits until `events` (poll(2)), an error or a hang-up on `fd`. With Wait::none() it only looks.
WaitResult wait_for_fd(int fd, short events, const Wait& wait);

/// As wait_for_fd over several entries; their `revents` tell which are ready.
WaitResult wait_for_fds(std::span<pollfd> entries, const Wait& wait);

/// The error of a wait that did not become ready: WouldBlock for Wait::none(), TimedOut or Interrupted. `what` is the
/// sentence of WouldBlock ("the queue is empty").
Error wait_error(WaitResult result, const Wait& wait, std::string_view what);

/// Gives calls without a time limit of their own (flock, msgrcv) one: while it lives, a timer of this thread interrupts
/// them with EINTR when the limit is reached, and once a second as a last net for a signal that came just before the
/// call. The caller looks at the wait again after each EINTR.
class WaitTimer {
 public:
  explicit WaitTimer(const Wait& wait);
  ~WaitTimer();
  WaitTimer(const WaitTimer&) = delete;
  WaitTimer& operator=(const WaitTimer&) = delete;

 private:
  timer_t timer_{};
  bool is_armed_ = false;
  struct sigaction before_ {};
};

/// `duration_ns` from now on CLOCK_REALTIME, for the calls that take an absolute time of that clock.
timespec realtime_after(int64_t duration_ns);

}  // namespace mish::ipc

#endif  // MISH_IPC_WAIT_H_
