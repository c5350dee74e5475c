// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/flow.h"

#include <algorithm>
#include <utility>

#include "shell/api/services.h"
#include "shell/base/text.h"
#include "shell/process/job.h"

namespace mish::builtins {

namespace {

using state::Flow;
using state::Frame;
using state::FrameKind;

// Loops that `break` can leave: those of the running frame and, through eval, dot scripts and traps, of the frames
// around it, up to the function or subshell. In POSIX mode a dot script is no part of the loop around it either (XCU
// break: a loop encloses lexically). With `set -o nonlexicalctrl` both belong to the loops they are called in.
uint32_t enclosing_loops(const state::ShellState& state) {
  uint32_t loops = 0;
  bool is_lexical = !state.is_on(state::Option::NonLexicalCtrl);
  std::span<const Frame> frames = state.calls.frames();
  for (size_t i = frames.size(); i-- > 0;) {
    loops += frames[i].loop_depth;
    if (frames[i].kind == FrameKind::Subshell) break;
    if (frames[i].kind == FrameKind::Function && is_lexical) break;
    if (frames[i].kind == FrameKind::Source && is_lexical && state.is_posix()) break;
  }
  return loops;
}

Args skip_dashes(Args args) { return !args.empty() && args[0] == "--" ? args.subspan(1) : args; }

uint16_t levels_of(int64_t count) { return static_cast<uint16_t>(std::min<int64_t>(count, UINT16_MAX)); }

// bash: the script ends, for the loop might not.
Completion not_a_level(BuiltinContext& context, std::string_view operand) {
  std::string message = fmt::format("{}: numeric argument required", operand);
  if (context.state.is_posix() || context.services.is_interactive())
    return context.failure(message, state::kUsageError);
  context.error(message);
  return {context.state.last_status | state::kSignalBase, Flow::Exit, 0};
}

Completion leave_loops(BuiltinContext& context, Args args, Flow flow) {
  args = skip_dashes(args);
  int64_t levels = 1;
  uint32_t loops = enclosing_loops(context.state);
  // Nothing is to be left: of the operands bash only looks at those of a loop.
  if (loops == 0 && !context.state.is_posix()) {
    context.error("only meaningful in a loop");
    return Completion::of(0);
  }
  if (!args.empty()) {
    std::optional<int64_t> given = parse_integer_trimmed(args[0]);
    if (!given.has_value()) return not_a_level(context, args[0]);
    if (args.size() > 1) return context.too_many_arguments();
    if (*given < 1) {
      Completion failed = context.failure(fmt::format("{}: loop count must be at least 1", args[0]));
      // A loop that goes on might never end.
      return failed.is_normal() && loops != 0 ? Completion{failed.status, Flow::Break, levels_of(loops)} : failed;
    }
    levels = *given;
  }
  if (loops == 0) return Completion::of(0);
  return {0, flow, levels_of(std::min<int64_t>(levels, loops))};
}

// `$?` for `exit` and `return` without an operand: in a trap action, and in the functions it calls, what it was before
// the action (XCU exit, return).
int default_status(const state::ShellState& state) {
  return state.trap_status >= 0 ? state.trap_status : state.last_status;
}

// Whether the innermost trap action interrupted something (TrapRunner::run_action): `return` then gives back what was
// before.
bool interrupts(const state::ShellState& state) {
  std::span<const Frame> frames = state.calls.frames();
  for (size_t i = frames.size(); i-- > 0;) {
    if (frames[i].kind == FrameKind::Trap) return frames[i].function != kNoName;
  }
  return false;
}

// The exit status given by the operand; false after an error.
bool parse_status(BuiltinContext& context, Args args, int& status) {
  if (args.empty()) return true;
  std::optional<int64_t> given = parse_integer_trimmed(args[0]);
  if (!given.has_value()) {
    context.error("{}: numeric argument required", args[0]);
    status = state::kUsageError;
    return false;
  }
  status = static_cast<int>(*given & 0xff);
  return true;
}

// Stopped jobs would be lost unseen: said once, unless another command comes before the next `exit`.
bool must_warn(BuiltinContext& context) {
  state::ShellState& shell = context.state;
  std::string_view lost = context.jobs.lost_at_exit(shell.is_on(state::Option::CheckJobs));
  if (lost.empty() || std::exchange(shell.prompts_to_warning, state::kPromptsToWarning) != 0) return false;
  context.err.print("There are {} jobs; `jobs' lists them, `exit' again leaves them.\n", lost);
  context.err.flush();
  return true;
}

}  // namespace

Completion run_break(BuiltinContext& context, Args args) { return leave_loops(context, args, Flow::Break); }

Completion run_continue(BuiltinContext& context, Args args) { return leave_loops(context, args, Flow::Continue); }

Completion run_return(BuiltinContext& context, Args args) {
  args = skip_dashes(args);
  int status = interrupts(context.state) ? default_status(context.state) : context.state.last_status;
  if (!context.state.calls.in_function_or_source()) {
    // Unspecified (XCU return). As sh it ends the script, as in dash and ksh: `return 0 2>/dev/null || exit 0`.
    if (!context.state.is_posix() || context.services.is_interactive()) {
      return context.failure("there is no function or sourced script to return from", state::kUsageError);
    }
    parse_status(context, args, status);
    return {status, Flow::Exit, 0};
  }
  context.state.status_before_return = context.state.last_status;
  if (parse_status(context, args, status) && args.size() > 1) return context.too_many_arguments();
  return {status, Flow::Return, 0};
}

Completion run_exit(BuiltinContext& context, Args args) {
  args = skip_dashes(args);
  int status = default_status(context.state);
  bool is_valid = parse_status(context, args, status);
  if (is_valid && args.size() > 1) return context.too_many_arguments();
  if (context.services.is_interactive() && must_warn(context)) return Completion::of(state::kFailure);
  return {status, Flow::Exit, 0};
}

Completion run_logout(BuiltinContext& context, Args args) {
  if (!context.state.is_on(state::Option::LoginShell) && !context.state.is_on(state::Option::Login)) {
    return context.failure("not a login shell: use `exit'");
  }
  return run_exit(context, args);
}

Completion run_true(BuiltinContext&, Args) { return Completion::of(0); }

Completion run_false(BuiltinContext&, Args) { return Completion::of(1); }

}  // namespace mish::builtins
