// SPDX-License-Identifier: GPL-3.0-or-later
// Subshell environments (XCU 2.13): by fork, or, when containment admits the body, in this process on state that is
// marked before and rolled back after. Command and process substitutions, ( ), and how every forked child of the shell
// ends.
#ifndef MISH_SHELL_EXEC_SUBSHELL_H_
#define MISH_SHELL_EXEC_SUBSHELL_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "shell/exec/containment.h"
#include "shell/exec/context.h"
#include "shell/exec/trap_runner.h"
#include "shell/process/child.h"
#include "shell/process/fd_plan.h"
#include "shell/process/job.h"
#include "shell/state/shell_state.h"

namespace mish::exec {

/// A subshell environment in this process: everything it may change is put back at the end of its life.
struct InProcessFrame {
  explicit InProcessFrame(ExecutionContext& context);
  ~InProcessFrame();
  InProcessFrame(const InProcessFrame&) = delete;
  InProcessFrame& operator=(const InProcessFrame&) = delete;

  ExecutionContext& context;
  InProcessFrame* outer;
  state::VariableTable::Snapshot variables;
  size_t functions;
  state::OptionSet options;
  state::PositionalParameters positional;
  state::CommandHash hash;
  state::GetoptsState getopts;
  state::AliasTable aliases;
  state::DirectoryStack directory_stack;
  std::string last_argument;
  int trap_status;
  const syntax::Command* current_command;
  ArmedTraps armed;
  syntax::ProgramPtr program;
  size_t call_depth;
  uint32_t line;
  pid_t last_background;
  int errexit_ignored;
  int substitution_depth;
};

/// Brings the working directory and the umask back at the end of its life, for a subshell in this process that changes
/// them.
class ProcessKeeper {
 public:
  /// Keeps what `admission` says.
  ProcessKeeper(ExecutionContext& context, const Admission& admission);
  ~ProcessKeeper();
  ProcessKeeper(const ProcessKeeper&) = delete;
  ProcessKeeper& operator=(const ProcessKeeper&) = delete;

  /// False when the way back cannot be kept open.
  bool is_able() const { return !kept_.changes_directory || static_cast<bool>(fd_); }

 private:
  ExecutionContext& context_;
  const Admission kept_;
  UniqueFd fd_;
  state::WorkingDirectory directory_;
  mode_t umask_ = 0;
};

/// Standard output of this process goes to memory for this long.
class OutputCapture {
 public:
  /// `memory` is appended to.
  OutputCapture(ExecutionContext& context, std::string& memory);
  ~OutputCapture();
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;

  Capture capture;

 private:
  ExecutionContext& context_;
  Capture* previous_;
  int fd_;
};

/// Process substitutions opened during its life are closed at its end.
class ProcessSubstitutionScope {
 public:
  explicit ProcessSubstitutionScope(ExecutionContext& context);
  ~ProcessSubstitutionScope();
  ProcessSubstitutionScope(const ProcessSubstitutionScope&) = delete;
  ProcessSubstitutionScope& operator=(const ProcessSubstitutionScope&) = delete;

 private:
  SubshellRunner& subshells_;
  size_t mark_;
};

class SubshellRunner {
 public:
  explicit SubshellRunner(ExecutionContext& context) : context_(context) {}

  /// ( body ).
  Completion run(const syntax::Subshell& node, Tail tail);
  /// $( body ): appends the output to `out`, returns the status.
  int substitute(const syntax::CommandSubstitution& node, std::string& out);
  /// <( ) and >( ): a path that stays open until close_process_substitutions(mark).
  std::string open_process_substitution(const syntax::ProcessSubstitution& node);
  /// Process substitutions opened after `mark` end with the command they belong to.
  size_t process_substitution_mark() const { return process_fds_.size(); }
  void close_process_substitutions(size_t mark);

  /// What an environment was made for: ( ), $( ), or one command of a pipeline.
  enum class Environment : uint8_t { Subshell, Substitution, Stage };

  /// Runs `body` in this process as a subshell environment; returns how it ended (Interrupt passes through, everything
  /// else is Normal). A command substitution loses errexit unless POSIX or inherit_errexit keep it.
  Completion run_in_process(const syntax::Command& body, Environment environment = Environment::Subshell);

