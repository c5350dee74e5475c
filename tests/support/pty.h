// SPDX-License-Identifier: GPL-3.0-or-later
// A program on a pseudo-terminal of its own, driven as by a person: keys are sent, the screen is awaited. Nothing
// sleeps: every wait ends with what was waited for, or fails the test when its time is over.
#ifndef MISH_TESTS_SUPPORT_PTY_H_
#define MISH_TESTS_SUPPORT_PTY_H_

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/base/fd.h"
#include "tests/support/run_process.h"

namespace mish::tests {

/// Keys that make signals in the default terminal modes.
inline constexpr std::string_view kCtrlC = "\x03";
inline constexpr std::string_view kCtrlD = "\x04";
inline constexpr std::string_view kCtrlZ = "\x1a";
inline constexpr std::string_view kCtrlBackslash = "\x1c";

class PtySession {
 public:
  /// Starts `argv` as leader of a new session whose controlling terminal is the new pseudo-terminal, with only PATH and
  /// `environment`. Fails the test when it cannot.
  explicit PtySession(const std::vector<std::string>& argv,
                      const std::vector<std::pair<std::string, std::string>>& environment = {});
  /// Kills the session if it still lives.
  ~PtySession();
  PtySession(const PtySession&) = delete;
  PtySession& operator=(const PtySession&) = delete;

  void send(std::string_view keys);
  /// Waits until `text` comes up on the screen; everything up to its end counts as read. False, and a test failure,
  /// when it does not within the time limit.
  bool expect(std::string_view text);
  /// What was on the screen before the last text awaited.
  const std::string& before() const { return before_; }
  /// Waits until the program ends. Its exit status, 128 + n for a signal; -1, and a test failure, when it does not.
  int wait_for_exit();
  /// Waits until `condition()` holds, looking again whenever time passed; for what no text announces.
  template <typename Condition>
  bool await(Condition condition) {
    for (auto start = std::chrono::steady_clock::now();
         std::chrono::steady_clock::now() - start < std::chrono::milliseconds(kTimeoutMs);) {
      if (condition()) return true;
      pass_time();
    }
    return condition();
  }
  /// Closes the terminal: the kernel hangs the session up.
  void hang_up();

  pid_t pid() const { return pid_; }
  /// Foreground process group of the terminal.
  pid_t foreground_group() const;
  struct termios modes() const;

 private:
  static constexpr int kTimeoutMs = 10000;
  static constexpr int kTickMs = 10;
  void pass_time();
  bool read_more(int timeout_ms);

  UniqueFd master_;
  pid_t pid_ = -1;
  std::string unread_;
  std::string before_;
  std::string log_;  // everything, for failure messages
};

/// The letter of a process's state in /proc (R, S, T, Z ...), 0 when there is no such process.
char process_state(pid_t pid);

/// Whether it has ended, collected or not.
inline bool has_ended(pid_t pid) {
  char state = process_state(pid);
  return state == '\0' || state == 'Z';
}

/// Number of zombie children of a process.
int zombie_children(pid_t parent);

/// Whether it has a child that lives.
bool has_child(pid_t parent);

}  // namespace mish::tests

#endif  // MISH_TESTS_SUPPORT_PTY_H_
