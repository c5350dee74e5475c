// SPDX-License-Identifier: GPL-3.0-or-later
// The shell under test at a prompt on a pseudo-terminal, without start-up files.
#ifndef MISH_TESTS_PTY_INTERACTIVE_SHELL_H_
#define MISH_TESTS_PTY_INTERACTIVE_SHELL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/pty.h"

namespace mish::tests {

/// Whether somebody watches signals and children while a line is typed: the front end, where it was built.
inline constexpr bool kHasFrontend = MISH_HAS_FRONTEND != 0;

class InteractiveShell : public PtySession {
 public:
  InteractiveShell()
      : PtySession({shell_path(), "--norc", "--noprofile", "-i"},
                   {{"PS1", "ready> "}, {"HISTFILE", "/dev/null"}, {"HOME", "/"}}) {
    expect("ready> ");
  }

  /// Types a line.
  void type(std::string_view line) { send(std::string(line) + "\n"); }

  /// Types a command and returns what it wrote up to its end (the echo of the line before it). Its status is in
  /// status().
  std::string command(std::string_view line) {
    // The marks are typed in two pieces, so that the echo does not show them.
    type("echo beg''in; " + std::string(line) + "\necho e''nd:$?:");
    if (!expect("begin")) return {};
    if (!expect("end:")) return {};
    std::string text = before();
    expect(":");
    status_ = before();
    return text;
  }
  const std::string& status() const { return status_; }

  /// Starts a command in the foreground and waits until it has the terminal.
  bool start(std::string_view line) {
    type(line);
    return await([this] { return foreground_group() != pid() && foreground_group() > 0; });
  }

  /// Process id of the last background job.
  pid_t last_background() {
    type("echo pid''=$!=");
    if (!expect("pid=") || !expect("=")) return 0;
    return static_cast<pid_t>(std::stoi(before()));
  }

 private:
  std::string status_;
};

}  // namespace mish::tests

#endif  // MISH_TESTS_PTY_INTERACTIVE_SHELL_H_
