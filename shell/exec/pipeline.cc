// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/pipeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "shell/base/retry.h"
#include "shell/exec/command_search.h"
#include "shell/exec/containment.h"
#include "shell/exec/read_eval_loop.h"
#include "shell/exec/redirection.h"
#include "shell/exec/simple_command.h"
#include "shell/exec/subshell.h"
#include "shell/exec/trap_runner.h"
#include "shell/exec/xtrace.h"
#include "shell/process/usage.h"

namespace mish::exec {

using syntax::as;
using syntax::CommandKind;

namespace {

constexpr size_t kPipeCapacity = 64 * 1024;

/// The simple command that `command` is, if its first word is literal and it has no assignments; else null.
const syntax::SimpleCommand* plain_simple(const syntax::Command& command) {
  if (command.kind != CommandKind::Simple) return nullptr;
  const auto& simple = as<syntax::SimpleCommand>(command);
  if (simple.words.empty() || !simple.assignments.empty() || !simple.words[0]->is_literal || simple.is_declaration) {
    return nullptr;
  }
  return &simple;
}

}  // namespace

// --- time and ! ------------------------------------------------------------------------------------------------------

Completion PipelineRunner::run(const syntax::Pipeline& node, Tail tail) {
  if (!node.timed) return untimed(node, tail);
  process::Stopwatch watch = process::Stopwatch::start();
  Completion completion = untimed(node, Tail::No);
  print_times(node, watch);
  return completion;
}

void PipelineRunner::print_times(const syntax::Pipeline& node, const process::Stopwatch& watch) {
  process::Elapsed elapsed = process::elapsed_since(watch);
  std::string_view format = process::kTimeFormat;
  if (node.timed_posix || context_.state.is_posix()) {
    format = process::kTimeFormatPosix;
  } else if (std::string_view value = context_.state.variables.text_or_null(names::TIMEFORMAT);
             value.data() != nullptr) {
    if (value.empty()) return;
    format = value;
  }
  std::string line;
  char bad = 0;
  if (!process::format_elapsed(format, elapsed, line, bad)) {
    context_.services.report(std::string("TIMEFORMAT: `") + bad + "': invalid format character");
    return;
  }
  context_.err.write(line);
  context_.err.flush();
}

Completion PipelineRunner::untimed(const syntax::Pipeline& node, Tail tail) {
  if (!node.negated) {
    if (node.commands.empty()) return {};
    return node.commands.size() == 1 ? context_.runner->run(*node.commands[0], node.timed ? Tail::No : tail)
                                     : stages(node, tail);
  }
  std::optional<ErrexitIgnored> ignored;
  if (context_.state.is_on(Option::ErrExit)) ignored.emplace(context_);
  struct Inverted {
    const syntax::Command*& command;
    const syntax::Command* outer;
    ~Inverted() { command = outer; }
  } inverted{context_.inverted, context_.inverted};
  inverted.command = node.commands.size() == 1 ? node.commands[0] : nullptr;
  Completion completion;
  if (!node.commands.empty()) {
    completion = node.commands.size() == 1 ? context_.runner->run(*node.commands[0], Tail::No) : stages(node, Tail::No);
  }
  // break and continue have a status, too, which becomes the loop's; that of return and exit is the one they were
  // given.
  const bool goes_on = completion.is_normal() || completion.flow == Flow::Break || completion.flow == Flow::Continue;
  if (!goes_on) return completion;
  // PIPESTATUS keeps what the command said, $? the opposite.
  if (context_.state.pipe_statuses.empty()) context_.state.pipe_statuses.assign(1, completion.status);
  completion.status = completion.status == 0 ? 1 : 0;
  return completion;
}

// --- several commands ------------------------------------------------------------------------------------------------

Completion PipelineRunner::stages(const syntax::Pipeline& node, Tail tail) {
  state::ShellState& state = context_.state;
  state.line = node.line;
  if (context_.traps->is_debug_armed()) [[unlikely]] {
    if (Completion due = context_.traps->announce(node.commands); !due.is_normal()) return TrapRunner::outcome(due);
  }
  std::optional<process::InterruptHold> hold(std::in_place, context_.subshells->holds_interrupts());
  process::Job& job = context_.subshells->new_job(&node);
  std::vector<Stage> started;
  std::vector<process::JobProcess> processes;
  Completion in_shell;
  bool launched = launch(node, job, &hold, started, in_shell);
  context_.traps->forget_announced();
  Completion completion;
  if (job.processes().empty()) {
    context_.jobs.release(job);
  } else {
    completion = context_.subshells->wait_for(job, *hold, tail == Tail::Yes, &processes);
  }
  if (context_.traps->trap_depth() == 0)
    state.current_command = node.commands.back();  // what BASH_COMMAND says after it
  if (!launched) return Completion::of(state::kNotExecutable);
  std::vector<int> statuses;
  statuses.reserve(started.size());
  int last_failure = 0;
  for (const Stage& stage : started) {
    int status = stage.status;
    for (const process::JobProcess& process : processes) {
      if (stage.pid != 0 && process.pid == stage.pid) status = process.status.to_exit_status();
    }
    if (status != 0) last_failure = status;
    statuses.push_back(status);
  }
  const int status = state.is_on(Option::PipeFail) ? last_failure : statuses.back();
  if (!is_interrupt(completion)) completion.status = status;
  state.pipe_statuses = std::move(statuses);
  if (!in_shell.is_normal()) {
    // lastpipe: `exit`, `return` or an interrupt in the last command.
    in_shell.status = completion.status;
    return in_shell;
  }
  return completion;
}

bool PipelineRunner::launch(const syntax::Pipeline& node, process::Job& job,
                            std::optional<process::InterruptHold>* hold, std::vector<Stage>& stages,
                            Completion& in_shell) {
  const bool is_async = hold == nullptr;
  UniqueFd input;
  for (size_t i = 0; i < node.commands.size(); ++i) {
    bool is_last = i + 1 == node.commands.size();
    if (is_last && !is_async && runs_here(*node.commands[i])) {
      Stage stage;
      // The last command decides what becomes of SIGINT, and that is the shell itself here: nothing holds it back.
      hold->reset();
      in_shell = last_stage_here(*node.commands[i], input.get());
      hold->emplace(context_.subshells->holds_interrupts());
      stage.status = in_shell.status;
      stages.push_back(stage);
      return true;
    }
    Pipe output;
    if (!is_last) {
      Result<Pipe> made = make_pipe();
      if (!made.ok()) {
        context_.services.report(std::string("cannot make a pipe: ") + std::string(made.error().message()));
        return false;
      }
      output = std::move(*made);
    }
    StageRequest request;
    request.command = node.commands[i];
    request.stage = i;
    request.input = input.get();
    request.output = is_last ? nullptr : &output;
    request.is_async = is_async;
    stages.push_back(start_stage(request, job));
    input = std::move(output.read_end);
  }
  return true;
}

bool PipelineRunner::runs_here(const syntax::Command& command) const {
  if (context_.jobs.is_monitor()) return false;
  if (context_.state.is_on(Option::LastPipe) && !context_.state.is_posix()) return true;
  // An external utility is started directly; running it "here" would gain nothing.
  if (const syntax::SimpleCommand* simple = plain_simple(command)) {
    if (context_.search->classify(*simple).kind == Target::Kind::File) return false;
  }
  const Admission admission = context_.containment->admission(command);
  return admission.is_admitted && !admission.changes_process();
}

Completion PipelineRunner::last_stage_here(const syntax::Command& command, int input) {
  AppliedRedirections standard_input(context_);
  if (!standard_input.apply_descriptor(input, STDIN_FILENO)) return Completion::of(state::kNotExecutable);
  InputScope given(context_, true);
  if (context_.state.is_on(Option::LastPipe) && !context_.state.is_posix()) {
    return context_.runner->run(command, Tail::No);
  }
  return context_.subshells->run_in_process(command, SubshellRunner::Environment::Stage);
}

// --- one stage -------------------------------------------------------------------------------------------------------

PipelineRunner::Stage PipelineRunner::start_stage(const StageRequest& request, process::Job& job) {
  Stage stage;
  if (!context_.state.is_on(Option::ForkSubshell) && !context_.traps->is_debug_armed()) {
    if (request.output != nullptr && write_builtin(request, job, stage)) return stage;
    if (start_external(request, job, stage)) return stage;
  }
  return fork_stage(request, job);
}

bool PipelineRunner::plan_stage(const StageRequest& request, process::FdPlan& plan) {
  if (!plan_captured_output(context_, plan)) return false;
  if (request.input >= 0) {
    plan.duplicate(request.input, STDIN_FILENO);
  } else if (request.is_async && !context_.jobs.is_monitor() && !context_.has_own_input) {
    // XCU 2.9.3.1: without job control the standard input of an asynchronous list is /dev/null.
    Result<UniqueFd> nothing = open_file("/dev/null", O_RDONLY);
    Result<void> adopted = nothing.ok() ? plan.adopt(std::move(*nothing), STDIN_FILENO) : nothing.error();
    if (!adopted) {
      context_.services.report(std::string("/dev/null: ") + std::string(adopted.error().message()));
      return false;
    }
  }
  if (request.output != nullptr) plan.duplicate(request.output->write_end.get(), STDOUT_FILENO);
  return true;
}

/// A builtin that only writes, with a short text: the pipe takes it all, so that no process is needed.
bool PipelineRunner::write_builtin(const StageRequest& request, process::Job& job, Stage& stage) {
  const syntax::SimpleCommand* simple = plain_simple(*request.command);
  if (simple == nullptr || !simple->redirections.empty()) return false;
  Target target = context_.search->classify(*simple);
  if (!target.is_builtin() || !target.builtin->has(api::builtin_flag::PureOutput)) return false;
  if (!context_.containment->is_pure(simple->words)) return false;
  std::string text;
  {
    OutputCapture capture(context_, text);
    stage.status = context_.subshells->run_in_process(*simple, SubshellRunner::Environment::Stage).status;
  }
  int fd = request.output->write_end.get();
  size_t written = 0;
  if (!text.empty()) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ssize_t count = ::write(fd, text.data(), std::min(text.size(), kPipeCapacity));
    written = count > 0 ? static_cast<size_t>(count) : 0;
    fcntl(fd, F_SETFL, 0);
  }
  if (written < text.size()) {
    // Too long for the pipe: a process writes the rest.
    pid_t pid = fork_into(job, request.is_async);
    if (pid == 0) {
      request.output->read_end.reset();
      Result<void> done = write_all(fd, std::string_view(text).substr(written));
      if (done) _exit(stage.status);
      const std::string name(simple->words[0]->literal);
      context_.services.report(name + ": write error: " + std::string(done.error().message()));
      process::end_child(state::kFailure);
    }
    if (pid > 0) {
      context_.jobs.add_process(job, pid, request.stage);
      stage.pid = pid;
    } else {
      stage.status = state::kNotExecutable;
    }
  }
  request.output->write_end.reset();
  return true;
}

