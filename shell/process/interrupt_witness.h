// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-C between two commands of a loop at the prompt. The terminal sends SIGINT to its foreground process group; from
// the end of the command there until the shell has the terminal back, nobody in that group is alive and the signal is
// lost. So a small process of the shell's is a member of that group, too: it blocks every signal, and SIGINT stays
// pending there for the shell to see (XCU 2.11). Only loops have one; it ends before the prompt.
#ifndef MISH_SHELL_PROCESS_INTERRUPT_WITNESS_H_
#define MISH_SHELL_PROCESS_INTERRUPT_WITNESS_H_

#include <sys/types.h>

#include "shell/base/private_fd.h"

namespace mish::process {

class InterruptWitness {
 public:
  InterruptWitness() = default;
  ~InterruptWitness() { stop(); }
  InterruptWitness(const InterruptWitness&) = delete;
  InterruptWitness& operator=(const InterruptWitness&) = delete;

  /// Makes the process, unless there is one. Failures are silent: without a witness a late interrupt is lost, no more.
  void start();
  /// Ends it and waits for its end. In a forked child, whose witness it is not, it is only forgotten.
  void stop();
  bool is_present() const { return pid_ > 0; }

  /// Makes it a member of a foreground job's group. The shell calls this right after the start of the job's process.
  void join(pid_t group);
  /// In that process, before it becomes what it is to be: waits until the witness is in its group. Async-signal-safe.
  void await_in_group() const;
  /// The job is over, or stopped, and the shell has the terminal: leaves the group. Returns whether a SIGINT came to it
  /// that no process of the job handled: one that came to none of them alive.
  bool leave_group();

  /// Called before a child that ended is reaped: one that catches, ignores or blocks SIGINT has handled it.
  static void look_at_ended_child();
  /// In a forked child: the parent's witness is no business of its.
  static void forget_in_child();

 private:
  bool has_seen() const;

  pid_t pid_ = 0;
  pid_t owner_ = 0;
  pid_t group_ = 0;  // that it is a member of; its own while there is no job
  bool is_handled_ = false;
  PrivateFd status_;  // its /proc/PID/status
};

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_INTERRUPT_WITNESS_H_
