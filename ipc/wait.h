// SPDX-License-Identifier: GPL-3.0-or-later
// How long an operation may wait and what may interrupt it: one value handed to everything that blocks. Waits on
// descriptors are free of the race between the look at pending signals and the sleep (ppoll with the old mask).
#ifndef MISH_IPC_WAIT_H_
#define MISH_IPC_WAIT_H_

#include <cstdint>
#include <ctime>
#include <limits>

namespace mish::ipc {

/// CLOCK_MONOTONIC in nanoseconds.
int64_t monotonic_ns();

/// A time limit with an optional interruption. A copy is cheap.
struct Wait {
  static constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
  int64_t deadline_ns = kForever;             // on CLOCK_MONOTONIC; 0 = do not wait at all
  bool (*interrupted)(void* data) = nullptr;  // asked before each sleep and after each signal; true ends the wait
  void* data = nullptr;

  static Wait forever() { return {}; }
  static Wait none() { return {.deadline_ns = 0}; }
  static Wait for_ns(int64_t duration_ns);

  bool is_nowait() const { return deadline_ns == 0; }
  bool is_forever() const { return deadline_ns == kForever; }
  /// Nanoseconds left, at least 0; kForever without a limit.
  int64_t remaining_ns() const;
  bool is_interrupted() const { return interrupted != nullptr && interrupted(data); }
};

enum class WaitResult : uint8_t { Ready, TimedOut, Interrupted };

/// Waits until `events` (poll(2)), an error or a hang-up on `fd`. With Wait::none() it only looks.
WaitResult wait_for_fd(int fd, short events, const Wait& wait);

/// `duration_ns` from now on CLOCK_REALTIME, for the calls that take an absolute time of that clock.
timespec realtime_after(int64_t duration_ns);

}  // namespace mish::ipc

#endif  // MISH_IPC_WAIT_H_
