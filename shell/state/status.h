// SPDX-License-Identifier: GPL-3.0-or-later
// Exit status of a command and the way it completed. Completion travels upward by value: break, continue, return, exit
// and errexit are never exceptions. ShellError is the one exception of the language: the consequences of shell errors
// of XCU 2.8.1, thrown by expansion and assignment and caught where a simple command or the read-eval loop decides.
#ifndef MISH_SHELL_STATE_STATUS_H_
#define MISH_SHELL_STATE_STATUS_H_

#include <cstdint>
#include <string>
#include <utility>

namespace mish::state {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsageError = 2;
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;
inline constexpr int kSignalBase = 128;

enum class Flow : uint8_t {
  Normal,
  Break,      // levels loops to leave
  Continue,   // levels - 1 loops to leave, then the next iteration
  Return,     // from the innermost function or dot script
  Exit,       // the shell (or subshell) ends with status; the EXIT trap still runs
  Interrupt,  // the command line is abandoned (SIGINT at an interactive shell, an error of 2.8.1 there)
};

struct Completion {
  int status = 0;
  Flow flow = Flow::Normal;
  uint16_t levels = 0;

  bool is_normal() const { return flow == Flow::Normal; }
  static Completion of(int status) { return {status, Flow::Normal, 0}; }
};

/// An error with consequences (XCU 2.8.1). `is_reported`: the message was already written.
class ShellError {
 public:
  enum class Kind : uint8_t {
    Expansion,     // arithmetic: in the bash language only the line is abandoned
    Substitution,  // ${x!}, failglob: as Expansion; with errexit a script ends
    Unset,         // ${x:?}, nounset: a script ends
    Assignment,    // readonly variable, bad subscript: as Substitution, but of a builtin only its failure
    Utility,       // of a special builtin
    Fatal,         // out of memory: the command line is abandoned; a script ends
    Exhausted,     // as Fatal, of the stack: subshells that run in this process end together
  };
  ShellError(Kind kind, std::string message, int status = kFailure)
      : kind_(kind), status_(status), message_(std::move(message)) {}
  Kind kind() const { return kind_; }
  bool is_fatal() const { return kind_ == Kind::Fatal || kind_ == Kind::Exhausted; }
  int status() const { return status_; }
  /// Without shell name and location, e.g. "x: parameter not set".
  const std::string& message() const { return message_; }

 private:
  Kind kind_;
  int status_;
  std::string message_;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_STATUS_H_
