// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/subshell.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <new>

#include "shell/base/process_stat.h"
#include "shell/base/retry.h"
#include "shell/base/text.h"
#include "shell/exec/pipeline.h"
#include "shell/exec/read_eval_loop.h"
#include "shell/exec/redirection.h"
#include "shell/exec/simple_command.h"
#include "shell/exec/trap_runner.h"
#include "shell/process/wait.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/printer.h"

namespace mish::exec {

namespace {

std::string print_job(const void* node, std::vector<size_t>& stages) {
  const auto& command = *static_cast<const syntax::Command*>(node);
  std::string text = syntax::print_command_line(command);
  if (command.kind != syntax::CommandKind::Pipeline) return text;
  // From the end: what stands before the first stage (!, time) is of no interest here.
  auto commands = syntax::as<syntax::Pipeline>(command).commands;
  size_t end = text.size();
  for (size_t i = commands.size(); i-- > 1;) {
    end -= std::min(end, syntax::print_command_line(*commands[i]).size() + 2);
    stages.insert(stages.begin(), end);
    end -= std::min<size_t>(end, 1);
  }
  return text;
}

/// The status of a substitution: none of which a part was lost succeeds.
int status_of(const Completion& completion, bool is_complete) {
  return completion.status == 0 && !is_complete ? state::kFailure : completion.status;
}

/// Takes what is in the pipe now without waiting.
void empty_pipe(Capture& capture) {
  char buffer[16384];
  struct pollfd descriptor = {capture.read_end.get(), POLLIN, 0};
  while (::poll(&descriptor, 1, 0) > 0 && (descriptor.revents & POLLIN) != 0) {
    Result<size_t> got = read_some(capture.read_end.get(), buffer, sizeof buffer);
    if (!got || *got == 0) return;
    capture.memory->append(buffer, *got);
  }
}

}  // namespace

OutputCapture::OutputCapture(ExecutionContext& context, std::string& memory)
    : context_(context), previous_(context.capture), fd_(context.out.fd()) {
  capture.memory = &memory;
  capture.outer = context_.captures;
  context_.captures = &capture;
  context_.capture = &capture;
  context_.out.redirect_to_memory(&memory);
}

OutputCapture::~OutputCapture() {
  context_.out.flush();
  context_.captures = capture.outer;
  context_.capture = previous_;
  direct_output(context_.out, previous_, fd_);
}

ProcessSubstitutionScope::ProcessSubstitutionScope(ExecutionContext& context)
    : subshells_(*context.subshells), mark_(subshells_.process_substitution_mark()) {}

ProcessSubstitutionScope::~ProcessSubstitutionScope() { subshells_.close_process_substitutions(mark_); }

namespace {

/// Loops around a subshell are not those that `break` in it can leave.
void push_subshell_frame(state::ShellState& state) {
  state::Frame frame;
  frame.kind = state::FrameKind::Subshell;
  frame.source_name = state.calls.top().source_name;
  frame.call_line = state.line;
  state.calls.push(frame);
}

}  // namespace

// --- in this process -------------------------------------------------------------------------------------------------

ProcessKeeper::ProcessKeeper(ExecutionContext& context, const Admission& admission)
    : context_(context), kept_(admission) {
  if (kept_.changes_umask) umask(umask_ = umask(0));
  if (!kept_.changes_directory) return;
  Result<UniqueFd> here = open_file(".", O_PATH | O_DIRECTORY);
  if (!here.ok()) return;
  Result<UniqueFd> above = move_above_9(std::move(*here));
  if (!above.ok()) return;
  fd_ = std::move(*above);
  directory_ = context_.state.directory;
}

ProcessKeeper::~ProcessKeeper() {
  if (kept_.changes_umask) umask(umask_);
  if (!fd_) return;
  if (retry_interrupted([&] { return fchdir(fd_.get()); }) != 0) {
    context_.services.report(std::string("cannot return to the working directory: ") +
                             std::string(Errno::last().message()));
  }
  context_.state.directory = std::move(directory_);
}

InProcessFrame::InProcessFrame(ExecutionContext& owner)
    : context(owner),
      outer(owner.in_process),
      variables(owner.state.variables.begin_snapshot()),
      functions(owner.state.functions.begin_snapshot()),
      options(owner.state.options),
      positional(owner.state.positional),
      hash(owner.state.hash),
      getopts(owner.state.getopts),
      aliases(owner.state.aliases),
      directory_stack(owner.state.directory_stack),
      last_argument(owner.state.last_argument),
      trap_status(std::exchange(owner.state.trap_status, -1)),
      current_command(owner.state.current_command),
      armed(*owner.traps),
      program(owner.program),
      call_depth(owner.state.calls.depth()),
      line(owner.state.line),
      last_background(owner.state.last_background),
      errexit_ignored(owner.errexit_ignored),
      substitution_depth(owner.state.substitution_depth) {
  context.in_process = this;
  ++context.state.in_process_subshells;
  ++context.state.subshell_depth;
  context.traps->enter_subshell();
  push_subshell_frame(context.state);
}

InProcessFrame::~InProcessFrame() {
  state::ShellState& state = context.state;
  --state.subshell_depth;
  --state.in_process_subshells;
  state.substitution_depth = substitution_depth;
  context.in_process = outer;
  context.errexit_ignored = errexit_ignored;
  state.last_background = last_background;
  state.line = line;
  state.calls.cut(call_depth);
  context.program = std::move(program);
  state.getopts = getopts;
  state.aliases = std::move(aliases);
  state.directory_stack = std::move(directory_stack);
  state.last_argument = std::move(last_argument);
  state.trap_status = trap_status;
  state.current_command = current_command;
  state.hash = std::move(hash);
  state.positional = std::move(positional);
  state.options = options;
  if (state.functions.roll_back(functions)) state.bump_generation();
  state.variables.roll_back(variables);
}

Completion SubshellRunner::run_whole(const syntax::Command& command) {
  if (command.kind != syntax::CommandKind::Simple) return context_.runner->run(command, Tail::Yes);
  // Who waits for it sees that it failed: errexit and the ERR trap are not for the environment that was made for it.
  return context_.simple_commands->run(syntax::as<syntax::SimpleCommand>(command), Tail::Yes);
}

Completion SubshellRunner::run_in_process(const syntax::Command& body, Environment environment) {
  InProcessFrame frame(context_);
  const bool is_substitution = environment == Environment::Substitution;
  if (is_substitution) ++context_.state.substitution_depth;
  if (is_substitution && substitution_drops_errexit()) context_.state.options.set(Option::ErrExit, false);
  Completion completion;
  try {
    completion = environment == Environment::Stage ? run_whole(body) : context_.runner->run(body, Tail::Yes);
  } catch (const state::ShellError& error) {
    completion = consequence(context_, error);
  }
  // However the body ended, only the subshell ended; but the SIGINT that killed its command was for the shell too.
  if (!is_interrupt(completion) && !is_shells_end(completion)) completion.flow = Flow::Normal;
  return completion;
}

/// Whether what ended a subshell in this process ends the shell around it, too.
bool SubshellRunner::is_shells_end(const Completion& completion) const {
  return completion.flow == Flow::Exit && (context_.traps->deadly_signal() != 0 || context_.is_exhausted);
}

int SubshellRunner::capture_in_process(const syntax::Command& body, std::string& out) {
  OutputCapture scope(context_, out);
  Completion completion = run_in_process(body, Environment::Substitution);
  context_.out.flush();
  if (scope.capture.read_end.is_open()) drain(scope.capture);
  throw_interrupt(completion);
  return status_of(completion, !scope.capture.is_incomplete);
}

/// Ctrl-C in a substitution ends the command that the substitution is part of.
void SubshellRunner::throw_interrupt(const Completion& completion) const {
  if (completion.flow != Flow::Interrupt && !is_shells_end(completion)) return;
  using Kind = state::ShellError::Kind;
  throw state::ShellError(context_.is_exhausted ? Kind::Exhausted : Kind::Fatal, "", completion.status);
}

/// Whether the output of `job` (null: of commands that are over) is awaited no more, whoever may write it still: the
/// shell is to end, or SIGINT came when the command was over or was not its business. `seen` counts those that were
/// looked at.
bool SubshellRunner::is_given_up(const process::Job* job, process::InterruptHold* hold, int& seen) {
  const int arrivals = hold == nullptr ? 0 : hold->arrivals();
  if (arrivals != 0 || process::any_pending()) process::watch_children();
  if (process::take_child_change()) context_.jobs.reap();
  const bool is_over = job == nullptr || job->state() != process::JobState::Running;
  if (arrivals != seen) {
    seen = arrivals;
    if (is_over) hold->claim();
    if (is_over) return true;
  }
  if (is_over && job != nullptr && hold != nullptr && hold->is_fatal(job->ended_by_interrupt())) return true;
  if (process::is_signal_pending(SIGHUP) && process::is_hangup_fatal()) return true;
  const int death = context_.traps->pending_death();
  if (death != 0 && death != SIGINT) return true;
  return is_over && context_.traps->ends_what_runs();
}

/// Reads to the end of the pipe, or until it is not awaited any more.
Result<void> SubshellRunner::read_while_awaited(int fd, std::string& out, const process::Job* job,
                                                process::InterruptHold* hold) {
  // In a script nothing but the held SIGINT ends the wait before its time: the read itself can wait, without the three
  // system calls of a sleep that misses no signal.
  bool sleeps = process::is_hangup_fatal() || context_.traps->catches_deaths();
  if (hold != nullptr) hold->reads(fd);
  char buffer[64 * 1024];  // what is not filled costs nothing
  for (int seen = 0;;) {
    auto is_over = [&] { return is_given_up(job, hold, seen); };
    if (sleeps && !process::wait_readable_unless(fd, is_over)) return {};
    Result<size_t> got = read_some(fd, buffer, sizeof buffer);
    if (!got && got.code() == EAGAIN && !sleeps) {
      sleeps = true;
      continue;
    }
    if (!got) return got.error();
    if (*got == 0) return {};
    out.append(buffer, *got);
  }
}

/// The output of a substitution. False after a reported failure.
bool SubshellRunner::read_output(int fd, std::string& out, const process::Job* job, process::InterruptHold* hold) {
  Result<void> read = read_while_awaited(fd, out, job, hold);
  if (!read) context_.services.report(std::string("read error: ") + std::string(read.error().message()));
  return read.ok();
}

void SubshellRunner::drain(Capture& capture, const process::Job* job, process::InterruptHold* hold) {
  capture.write_end.reset();
  if (!capture.read_end.is_open()) return;
  if (!read_output(capture.read_end.get(), *capture.memory, job, hold)) capture.is_incomplete = true;
  capture.read_end.reset();
}

// --- ( ) and $( ) ----------------------------------------------------------------------------------------------------

Completion SubshellRunner::run(const syntax::Subshell& node, Tail tail) {
  context_.state.line = node.line;
  context_.state.pipe_statuses.clear();
  if (node.body == nullptr) return {};
  Completion completion = run_body(node, tail);
  if (context_.traps->trap_depth() == 0) context_.state.current_command = &node;  // BASH_COMMAND of an ERR action
  return completion;
}

Completion SubshellRunner::run_body(const syntax::Subshell& node, Tail tail) {
  if (take_fresh(node)) {
    // This process was made for the subshell: it is the environment already.
    Completion completion = context_.runner->run(*node.body, Tail::Yes);
    if (completion.flow != Flow::Interrupt) completion.flow = Flow::Exit;
    return completion;
  }
  std::optional<ProcessKeeper> keeper;
  // Under job control a subshell is one job, which can be stopped.
  if (!context_.jobs.is_monitor() && admits(*node.body, node.containment, keeper)) {
    Completion completion = run_in_process(*node.body);
    context_.state.pipe_statuses.clear();  // those of its own pipelines
    look_at_window();
    return completion;
  }
  if (tail == Tail::Yes && context_.in_process == nullptr && context_.traps->allows_replacement()) {
    // Nothing follows: this process is the subshell.
    become_subshell();
    Completion completion = context_.runner->run(*node.body, Tail::Yes);
    if (completion.flow != Flow::Interrupt) completion.flow = Flow::Exit;
    return completion;
  }
  return run_forked(node);
}

bool SubshellRunner::admits(const syntax::Command& body, uint32_t& cache, std::optional<ProcessKeeper>& keeper) {
  Admission admission = context_.containment->admission(body, cache);
  if (!admission.is_admitted || !admission.changes_process()) return admission.is_admitted;
  keeper.emplace(context_, admission);
  if (keeper->is_able()) return true;
  keeper.reset();
  return false;
}

Completion SubshellRunner::run_forked(const syntax::Subshell& node) {
  process::InterruptHold hold(holds_interrupts());
  process::Job& job = new_job(&node);
  process::ChildOptions options;
  options.role = process::ChildRole::Foreground;
  options.process_group = context_.jobs.group_for_next(job);
  options.terminal = terminal_for(job);
  pid_t pid = fork(options);
  if (pid == 0) run_child(*node.body);
  if (pid < 0) {
    context_.jobs.release(job);
    return {state::kNotExecutable, Flow::Normal, 0};
  }
  context_.jobs.add_process(job, pid);
  return wait_for(job, hold, false);
}

int SubshellRunner::substitute(const syntax::CommandSubstitution& node, std::string& out) {
  if (node.body == nullptr) return has_text(node) ? capture_text(node, out) : 0;
  uint32_t line = context_.state.line;
  const int status_before = context_.state.last_status;
  int status = 0;
  std::optional<ProcessKeeper> keeper;
  if (node.text.find("alias") != std::string_view::npos && defines_alias(*node.body)) {
    status = capture_text(node, out);
  } else if (node.defers_aliases && context_.state.aliases.has_aliases()) {
    status = capture_with_aliases(node, out);
  } else if (node.reads_file) {
    status = read_file(*node.body, out);
    const bool is_over = status != 0 && process::any_pending() && context_.traps->ends_what_runs();
    if (is_over && !context_.state.traps.action(SIGINT).is_set()) {
      throw_interrupt({state::kSignalBase + SIGINT, Flow::Interrupt, 0});
    }
  } else if (admits(*node.body, node.containment, keeper)) {
    status = capture_in_process(*node.body, out);
  } else {
    status = capture_forked(*node.body, out);
  }
  context_.state.line = line;
  look_at_window();
  // bash: $? in the rest of the command is that of the substitution; by XCU 2.5.2 still that of the last pipeline.
  context_.state.last_status = context_.state.is_posix() ? status_before : status;
  return status;
}

/// Whether a substitution without a body has text all the same: between backquotes, a comment or what is no command.
bool SubshellRunner::has_text(const syntax::CommandSubstitution& node) {
  return node.backquotes && !trim_blanks(node.text).empty();
}

/// Whether the body calls `alias` or `unalias` before its last line: then later lines depend on it.
bool SubshellRunner::defines_alias(const syntax::Command& body) {
  if (body.kind != syntax::CommandKind::List) return false;
  for (const syntax::List::Item& item : syntax::as<syntax::List>(body).items) {
    if (item.command->kind != syntax::CommandKind::Simple) continue;
    const auto& simple = syntax::as<syntax::SimpleCommand>(*item.command);
    if (simple.words.empty() || !simple.words[0]->is_literal) continue;
    if (simple.words[0]->literal == "alias" || simple.words[0]->literal == "unalias") return true;
  }
  return false;
}

/// Runs the text line by line, so that aliases made on one line act on the next (XCU 2.3.1).
int SubshellRunner::capture_text(const syntax::CommandSubstitution& node, std::string& out) {
  OutputCapture capture(context_, out);
  InProcessFrame frame(context_);
  ++context_.state.substitution_depth;
  state::AliasTable aliases = context_.state.aliases;
  Completion completion;
  try {
    completion = context_.services.run_text(node.text, "command substitution");
  } catch (const state::ShellError& error) {
    completion = consequence(context_, error);
  }
  context_.state.aliases = std::move(aliases);
  context_.out.flush();
  drain(capture.capture);
  throw_interrupt(completion);
  return status_of(completion, !capture.capture.is_incomplete);
}

/// In POSIX mode the end of `$(` was found without alias substitution; the aliases of now act on its text (XCU 2.2.3).
int SubshellRunner::capture_with_aliases(const syntax::CommandSubstitution& node, std::string& out) {
  syntax::StringSource source(node.text);
  syntax::ParserOptions options;
  options.posix = true;
  syntax::Parser parser(source, options, &context_.state.aliases, "command substitution", node.line);
  syntax::ParseResult result = parser.parse_all();
  if (result.status != syntax::ParseStatus::Command) {
    context_.services.report(result.error.message);
    return state::kUsageError;
  }
  const syntax::Command* body = result.program->root();
  if (body == nullptr) return state::kSuccess;
  std::optional<ProcessKeeper> keeper;
  uint32_t unknown = 0;
  return admits(*body, unknown, keeper) ? capture_in_process(*body, out) : capture_forked(*body, out);
}

/// Opens the file that is all there is in `body` and hands its bytes to `take`. Returns the exit status.
template <class Take>
int SubshellRunner::use_file(const syntax::Command& body, Take&& take) {
  process::FdPlan plan;
  Captures captures;
  try {
    if (!prepare_redirections(context_, body.redirections, plan, captures)) return context_.state.error_status();
  } catch (const state::ShellError& error) {
    context_.services.report(error.message());
    return context_.state.status_of(error);
  }
  const int fd = plan.resolve(body.redirections[0].fd);
  auto fail = [this](std::string_view what, Errno error) {
    if (error.code() != EINTR) context_.services.report(std::string(what) + ": " + std::string(error.message()));
    return state::kFailure;
  };
  char buffer[1 << 16];
  for (;;) {
    Result<size_t> size = read_patiently(fd, buffer, sizeof buffer);
    if (!size) return fail("read error", size.error());
    if (*size == 0) return state::kSuccess;
    if (Result<void> taken = take({buffer, *size}); !taken) return fail("write error", taken.error());
  }
}

int SubshellRunner::read_file(const syntax::Command& body, std::string& out) {
  return use_file(body, [&](std::string_view bytes) -> Result<void> {
    out.append(bytes);
    return {};
  });
}

/// The same to the standard output.
int SubshellRunner::copy_file(const syntax::Command& body) {
  return use_file(body, [](std::string_view bytes) { return write_all(STDOUT_FILENO, bytes); });
}

int SubshellRunner::capture_forked(const syntax::Command& body, std::string& out) {
  Result<Pipe> pipe = make_pipe();
  if (!pipe.ok()) {
    context_.services.report(std::string("cannot make a pipe: ") + std::string(pipe.error().message()));
    return state::kFailure;
  }
  process::InterruptHold hold(context_.traps->holds_interrupts());
  process::Job& job = context_.jobs.create(false, {});
  process::ChildOptions options;
  options.role = process::ChildRole::Substitution;
  pid_t pid = fork(options);
  if (pid == 0) {
    process::FdPlan plan;
    plan.duplicate(pipe->write_end.get(), STDOUT_FILENO);
    arrange_descriptors(plan);
    pipe->read_end.reset();
    pipe->write_end.reset();
    ++context_.state.substitution_depth;
    if (substitution_drops_errexit()) context_.state.options.set(Option::ErrExit, false);
    run_child(body);
  }
  pipe->write_end.reset();
  if (pid < 0) {
    context_.jobs.release(job);
    return state::kNotExecutable;
  }
  context_.jobs.add_process(job, pid);
  watch(job, hold);
  const bool is_complete = read_output(pipe->read_end.get(), out, &job, &hold);
  pipe->read_end.reset();
  Completion completion = wait_for(job, hold, false);
  throw_interrupt(completion);
  return status_of(completion, is_complete);
}

// --- <( ) and >( ) ---------------------------------------------------------------------------------------------------

std::string SubshellRunner::open_process_substitution(const syntax::ProcessSubstitution& node) {
  Result<Pipe> pipe = make_pipe();
  if (!pipe.ok()) {
    throw state::ShellError(state::ShellError::Kind::Expansion,
                            std::string("process substitution: ") + std::string(pipe.error().message()));
  }
  process::ChildOptions options;
  // With job control the keyboard's signals reach it with the shell, as they do a command substitution.
  options.role = context_.jobs.is_monitor() ? process::ChildRole::Substitution : process::ChildRole::Background;
  pid_t pid = fork(options);
  if (pid == 0) {
    process::FdPlan plan;
    plan.duplicate(node.reads ? pipe->write_end.get() : pipe->read_end.get(),
                   node.reads ? STDOUT_FILENO : STDIN_FILENO);
    arrange_descriptors(plan);
    pipe->read_end.reset();
    pipe->write_end.reset();
    process_fds_.clear();
    if (node.body == nullptr) end_child({});
    if (node.reads_file) end_child(Completion::of(copy_file(*node.body)));
    run_child(*node.body);
  }
  if (pid < 0) throw state::ShellError(state::ShellError::Kind::Expansion, "");
  context_.state.last_background = pid;
  context_.jobs.watch(pid);
  UniqueFd& mine = node.reads ? pipe->read_end : pipe->write_end;
  // Inherited by the command, hence not close-on-exec; high, out of the user's way.
  int fd = retry_interrupted([&] { return fcntl(mine.get(), F_DUPFD, 60); });
  if (fd < 0) {
    throw state::ShellError(state::ShellError::Kind::Expansion,
                            std::string("process substitution: ") + std::string(Errno::last().message()));
  }
  process_fds_.emplace_back(fd);
  return "/dev/fd/" + std::to_string(fd);
}

void SubshellRunner::close_process_substitutions(size_t mark) {
  if (process_fds_.size() > mark) process_fds_.resize(mark);
}

// --- forked children -------------------------------------------------------------------------------------------------

/// The kernel's own work for a fork grows with the number of forks above it: 300 shells that wait for one another cost
/// 0.5 s, 500 cost 2 s, 1000 cost 15 s. Those whose parent has ended meanwhile (a chain of asynchronous lists) do not
/// count.
void SubshellRunner::check_process_depth() {
  constexpr int kMaxProcessDepth = 300;
  if (process_depth_ < kMaxProcessDepth) [[likely]]
    return;
  process_depth_ = 0;
  for (Result<ProcessStat> stat = read_process_stat(getpid()); stat && stat->has_not_called_exec();
       stat = read_process_stat(stat->parent)) {
    ++process_depth_;
  }
  if (process_depth_ < kMaxProcessDepth) return;
  throw state::ShellError(
      state::ShellError::Kind::Exhausted,
      fmt::format("maximum recursion depth exceeded: {} subshells wait for this one", process_depth_),
      state::kUsageError);
}

pid_t SubshellRunner::fork(const process::ChildOptions& options) {
  check_process_depth();
  process::FdPlan plan;
  if (!plan_captured_output(context_, plan)) return -1;
  context_.out.flush();
  context_.err.flush();
  Result<pid_t> pid = process::fork_child(options);
  if (!pid.ok()) {
    context_.services.report(std::string("cannot fork: ") + std::string(pid.error().message()));
    return -1;
  }
  if (*pid != 0) return *pid;
  ++process_depth_;
  process::SavedFds::abandon_all();
  const Result<void> arranged = plan.apply_in_child();
  become_subshell();
  if (!arranged) die_without_descriptors(arranged.error());
  return 0;
}

void SubshellRunner::arrange_descriptors(process::FdPlan& plan) {
  if (Result<void> arranged = plan.apply_here(nullptr); !arranged) die_without_descriptors(arranged.error());
  plan.clear();
}

void SubshellRunner::report_descriptors(Errno error) {
  context_.services.report(std::string("cannot set up descriptors: ") + std::string(error.message()));
}

/// The end of a child whose words would go to, or come from, the wrong file.
void SubshellRunner::die_without_descriptors(Errno error) {
  report_descriptors(error);
  context_.err.flush();
  process::end_child(state::kNotExecutable);
}

void SubshellRunner::become_subshell() {
  state::ShellState& state = context_.state;
  state.trap_status = -1;
  ++state.subshell_depth;
  // What is forked from a subshell in this process is a process of its own.
  context_.in_process = nullptr;
  state.in_process_subshells = 0;
  for (Capture* each = context_.captures; each != nullptr; each = each->outer) {
    each->read_end.reset();
    each->write_end.reset();
  }
  context_.captures = context_.capture = context_.error_capture = nullptr;
  context_.redirections = nullptr;
  context_.is_exhausted = false;
  context_.out.redirect_to_fd(STDOUT_FILENO);
  context_.err.redirect_to_fd(STDERR_FILENO);
  push_subshell_frame(state);
  context_.jobs.enter_subshell();
  context_.pipelines->coprocesses().close_all();
  state.traps.enter_subshell(state.is_on(Option::ErrTrace), state.is_on(Option::FuncTrace));
  context_.traps->enter_subshell();
  context_.traps->forget_deaths();
  context_.traps->restore_dispositions();
}

void SubshellRunner::run_child(const syntax::Command& body) {
  Completion completion;
  fresh_ = &body;
  try {
    completion = run_whole(body);
  } catch (const state::ShellError& error) {
    completion = consequence(context_, error);
  } catch (const std::bad_alloc&) {
    context_.services.report("out of memory");
    completion.status = state::kUsageError;
  }
  end_child(completion);
}

void SubshellRunner::end_child(Completion completion) {
  Completion due = context_.traps->run_pending();
  if (due.flow == Flow::Exit) completion.status = due.status;
  int status = context_.traps->on_exit(completion.status);
  if (process::Terminal* terminal = context_.jobs.terminal()) terminal->leave();
  context_.out.flush();
  if (report_write_error(context_, context_.out) && status == 0) status = state::kFailure;
  context_.err.flush();
  if (context_.traps->deadly_signal() != 0) process::die_by_signal(context_.traps->deadly_signal());
  process::end_child(status & 0xff);
}

// --- waiting ---------------------------------------------------------------------------------------------------------

bool SubshellRunner::gives_groups() const { return context_.jobs.is_monitor() && context_.in_process == nullptr; }

/// What has a group of its own shares no SIGINT with the shell.
bool SubshellRunner::holds_interrupts() const { return !gives_groups() && context_.traps->holds_interrupts(); }

process::Job& SubshellRunner::new_job(const syntax::Command* node) {
  bool own_group = gives_groups();
  // The end of one job must not hide from the shell that the user wants none of those that follow.
  if (own_group && is_in_loop() && context_.is_interactive() && context_.jobs.terminal() != nullptr) {
    context_.jobs.terminal()->witness().start();
  }
  return context_.jobs.create(own_group, {node == nullptr ? nullptr : print_job, node});
}

process::Terminal* SubshellRunner::terminal_for(const process::Job& job) const {
  static_cast<void>(job);
  bool hands_over = gives_groups() && context_.jobs.terminal() != nullptr && context_.jobs.terminal()->is_taken();
  return hands_over ? context_.jobs.terminal() : nullptr;
}

void SubshellRunner::drain_while_running(process::Job& job, process::InterruptHold& hold) {
  process::watch_children();
  context_.jobs.reap();
  while (job.state() == process::JobState::Running) {
    struct pollfd descriptors[2];
    Capture* captures[2];
    size_t count = 0;
    for (Capture* each : {context_.capture, context_.error_capture}) {
      if (each == nullptr || !each->read_end.is_open() || (count == 1 && captures[0] == each)) continue;
      captures[count] = each;
      descriptors[count++] = {each->read_end.get(), POLLIN, 0};
    }
    process::PollOutcome outcome = process::wait_for_descriptors({descriptors, count}, -1, true);
    for (size_t i = 0; i < count; ++i) empty_pipe(*captures[i]);
    // A pending trap does not end the wait (XCU 2.12), but would end the poll at once.
    if (outcome == process::PollOutcome::Interrupted) break;
    if (outcome == process::PollOutcome::ChildChanged) context_.jobs.reap();
  }
  if (job.state() == process::JobState::Running) {
    // Here with a signal pending only: look at the pipes now and then would be polling, so wait for the bytes instead.
    drain(context_.capture != nullptr ? *context_.capture : *context_.error_capture, &job, &hold);
    wait_until_done(job);
  }
  for (Capture* each : {context_.capture, context_.error_capture}) {
    if (each != nullptr && each->read_end.is_open()) empty_pipe(*each);
  }
}

void SubshellRunner::wait_until_done(process::Job& job) {
  std::function<bool()> dies;
  if (context_.traps->catches_deaths()) {
    // A deadly signal must not wait for the command (the EXIT trap is why it is caught at all).
    dies = [this] {
      const int death = context_.traps->pending_death();
      return death != 0 && (death != SIGINT || gives_groups());
    };
  }
  context_.jobs.wait_in_foreground(job, dies);
}

/// bash: under `set -m` Ctrl-C reaches the command alone; a script takes it as meant for itself too.
bool SubshellRunner::shares_interrupt() const {
  return context_.jobs.is_monitor() && !context_.is_interactive_process() && !context_.state.is_posix() &&
         !context_.state.traps.action(SIGINT).is_set();
}

bool SubshellRunner::is_in_loop() const {
  return std::ranges::any_of(context_.state.calls.frames(),
                             [](const state::Frame& frame) { return frame.loop_depth != 0; });
}

/// bash: who has an action for SIGINT wants only the command in the foreground to end, or the loop that it is in.
bool SubshellRunner::goes_on_after_interrupt() const {
  return context_.state.traps.action(SIGINT).kind == state::TrapAction::Kind::Command && !is_in_loop();
}

/// Who stops a command of a loop wants the prompt, not the next round.
void SubshellRunner::leave_loops(Completion& completion) const {
  std::span<const state::Frame> frames = context_.state.calls.frames();
  uint32_t loops = 0;
  bool is_within_function = false;
  for (size_t i = frames.size(); i-- > 0;) {
    loops += frames[i].loop_depth;
    if (frames[i].loop_depth != 0 && is_within_function) completion.flow = Flow::Interrupt;
    is_within_function = is_within_function || frames[i].kind == state::FrameKind::Function;
  }
  if (loops == 0 || completion.flow == Flow::Interrupt) return;
  completion.flow = Flow::Break;
  completion.levels = static_cast<uint16_t>(std::min<uint32_t>(loops, UINT16_MAX));
}

/// checkwinsize (bash): after each command that has, or might have had, a process of its own, LINES and COLUMNS are
/// what the terminal says. A system call, but a small one beside that process; none once there is known to be no
/// terminal.
void SubshellRunner::look_at_window() {
  state::ShellState& state = context_.state;
  if (has_no_window_ || context_.in_process != nullptr || state.subshell_depth != 0) return;
  if (!state.is_on(Option::CheckWinSize) || (state.is_posix() && !context_.is_interactive())) return;
  const process::Terminal* terminal = context_.jobs.terminal();
  struct winsize window = {};
  if (ioctl(terminal != nullptr ? terminal->fd() : STDERR_FILENO, TIOCGWINSZ, &window) != 0) {
    has_no_window_ = context_.redirections == nullptr;
    return;
  }
  if (window.ws_row == 0 || window.ws_col == 0) return;
  state::note_window_size(state, window.ws_row, window.ws_col);
}

void SubshellRunner::tell_of_death(const process::Job& job) {
  if (job.processes().empty()) return;
  std::string message = process::JobTable::death_message(job.processes().back().status);
  if (message.empty()) return;
  context_.err.write(message + "\n");
  context_.err.flush();
}

void SubshellRunner::watch(const process::Job& job, process::InterruptHold& hold) {
  pid_t pids[8];
  size_t count = 0;
  for (const process::JobProcess& process : job.processes()) {
    if (count < std::size(pids) && !process.status.is_finished()) pids[count++] = process.pid;
  }
  hold.watch({pids, count});
}

Completion SubshellRunner::wait_for(process::Job& job, process::InterruptHold& hold, bool is_last_output,
                                    std::vector<process::JobProcess>* processes) {
  bool has_pipe = (context_.capture != nullptr && context_.capture->read_end.is_open()) ||
                  (context_.error_capture != nullptr && context_.error_capture->read_end.is_open());
  watch(job, hold);
  if (has_pipe) {
    if (is_last_output && context_.error_capture == nullptr) {
      drain(*context_.capture, &job, &hold);
    } else {
      drain_while_running(job, hold);
    }
  }
  wait_until_done(job);
  if (context_.jobs.take_lost()) context_.services.report("the status of a child is lost: No child processes");
  Completion completion = Completion::of(job.exit_status());
  bool interrupted = job.was_interrupted();
  // Who reads a POSIX script's standard error expects the commands' words only.
  const bool tells = context_.is_interactive() || !context_.state.is_posix();
  if (job.state() == process::JobState::Done && tells) tell_of_death(job);
  if (job.state() == process::JobState::Stopped && tells) {
    context_.err.write("\n" + context_.jobs.format(job, process::JobFormat::Short));
    context_.err.flush();
    if (context_.is_interactive()) leave_loops(completion);
  }
  if (processes != nullptr) processes->assign(job.processes().begin(), job.processes().end());
  pid_t last = job.last_pid();
  bool must_die = hold.settle(job.ended_by_interrupt(), {&last, 1});
  look_at_window();
  if (job.state() == process::JobState::Running) return completion;  // hung up: the next safe point ends the shell
  context_.jobs.release(job);
  if (must_die) {
    context_.traps->set_deadly_signal(SIGINT);
    return {state::kSignalBase + SIGINT, Flow::Exit, 0};
  }
  if (interrupted && shares_interrupt()) return {state::kSignalBase + SIGINT, Flow::Exit, 0};
  if (interrupted && context_.is_interactive_process()) {
    context_.err.put('\n');
    context_.err.flush();
    // The same Ctrl-C, when it came while the command had no group of its own yet.
    if (!context_.state.traps.action(SIGINT).is_set()) process::clear_pending_signal(SIGINT);
    // 130 also when the command that the status is of was over, or another one of the pipeline died.
    if (!goes_on_after_interrupt()) completion = {state::kSignalBase + SIGINT, Flow::Interrupt, 0};
  }
  return completion;
}

}  // namespace mish::exec
