// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting: for children (wait4, decoded) and for descriptors, in both cases without losing a signal between the look at
// what is pending and the sleep: signals are blocked during the look and let in atomically by the sleep (sigsuspend,
// ppoll). Nothing here polls. The job table is the one caller of wait_for_change().
#ifndef MISH_SHELL_PROCESS_WAIT_H_
#define MISH_SHELL_PROCESS_WAIT_H_

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>

namespace mish::process {

/// How a process is, or how it ended.
class ProcessStatus {
 public:
  enum class Kind : uint8_t { Running, Exited, Signaled, Stopped, Continued };

  ProcessStatus() = default;
  static ProcessStatus exited(int code) { return {Kind::Exited, code, false}; }
  static ProcessStatus signaled(int signal, bool core = false) { return {Kind::Signaled, signal, core}; }
  static ProcessStatus stopped(int signal) { return {Kind::Stopped, signal, false}; }
  /// Decodes the status word of waitpid(2).
  static ProcessStatus from_wait(int raw);

  Kind kind() const { return kind_; }
  bool is_finished() const { return kind_ == Kind::Exited || kind_ == Kind::Signaled; }
  bool is_stopped() const { return kind_ == Kind::Stopped; }
  bool is_signaled() const { return kind_ == Kind::Signaled; }
  bool dumped_core() const { return core_; }
  /// Signal that ended or stopped it, 0 if none.
  int signal() const { return kind_ == Kind::Signaled || kind_ == Kind::Stopped ? code_ : 0; }
  /// XCU 2.8.2: the exit code, or 128 + signal number. 0 while running.
  int to_exit_status() const;
  friend bool operator==(const ProcessStatus&, const ProcessStatus&) = default;

 private:
  ProcessStatus(Kind kind, int code, bool core) : kind_(kind), core_(core), code_(static_cast<uint8_t>(code)) {}
  Kind kind_ = Kind::Running;
  bool core_ = false;
  uint8_t code_ = 0;
};

struct ChildChange {
  pid_t pid = 0;
  ProcessStatus status;
};

enum class WaitMode : uint8_t {
  Poll,           // do not sleep
  Block,          // sleep until a child changes; signals do not end it
  Interruptible,  // a pending caught signal ends it (SIGCHLD alone does not)
  UntilHangup,    // only SIGHUP ends it, when an interactive shell is to die of it
};

enum class WaitOutcome : uint8_t { Changed, NoChange, NoChildren, Interrupted };

/// Takes one change of any child. `stops`: stops and continuations are of interest too (job control).
/// NoChange only with Poll. Interruptible installs the SIGCHLD handler if need be. Never fails otherwise.
WaitOutcome wait_for_change(WaitMode mode, bool stops, ChildChange& change);

/// Waits for one child of known pid to end, whatever signals come. For children that are nobody's job (spawn failures).
ProcessStatus wait_for_pid(pid_t pid);

enum class PollOutcome : uint8_t { Ready, TimedOut, Interrupted, ChildChanged };

/// ppoll(2) composed with signals: Ready when at least one revents is set; Interrupted when a caught signal is or
/// becomes pending (SIGCHLD counts only if trapped); ChildChanged when `children` and a child changed (needs
/// watch_children()). `timeout_ns` < 0 waits for ever. An invalid descriptor counts as ready (POLLNVAL).
PollOutcome wait_for_descriptors(std::span<struct pollfd> descriptors, int64_t timeout_ns, bool children = false);

/// The same for reading from one descriptor.
PollOutcome wait_readable(int fd, int64_t timeout_ns, bool children = false);

/// Sleeps until `fd` can be read or `is_over()`, which is asked with all signals blocked: first, and again after each
/// that came. For waits that a pending signal does not end by itself. Returns whether it can be read.
bool wait_readable_unless(int fd, const std::function<bool()>& is_over);

/// Sleeps until a caught signal is pending or the time is over; TimedOut, Interrupted or ChildChanged.
PollOutcome wait_for_signal(int64_t timeout_ns, bool children = false);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_WAIT_H_
