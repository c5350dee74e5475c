// SPDX-License-Identifier: GPL-3.0-or-later
// Runs trap actions (XCU trap) at the safe points: pending signals before a command, EXIT when a shell environment
// ends, and bash's ERR, DEBUG and RETURN. An action has a parser of its own and leaves `$?` as it was.
#ifndef MISH_SHELL_EXEC_TRAP_RUNNER_H_
#define MISH_SHELL_EXEC_TRAP_RUNNER_H_

#include <span>

#include "shell/exec/context.h"
#include "shell/process/signals.h"
#include "shell/state/traps.h"

namespace mish::exec {

class TrapRunner {
 public:
  explicit TrapRunner(ExecutionContext& context) : context_(context) {}

  /// Before each command: actions of pending signals, then the DEBUG trap. Nearly always two loads and no call.
  Completion before_command(const syntax::Command& command) {
    if (process::any_pending()) [[unlikely]] {
      if (Completion completion = run_pending(); !completion.is_normal()) return completion;
    }
    if (debug_is_armed_) [[unlikely]]
      return on_debug(command);
    return {};
  }
  /// With extdebug a DEBUG action that fails lets the command be left out: before_command() then gives kLeftOut, and
  /// the command completes with outcome() of it.
  static constexpr Completion kLeftOut = {0, Flow::Break, 0};
  static Completion outcome(Completion due) { return due.flow == Flow::Break && due.levels == 0 ? Completion{} : due; }
  /// Runs the actions of all pending signals. What no action says ends the shell (SIGTERM with only an EXIT trap,
  /// SIGINT at a prompt abandons the line).
  Completion run_pending();
  /// A pending signal with a trap action or SIGINT, 0 if none: what read, wait and sleep give up for.
  int pending_trap_signal() const;
  /// Whether a signal is pending that ends what runs now, so that no system call may go on waiting: Ctrl-C or a hang-up
  /// of an interactive shell, death with an EXIT action.
  bool ends_what_runs() const;
  /// A system call was interrupted: runs the actions of the signals that came. Whether the call is to be made again;
  /// if not, what the actions completed with is what run_pending() will say next.
  bool goes_on_after_signal();

  /// A command failed outside the contexts that errexit ignores: the ERR trap.
  Completion on_error(int status) { return error_is_armed_ ? run_condition(state::kTrapErr, status) : Completion{}; }
  /// What the body of a function or dot script ended with: `return` has done its work, then comes the RETURN trap.
  /// `line` is LINENO of that action.
  Completion end_body(Completion completion, uint32_t line);
  /// The shell environment ends with `status`: runs the EXIT action once. Returns the status to end with.
  int on_exit(int status);
  /// `exit` or errexit ends the environment: in the bash language the EXIT action runs right there, among the functions
  /// and redirections that are left. Returns the status to end with; on_exit() then has nothing left to do.
  int on_leave(int status);
  /// Whether on_leave() would run an EXIT action now.
  bool leaves_here() const;

  /// A trap was set or reset: keeps the armed flags right.
  void changed(state::Condition condition);
  /// After entering a subshell: only what errtrace and functrace let through stays armed.
  void enter_subshell();

  /// The signal that the shell must die of when it exits (0 = none): set when it was killed by one it had caught only
  /// to run the EXIT trap, or when its child died of SIGINT.
  int deadly_signal() const { return deadly_signal_; }
  void set_deadly_signal(int signal) { deadly_signal_ = signal; }

  /// Whether no command action and no pending signal would be lost if the process were replaced.
  bool allows_replacement() const;

  /// Whether SIGINT is held back while a foreground command runs: a script that does not deal with it itself.
  bool holds_interrupts() const;
  /// While an EXIT action is set, signals that end the shell are caught so that it can run first.
  bool catches_deaths() const { return catches_deaths_; }
  /// Whether `signal` is one of them now.
  bool catches_death(int signal) const;
  /// Such a signal that is pending, 0 if none.
  int pending_death() const;
  /// In a forked subshell: the EXIT action that made us catch them is gone.
  void forget_deaths() {
    catches_deaths_ = false;
    exit_is_running_ = false;
  }
  /// In a forked subshell: signals whose actions were reset get their default disposition.
  void restore_dispositions();
  /// The DEBUG action for the simple commands of a pipeline, which are to start: once each, here and not in their
  /// processes.
  Completion announce(std::span<const syntax::Command* const> stages);
  void forget_announced() { announced_ = {}; }
  bool is_debug_armed() const { return debug_is_armed_; }
  /// How many trap actions are running.
  int trap_depth() const { return trap_depth_; }

 private:
  friend class InheritedTraps;
  friend class ArmedTraps;
  Completion on_debug(const syntax::Command& command);
  /// Runs the action of `condition` with `$?` = `status`, which it also leaves.
  Completion run_condition(state::Condition condition, int status);
  Completion run_action(state::Condition condition, const state::TrapAction& action);
  void catch_deaths(bool on);

  ExecutionContext& context_;
  bool debug_is_armed_ = false;
  bool return_is_armed_ = false;
  bool error_is_armed_ = false;
  bool is_in_debug_ = false;
  bool is_in_error_ = false;
  bool is_in_return_ = false;
  bool exit_is_running_ = false;
  std::span<const syntax::Command* const> announced_;
  bool catches_deaths_ = false;
  int trap_depth_ = 0;
  int deadly_signal_ = 0;
  Completion deferred_;  // see goes_on_after_signal()
};

/// While a function runs: DEBUG and RETURN only with functrace (or declare -t), ERR only with errtrace. A dot script is
/// without DEBUG alone.
class InheritedTraps {
 public:
  enum class By { Function, TracedFunction, DotScript };
  InheritedTraps(TrapRunner& runner, By by);
  ~InheritedTraps();
  InheritedTraps(const InheritedTraps&) = delete;
  InheritedTraps& operator=(const InheritedTraps&) = delete;

 private:
  TrapRunner& runner_;
  bool debug_;
  bool return_;
  bool error_;
};

/// Saves the armed flags around an in-process subshell.
class ArmedTraps {
 public:
  explicit ArmedTraps(TrapRunner& runner)
      : runner_(runner),
        debug_(runner.debug_is_armed_),
        return_(runner.return_is_armed_),
        error_(runner.error_is_armed_) {}
  ~ArmedTraps() {
    runner_.debug_is_armed_ = debug_;
    runner_.return_is_armed_ = return_;
    runner_.error_is_armed_ = error_;
  }
  ArmedTraps(const ArmedTraps&) = delete;
  ArmedTraps& operator=(const ArmedTraps&) = delete;

 private:
  TrapRunner& runner_;
  bool debug_;
  bool return_;
  bool error_;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_TRAP_RUNNER_H_
