// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/executor.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/exec/command_search.h"
#include "shell/exec/conditional.h"
#include "shell/exec/pipeline.h"
#include "shell/exec/redirection.h"
#include "shell/exec/select_menu.h"
#include "shell/exec/simple_command.h"
#include "shell/exec/subshell.h"
#include "shell/exec/trap_runner.h"
#include "shell/exec/xtrace.h"
#include "shell/syntax/printer.h"

namespace mish::exec {

using syntax::as;
using syntax::CommandKind;

namespace {

/// A loop counts in the frame it runs in, so that `break` knows how far it can reach.
class LoopDepth {
 public:
  explicit LoopDepth(state::CallStack& calls) : calls_(calls) { ++calls_.top().loop_depth; }
  ~LoopDepth() { --calls_.top().loop_depth; }
  LoopDepth(const LoopDepth&) = delete;
  LoopDepth& operator=(const LoopDepth&) = delete;

 private:
  state::CallStack& calls_;
};

enum class LoopStep : uint8_t { Next, Leave };

/// What a loop does after its body (or condition) completed. On Leave `completion` is what the loop completes with.
LoopStep after_body(Completion& completion) {
  switch (completion.flow) {
    case Flow::Normal: return LoopStep::Next;
    case Flow::Break:
      if (--completion.levels == 0) completion.flow = Flow::Normal;
      return LoopStep::Leave;
    case Flow::Continue:
      if (--completion.levels == 0) {
        completion.flow = Flow::Normal;
        return LoopStep::Next;
      }
      return LoopStep::Leave;
    case Flow::Return:
    case Flow::Exit:
    case Flow::Interrupt: return LoopStep::Leave;
  }
  return LoopStep::Leave;
}

}  // namespace

Completion Executor::run(const syntax::Command& command, Tail tail) {
  if (stack_is_low()) [[unlikely]] {
    throw state::ShellError(state::ShellError::Kind::Exhausted, "maximum recursion depth exceeded", state::kUsageError);
  }
  Completion completion;
  if (command.kind == CommandKind::Simple) [[likely]] {
    completion = finish(context_.simple_commands->run(as<syntax::SimpleCommand>(command), tail), command);
  } else if (Completion due = pending(); !due.is_normal()) [[unlikely]] {
    completion = due;
  } else if (command.redirections.empty()) [[likely]] {
    completion = dispatch(command, tail);
  } else {
    completion = redirected(command);
  }
  context_.state.last_status = completion.status;
  // What came while it ran belongs to the function, loop and redirections it ran in.
  if (process::any_pending() && completion.is_normal()) [[unlikely]] {
    if (Completion due = context_.traps->run_pending(); !due.is_normal()) completion = due;
  }
  return completion;
}

Completion Executor::dispatch(const syntax::Command& command, Tail tail) {
  switch (command.kind) {
    case CommandKind::Simple:
      return finish(context_.simple_commands->run(as<syntax::SimpleCommand>(command), tail), command);
    case CommandKind::Pipeline: {
      const auto& pipeline = as<syntax::Pipeline>(command);
      Completion completion = context_.pipelines->run(pipeline, tail);
      return pipeline.negated ? completion : finish(completion, command);
    }
    case CommandKind::AndOr: return and_or(as<syntax::AndOr>(command), tail);
    case CommandKind::List: return list(as<syntax::List>(command), tail);
    case CommandKind::Group:
      return as<syntax::Group>(command).body == nullptr ? Completion{} : run(*as<syntax::Group>(command).body, tail);
    case CommandKind::Subshell: return finish(context_.subshells->run(as<syntax::Subshell>(command), tail), command);
    case CommandKind::For: return for_clause(as<syntax::ForClause>(command));
    case CommandKind::ArithFor: return arith_for(as<syntax::ArithForClause>(command));
    case CommandKind::Case: return case_clause(as<syntax::CaseClause>(command), tail);
    case CommandKind::If: return if_clause(as<syntax::IfClause>(command), tail);
    case CommandKind::Loop: return loop(as<syntax::LoopClause>(command));
    case CommandKind::Function: return define_function(as<syntax::FunctionDefinition>(command));
    case CommandKind::Conditional: return finish(conditional(as<syntax::Conditional>(command)), command);
    case CommandKind::Arithmetic: return finish(arithmetic(as<syntax::ArithmeticCommand>(command)), command);
    case CommandKind::Select: return select(as<syntax::SelectClause>(command));
    case CommandKind::Coprocess: return context_.pipelines->start_coprocess(as<syntax::Coprocess>(command));
  }
  return {};
}

Completion Executor::redirected(const syntax::Command& command) {
  context_.state.line = command.line;
  // A function definition's redirections are performed when it is called.
  if (command.kind == CommandKind::Function) return dispatch(command, Tail::No);
  bool is_subshell = command.kind == CommandKind::Subshell;
  Completion completion = under_redirections(command, is_subshell);
  // Where the subshell's failure leads to is not what its own output was redirected to.
  return is_subshell ? finish(completion, command) : completion;
}

Completion Executor::under_redirections(const syntax::Command& command, bool is_subshell) {
  AppliedRedirections redirections(context_);
  if (!redirections.apply(command.redirections)) {
    Completion failure = Completion::of(context_.state.error_status());
    return is_subshell ? failure : finish(failure, command);
  }
  // A process made for this command has nothing to restore afterwards; the copies would only hold others' pipes open.
  if (is_subshell ? context_.subshells->is_fresh(command) : context_.subshells->take_fresh(command))
    redirections.keep();
  InputScope input(context_, InputScope::gives_input(command.redirections));
  Completion completion =
      is_subshell ? context_.subshells->run(as<syntax::Subshell>(command), Tail::No) : dispatch(command, Tail::No);
  if (!redirections.finish() && completion.status == 0 && completion.is_normal()) completion.status = state::kFailure;
  return completion;
}

Completion Executor::list(const syntax::List& node, Tail tail) {
  Completion completion;
  size_t count = node.items.size();
  for (size_t i = 0; i < count; ++i) {
    const syntax::List::Item& item = node.items[i];
    if (item.is_async) {
      completion = context_.pipelines->start_asynchronous(*item.command);
    } else {
      completion = run(*item.command, i + 1 == count ? tail : Tail::No);
    }
    if (!completion.is_normal()) return completion;
  }
  return completion;
}

Completion Executor::and_or(const syntax::AndOr& node, Tail tail) {
  Completion completion;
  size_t count = node.items.size();
  for (size_t i = 0; i < count; ++i) {
    const syntax::AndOr::Item& item = node.items[i];
    if (i > 0 && item.is_or == (completion.status == 0)) continue;
    if (i + 1 < count) {
      ErrexitIgnored ignored(context_);
      completion = run(*item.command, Tail::No);
    } else {
      completion = run(*item.command, tail);
    }
    if (!completion.is_normal()) return completion;
  }
  return completion;
}

Completion Executor::before(const syntax::Command& node) {
  context_.state.line = node.line;
  return context_.traps->before_command(node);
}

void Executor::loop_words(bool has_in, std::span<const syntax::Word* const> words, expand::FieldList& fields) {
  if (has_in) {
    context_.expander.expand_fields(words, fields);
  } else {
    // Copied: the body may change the positional parameters.
    for (std::string_view parameter : context_.state.positional.all()) {
      fields.push_back(context_.state.scratch.copy(parameter));
    }
  }
}

// bash: a variable of a loop that cannot be assigned to fails the loop, not the shell.
bool Executor::assign_loop_variable(Name variable, std::string_view value) {
  state::VariableTable& variables = context_.state.variables;
  try {
    // A nameref is made to refer to each word in turn.
    bool is_reference = (variables.attributes(variable) & state::attribute::Nameref) != 0;
    if (is_reference) [[unlikely]]
      variables.remove_attributes(variable, state::attribute::Nameref);
    variables.assign(variable, value);
    if (is_reference) [[unlikely]]
      variables.add_attributes(variable, state::attribute::Nameref);
    return true;
  } catch (const state::ShellError& error) {
    if (error.kind() != state::ShellError::Kind::Assignment || context_.state.is_posix()) throw;
    context_.services.report(error.message());
    return false;
  }
}

Completion Executor::for_clause(const syntax::ForClause& node) {
  state::ShellState& state = context_.state;
  state.line = node.line;
  ArenaScope scope(state.scratch);
  expand::FieldList fields(state.scratch);
  loop_words(node.has_in, node.words, fields);
  LoopDepth depth(state.calls);
  Completion completion;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (Completion due = before(node); !due.is_normal()) [[unlikely]]
      return TrapRunner::outcome(due);
    if (state.is_on(Option::XTrace)) [[unlikely]]
      trace_loop(context_, "for", node.variable, node.has_in, node.words);
    if (!assign_loop_variable(node.variable, fields[i])) return finish(Completion::of(state::kFailure), node);
    completion = node.body == nullptr ? Completion{} : run(*node.body, Tail::No);
    if (after_body(completion) == LoopStep::Leave) return completion;
  }
  return completion;
}