/// Whether opening a target may block (a FIFO) or has effects of its own: then the opening is the stage's business, not
/// the shell's, which has others to start.
bool PipelineRunner::may_block(const syntax::SimpleCommand& command) {
  for (const syntax::Redirection& each : command.redirections) {
    switch (each.kind) {
      case syntax::RedirectionKind::HereDocument:
      case syntax::RedirectionKind::HereString: continue;
      case syntax::RedirectionKind::DuplicateInput:
      case syntax::RedirectionKind::DuplicateOutput:
        if (each.word->is_literal) continue;
        return true;
      case syntax::RedirectionKind::Input:
      case syntax::RedirectionKind::Output:
      case syntax::RedirectionKind::Clobber:
      case syntax::RedirectionKind::Append:
      case syntax::RedirectionKind::InputOutput:
      case syntax::RedirectionKind::OutputBoth:
      case syntax::RedirectionKind::AppendBoth: break;
    }
    if (!each.word->is_literal) return true;
    if (each.word->literal == "/dev/null") continue;
    struct stat status;
    if (stat(each.word->literal.data(), &status) == 0 && !S_ISREG(status.st_mode)) return true;
  }
  return false;
}

bool PipelineRunner::start_external(const StageRequest& request, process::Job& job, Stage& stage) {
  const syntax::SimpleCommand* simple = plain_simple(*request.command);
  if (simple == nullptr || !context_.containment->is_pure(*simple)) return false;
  if (context_.search->classify(*simple).kind != Target::Kind::File) return false;
  if (context_.simple_commands->has_not_found_handler() || may_block(*simple)) return false;
  ArenaScope scope(context_.state.scratch);
  process::FdPlan plan;
  stage.status = state::kFailure;
  {
    try {
      context_.state.line = simple->line;
      expand::FieldList fields(context_.state.scratch);
      context_.simple_commands->expand_words(*simple, fields);
      Captures captures;
      bool is_ready = plan_stage(request, plan) && prepare_redirections(context_, simple->redirections, plan, captures);
      if (is_ready) {
        if (context_.state.is_on(Option::XTrace)) trace_command(context_, {}, fields.span());
        bool is_async = request.is_async && !context_.jobs.is_monitor();
        SimpleCommandRunner::Started started = context_.simple_commands->start(
            fields.span(), plan, context_.jobs.group_for_next(job),
            request.is_async ? nullptr : context_.subshells->terminal_for(job), is_async, false);
        stage.status = started.status;
        if (started.pid > 0) {
          stage.pid = started.pid;
          context_.jobs.add_process(job, started.pid, request.stage);
        }
      }
    } catch (const state::ShellError& error) {
      if (error.is_fatal()) throw;
      context_.services.report(error.message());
      stage.status = context_.state.status_of(error);
    }
  }
  if (request.output != nullptr) request.output->write_end.reset();
  return true;
}

