// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "shell/api/frontend.h"
#include "shell/base/diagnostic.h"
#include "shell/exec/redirection.h"
#include "shell/expand/prompt.h"
#include "shell/process/child.h"
#include "shell/process/signals.h"
#include "shell/process/wait.h"
#include "shell/state/special_variables.h"

namespace mish::exec {

namespace {

/// A dot script. From a terminal or a pipe its commands may take their time: signals are looked at between them.
class DotSource final : public syntax::Source {
 public:
  DotSource(UniqueFd fd, bool is_regular) : file_(std::move(fd)), is_regular_(is_regular) {}
  Status next_line(syntax::LinePurpose purpose, std::string_view& line) override {
    bool waits = !is_regular_ && purpose == syntax::LinePurpose::FirstLine;
    if (waits && process::wait_readable(file_.fd(), -1) == process::PollOutcome::Interrupted)
      return Status::Interrupted;
    return file_.next_line(purpose, line);
  }
  int error() const override { return file_.error(); }

 private:
  syntax::FileSource file_;
  bool is_regular_;
};

}  // namespace

Shell::Shell(api::BuiltinTable builtins)
    : out_(STDOUT_FILENO),
      err_(STDERR_FILENO),
      expander_(state_, *this),
      context_{state_, jobs_, expander_, *this, out_, err_, builtins},
      executor_(context_),
      search_(context_),
      containment_(context_),
      functions_(context_),
      pipelines_(context_),
      simple_commands_(context_),
      subshells_(context_),
      traps_(context_) {
  context_.runner = &executor_;
  context_.search = &search_;
  context_.containment = &containment_;
  context_.functions = &functions_;
  context_.pipelines = &pipelines_;
  context_.simple_commands = &simple_commands_;
  context_.subshells = &subshells_;
  context_.traps = &traps_;
  state_.hook_owner = this;
  static const TrapRunner* traps;
  traps = &traps_;
  jobs_.set_announcer([this] {
    if (!state_.is_on(Option::Notify) || !context_.is_interactive_process()) return;
    err_.write(jobs_.take_notices());
    err_.flush();
  });
  set_interrupt_judge([] { return traps->ends_what_runs(); });
  state_.evaluate_hook = [](state::ShellState& state, std::string_view text) {
    return static_cast<Shell*>(state.hook_owner)->expander_.evaluate_text(text);
  };
  state_.subscript_hook = [](state::ShellState& state, std::string_view text) {
    return static_cast<Shell*>(state.hook_owner)->expander_.computed_subscript(text);
  };
}

Shell::~Shell() = default;

Completion Shell::run(syntax::Source& source, std::string_view name, ReadEvalLoop::Purpose purpose, Tail tail) {
  ReadEvalLoop loop(context_, source, name, purpose);
  return loop.run(tail);
}

int Shell::finish(Completion completion) {
  Completion due = traps_.run_pending();
  int status = due.flow == Flow::Exit ? due.status : completion.status;
  try {
    status = traps_.on_exit(status);
  } catch (const std::bad_alloc&) {
    status = state::kUsageError;
  }
  if (context_.frontend != nullptr) context_.frontend->shut_down();
  if (state_.is_on(Option::Interactive) && state_.subshell_depth == 0) {
    jobs_.hang_up(!state_.is_on(Option::HupOnExit) || !state_.is_on(Option::LoginShell));
  }
  out_.flush();
  if (report_write_error(context_, out_) && status == 0) status = state::kFailure;
  err_.flush();
  if (terminal_.is_taken() && state_.subshell_depth == 0) terminal_.leave();
  if (traps_.deadly_signal() != 0) process::die_by_signal(traps_.deadly_signal());
  return status & 0xff;
}

// --- running things for builtins -------------------------------------------------------------------------------------

/// Counts the text of an eval among that of the evals around it, each of which may have to parse it again.
class Shell::NestedText {
 public:
  NestedText(size_t& total, size_t size) : total_(total), size_(size) {
    constexpr size_t kMost = size_t(64) << 20;
    constexpr size_t kFew = 16;  // one huge text is no recursion
    if (total_ > kMost && total_ / kFew > size) {
      throw state::ShellError(state::ShellError::Kind::Exhausted, "maximum recursion depth exceeded",
                              state::kUsageError);
    }
    total_ += size_;
  }
  ~NestedText() { total_ -= size_; }
  NestedText(const NestedText&) = delete;
  NestedText& operator=(const NestedText&) = delete;