Completion Executor::arith_for(const syntax::ArithForClause& node) {
  LoopDepth depth(context_.state.calls);
  Completion completion;
  if (Completion due = before(node); !due.is_normal()) return TrapRunner::outcome(due);
  if (node.init != nullptr && !evaluate(*node.init, true)) return finish(Completion::of(state::kFailure), node);
  for (;;) {
    if (Completion due = before(node); !due.is_normal()) [[unlikely]]
      return TrapRunner::outcome(due);
    if (node.condition != nullptr) {
      std::optional<int64_t> value = evaluate(*node.condition, true);
      if (!value) return finish(Completion::of(state::kFailure), node);
      if (*value == 0) return completion;
    }
    completion = node.body == nullptr ? Completion{} : run(*node.body, Tail::No);
    if (after_body(completion) == LoopStep::Leave) return completion;
    if (Completion due = before(node); !due.is_normal()) [[unlikely]]
      return TrapRunner::outcome(due);
    if (node.step != nullptr && !evaluate(*node.step, true)) return finish(Completion::of(state::kFailure), node);
  }
}

Completion Executor::loop(const syntax::LoopClause& node) {
  LoopDepth depth(context_.state.calls);
  Completion result;
  for (;;) {
    Completion completion = condition(*node.condition);
    if (!completion.is_normal()) {
      if (after_body(completion) == LoopStep::Leave) return completion;
      continue;
    }
    if ((completion.status == 0) == node.is_until) {
      note_condition(completion.status);
      return result;
    }
    result = node.body == nullptr ? Completion{} : run(*node.body, Tail::No);
    if (after_body(result) == LoopStep::Leave) return result;
  }
}