pid_t PipelineRunner::fork_into(process::Job& job, bool is_async) {
  process::ChildOptions options;
  options.role = is_async                         ? process::ChildRole::Background
                 : context_.in_process != nullptr ? process::ChildRole::Substitution
                                                  : process::ChildRole::Foreground;
  options.process_group = context_.jobs.group_for_next(job);
  options.terminal = is_async ? nullptr : context_.subshells->terminal_for(job);
  return context_.subshells->fork(options);
}

PipelineRunner::Stage PipelineRunner::fork_stage(const StageRequest& request, process::Job& job) {
  Stage stage;
  bool has_input_from_null = request.is_async && !context_.jobs.is_monitor() && request.input < 0;
  pid_t pid = fork_into(job, request.is_async);
  if (pid == 0) {
    process::FdPlan plan;
    StageRequest here = request;
    here.is_async = has_input_from_null;
    if (!plan_stage(here, plan)) _exit(state::kNotExecutable);
    context_.subshells->arrange_descriptors(plan);
    if (request.input > 2) close_surely(request.input);
    if (request.output != nullptr) *request.output = Pipe();
    InputScope input(context_, request.input >= 0);
    context_.subshells->run_child(*request.command);
  }
  if (pid > 0) {
    context_.jobs.add_process(job, pid, request.stage);
    stage.pid = pid;
  } else {
    stage.status = state::kNotExecutable;
  }
  if (request.output != nullptr) request.output->write_end.reset();
  return stage;
}

