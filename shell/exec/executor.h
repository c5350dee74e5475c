// SPDX-License-Identifier: GPL-3.0-or-later
// Walks lists, and-or lists and compound commands (XCU 2.9.2 to 2.9.5 and the compound commands of bash) and carries
// the Completion upward. Decides where errexit and the ERR trap apply. Simple commands, pipelines, subshells and
// functions are other rooms.
#ifndef MISH_SHELL_EXEC_EXECUTOR_H_
#define MISH_SHELL_EXEC_EXECUTOR_H_

#include <optional>

#include "shell/exec/context.h"
#include "shell/exec/trap_runner.h"
#include "shell/syntax/command.h"

namespace mish::exec {

class Executor final : public CommandRunner {
 public:
  explicit Executor(ExecutionContext& context) : context_(context) {}

  Completion run(const syntax::Command& command, Tail tail) override;

 private:
  Completion pending() { return process::any_pending() ? context_.traps->run_pending() : Completion{}; }
  Completion dispatch(const syntax::Command& command, Tail tail);
  Completion redirected(const syntax::Command& command);
  Completion under_redirections(const syntax::Command& command, bool is_subshell);
  Completion list(const syntax::List& node, Tail tail);
  Completion and_or(const syntax::AndOr& node, Tail tail);
  Completion for_clause(const syntax::ForClause& node);
  bool assign_loop_variable(Name variable, std::string_view value);
  /// The value; none after an error, which was reported. A trace of a loop shows the expression without the blanks
  /// before it.
  std::optional<int64_t> evaluate(const syntax::ArithExpression& expression, bool is_in_loop = false);
  Completion arith_for(const syntax::ArithForClause& node);
  Completion select(const syntax::SelectClause& node);
  Completion case_clause(const syntax::CaseClause& node, Tail tail);
  Completion if_clause(const syntax::IfClause& node, Tail tail);
  Completion loop(const syntax::LoopClause& node);
  Completion define_function(const syntax::FunctionDefinition& node);
  Completion conditional(const syntax::Conditional& node);
  Completion arithmetic(const syntax::ArithmeticCommand& node);
  /// Runs a condition of if or while, where errexit is ignored.
  Completion condition(const syntax::Command& node) {
    ErrexitIgnored ignored(context_);
    return run(node, Tail::No);
  }
  /// The condition that ended a loop, or an `if` none of whose branches was run: bash leaves its status in PIPESTATUS.
  void note_condition(int status);
  /// The words of for and select: expanded, or the positional parameters.
  void loop_words(bool has_in, std::span<const syntax::Word* const> words, expand::FieldList& fields);
  /// What the shell does before a (( )), [[ ]], for or case: DEBUG trap, pending traps.
  Completion before(const syntax::Command& node);
  /// For BASH_COMMAND, which within an action stays what that interrupted.
  void note_running(const syntax::Command& node) {
    if (context_.traps->trap_depth() == 0) context_.state.current_command = &node;
  }
  /// Applies errexit and the ERR trap to the failure of a command that is not part of an ignored context.
  Completion finish(Completion completion, const syntax::Command& command) {
    if (completion.status != 0 && completion.is_normal() && context_.errexit_ignored == 0) [[unlikely]] {
      return failed(completion, command);
    }
    return completion;
  }
  Completion failed(Completion completion, const syntax::Command& command);
  /// Shows the prompt of select and reads the answer into REPLY. False at end of file, or when a signal came: `due` is
  /// then what it asks for.
  bool ask(Completion& due);

  ExecutionContext& context_;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_EXECUTOR_H_