Completion Executor::if_clause(const syntax::IfClause& node, Tail tail) {
  int status = 0;
  for (const syntax::IfClause::Branch& branch : node.branches) {
    Completion completion = condition(*branch.condition);
    if (!completion.is_normal()) return completion;
    if (completion.status == 0) return branch.body == nullptr ? Completion{} : run(*branch.body, tail);
    status = completion.status;
  }
  if (node.else_body != nullptr) return run(*node.else_body, tail);
  note_condition(status);
  return {};
}

void Executor::note_condition(int status) {
  state::ShellState& state = context_.state;
  if (state.pipe_statuses.empty() && !state.is_posix()) state.pipe_statuses.assign(1, status);
}

Completion Executor::case_clause(const syntax::CaseClause& node, Tail tail) {
  using End = syntax::CaseClause::End;
  state::ShellState& state = context_.state;
  if (Completion due = before(node); !due.is_normal()) [[unlikely]]
    return TrapRunner::outcome(due);
  ArenaScope scope(state.scratch);
  context_.expander.begin_command();
  if (state.is_on(Option::XTrace)) [[unlikely]]
    trace_text(context_, "case " + std::string(node.word->source) + " in");
  std::string_view subject = context_.expander.expand_single(*node.word);
  bool ignores_case = state.is_on(Option::NoCaseMatch) && !state.is_posix();
  // Of an empty list the status is 0, or that of a substitution in the word (2.9.4.3 says 0).
  Completion completion;
  bool falls_through = false;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const syntax::CaseClause::Item& item = node.items[i];
    bool matches = falls_through;
    for (size_t p = 0; !matches && p < item.patterns.size(); ++p) {
      const syntax::Word& pattern = *item.patterns[p];
      matches = pattern.is_literal && !ignores_case ? pattern.literal == subject
                                                    : context_.expander.expand_pattern(pattern).matches(subject);
    }
    if (!matches) continue;
    bool is_end = item.end == End::Break || i + 1 == node.items.size();
    completion = item.body == nullptr ? Completion{} : run(*item.body, is_end ? tail : Tail::No);
    if (!completion.is_normal() || is_end) return completion;
    falls_through = item.end == End::FallThrough;
  }
  return completion;
}

namespace {

/// Columns of a line of the terminal: COLUMNS, or what the terminal says, or 80.
size_t line_width(const state::ShellState& state) {
  constexpr size_t kUsual = 80;
  std::optional<int64_t> given = parse_integer(state.variables.text(names::COLUMNS));
  if (given && *given > 0) return static_cast<size_t>(*given);
  struct winsize window;
  bool is_terminal = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col != 0;
  return is_terminal ? window.ws_col : kUsual;
}

}  // namespace