// --- asynchronous lists ----------------------------------------------------------------------------------------------

Completion PipelineRunner::start_asynchronous(const syntax::Command& command) {
  state::ShellState& state = context_.state;
  state.line = command.line;
  if (const syntax::SimpleCommand* simple = plain_simple(command);
      simple != nullptr && context_.simple_commands->resumes_job(simple->words[0]->literal)) {
    ArenaScope scope(state.scratch);
    expand::FieldList fields(state.scratch);
    context_.simple_commands->expand_words(*simple, fields);
    return context_.simple_commands->resume_job(fields.span(), false);
  }
  const auto* pipeline = command.kind == CommandKind::Pipeline ? &as<syntax::Pipeline>(command) : nullptr;
  const syntax::Command* const alone[] = {&command};
  if (context_.traps->is_debug_armed()) [[unlikely]] {
    std::span<const syntax::Command* const> stages(alone);
    if (pipeline != nullptr) stages = pipeline->commands;
    if (Completion due = context_.traps->announce(stages); !due.is_normal()) return TrapRunner::outcome(due);
  }
  process::Job& job = context_.subshells->new_job(&command);
  Stage last;
  last.status = state::kNotExecutable;
  if (pipeline != nullptr && pipeline->commands.size() > 1 && !pipeline->negated && !pipeline->timed) {
    std::vector<Stage> started;
    Completion unused;
    context_.jobs.set_status_rules(job, state.is_on(Option::PipeFail), false);
    launch(*pipeline, job, nullptr, started, unused);
    if (!started.empty()) last = started.back();
  } else {
    StageRequest request;
    request.command = &command;
    request.is_async = true;
    last = start_stage(request, job);
  }
  context_.traps->forget_announced();
  if (last.pid == 0) {
    // Not started: a child with that status stands for it, so that $! and wait work.
    pid_t pid = fork_into(job, true);
    if (pid == 0) _exit(last.status);
    if (pid < 0) {
      context_.jobs.release(job);
      return Completion::of(state::kNotExecutable);
    }
    context_.jobs.add_process(job, pid);
  }
  state.last_background = job.last_pid();
  context_.jobs.put_in_background(job);
  if (context_.is_interactive()) {
    context_.err.print("[{}] {}\n", job.number(), state.last_background);
    context_.err.flush();
  }
  state.pipe_statuses.clear();
  return {};
}

