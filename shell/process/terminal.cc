// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "shell/process/fd_plan.h"
#include "shell/process/signals.h"

namespace mish::process {
namespace {

/// Tries of the shell to get into the foreground; an orphaned background group cannot be stopped and would try for
/// ever.
constexpr int kForegroundTries = 16;

/// Blocks SIGTTOU, so that the terminal can be changed from the background.
class TerminalOutputSignalBlock {
 public:
  TerminalOutputSignalBlock() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    sigprocmask(SIG_BLOCK, &set, &previous_);
  }
  ~TerminalOutputSignalBlock() { sigprocmask(SIG_SETMASK, &previous_, nullptr); }
  TerminalOutputSignalBlock(const TerminalOutputSignalBlock&) = delete;
  TerminalOutputSignalBlock& operator=(const TerminalOutputSignalBlock&) = delete;

 private:
  sigset_t previous_;
};

/// Stops this process group with SIGTTIN whatever the shell's disposition is, until somebody continues it.
void stop_with_ttin() {
  struct sigaction standard = {};
  struct sigaction old = {};
  standard.sa_handler = SIG_DFL;
  sigaction(SIGTTIN, &standard, &old);
  kill(0, SIGTTIN);
  sigaction(SIGTTIN, &old, nullptr);
}

}  // namespace

Terminal::~Terminal() { close(); }

Result<void> Terminal::open() {
  if (is_open()) return {};
  for (int fd : {2, 0, 1}) {
    if (tcgetpgrp(fd) < 0) continue;  // fails unless it is the controlling terminal
    auto copy = duplicate_above_9(fd);
    if (!copy) return copy.error();
    fd_ = std::move(*copy);
    break;
  }
  if (!is_open()) {
    auto device = open_file("/dev/tty", O_RDWR | O_NOCTTY);
    if (!device) return device.error();
    auto moved = move_above_9(std::move(*device));
    if (!moved) return moved.error();
    fd_ = std::move(*moved);
  }
  shell_group_ = getpgrp();
  return {};
}

void Terminal::close() {
  if (!is_open()) return;
  fd_.reset();
  is_taken_ = false;
}

Result<void> Terminal::take(bool waits) {
  if (auto opened = open(); !opened) return opened.error();
  for (int tries = 0;; ++tries) {
    auto foreground = foreground_group();
    if (!foreground) return foreground.error();
    if (*foreground == getpgrp()) break;
    if (!waits) return Errno(EPERM);
    if (tries == kForegroundTries) return Errno(EIO);
    stop_with_ttin();
  }
  original_group_ = getpgrp();
  // Fails only for a session leader, which leads its group already.
  if (original_group_ != getpid()) setpgid(0, 0);
  shell_group_ = getpgrp();
  if (auto given = set_foreground_group(shell_group_); !given) {
    // Where it was it can read; a group of its own in the background would stop at the first look at the terminal.
    if (setpgid(0, original_group_) == 0) shell_group_ = original_group_;
    return given.error();
  }
  is_taken_ = true;
  owner_ = getpid();
  save_modes();
  return {};
}

void Terminal::leave() {
  // A forked subshell has nothing to give back.
  if (!is_taken_ || owner_ != getpid()) return;
  is_taken_ = false;
  witness_.stop();
  if (original_group_ == shell_group_) return;
  // The old group may be gone; then the terminal stays with ours.
  if (setpgid(0, original_group_) != 0) return;
  shell_group_ = original_group_;
  if (!set_foreground_group(original_group_)) return;
}

Result<pid_t> Terminal::foreground_group() const {
  pid_t group = tcgetpgrp(fd_.get());
  if (group < 0) return Errno::last();
  return group;
}

Result<void> Terminal::set_foreground_group(pid_t group) const {
  TerminalOutputSignalBlock blocked;
  while (tcsetpgrp(fd_.get(), group) != 0) {
    if (errno != EINTR) return Errno::last();
  }
  return {};
}

bool Terminal::regain() const {
  auto foreground = foreground_group();
  return is_taken_ && foreground && *foreground != shell_group_ && reclaim().ok();
}

void Terminal::save_modes() {
  if (tcgetattr(fd_.get(), &modes_) == 0) has_modes_ = true;
}

void Terminal::restore_modes() const {
  if (has_modes_ && !set_modes(modes_)) return;  // hung up: nothing to restore
}

Result<struct termios> Terminal::current_modes() const {
  struct termios modes = {};
  if (tcgetattr(fd_.get(), &modes) != 0) return Errno::last();
  return modes;
}

Result<void> Terminal::set_modes(const struct termios& modes) const {
  TerminalOutputSignalBlock blocked;
  while (tcsetattr(fd_.get(), TCSADRAIN, &modes) != 0) {
    if (errno != EINTR) return Errno::last();
  }
  return {};
}

}  // namespace mish::process
