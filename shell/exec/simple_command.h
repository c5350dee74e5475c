// SPDX-License-Identifier: GPL-3.0-or-later
// Simple commands (XCU 2.9.1): expansion, redirections, assignments, search, and invocation of builtin, function or
// external utility. One of the two places where shell errors (XCU 2.8.1) get their consequences.
#ifndef MISH_SHELL_EXEC_SIMPLE_COMMAND_H_
#define MISH_SHELL_EXEC_SIMPLE_COMMAND_H_

#include <span>
#include <string>
#include <string_view>

#include "shell/exec/command_search.h"
#include "shell/exec/context.h"
#include "shell/process/fd_plan.h"
#include "shell/process/spawn.h"

namespace mish::exec {

class AppliedRedirections;

using Fields = std::span<const std::string_view>;

class SimpleCommandRunner {
 public:
  explicit SimpleCommandRunner(ExecutionContext& context) : context_(context) {}

  Completion run(const syntax::SimpleCommand& node, Tail tail);

  /// What `command`, `builtin` and others ask for: runs `words` as a simple command without assignments and
  /// redirections.
  Completion run_words(Fields words, const api::RunOptions& options);
  /// Whether `word` as a command name is a job, with job control: `%1` means `fg %1`, `%1 &` means `bg %1`.
  bool resumes_job(std::string_view word) const;
  Completion resume_job(Fields fields, bool foreground);
  /// Calls a builtin with `fields` ([0] is its name), flushes its output and reports write errors.
  Completion call_builtin(const api::Builtin& builtin, Fields fields, const syntax::SimpleCommand* command,
                          bool is_special);
  /// Replaces the process by the utility `fields` (XCU exec), whose redirections are in force already. Returns only on
  /// failure, with 126 or 127, after a message.
  int replace(Fields fields, std::string_view argv0, bool empty_environment, bool default_path);

  /// Expands the words of `node` to `fields`, operands of declaration utilities as assignments.
  void expand_words(const syntax::SimpleCommand& node, expand::FieldList& fields);

  struct Started {
    pid_t pid = -1;
    int status = 0;  // when not started: 126, 127, after a message
  };
  /// Starts the utility `fields` with `plan` as a process of `job`'s group, searching PATH (or `default_path`). Scripts
  /// without an interpreter line are run by this shell.
  Started start(Fields fields, process::FdPlan& plan, pid_t process_group, process::Terminal* terminal,
                bool is_asynchronous, bool default_path);
  /// As report_failure(), with the redirections of the command in force: `nosuch 2>/dev/null` is silent.
  int report_failure_under(process::FdPlan& plan, std::string_view name, int error);
  /// Whether an unknown command would be handed to command_not_found_handle.
  bool has_not_found_handler() const;
  /// Reports that the utility was not found or is not executable; returns the status.
  int report_failure(std::string_view name, int error);

  /// `exec` without command: the redirections of the builtin that runs stay in force.
  void keep_redirections();

 private:
  Completion execute(const syntax::SimpleCommand& node, Tail tail);
  Completion run_target(const syntax::SimpleCommand& node, const Target& target, Fields fields, Tail tail);
  Completion assign_only(const syntax::SimpleCommand& node);
  Completion redirect_only(const syntax::SimpleCommand& node);
  Completion builtin(const syntax::SimpleCommand& node, const Target& target, Fields fields);
  Completion call_function(const Target& target, Fields fields);
  Completion function(const syntax::SimpleCommand& node, const Target& target, Fields fields);
  bool prepare_for_utility(std::span<const syntax::Redirection> redirections, process::FdPlan& plan);
  Completion external(const syntax::SimpleCommand& node, Fields fields, Tail tail);
  Completion late_fork(const syntax::SimpleCommand& node, const Target& target, Fields fields);
  Completion not_found(Fields fields);
  bool change_directory_by_name(Fields fields, Completion& completion);
  void assign_traced(const syntax::Assignment& assignment);
  void assign_all(const syntax::SimpleCommand& node, bool exports = false);
  /// Performs the prefix assignments in the temporary scope that the caller pushed; exported when `exports`.
  void assign_prefix(const syntax::SimpleCommand& node, bool exports);
  Completion assignment_failure(const state::ShellError& error);
  void trace(const syntax::SimpleCommand& node, Fields fields);
  /// The trace goes where errors went before the redirections of the command, as in dash and bash.
  template <typename Redirections>
  void trace(const syntax::SimpleCommand& node, Fields fields, const Redirections& redirections) {
    if (!context_.state.is_on(Option::XTrace)) [[likely]]
      return;
    redirections.direct_errors(false);
    trace(node, fields);
    redirections.direct_errors(true);
  }
  Completion redirection_failure(bool is_special);
  std::string script_interpreter_name() const;

  ExecutionContext& context_;
  AppliedRedirections* redirections_ = nullptr;  // of the builtin that runs
  int not_found_depth_ = 0;                      // calls of command_not_found_handle this process runs in
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_SIMPLE_COMMAND_H_
