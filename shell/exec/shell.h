// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: owns the state, the jobs, the outputs and the parts of the executor, and is what expansion
// (ExpansionHooks) and builtins (ShellServices) ask. One object, everything reachable from it by reference; a test may
// make many.
#ifndef MISH_SHELL_EXEC_SHELL_H_
#define MISH_SHELL_EXEC_SHELL_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/api/services.h"
#include "shell/api/virtual_files.h"
#include "shell/base/output.h"
#include "shell/exec/command_search.h"
#include "shell/exec/containment.h"
#include "shell/exec/context.h"
#include "shell/exec/executor.h"
#include "shell/exec/function_call.h"
#include "shell/exec/pipeline.h"
#include "shell/exec/read_eval_loop.h"
#include "shell/exec/simple_command.h"
#include "shell/exec/subshell.h"
#include "shell/exec/trap_runner.h"
#include "shell/expand/expander.h"
#include "shell/expand/hooks.h"
#include "shell/process/job.h"
#include "shell/process/terminal.h"
#include "shell/state/shell_state.h"

namespace mish::exec {

class Shell final : public api::ShellServices, public expand::ExpansionHooks {
 public:
  /// `builtins`: the table, sorted by name; borrowed.
  explicit Shell(api::BuiltinTable builtins);
  ~Shell() override;

  state::ShellState& state() { return state_; }
  process::JobTable& jobs() { return jobs_; }
  process::Terminal& terminal() { return terminal_; }
  Output& out() { return out_; }
  Output& err() { return err_; }
  ExecutionContext& context() { return context_; }
  void set_frontend(api::Frontend* frontend) { context_.frontend = frontend; }
  /// How a script comes by its editor, see editor().
  using EditorFactory = std::unique_ptr<api::Editor> (*)(state::ShellState& state);
  void set_editor_factory(EditorFactory factory) { make_editor_ = factory; }
  void set_virtual_files(api::OpenVirtualFile open) { context_.open_virtual_file = open; }

  /// Reads and executes everything in `source`.
  Completion run(syntax::Source& source, std::string_view name, ReadEvalLoop::Purpose purpose, Tail tail = Tail::No);
  /// Ends the shell environment: pending traps, EXIT trap, outputs, terminal, jobs. Returns the status to exit with, or
  /// does not return when the shell must die of a signal.
  int finish(Completion completion);

  // api::ShellServices
  Completion run_text(std::string_view text, std::string_view name) override;
  Completion run_file(std::string_view path, api::Args arguments) override;
  Completion run_command(api::Args words, const api::RunOptions& options) override;
  Completion replace_shell(api::Args words, std::string_view argv0, bool empty_environment) override;
  void keep_redirections() override;
  pid_t spawn_command(api::Args words, const SpawnOptions& options) override;
  Completion capture_command(api::Args words, std::string& out) override;
  api::FoundCommand find_command(std::string_view name, const api::RunOptions& options) override;
  const api::Builtin* find_builtin(std::string_view name) const override;
  api::BuiltinTable builtins() const override { return context_.builtins; }
  bool enable_builtin(std::string_view name, bool on) override;
  bool is_builtin_enabled(const api::Builtin& builtin) const override;
  bool set_option(state::Option option, bool on) override;
  Result<void> set_trap(state::Condition condition, state::TrapAction action) override;
  bool is_ignored_at_entry(state::Condition condition) const override;
  int pending_trap_signal() const override;
  Completion run_pending_traps() override;
  Completion continue_job(int job_number, bool foreground) override;
  int wait_readable(int fd, int timeout_ms) override;
  Location location() const override;
  void report(std::string_view message) override;
  expand::Expander& expander() override { return expander_; }
  bool is_interactive() const override { return context_.is_interactive(); }
  api::Editor* editor() override;

  // expand::ExpansionHooks
  int run_command_substitution(const syntax::CommandSubstitution& substitution, std::string& out) override;
  std::string open_process_substitution(const syntax::ProcessSubstitution& substitution) override;
  std::string render_prompt(std::string_view text) override;
  void warn(std::string_view message) override { report(message); }

 private:
  class NestedText;

  bool set_monitor(bool on);
  void load_history();
  /// Tells the system of a trap action of that kind. False, with errno, when it refuses.
  bool change_disposition(int signal, state::TrapAction::Kind kind);

  state::ShellState state_;
  process::JobTable jobs_;
  process::Terminal terminal_;
  Output out_;
  Output err_;
  expand::Expander expander_;
  ExecutionContext context_;
  Executor executor_;
  CommandSearch search_;
  Containment containment_;
  FunctionCaller functions_;
  PipelineRunner pipelines_;
  SimpleCommandRunner simple_commands_;
  SubshellRunner subshells_;
  TrapRunner traps_;
  EditorFactory make_editor_ = nullptr;
  std::unique_ptr<api::Editor> editor_;  // of a script
  size_t nested_text_ = 0;               // bytes of the evals that are running
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_SHELL_H_