 private:
  size_t& total_;
  size_t size_;
};

Completion Shell::run_text(std::string_view text, std::string_view name) {
  NestedText counted(nested_text_, text.size());
  state::Frame frame;
  frame.kind = state::FrameKind::Eval;
  frame.source_name = state_.calls.top().source_name;
  frame.call_line = state_.line;
  state::FrameGuard guard(state_.calls, frame);
  syntax::StringSource source(text);
  ReadEvalLoop loop(context_, source, name, ReadEvalLoop::Purpose::Text, state_.line == 0 ? 1 : state_.line);
  return loop.run();
}

Completion Shell::run_file(std::string_view path, api::Args arguments) {
  std::string name(path);
  Result<UniqueFd> opened = open_interruptibly(context_, name.c_str(), O_RDONLY);
  if (opened.code() == EINTR) return Completion::of(state::kFailure);  // the next safe point knows why
  struct stat status;
  int error = opened.ok() ? 0 : opened.code();
  if (opened.ok() && fstat(opened->get(), &status) == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  Result<UniqueFd> moved = error == 0 ? move_above_9(std::move(*opened)) : Result<UniqueFd>(Errno(error));
  if (!moved.ok()) {
    throw state::ShellError(state::ShellError::Kind::Utility, name + ": " + std::string(moved.error().message()),
                            state::kFailure);
  }
  state::Frame frame;
  frame.kind = state::FrameKind::Source;
  frame.source_name = name;
  frame.call_line = state_.line;
  // bash: BASH_ARGV shows arguments only to debuggers, but the name of a script without any always.
  const std::string_view own_name[] = {name};
  frame.arguments = arguments.empty() ? api::Args(own_name) : arguments;
  frame.shows_arguments = arguments.empty() || state_.is_on(Option::ExtDebug);
  state::PositionalParameters saved = state_.positional;
  if (!arguments.empty()) state_.positional.borrow(arguments);
  Completion completion;
  {
    std::optional<state::FrameGuard> guard(std::in_place, state_.calls, frame);
    InheritedTraps traps(traps_, InheritedTraps::By::DotScript);
    DotSource source(std::move(*moved), S_ISREG(status.st_mode));
    uint32_t line = state_.line;
    ReadEvalLoop loop(context_, source, name, ReadEvalLoop::Purpose::File);
    try {
      completion = loop.run();
    } catch (...) {
      if (!arguments.empty()) state_.positional = saved;
      state_.line = line;
      throw;
    }
    state_.line = line;
    guard.reset();  // bash: in the RETURN action the script is no longer among the callers
    completion = traps_.end_body(completion, line);
  }
  // A dot script given operands has parameters of its own; without, what it sets stays. In bash, outside
  // of functions, what it assigned with `set` stays also with.
  bool stays = !state_.is_posix() && state_.positional.is_assigned() && !state_.calls.in_function();
  if (!arguments.empty() && !stays) state_.positional = saved;
  return completion;
}

Completion Shell::run_command(api::Args words, const api::RunOptions& options) {
  return simple_commands_.run_words(words, options);
}

Completion Shell::replace_shell(api::Args words, std::string_view argv0, bool empty_environment) {
  bool had_terminal = terminal_.is_taken();
  if (had_terminal) terminal_.leave();
  const bool counts = !state_.is_posix() && state_.subshell_depth == 0;
  if (counts) state::uncount_shell_level(state_);
  int status = simple_commands_.replace(words, argv0, empty_environment, false);
  if (counts) state::count_shell_level(state_);
  if (had_terminal) static_cast<void>(terminal_.take(false));
  bool survives = context_.is_interactive() || state_.is_on(Option::ExecFail);
  return {status, survives ? Flow::Normal : Flow::Exit, 0};
}

void Shell::keep_redirections() { simple_commands_.keep_redirections(); }

pid_t Shell::spawn_command(api::Args words, const SpawnOptions& options) {
  process::ChildOptions child;
  child.role = process::ChildRole::Background;
  child.process_group = options.own_group ? process::kNewGroup : process::kShellsGroup;
  pid_t pid = subshells_.fork(child);
  if (pid != 0) return pid;
  process::FdPlan plan;
  if (options.stdin_fd >= 0) plan.duplicate(options.stdin_fd, STDIN_FILENO);
  if (options.stdout_fd >= 0) plan.duplicate(options.stdout_fd, STDOUT_FILENO);
  if (options.stderr_fd >= 0) plan.duplicate(options.stderr_fd, STDERR_FILENO);
  subshells_.arrange_descriptors(plan);
  if (options.own_session) setsid();
  if (options.child_setup != nullptr) options.child_setup(options.child_data);
  Completion completion;
  try {
    Target target = search_.classify(words[0]);
    completion.status = target.kind == Target::Kind::File ? simple_commands_.replace(words, {}, false, false)
                                                          : simple_commands_.run_words(words, {}).status;
  } catch (const state::ShellError& error) {
    completion = consequence(context_, error);
  }
  subshells_.end_child(completion);
}

Completion Shell::capture_command(api::Args words, std::string& out) {
  OutputCapture capture(context_, out);
  Completion completion = simple_commands_.run_words(words, {});
  out_.flush();
  subshells_.drain(capture.capture);
  return completion;
}

// --- commands and options --------------------------------------------------------------------------------------------

api::FoundCommand Shell::find_command(std::string_view name, const api::RunOptions& options) {
  return search_.describe(name, options);
}

const api::Builtin* Shell::find_builtin(std::string_view name) const { return search_.find_builtin(name, true); }

bool Shell::enable_builtin(std::string_view name, bool on) { return search_.enable(name, on); }

bool Shell::is_builtin_enabled(const api::Builtin& builtin) const { return search_.is_enabled(builtin); }

bool Shell::set_monitor(bool on) {
  if (on == jobs_.is_monitor()) return true;
  if (!on) {
    if (terminal_.is_taken()) terminal_.leave();
    jobs_.set_monitor(false, nullptr);
    process::set_interactive_dispositions(state_.is_on(Option::Interactive), false);
    return true;
  }
  process::Terminal* terminal = nullptr;
  bool interactive = context_.is_interactive();
  bool has_terminal = terminal_.open().ok();
  // First: who takes the terminal is in the background for a moment, and nothing may stop it there.
  if (interactive) process::set_interactive_dispositions(true, true);
  if (has_terminal && terminal_.take(interactive).ok()) terminal = &terminal_;
  // Without any terminal there are still process groups.
  if (terminal == nullptr && interactive && has_terminal) {
    process::set_interactive_dispositions(true, false);
    report("no job control: this shell is not in the foreground of a terminal");
    return false;
  }
  jobs_.set_monitor(true, terminal);
  return true;
}

bool Shell::set_option(state::Option option, bool on) {
  switch (option) {
    case Option::Monitor:
      // A subshell without a process of its own has no jobs of its own.
      if (state_.in_process_subshells == 0 && !set_monitor(on)) return false;
      break;
    case Option::Posix:
      jobs_.set_posix_words(on);
      state_.bump_generation();
      break;
    case Option::AllExport: state_.variables.set_export_all(on); break;
    case Option::Vi:
    case Option::Emacs: {
      state_.options.set(option, on);
      if (on) state_.options.set(option == Option::Vi ? Option::Emacs : Option::Vi, false);
      if (context_.frontend != nullptr) {
        context_.frontend->set_editing_mode(state_.is_on(Option::Vi), state_.is_on(Option::Emacs));
      }
      return true;
    }
    case Option::ExtDebug:
      state_.options.set(Option::ErrTrace, on);
      state_.options.set(Option::FuncTrace, on);
      break;
    case Option::History:
      if (on && context_.frontend == nullptr) load_history();
      break;
    case Option::IgnoreEof:
      if (on) {
        state_.variables.assign(names::IGNOREEOF, "10");
      } else {
        state_.variables.unset(names::IGNOREEOF);
      }
      break;
    case Option::NoExec:
      if (context_.is_interactive()) return true;
      break;
    case Option::Privileged:
      if (!on && state_.is_on(Option::Privileged)) {
        if (setresgid(getgid(), getgid(), getgid()) != 0 || setresuid(getuid(), getuid(), getuid()) != 0) {
          report(std::string("cannot give up privileges: ") + std::string(Errno::last().message()));
          return false;
        }
      }
      break;
    default: break;
  }
  state_.options.set(option, on);
  return true;
}

// --- signals and jobs ------------------------------------------------------------------------------------------------

bool Shell::is_ignored_at_entry(state::Condition condition) const {
  return condition >= 1 && condition <= process::kMaxSignal && !state_.is_on(Option::Interactive) &&
         process::is_ignored_at_entry(condition);
}

bool Shell::change_disposition(int signal, state::TrapAction::Kind kind) {
  switch (kind) {
    case state::TrapAction::Kind::Command:
      return process::set_disposition(signal, process::Disposition::Catch) &&
             (signal != SIGCHLD || process::watch_children());
    case state::TrapAction::Kind::Ignore: return process::set_disposition(signal, process::Disposition::Ignore);
    case state::TrapAction::Kind::Default:
      if (traps_.catches_death(signal)) return process::set_disposition(signal, process::Disposition::Catch);
      return process::reset_disposition(signal);
  }
  return false;
}

Result<void> Shell::set_trap(state::Condition condition, state::TrapAction action) {
  if (is_ignored_at_entry(condition)) return {};
  bool is_signal = condition >= 1 && condition <= process::kMaxSignal;
  if (is_signal && !change_disposition(condition, action.kind)) return Errno::last();
  state_.traps.set(condition, std::move(action));
  traps_.changed(condition);
  return {};
}

int Shell::pending_trap_signal() const { return traps_.pending_trap_signal(); }

Completion Shell::run_pending_traps() { return traps_.run_pending(); }

Completion Shell::continue_job(int job_number, bool foreground) {
  process::Job* job = jobs_.find_number(job_number);
  if (job == nullptr) return Completion::of(state::kFailure);
  if (!foreground) {
    Result<void> resumed = jobs_.resume_in_background(*job);
    if (!resumed) report(std::string("bg: ") + std::string(resumed.error().message()));
    return Completion::of(resumed.ok() ? state::kSuccess : state::kFailure);
  }
  Result<process::ForegroundOutcome> outcome = jobs_.resume_in_foreground(*job);
  if (!outcome.ok()) {
    report(std::string("fg: ") + std::string(outcome.error().message()));
    return Completion::of(state::kFailure);
  }
  Completion completion = Completion::of(job->exit_status());
  if (*outcome == process::ForegroundOutcome::Stopped) {
    err_.write("\n" + jobs_.format(*job, process::JobFormat::Short));
    err_.flush();
    return completion;
  }
  bool interrupted = job->was_interrupted();
  if (interrupted && context_.is_interactive()) {
    err_.write("\n");
    err_.flush();
    if (!subshells_.goes_on_after_interrupt()) completion.flow = Flow::Interrupt;
  }
  if (job->state() == process::JobState::Done) subshells_.tell_of_death(*job);
  jobs_.forget_done(*job);
  return completion;
}

int Shell::wait_readable(int fd, int timeout_ms) {
  const int64_t timeout_ns = timeout_ms < 0 ? -1 : static_cast<int64_t>(timeout_ms) * 1'000'000;
  const int64_t end = timeout_ms < 0 ? 0 : process::monotonic_ns() + timeout_ns;
  process::PollOutcome outcome = process::wait_readable(fd, timeout_ns, process::watches_children());
  while (outcome == process::PollOutcome::ChildChanged) {
    // A script that reads for ever leaves no zombies.
    jobs_.reap();
    jobs_.announce();
    const int64_t rest = timeout_ms < 0 ? -1 : std::max<int64_t>(end - process::monotonic_ns(), 0);
    outcome = process::wait_readable(fd, rest, true);
  }
  switch (outcome) {
    case process::PollOutcome::Ready: return 1;
    case process::PollOutcome::TimedOut: return 0;
    case process::PollOutcome::Interrupted:
    case process::PollOutcome::ChildChanged: break;
  }
  if (context_.in_process == nullptr || pending_trap_signal() != 0) return -1;
  // A signal whose action waits for the end of this subshell: it would end every such wait at once.
  struct pollfd descriptor = {fd, POLLIN, 0};
  int ready = ::poll(&descriptor, 1, timeout_ms);
  return ready < 0 && errno != EINTR ? 1 : ready;
}

// --- messages and hooks ----------------------------------------------------------------------------------------------

Location Shell::location() const {
  if (context_.is_interactive() && state_.calls.depth() == 1) return {};
  std::string_view source = state_.calls.top().source_name;
  // As within the functions of the text.
  if (source.empty() && state_.shell_name == "bash") source = state_.zero;
  if (source.empty() && state_.is_on(Option::CommandString)) source = "-c";
  return {source, state_.line, 0};
}

api::Editor* Shell::editor() {
  if (context_.frontend != nullptr) return context_.frontend;
  if (editor_ == nullptr && make_editor_ != nullptr) editor_ = make_editor_(state_);
  return editor_.get();
}

/// History that is asked for begins with that of HISTFILE.
void Shell::load_history() {
  std::string path(state_.variables.text(names::HISTFILE));
  api::Editor* own = path.empty() ? nullptr : editor();
  if (own != nullptr && own->history().count() == 0) static_cast<void>(own->history().read_file(path));
}

void Shell::report(std::string_view message) {
  if (message.empty()) return;  // of an error that was told where it happened
  err_.write(format_diagnostic(state_.shell_name, location(), message));
  err_.flush();
}

int Shell::run_command_substitution(const syntax::CommandSubstitution& substitution, std::string& out) {
  return subshells_.substitute(substitution, out);
}

std::string Shell::open_process_substitution(const syntax::ProcessSubstitution& substitution) {
  return subshells_.open_process_substitution(substitution);
}

std::string Shell::render_prompt(std::string_view text) {
  std::string prompt = expand::PromptRenderer(state_, expander_).expand(text, jobs_.listed_count());
  return is_interactive() ? prompt : expand::without_brackets(prompt);
}

}  // namespace mish::exec