Completion Executor::select(const syntax::SelectClause& node) {
  state::ShellState& state = context_.state;
  if (Completion due = before(node); !due.is_normal()) return TrapRunner::outcome(due);
  ArenaScope scope(state.scratch);
  expand::FieldList fields(state.scratch);
  loop_words(node.has_in, node.words, fields);
  if (fields.empty()) return {};
  if (state.is_on(Option::XTrace)) [[unlikely]]
    trace_loop(context_, "select", node.variable, node.has_in, node.words);
  LoopDepth depth(state.calls);
  Completion completion;
  bool shows_menu = true;
  for (;;) {
    if (shows_menu) {
      context_.err.write(select_menu(fields.span(), line_width(state)));
    }
    if (Completion due; !ask(due)) return due.is_normal() ? Completion::of(state::kFailure) : due;
    std::string_view reply = trim_blanks(state.variables.text(names::REPLY));
    shows_menu = reply.empty();
    if (shows_menu) continue;
    std::optional<int64_t> number = parse_integer(reply);
    bool is_choice = number && *number >= 1 && static_cast<uint64_t>(*number) <= fields.size();
    state.variables.assign(node.variable, is_choice ? fields[static_cast<size_t>(*number - 1)] : std::string_view(""));
    completion = node.body == nullptr ? Completion{} : run(*node.body, Tail::No);
    if (after_body(completion) == LoopStep::Leave) return completion;
    shows_menu = state.variables.text(names::REPLY).empty();
  }
}

bool Executor::ask(Completion& due) {
  state::ShellState& state = context_.state;
  std::string_view prompt = state.variables.text_or_null(names::PS3);
  context_.err.write(prompt.data() == nullptr ? std::string_view("#? ") : prompt);
  context_.err.flush();
  std::string line;
  for (;;) {
    if (context_.services.wait_readable(STDIN_FILENO, -1) < 0) {
      if (due = pending(); !due.is_normal()) return false;
      continue;
    }
    char c = 0;
    Result<size_t> got = read_some(STDIN_FILENO, &c, 1);
    if (!got || *got == 0) {
      state.variables.assign_internal(names::REPLY, line);
      context_.out.put('\n');
      context_.out.flush();
      return false;
    }
    if (c == '\n') break;
    line.push_back(c);
  }
  state.variables.assign_internal(names::REPLY, line);
  return true;
}

Completion Executor::define_function(const syntax::FunctionDefinition& node) {
  state::ShellState& state = context_.state;
  state.line = node.line;
  state::Function function;
  function.program = context_.program;
  function.definition = &node;
  function.source_name = std::string(state.calls.top().source_name);  // also of text that `eval` was given there
  function.is_exported = state.is_on(Option::AllExport) && !state.is_posix();  // bash: set -a is for functions, too
  if (state.functions.find(node.name) != nullptr) state.current_command = nullptr;  // it may have been of the old one
  if (!state.functions.define(node.name, std::move(function))) {
    context_.services.report(std::string(text(node.name)) + ": readonly function");
    return finish(Completion::of(state::kFailure), node);
  }
  state.bump_generation();
  // set -h in POSIX mode: utilities are located when the function that calls them is defined.
  if (state.is_posix() && state.is_on(Option::HashAll) && node.body != nullptr)
    context_.search->locate_utilities(*node.body);
  return {};
}

Completion Executor::conditional(const syntax::Conditional& node) {
  if (Completion due = before(node); !due.is_normal()) [[unlikely]]
    return TrapRunner::outcome(due);
  note_running(node);
  Completion completion = Completion::of(evaluate_condition(context_, *node.root));
  context_.state.pipe_statuses.clear();
  return completion;
}

Completion Executor::arithmetic(const syntax::ArithmeticCommand& node) {
  if (Completion due = before(node); !due.is_normal()) [[unlikely]]
    return TrapRunner::outcome(due);
  note_running(node);
  ArenaScope scope(context_.state.scratch);
  std::optional<int64_t> value = evaluate(*node.expression);
  context_.state.pipe_statuses.clear();
  return Completion::of(value && *value != 0 ? state::kSuccess : state::kFailure);
}

// bash: an error in (( )) is a failure of the command, not of the shell.
std::optional<int64_t> Executor::evaluate(const syntax::ArithExpression& expression, bool is_in_loop) {
  if (context_.state.is_on(Option::XTrace)) [[unlikely]] {
    std::string_view text = expression.text;
    if (is_in_loop) text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    trace_text(context_, fmt::format("(( {} ))", text));
  }
  try {
    return context_.expander.evaluate(expression);
  } catch (const state::ShellError& error) {
    if (error.is_fatal() || error.kind() == state::ShellError::Kind::Unset) throw;
    context_.services.report("((: " + error.message());
    return std::nullopt;
  }
}

Completion Executor::failed(Completion completion, const syntax::Command& command) {
  if (&command == context_.inverted) return completion;
  context_.state.last_status = completion.status;
  Completion after_trap = context_.traps->on_error(completion.status);
  if (!after_trap.is_normal()) return after_trap;
  if (context_.state.is_on(Option::ErrExit)) {
    if (context_.redirections != nullptr && context_.traps->leaves_here())
      AppliedRedirections::leave_commands(context_);
    completion.status = context_.traps->on_leave(completion.status);
    completion.flow = Flow::Exit;
  }
  return completion;
}

}  // namespace mish::exec
