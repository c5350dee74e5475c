// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/read_eval_loop.h"

#include <signal.h>

#include <algorithm>
#include <new>

#include "shell/api/frontend.h"
#include "shell/base/diagnostic.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/exec/subshell.h"
#include "shell/exec/trap_runner.h"

namespace mish::exec {

using syntax::ParseStatus;

namespace {

/// What runs belongs to the program for this long; functions defined by it share it.
class RunningProgram {
 public:
  RunningProgram(ExecutionContext& context, const syntax::ProgramPtr& program)
      : context_(context), saved_(std::move(context.program)), command_(context.state.current_command) {
    context_.program = program;
  }
  ~RunningProgram() {
    if (is_kept_) return;
    context_.program = std::move(saved_);
    context_.state.current_command = command_;  // what ran may be gone now
  }
  /// What ran stays until the next command is there: the EXIT action may be next, and its BASH_COMMAND is this one.
  void keep() { is_kept_ = true; }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

 private:
  ExecutionContext& context_;
  syntax::ProgramPtr saved_;
  const syntax::Command* command_;
  bool is_kept_ = false;
};

// In the bash language an assignment or expansion that fails ends the line it is in, not the script.
bool abandons_line(const ExecutionContext& context, const state::ShellError& error) {
  using Kind = state::ShellError::Kind;
  if (context.state.is_posix() || context.state.subshell_depth != 0) return false;
  if (error.kind() == Kind::Expansion) return true;
  return (error.kind() == Kind::Assignment || error.kind() == Kind::Substitution) &&
         !context.state.is_on(Option::ErrExit);
}

}  // namespace

bool is_interrupt(const Completion& completion) {
  return completion.flow == Flow::Interrupt && completion.status == state::kSignalBase + SIGINT;
}

Completion consequence(ExecutionContext& context, const state::ShellError& error) {
  context.services.report(error.message());
  if (error.kind() == state::ShellError::Kind::Exhausted) context.is_exhausted = true;
  int status = context.state.status_of(error);
  context.state.last_status = status;
  bool survives = context.is_interactive();
  // Ctrl-C in a substitution within a subshell that has no process of its own.
  if (error.kind() == state::ShellError::Kind::Fatal && error.status() == state::kSignalBase + SIGINT) {
    survives = context.is_interactive_process();
  }
  if (abandons_line(context, error)) survives = true;
  // bash: with errexit the EXIT action runs among the functions that are left.
  if (!survives && context.state.is_on(Option::ErrExit)) status = context.traps->on_leave(status);
  return {status, survives ? Flow::Interrupt : Flow::Exit, 0};
}

ReadEvalLoop::ReadEvalLoop(ExecutionContext& context, syntax::Source& source, std::string_view name, Purpose purpose,
                           uint32_t first_line)
    : context_(context),
      source_(source),
      name_(name),
      purpose_(purpose),
      parser_(source, options_, &context.state.aliases, name, first_line) {}

void ReadEvalLoop::refresh_options() {
  const state::ShellState& state = context_.state;
  options_.posix = state.is_posix();
  options_.extglob = state.is_on(Option::ExtGlob) && !options_.posix;
  // POSIX mode always expands aliases; bash does so when interactive or asked to.
  options_.expand_aliases = state.is_on(Option::ExpandAliases) || options_.posix || context_.is_interactive();
  options_.interactive = purpose_ == Purpose::Terminal;
  options_.interactive_comments = state.is_on(Option::InteractiveComments);
  options_.keyword = state.is_on(Option::Keyword);
  options_.brace_expansion = !options_.posix;  // `set +B` is asked when the word is expanded
}

Completion ReadEvalLoop::run(Tail tail) {
  state::ShellState& state = context_.state;
  Completion last = Completion::of(is_outermost() ? state.last_status : 0);
  for (;;) {
    // Before the source may block; within a command the walk looks itself.
    if (process::any_pending()) [[unlikely]] {
      Completion due = context_.traps->run_pending();
      if (!due.is_normal() && is_final(due)) return due;
    }
    if (purpose_ == Purpose::Terminal && context_.jobs.terminal() != nullptr) {
      context_.jobs.terminal()->witness().stop();
    }
    refresh_options();
    syntax::ParseResult parsed = parser_.parse_command();
    if (state.is_on(Option::Verbose) && !parser_.last_text().empty()) [[unlikely]] {
      context_.err.write(parser_.last_text());
      context_.err.flush();
    }
    if (state.is_on(Option::History) && is_recorded()) [[unlikely]]
      record(parser_.last_text());
    switch (parsed.status) {
      case ParseStatus::Command: {
        if (!parsed.warning.empty() && !state.is_posix()) [[unlikely]]
          context_.services.report("warning: " + parsed.warning);
        if (parsed.program->root() == nullptr) continue;
        if (state.is_on(Option::NoExec) && purpose_ != Purpose::Terminal) continue;
        bool is_last = tail == Tail::Yes && parser_.is_at_end();
        Completion completion = execute(parsed, is_last ? Tail::Yes : Tail::No);
        last = completion;
        if (!completion.is_normal()) {
          if (is_final(completion)) return completion;
          last.flow = Flow::Normal;
        }
        break;
      }
      case ParseStatus::EndOfFile: return last;
      case ParseStatus::Error:
      case ParseStatus::Incomplete: {
        Completion completion = on_syntax_error(parsed.error);
        if (purpose_ != Purpose::Terminal) return completion;
        last = completion;
        if (parsed.status == ParseStatus::Incomplete && context_.frontend == nullptr) return last;
        break;
      }
      case ParseStatus::Interrupted:
        if (purpose_ != Purpose::Terminal) break;  // the signal is looked at before the next command
        state.last_status = state::kSignalBase + 2;
        last = Completion::of(state.last_status);
        break;
      case ParseStatus::ReadError: return on_read_error();
    }
  }
}

/// Commands of a script or of an interactive shell without a front end; that one keeps its history itself.
bool ReadEvalLoop::is_recorded() const {
  return (purpose_ == Purpose::Script || purpose_ == Purpose::Terminal) && context_.frontend == nullptr;
}

/// `set -o history` in a script: what was read becomes an entry, as do the comment lines before it.
void ReadEvalLoop::record(std::string_view text) {
  api::Editor* editor = context_.services.editor();
  if (editor == nullptr) return;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim_blanks(text.substr(0, end));
    if (!line.empty() && line[0] != '#') break;
    if (!line.empty()) editor->history().add(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty()) editor->history().add_running(text);
  if (std::string trouble = editor->history().take_trouble(); !trouble.empty()) context_.services.report(trouble);
  // HISTCMD is the number of this command, not of the next.
  context_.state.history_number =
      editor->history().first_number() + static_cast<int64_t>(editor->history().count()) - 1;
}

Completion ReadEvalLoop::execute(const syntax::ParseResult& parsed, Tail tail) {
  RunningProgram running(context_, parsed.program);
  ArenaScope scope(context_.state.scratch);
  ProcessSubstitutionScope substitutions(context_);
  const syntax::Command& root = *parsed.program->root();
  Completion completion = execute_root(root, tail);
  if (purpose_ == Purpose::Terminal && is_interrupt(completion) && root.kind == syntax::CommandKind::Pipeline &&
      !context_.state.pipe_statuses.empty()) {
    // There is no loop or list to leave: $? is that of the last command, which may have handled its SIGINT.
    completion = Completion::of(context_.state.pipe_statuses.back());
    context_.state.last_status = completion.status;
  }
  if (is_outermost()) running.keep();
  return completion;
}

Completion ReadEvalLoop::execute_root(const syntax::Command& root, Tail tail) {
  if (!is_outermost()) return execute_inner(root, tail);
  bool survives = purpose_ == Purpose::CommandText && context_.is_interactive() && context_.state.is_posix();
  if (!survives) return execute_guarded(root, tail);
  if (root.kind != syntax::CommandKind::List) return execute_surviving(root);
  const auto& list = syntax::as<syntax::List>(root);
  Completion completion;
  for (size_t i = 0; i < list.items.size() && completion.is_normal(); ++i) {
    syntax::List one = list;
    one.items = list.items.subspan(i, 1);
    completion = execute_surviving(one);
  }
  return completion;
}

/// Text of eval, a dot script or an action: an error that abandons its line goes no further than this text.
Completion ReadEvalLoop::execute_inner(const syntax::Command& command, Tail tail) {
  Completion completion;
  try {
    completion = context_.runner->run(command, tail);
  } catch (const state::ShellError& error) {
    if (!abandons_line(context_, error)) throw;
    completion = consequence(context_, error);
  }
  bool is_abandoned_line = completion.flow == Flow::Interrupt && !is_interrupt(completion) &&
                           !context_.state.is_posix() && !context_.state.is_on(Option::NoExec);
  if (is_abandoned_line) completion.flow = Flow::Normal;
  return completion;
}

/// `sh -ic`: an error ends the command it occurs in, not the shell (XCU 2.8.1). There is no next line to go on with.
Completion ReadEvalLoop::execute_surviving(const syntax::Command& command) {
  Completion completion = execute_guarded(command, Tail::No);
  if (completion.flow == Flow::Interrupt && !is_interrupt(completion)) completion.flow = Flow::Normal;
  return completion;
}

Completion ReadEvalLoop::execute_guarded(const syntax::Command& command, Tail tail) {
  context_.is_exhausted = false;
  try {
    return context_.runner->run(command, tail);
  } catch (const state::ShellError& error) {
    return consequence(context_, error);
  } catch (const std::bad_alloc&) {
    context_.services.report("out of memory");
    context_.state.last_status = state::kUsageError;
    return {state::kUsageError, context_.is_interactive() ? Flow::Interrupt : Flow::Exit, 0};
  }
}

bool ReadEvalLoop::is_final(const Completion& completion) const {
  switch (completion.flow) {
    case Flow::Normal: return false;
    case Flow::Interrupt:
      // A script goes on with its next line; Ctrl-C abandons all of the text of -c.
      return !is_outermost() || (purpose_ == Purpose::CommandText && is_interrupt(completion));
    case Flow::Break:
    case Flow::Continue:
    case Flow::Return: return !is_outermost();
    case Flow::Exit: return true;
  }
  return true;
}

Completion ReadEvalLoop::on_syntax_error(const syntax::SyntaxError& error) {
  Location where{name_, error.line, error.column};
  context_.err.write(format_syntax_error(where, error.message, error.source_line));
  context_.err.flush();
  context_.state.last_status = state::kUsageError;
  if (purpose_ == Purpose::Terminal) return Completion::of(state::kUsageError);
  if (is_outermost()) return {state::kUsageError, Flow::Exit, 0};
  // Too deep for the parser because of what runs, not of this text: another eval or dot would only fail the same way.
  constexpr size_t kShareOfTheParser = size_t(64) << 10;
  if (StackGuard::is_low(kShareOfTheParser))
    throw state::ShellError(state::ShellError::Kind::Exhausted, "", state::kUsageError);
  throw state::ShellError(state::ShellError::Kind::Utility, "", state::kUsageError);
}

Completion ReadEvalLoop::on_read_error() {
  context_.services.report(std::string(name_.empty() ? "standard input" : name_) +
                           ": cannot read: " + std::string(Errno(source_.error()).message()));
  context_.state.last_status = state::kNotExecutable;
  return {state::kNotExecutable, is_outermost() ? Flow::Exit : Flow::Normal, 0};
}

}  // namespace mish::exec
