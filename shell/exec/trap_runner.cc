// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/trap_runner.h"

#include <signal.h>

#include <utility>

#include "shell/exec/pipeline.h"
#include "shell/exec/read_eval_loop.h"
#include "shell/process/job.h"
#include "shell/syntax/source.h"

namespace mish::exec {

namespace {

/// Signals that end a shell by default and that a shell with an EXIT trap catches, so that the action can run first.
constexpr int kDeadly[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU};

bool is_deadly(int signal) {
  for (int each : kDeadly) {
    if (each == signal) return true;
  }
  return false;
}

}  // namespace

// --- what is armed ---------------------------------------------------------------------------------------------------

void TrapRunner::changed(state::Condition condition) {
  const state::TrapTable& table = context_.state.traps;
  switch (condition) {
    case state::kTrapDebug: debug_is_armed_ = table.is_command(condition); break;
    case state::kTrapReturn: return_is_armed_ = table.is_command(condition); break;
    case state::kTrapErr: error_is_armed_ = table.is_command(condition); break;
    case state::kTrapExit:
      catch_deaths(table.is_command(condition) && !context_.state.is_on(Option::Interactive));
      break;
    default: break;
  }
}

void TrapRunner::catch_deaths(bool on) {
  if (on == catches_deaths_) return;
  catches_deaths_ = on;
  for (int signal : kDeadly) {
    if (context_.state.traps.action(signal).is_set() || process::is_ignored_at_entry(signal)) continue;
    process::set_disposition(signal, on ? process::Disposition::Catch : process::Disposition::Default);
  }
}

void TrapRunner::restore_dispositions() {
  for (int signal = 1; signal <= process::kMaxSignal; ++signal) {
    if (!process::is_taken(signal)) continue;
    const state::TrapAction& action = context_.state.traps.action(signal);
    if (action.kind == state::TrapAction::Kind::Default)
      process::set_disposition(signal, process::Disposition::Default);
  }
}

void TrapRunner::enter_subshell() {
  bool functrace = context_.state.is_on(Option::FuncTrace);
  debug_is_armed_ = debug_is_armed_ && functrace;
  return_is_armed_ = return_is_armed_ && functrace;
  error_is_armed_ = error_is_armed_ && context_.state.is_on(Option::ErrTrace);
}

bool TrapRunner::allows_replacement() const {
  const state::TrapTable& table = context_.state.traps;
  if (context_.is_interactive() || context_.in_process != nullptr || exit_is_running_) return false;
  if (table.any_set()) {
    for (state::Condition condition = 0; condition < state::kConditionCount; ++condition) {
      if (table.is_command(condition)) return false;
    }
  }
  return !process::any_pending() && context_.capture == nullptr && context_.error_capture == nullptr;
}

// --- running ---------------------------------------------------------------------------------------------------------

Completion TrapRunner::run_action(state::Condition condition, const state::TrapAction& action) {
  state::ShellState& state = context_.state;
  state::Frame frame;
  frame.kind = state::FrameKind::Trap;
  // Names the actions that interrupt something (see `return`): a DEBUG action judges what comes; EXIT interrupts
  // nothing, but in bash.
  bool interrupts = condition == state::kTrapExit ? !state.is_posix() : condition != state::kTrapDebug;
  if (interrupts) frame.function = NameTable::intern("trap");
  frame.source_name = state.calls.top().source_name;
  frame.call_line = state.line;
  // The text may be replaced by the action itself.
  std::string text = action.command;
  uint32_t line = state.line;
  uint32_t first_line = line == 0 || condition == state::kTrapExit ? 1 : line;  // of EXIT its own, as in bash
  Completion completion;
  // A signal comes from outside, EXIT after the end: no `if` or `||` around what they interrupt is around their actions.
  const int errexit_ignored = context_.errexit_ignored;
  if (condition < state::kTrapErr) context_.errexit_ignored = 0;
  ++trap_depth_;
  {
    state::FrameGuard guard(state.calls, frame);
    syntax::StringSource source(text);
    ReadEvalLoop loop(context_, source, "trap", ReadEvalLoop::Purpose::Text, first_line);
    try {
      completion = loop.run();
    } catch (const state::ShellError& error) {
      // A syntax error in the action, reported: bash goes on; XCU 2.8.1 lets only an interactive shell.
      bool is_syntax_error = error.kind() == state::ShellError::Kind::Utility && error.message().empty();
      if (is_syntax_error && (!state.is_posix() || context_.is_interactive())) {
        completion = Completion::of(state.status_of(error));
      } else {
        completion = consequence(context_, error);
      }
    }
  }
  --trap_depth_;
  context_.errexit_ignored = errexit_ignored;
  state.line = line;
  return completion;
}

Completion TrapRunner::run_condition(state::Condition condition, int status) {
  state::ShellState& state = context_.state;
  bool* running = condition == state::kTrapErr      ? &is_in_error_
                  : condition == state::kTrapReturn ? &is_in_return_
                                                    : nullptr;
  if (running != nullptr && *running) return {};
  if (running != nullptr) *running = true;
  std::vector<int> statuses = state.pipe_statuses;
  const syntax::Command* current = state.current_command;
  state.last_status = status;
  int outer_status = std::exchange(state.trap_status, status);
  state::TrapAction action = state.traps.action(condition);
  Completion completion = run_action(condition, action);
  state.trap_status = outer_status;
  if (running != nullptr) *running = false;
  state.current_command = current;
  if (completion.is_normal()) {
    state.last_status = status;
    state.pipe_statuses = std::move(statuses);
  }
  return completion;
}

Completion TrapRunner::on_debug(const syntax::Command& command) {
  if (is_in_debug_) return {};
  for (const syntax::Command* each : announced_) {
    if (each == &command) return {};
  }
  // Within another trap's action BASH_COMMAND stays what that action interrupted.
  if (trap_depth_ == 0) context_.state.current_command = &command;
  is_in_debug_ = true;
  Completion completion = run_condition(state::kTrapDebug, context_.state.last_status);
  is_in_debug_ = false;
  const state::ShellState& state = context_.state;
  if (completion.is_normal() && completion.status != 0 && state.is_on(Option::ExtDebug)) {
    if (completion.status == 2 && state.calls.in_function_or_source()) return {2, Flow::Return, 0};
    return kLeftOut;
  }
  return completion;
}

Completion TrapRunner::announce(std::span<const syntax::Command* const> stages) {
  for (const syntax::Command* each : stages) {
    if (each->kind != syntax::CommandKind::Simple) continue;
    context_.state.line = each->line;
    if (Completion due = on_debug(*each); !due.is_normal()) return due;
  }
  announced_ = stages;
  return {};
}

int TrapRunner::pending_trap_signal() const {
  if (context_.in_process == nullptr) return process::peek_pending_signal(context_.state.traps.is_command(SIGCHLD));
  // The actions of the shell wait until the subshell in its process is done (see run_pending); what ends it does not.
  if (context_.state.is_on(Option::Interactive)) {
    if (process::is_signal_pending(SIGINT) && !context_.state.traps.action(SIGINT).is_set()) return SIGINT;
    if (process::is_signal_pending(SIGHUP) && process::is_hangup_fatal()) return SIGHUP;
  }
  return pending_death();
}

bool TrapRunner::ends_what_runs() const {
  if (context_.state.is_on(Option::Interactive)) {
    if (process::is_signal_pending(SIGINT)) return true;
    if (process::is_signal_pending(SIGHUP) && process::is_hangup_fatal()) return true;
  }
  return pending_death() != 0;
}

bool TrapRunner::goes_on_after_signal() {
  if (context_.in_process != nullptr) return pending_trap_signal() == 0;
  deferred_ = run_pending();
  if (deferred_.is_normal()) return true;
  process::request_safe_point();
  return false;
}

bool TrapRunner::holds_interrupts() const {
  return !context_.is_interactive_process() && !context_.state.traps.action(SIGINT).is_set();
}

bool TrapRunner::catches_death(int signal) const { return catches_deaths_ && is_deadly(signal); }

int TrapRunner::pending_death() const {
  if (!catches_deaths_) return 0;
  for (int signal : kDeadly) {
    if (process::is_signal_pending(signal) && !context_.state.traps.action(signal).is_set()) return signal;
  }
  return 0;
}

Completion TrapRunner::run_pending() {
  if (!process::any_pending()) return {};
  state::ShellState& state = context_.state;
  if (process::take_child_change()) {
    context_.jobs.reap();
    context_.jobs.announce();
  }
  if (context_.in_process != nullptr) {
    // The parent environment's actions wait until the subshell is done; what kills it ends the subshell at once.
    if (context_.state.is_on(Option::Interactive) && process::is_signal_pending(SIGINT) &&
        !state.traps.action(SIGINT).is_set()) {
      return {state::kSignalBase + SIGINT, Flow::Interrupt, 0};
    }
    if (int death = pending_death(); death != 0) return {state::kSignalBase + death, Flow::Exit, 0};
    return {};
  }
  // Signals that come faster than their actions end wait for the actions that run.
  constexpr int kDeepest = 32;
  if (trap_depth_ >= kDeepest) return {};
  if (!deferred_.is_normal()) return std::exchange(deferred_, {});
  while (int signal = process::take_pending_signal()) {
    const state::TrapAction& action = state.traps.action(signal);
    if (action.kind == state::TrapAction::Kind::Command) {
      Completion completion = run_condition(signal, state.last_status);
      if (!completion.is_normal()) return completion;
      continue;
    }
    if (action.kind == state::TrapAction::Kind::Ignore) continue;
    if (context_.is_interactive()) {
      if (signal == SIGINT) {
        // The prompt shall not stand beside the ^C that the terminal shows.
        context_.err.clear_error();
        context_.err.put('\n');
        context_.err.flush();
        return {state::kSignalBase + SIGINT, Flow::Interrupt, 0};
      }
      if (signal == SIGHUP) {
        context_.jobs.hang_up();
        deadly_signal_ = SIGHUP;
        return {state::kSignalBase + SIGHUP, Flow::Exit, 0};
      }
      continue;
    }
    if (is_deadly(signal)) {
      deadly_signal_ = signal;
      return {state::kSignalBase + signal, Flow::Exit, 0};
    }
  }
  context_.pipelines->coprocesses().drop_ended();  // last: it may ask for another look
  return {};
}

int TrapRunner::on_exit(int status) {
  state::ShellState& state = context_.state;
  if (state.traps.is_command(state::kTrapExit) && !exit_is_running_ && !state.is_on(Option::NoExec)) {
    exit_is_running_ = true;  // for good: an EXIT action set within the action is not run
    state::TrapAction action = state.traps.action(state::kTrapExit);
    catch_deaths(false);
    state.last_status = status;
    state.trap_status = status;
    int deadly = std::exchange(deadly_signal_, 0);
    Completion completion = run_action(state::kTrapExit, action);
    if (deadly_signal_ == 0) deadly_signal_ = deadly;
    state.trap_status = -1;
    // `exit` within the action decides; otherwise the status is what it was.
    if (completion.flow == Flow::Exit) status = completion.status;
  }
  return status;
}

bool TrapRunner::leaves_here() const { return !context_.state.is_posix() && context_.in_process == nullptr; }

int TrapRunner::on_leave(int status) { return leaves_here() ? on_exit(status) : status; }

// --- functions -------------------------------------------------------------------------------------------------------

Completion TrapRunner::end_body(Completion completion, uint32_t line) {
  state::ShellState& state = context_.state;
  const bool is_return = completion.flow == Flow::Return;
  if (is_return) completion.flow = Flow::Normal;
  if (!completion.is_normal()) return completion;
  state.last_status = is_return ? state.status_before_return : completion.status;
  if (!return_is_armed_) [[likely]]
    return completion;
  state.line = line;
  Completion after = run_condition(state::kTrapReturn, state.last_status);
  return after.is_normal() || after.flow == Flow::Return ? completion : after;
}

InheritedTraps::InheritedTraps(TrapRunner& runner, By by)
    : runner_(runner),
      debug_(runner.debug_is_armed_),
      return_(runner.return_is_armed_),
      error_(runner.error_is_armed_) {
  if (!(debug_ || return_ || error_)) [[likely]]
    return;
  bool functrace = by == By::TracedFunction || runner.context_.state.is_on(Option::FuncTrace);
  runner.debug_is_armed_ = debug_ && functrace;
  if (by == By::DotScript) return;
  runner.return_is_armed_ = return_ && functrace && !runner.is_in_debug_;  // as in bash
  runner.error_is_armed_ = error_ && runner.context_.state.is_on(Option::ErrTrace);
}

InheritedTraps::~InheritedTraps() {
  const state::TrapTable& table = runner_.context_.state.traps;
  if (!table.any_set()) [[likely]] {
    runner_.debug_is_armed_ = runner_.return_is_armed_ = runner_.error_is_armed_ = false;
    return;
  }
  // What the function set itself stays, what it reset stays reset.
  runner_.debug_is_armed_ = (debug_ || runner_.debug_is_armed_) && table.is_command(state::kTrapDebug);
  runner_.return_is_armed_ = (return_ || runner_.return_is_armed_) && table.is_command(state::kTrapReturn);
  runner_.error_is_armed_ = (error_ || runner_.error_is_armed_) && table.is_command(state::kTrapErr);
}

}  // namespace mish::exec