Completion PipelineRunner::start_coprocess(const syntax::Coprocess& node) {
  state::ShellState& state = context_.state;
  Result<Pipe> to_child = make_pipe();
  Result<Pipe> from_child = make_pipe();
  if (!to_child.ok() || !from_child.ok() || node.body == nullptr) {
    context_.services.report("coproc: cannot make a pipe");
    return Completion::of(state::kFailure);
  }
  process::Job& job = context_.subshells->new_job(&node);
  pid_t pid = fork_into(job, true);
  if (pid == 0) {
    process::FdPlan plan;
    plan.duplicate(to_child->read_end.get(), STDIN_FILENO);
    plan.duplicate(from_child->write_end.get(), STDOUT_FILENO);
    context_.subshells->arrange_descriptors(plan);
    *to_child = Pipe();
    *from_child = Pipe();
    context_.subshells->run_child(*node.body);
  }
  if (pid < 0) {
    context_.jobs.release(job);
    return Completion::of(state::kNotExecutable);
  }
  context_.jobs.add_process(job, pid);
  Result<void> added =
      coprocesses_.add(node.name, pid, std::move(from_child->read_end), std::move(to_child->write_end));
  if (!added.ok()) {
    // Without its pipes it sees the end of its input; nobody may wait for what it never says.
    context_.services.report("coproc: " + std::string(added.error().message()));
    context_.jobs.put_in_background(job);
    return Completion::of(state::kFailure);
  }
  state.last_background = pid;
  context_.jobs.put_in_background(job);
  if (context_.is_interactive()) {
    context_.err.print("[{}] {}\n", job.number(), pid);
    context_.err.flush();
  }
  return {};
}

}  // namespace mish::exec
