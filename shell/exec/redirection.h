// SPDX-License-Identifier: GPL-3.0-or-later
// Redirection nodes to an FdPlan (XCU 2.7): expands the targets, opens the files in the shell, here-documents,
// noclobber; and the two ways a plan acts on the shell itself: applied and undone around compound commands, functions
// and builtins that use descriptors, or, for builtins that only write, by pointing their Output at the opened file.
#ifndef MISH_SHELL_EXEC_REDIRECTION_H_
#define MISH_SHELL_EXEC_REDIRECTION_H_

#include <span>

#include "shell/exec/context.h"
#include "shell/process/fd_plan.h"

namespace mish::exec {

/// Where descriptors 1 and 2 lead while they may be captured in memory: null = to the descriptor.
struct Captures {
  Capture* out = nullptr;
  Capture* err = nullptr;
};

/// Opens what `redirections` name and appends the actions to `plan`. Copies of a captured descriptor change `captures`
/// instead. False after an error was reported; the command then fails with status 1. Throws ShellError for expansions.
bool prepare_redirections(ExecutionContext& context, std::span<const syntax::Redirection> redirections,
                          process::FdPlan& plan, Captures& captures);

/// Begins the plan of a process: captured descriptors become the pipes of their captures (made if need be). False after
/// a reported error.
bool plan_captured_output(ExecutionContext& context, process::FdPlan& plan);

/// Redirections in force in the shell itself during the life of this object.
class AppliedRedirections {
 public:
  explicit AppliedRedirections(ExecutionContext& context) : context_(context) {}
  ~AppliedRedirections();
  AppliedRedirections(const AppliedRedirections&) = delete;
  AppliedRedirections& operator=(const AppliedRedirections&) = delete;

  /// False after an error was reported: everything is as before.
  bool apply(std::span<const syntax::Redirection> redirections);
  /// Puts `source` (owned by the caller) onto `target`, as the pipe of an in-process pipeline stage.
  bool apply_descriptor(int source, int target);
  /// Points the error output where it led before (`back`: where it leads now): for the trace of the command.
  void direct_errors(bool back) const;
  /// Flushes the outputs into the redirected files. False when a write failed (reported).
  bool finish();
  /// `exec` without command: they stay.
  void keep();
  /// They are those of a simple command (a function, eval, a dot script), which errexit leaves: see leave_commands().
  void belong_to_command() { is_of_command_ = true; }
  /// Undoes those of the outermost simple command that runs and all within it, before errexit's EXIT action.
  static void leave_commands(ExecutionContext& context);

 private:
  bool activate(const Captures& captures);
  void restore();
  ExecutionContext& context_;
  process::FdPlan plan_;
  process::SavedFds saved_;
  Captures previous_;
  AppliedRedirections* outer_ = nullptr;
  bool is_active_ = false;
  bool is_kept_ = false;
  bool is_of_command_ = false;
};

/// Redirections of a builtin that uses no descriptor but its Outputs: nothing is duplicated, saved or restored.
class OutputRedirections {
 public:
  explicit OutputRedirections(ExecutionContext& context) : context_(context) {}
  ~OutputRedirections() { restore(); }
  OutputRedirections(const OutputRedirections&) = delete;
  OutputRedirections& operator=(const OutputRedirections&) = delete;

  /// Where an Output leads.
  struct Place {
    std::string* memory = nullptr;
    int fd = -1;  // where memory is null
  };
  static Place place_of(const Output& output) { return {output.memory(), output.fd()}; }
  static void direct(Output& output, const Place& place);

  /// Whether only descriptors 1 and 2 are redirected.
  static bool serves(std::span<const syntax::Redirection> redirections);
  bool apply(std::span<const syntax::Redirection> redirections);
  /// As AppliedRedirections::direct_errors().
  void direct_errors(bool back) const;
  /// Flushes and points the outputs back.
  void restore();

 private:
  ExecutionContext& context_;
  process::FdPlan plan_;
  Place outer_out_, outer_err_, inner_err_;
  bool is_active_ = false;
};

/// Notes while a compound command or a stage of a pipeline runs whether it was given an input
/// (ExecutionContext::has_own_input). Nested strictly.
class InputScope {
 public:
  InputScope(ExecutionContext& context, bool is_given) : context_(context), outer_(context.has_own_input) {
    context_.has_own_input = outer_ || (is_given && !context.state.is_posix());
  }
  ~InputScope() { context_.has_own_input = outer_; }
  InputScope(const InputScope&) = delete;
  InputScope& operator=(const InputScope&) = delete;

  /// Whether descriptor 0 is redirected.
  static bool gives_input(std::span<const syntax::Redirection> redirections);

 private:
  ExecutionContext& context_;
  bool outer_;
};

/// Points `output` at its capture, or at descriptor `fd`.
void direct_output(Output& output, Capture* capture, int fd);

/// open(2) with O_CLOEXEC, which signals interrupt: their actions run, then it is tried again unless one of them ends
/// what runs (see TrapRunner::goes_on_after_signal()). Fails with EINTR then, which needs no message.
Result<UniqueFd> open_interruptibly(ExecutionContext& context, const char* path, int flags);

/// Reports the failed write of a builtin and forgets it. Returns whether there was one.
bool report_write_error(ExecutionContext& context, Output& output);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_REDIRECTION_H_
