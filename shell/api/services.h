// SPDX-License-Identifier: GPL-3.0-or-later
// What a builtin may ask the running shell to do. Implemented by exec/shell, faked in tests.
#ifndef MISH_SHELL_API_SERVICES_H_
#define MISH_SHELL_API_SERVICES_H_

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/api/builtin.h"
#include "shell/base/diagnostic.h"
#include "shell/base/result.h"
#include "shell/state/options.h"
#include "shell/state/traps.h"

namespace mish::expand {
class Expander;
}

namespace mish::api {

/// Where a command name leads (XCU 2.9.1.4); for type, command -v, hash, which.
struct FoundCommand {
  enum class Kind : uint8_t { NotFound, Alias, Keyword, SpecialBuiltin, Function, Builtin, File };
  Kind kind = Kind::NotFound;
  const Builtin* builtin = nullptr;
  std::string path;  // File; empty if found but not executable (see is_unexecutable)
  bool is_hashed = false;
  bool is_unexecutable = false;
  std::string trouble;  // "FILE: why": a place in PATH that could not be looked at, empty if there was none
};

struct RunOptions {
  bool skip_functions = false;  // `command`
  bool builtin_only = false;    // `builtin`
  bool default_path = false;    // `command -p`
  bool is_replaceable = false;  // last command of the shell: may replace the process
};

class Editor;

class ShellServices {
 public:
  virtual ~ShellServices() = default;

  /// Parses and executes text in the current environment (eval, trap actions, completion functions). `name` is for
  /// messages.
  virtual Completion run_text(std::string_view text, std::string_view name) = 0;
  /// Reads and executes a file in the current environment (XCU dot), positional parameters replaced when `arguments` is
  /// non-empty. `path` as found. Fails with a message and status 1 / ENOENT status 127-less as the `.` page says.
  virtual Completion run_file(std::string_view path, Args arguments) = 0;
  /// Runs a simple command with these words (command, builtin, exec's search, `shm lock N -- cmd`): search,
  /// redirections none.
  virtual Completion run_command(Args words, const RunOptions& options) = 0;
  /// Replaces the process (XCU exec). Returns only on failure, with 126/127 and the message written.
  /// `argv0` overrides words[0] when non-empty; `empty_environment` as exec -c.
  virtual Completion replace_shell(Args words, std::string_view argv0, bool empty_environment) = 0;
  /// Makes the redirections of the current simple command permanent (exec without command).
  virtual void keep_redirections() = 0;
  /// Starts a command asynchronously as a job or plain child, for mbox serve, rpc, proc spawn: returns its pid, or -1
  /// with errno. `stdin_fd`/`stdout_fd`/`stderr_fd` -1 = inherit. Functions and builtins run in a forked subshell.
  struct SpawnOptions {
    int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;
    bool own_group = false;
    bool own_session = false;
    /// Called in the child before exec (setrlimit, nice, prctl); must be async-signal-safe. May be null.
    void (*child_setup)(void* data) = nullptr;
    void* child_data = nullptr;
  };
  virtual pid_t spawn_command(Args words, const SpawnOptions& options) = 0;
  /// Calls a shell function or command with words, positional parameters etc., output captured into `out`.
  virtual Completion capture_command(Args words, std::string& out) = 0;

  /// Where the name leads now.
  virtual FoundCommand find_command(std::string_view name, const RunOptions& options) = 0;
  virtual const Builtin* find_builtin(std::string_view name) const = 0;
  virtual BuiltinTable builtins() const = 0;
  /// enable / enable -n. False when there is no such builtin.
  virtual bool enable_builtin(std::string_view name, bool on) = 0;
  virtual bool is_builtin_enabled(const Builtin& builtin) const = 0;

  /// Sets an option with its effects (monitor, posix, vi, emacs, allexport, ...). False with a message when refused.
  virtual bool set_option(state::Option option, bool on) = 0;
  /// Changes a trap and the signal's disposition. Signals ignored at entry of a non-interactive shell stay ignored
  /// (silently). Fails, with nothing changed, when the system refuses the disposition.
  virtual Result<void> set_trap(state::Condition condition, state::TrapAction action) = 0;
  /// Whether the signal was ignored when the shell started and cannot be trapped.
  virtual bool is_ignored_at_entry(state::Condition condition) const = 0;

  /// Whether a trap action or interrupt is waiting: read, wait, sleep and the IPC waits give up with 128+n then.
  /// Returns the signal number, 0 if none.
  virtual int pending_trap_signal() const = 0;
  /// Runs pending trap actions now (safe point).
  virtual Completion run_pending_traps() = 0;
  /// Puts a job into the foreground or background (fg, bg); returns its completion.
  virtual Completion continue_job(int job_number, bool foreground) = 0;
  /// Wait for input on `fd`, signals composed in: 1 readable (or EOF), 0 timed out, -1 interrupted. timeout_ms < 0 =
  /// forever.
  virtual int wait_readable(int fd, int timeout_ms) = 0;

  /// Where execution is now, for messages.
  virtual Location location() const = 0;
  /// Writes "mish: FILE: line N: message"; nothing for an empty message, of an error that was told where it happened.
  virtual void report(std::string_view message) = 0;
  virtual expand::Expander& expander() = 0;
  virtual bool is_interactive() const = 0;
  /// History list and key bindings: the front end's, or a script's own, made when first asked for. Null in a shell
  /// built without a line editor.
  virtual Editor* editor() = 0;
};

}  // namespace mish::api

#endif  // MISH_SHELL_API_SERVICES_H_