  /// Forks with outputs flushed; see process::fork_child(). In the child, which 0 is returned to, the state is that of
  /// a subshell and captured output goes to the pipe of its capture. -1 after a reported failure. Throws ShellError
  /// (Exhausted) where too many shells wait for one another already: a recursion that no stack ends.
  pid_t fork(const process::ChildOptions& options);
  /// In a child: makes the descriptors those of `plan`. Where that fails, the child ends with a message and status 126.
  void arrange_descriptors(process::FdPlan& plan);
  /// Says that a plan of descriptors could not be carried out.
  void report_descriptors(Errno error);
  /// Ends a forked child as a shell environment ends: EXIT trap, outputs, status.
  [[noreturn]] void end_child(Completion completion);
  /// Runs all that an environment was made for.
  Completion run_whole(const syntax::Command& command);
  /// Runs `body` in a forked child and ends it.
  [[noreturn]] void run_child(const syntax::Command& body);

  /// Waits until `job` is done (or stopped), emptying the pipes of captures meanwhile; releases it. Reports deaths by
  /// signal and does what SIGINT asks for: `hold` was made before the job was started. With `is_last_output` nothing
  /// else will be written to the capture.
  /// The processes, with their statuses, are copied to `processes` unless it is null.
  Completion wait_for(process::Job& job, process::InterruptHold& hold, bool is_last_output,
                      std::vector<process::JobProcess>* processes = nullptr);
  /// Says of which signal a job died, if it did and that is worth a word.
  void tell_of_death(const process::Job& job);
  /// Whether jobs get process groups of their own.
  bool gives_groups() const;
  /// Whether SIGINT is held back while a job from new_job() runs in the foreground.
  bool holds_interrupts() const;
  /// A new foreground job of the command `node`: with a process group of its own under job control.
  process::Job& new_job(const syntax::Command* node);
  /// The terminal to hand to the children of `job`, null when it stays where it is.
  process::Terminal* terminal_for(const process::Job& job) const;
  static void watch(const process::Job& job, process::InterruptHold& hold);
  bool shares_interrupt() const;
  bool is_in_loop() const;
  void look_at_window();
  void leave_loops(Completion& completion) const;
  void throw_interrupt(const Completion& completion) const;
  bool is_shells_end(const Completion& completion) const;
  /// Reads what is left in the pipe of `capture` to its end; when a signal says so, no longer than `job` writes there.
  void drain(Capture& capture, const process::Job* job = nullptr, process::InterruptHold* hold = nullptr);
  bool goes_on_after_interrupt() const;

  /// The list of what changes in a forked subshell (XCU 2.13).
  void become_subshell();
  /// Whether this process was made to run `command` and nothing ran in it yet; take_fresh() also forgets it.
  bool is_fresh(const syntax::Command& command) const { return fresh_ == &command; }
  bool take_fresh(const syntax::Command& command) {
    if (fresh_ != &command) [[likely]]
      return false;
    fresh_ = nullptr;
    return true;
  }

 private:
  /// Whether a command substitution does without the errexit of the shell (bash, unless told otherwise).
  bool substitution_drops_errexit() const {
    return !context_.state.is_posix() && !context_.state.is_on(Option::InheritErrExit);
  }
  /// Whether `body` runs in this process; when it leaves the working directory, `keeper` remembers that.
  bool admits(const syntax::Command& body, uint32_t& cache, std::optional<ProcessKeeper>& keeper);
  static bool defines_alias(const syntax::Command& body);
  static bool has_text(const syntax::CommandSubstitution& node);
  int capture_text(const syntax::CommandSubstitution& node, std::string& out);
  template <class Take>
  int use_file(const syntax::Command& body, Take&& take);
  int read_file(const syntax::Command& body, std::string& out);
  int copy_file(const syntax::Command& body);
  int capture_with_aliases(const syntax::CommandSubstitution& node, std::string& out);
  int capture_in_process(const syntax::Command& body, std::string& out);
  int capture_forked(const syntax::Command& body, std::string& out);
  [[noreturn]] void die_without_descriptors(Errno error);
  bool is_given_up(const process::Job* job, process::InterruptHold* hold, int& seen);
  Result<void> read_while_awaited(int fd, std::string& out, const process::Job* job, process::InterruptHold* hold);
  bool read_output(int fd, std::string& out, const process::Job* job, process::InterruptHold* hold);
  void drain_while_running(process::Job& job, process::InterruptHold& hold);
  void wait_until_done(process::Job& job);
  void check_process_depth();
  Completion run_body(const syntax::Subshell& node, Tail tail);
  Completion run_forked(const syntax::Subshell& node);

  ExecutionContext& context_;
  std::vector<UniqueFd> process_fds_;
  /// What run_child() was made for, until something ran.
  const syntax::Command* fresh_ = nullptr;
  bool has_no_window_ = false;
  int process_depth_ = 0;  // forks between the first shell and this process
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_SUBSHELL_H_
