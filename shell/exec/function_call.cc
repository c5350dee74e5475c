// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/function_call.h"

#include <memory>

#include "shell/base/text.h"
#include "shell/exec/redirection.h"
#include "shell/exec/trap_runner.h"

namespace mish::exec {

namespace {

/// What a call changes and gives back: positional parameters, scope, running program, depth.
class CallScope {
 public:
  CallScope(ExecutionContext& context, int& depth, const state::Frame& frame, const state::Function& function)
      : context_(context),
        depth_(depth),
        frame_(context.state.calls, frame),
        positional_(context.state.positional),
        program_(context.program),
        line_(context.state.line) {
    if (depth_++ == 0) context_.redirections_outside = context_.redirections;
    context_.state.variables.push_scope();
    context_.state.positional.borrow(frame.arguments);
    context_.program = function.program;
  }
  ~CallScope() {
    context_.program = std::move(program_);
    context_.state.positional = std::move(positional_);
    if (!keeps_locals_) context_.state.variables.pop_scope();
    context_.state.line = line_;
    --depth_;
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  /// The shell ends here: its EXIT action still sees the local variables.
  void keep_locals() { keeps_locals_ = true; }

 private:
  ExecutionContext& context_;
  int& depth_;
  state::FrameGuard frame_;
  state::PositionalParameters positional_;
  syntax::ProgramPtr program_;
  uint32_t line_;
  bool keeps_locals_ = false;
};

}  // namespace

bool FunctionCaller::is_too_deep() const {
  std::string_view limit = context_.state.variables.text_or_null(names::FUNCNEST);
  if (limit.data() == nullptr) return false;
  std::optional<int64_t> number = parse_integer(limit);
  return number && *number > 0 && depth_ >= *number;
}

Completion FunctionCaller::call(Name name, std::span<const std::string_view> arguments) {
  state::ShellState& state = context_.state;
  // Shared: the function may redefine or unset itself while it runs.
  std::shared_ptr<state::Function> function = state.functions.share(name);
  if (function == nullptr) return Completion::of(state::kNotFound);
  if (is_too_deep()) [[unlikely]] {
    throw state::ShellError(state::ShellError::Kind::Expansion,
                            std::string(text(name)) + ": maximum function nesting level exceeded", state::kFailure);
  }
  state::Frame frame;
  frame.kind = state::FrameKind::Function;
  frame.function = name;
  frame.source_name = function->source_name;
  frame.call_line = state.line;
  frame.arguments = arguments;
  frame.shows_arguments = context_.state.is_on(Option::ExtDebug);
  CallScope scope(context_, depth_, frame, *function);
  using By = InheritedTraps::By;
  InheritedTraps traps(*context_.traps, function->is_traced ? By::TracedFunction : By::Function);
  if (Completion due = on_entry(*function->definition); !due.is_normal()) [[unlikely]]
    return TrapRunner::outcome(due);
  Completion completion = body(*function->definition);
  if (function.use_count() == 1) [[unlikely]]
    state.current_command = nullptr;  // gone with the function
  if (completion.flow == Flow::Exit && context_.in_process == nullptr) [[unlikely]]
    scope.keep_locals();
  bool leaves_loop = completion.flow == Flow::Break || completion.flow == Flow::Continue;
  if (leaves_loop && !state.is_on(Option::NonLexicalCtrl)) completion.flow = Flow::Normal;
  return context_.traps->end_body(completion, function->definition->line);
}

Completion FunctionCaller::on_entry(const syntax::FunctionDefinition& definition) {
  const syntax::Command* caller = context_.state.current_command;
  if (!context_.traps->is_debug_armed() || caller == nullptr) [[likely]]
    return {};
  // bash: with functrace the DEBUG action runs once more inside the function, before its first command.
  uint32_t line = std::exchange(context_.state.line, definition.line);
  Completion due = context_.traps->before_command(*caller);
  context_.state.line = line;
  return due.flow == Flow::Return ? Completion::of(due.status) : due;
}

Completion FunctionCaller::body(const syntax::FunctionDefinition& definition) {
  if (definition.redirections.empty()) [[likely]]
    return context_.runner->run(*definition.body, Tail::No);
  AppliedRedirections redirections(context_);
  if (!redirections.apply(definition.redirections)) return Completion::of(context_.state.error_status());
  Completion completion = context_.runner->run(*definition.body, Tail::No);
  if (!redirections.finish() && completion.status == 0) completion.status = state::kFailure;
  return completion;
}

}  // namespace mish::exec
