// SPDX-License-Identifier: GPL-3.0-or-later
// The controlling terminal (XBD 11): its foreground process group and its modes. Used only with job control or at a
// prompt. All calls are safe from a background process group: SIGTTOU is blocked around them.
#ifndef MISH_SHELL_PROCESS_TERMINAL_H_
#define MISH_SHELL_PROCESS_TERMINAL_H_

#include <sys/types.h>
#include <termios.h>

#include "shell/base/private_fd.h"
#include "shell/base/result.h"
#include "shell/process/interrupt_witness.h"

namespace mish::process {

class Terminal {
 public:
  Terminal() = default;
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Opens the controlling terminal on a private descriptor: descriptor 2, 0 or 1 if one is it, else /dev/tty.
  /// Fails with ENOTTY or ENXIO when the process has none. Repeated calls are cheap.
  Result<void> open();
  bool is_open() const { return fd_.is_open(); }
  /// The private descriptor (>= 10, close-on-exec), -1 when not open.
  int fd() const { return fd_.get(); }
  void close();

  /// Starts job control (XCU set -m): waits until the shell is in the foreground (stops itself with SIGTTIN when
  /// `waits`, else fails with EPERM when it is not), makes the shell the leader of its own group, puts that group into
  /// the foreground and saves the modes. EIO for an orphaned background group. Undone by leave().
  Result<void> take(bool waits);
  /// Gives the terminal back to the group the shell was started in, and rejoins it. Before the shell ends, stops or
  /// execs.
  void leave();
  bool is_taken() const { return is_taken_; }
  /// The shell's own process group, while taken; else getpgrp().
  pid_t shell_group() const { return shell_group_; }

  /// tcgetpgrp(3).
  Result<pid_t> foreground_group() const;
  /// tcsetpgrp(3), with SIGTTOU blocked. Async-signal-safe.
  Result<void> set_foreground_group(pid_t group) const;
  /// The shell's group back into the foreground.
  Result<void> reclaim() const { return set_foreground_group(shell_group_); }

  /// Puts the shell's group back into the foreground where another one took that place unasked. False when nothing was
  /// put right: the shell has it, or the terminal is gone.
  bool regain() const;

  /// Notes the present modes as those of the shell (after a command ended well: `stty` must last).
  void save_modes();
  /// Sets the modes noted last, after a command was stopped or died.
  void restore_modes() const;
  bool has_modes() const { return has_modes_; }
  const struct termios& modes() const { return modes_; }
  Result<struct termios> current_modes() const;
  Result<void> set_modes(const struct termios& modes) const;

  /// Sees what the terminal sends to the foreground group while nobody else there is alive. Absent until started.
  InterruptWitness& witness() { return witness_; }

 private:
  PrivateFd fd_;
  pid_t shell_group_ = 0;
  pid_t original_group_ = 0;  // of the shell, before take()
  pid_t original_foreground_ = 0;
  pid_t owner_ = 0;  // the process that took it
  bool is_taken_ = false;
  bool has_modes_ = false;
  struct termios modes_ = {};
  InterruptWitness witness_;
};

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_TERMINAL_H_
