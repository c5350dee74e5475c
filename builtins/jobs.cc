// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/jobs.h"

#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "builtins/reference.h"
#include "ipc/process_info.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/text.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"
#include "shell/process/terminal.h"

namespace mish::builtins {
namespace {

using process::Job;
using process::JobFormat;
using process::JobLookup;
using process::JobProcess;
using process::JobState;
using process::JobTable;

/// The job of a specification; null after a message.
Job* find_job(BuiltinContext& context, std::string_view spec, bool percent_optional) {
  JobLookup found = context.jobs.find(spec, percent_optional);
  if (found.job != nullptr) return found.job;
  context.error("{}: {}", spec, found.outcome == JobLookup::Outcome::Ambiguous ? "ambiguous job spec" : "no such job");
  return nullptr;
}

/// The operand's job, or without operand the current one.
Job* job_or_current(BuiltinContext& context, Args operands) {
  if (!operands.empty()) return find_job(context, operands[0], true);
  if (Job* job = context.jobs.current()) return job;
  context.error("current: no such job");
  return nullptr;
}

bool has_job_control(BuiltinContext& context) {
  if (context.jobs.is_monitor()) return true;
  context.error("no job control");
  return false;
}

std::optional<pid_t> parse_pid(std::string_view text) {
  std::optional<pid_t> number = parse_id(text);
  return number && *number > 0 ? number : std::nullopt;
}

// --- jobs ----------------------------------------------------------------------------------------------------------

struct JobsOptions {
  JobFormat format = JobFormat::Short;
  bool changed_only = false;
  bool running_only = false;
  bool stopped_only = false;
  bool runs_command = false;
};

bool is_wanted(const Job& job, const JobsOptions& options) {
  if (options.changed_only && !job.has_changed()) return false;
  if (options.running_only && job.state() != JobState::Running) return false;
  if (options.stopped_only && job.state() != JobState::Stopped) return false;
  return true;
}

/// What a running job sleeps in, behind its line as bash appends a directory: "  (waits for mbox jobs)".
void append_awaited(std::string& text, const Job& job) {
  if (job.state() != JobState::Running || !text.ends_with('\n')) return;
  ipc::Outcome<ipc::ProcessInfo> process = ipc::read_process(job.last_pid(), ipc::Detail::Full);
  std::string object = process ? ipc::awaited_object(*process) : std::string();
  if (!object.empty()) text.insert(text.size() - 1, fmt::format("  (waits for {})", object));
}

/// jobs -x: job specifications among the arguments become process group ids; what names no job stays as it is.
Completion run_with_jobs(BuiltinContext& context, Args operands) {
  if (operands.empty()) return context.usage_error("-x: command missing");
  std::vector<std::string> texts;
  texts.reserve(operands.size());
  for (std::string_view word : operands) {
    texts.emplace_back(word);
    Job* job = context.jobs.find(word).job;
    if (job == nullptr) continue;
    texts.back() = context.jobs.format(*job, JobFormat::PidOnly);
    texts.back().pop_back();  // the newline
  }
  std::vector<std::string_view> words(texts.begin(), texts.end());
  return context.services.run_command(words, {});
}

// --- wait ----------------------------------------------------------------------------------------------------------

/// One call of wait.
class Waiter {
 public:
  Waiter(BuiltinContext& context, bool next, bool finally) : context_(context), jobs_(context.jobs), next_(next) {
    stops_count_ = jobs_.is_monitor() && !finally && !context.state.is_posix();
  }

  int wait_all() {
    while (jobs_.running_count() != 0 && jobs_.has_active()) {
      if (!sleep()) return interrupted_;  // 0 when there is nobody left
    }
    report_lost_children();
    // At a prompt the user is still to be told of those that ended.
    if (!context_.services.is_interactive()) jobs_.forget_all_done();
    return state::kSuccess;
  }

  /// wait -n without operands.
  int wait_any() {
    jobs_.reap();
    for (;;) {
      if (Job* job = jobs_.oldest_done()) return take_status(*job);
      if (jobs_.running_count() == 0 || !jobs_.has_active()) return state::kNotFound;
      if (!sleep()) return failure();
    }
  }

  int wait_for(std::string_view operand) {
    auto pid = to_pid(operand);
    if (!pid) return operand.starts_with('%') || context_.state.is_posix() ? state::kNotFound : state::kFailure;
    for (;;) {
      if (auto status = status_of(*pid)) return *status;
      if (!sleep()) return failure();
    }
  }

  /// wait -n with operands: the first of them to end.
  int wait_first(Args operands) {
    std::vector<pid_t> pids;
    for (std::string_view operand : operands) {
      if (auto pid = to_pid(operand)) pids.push_back(*pid);
    }
    jobs_.reap();
    for (;;) {
      bool any_alive = false;
      for (pid_t& pid : pids) {
        if (pid == 0) continue;
        if (jobs_.find_pid(pid) == nullptr) {
          if (auto status = remembered_status(pid)) return *status;
          report_unknown(pid);
          pid = 0;  // said once
          continue;
        }
        any_alive = true;
        if (auto status = status_of(pid)) return *status;
      }
      if (!any_alive) return state::kNotFound;
      if (!sleep()) return failure();
    }
  }

  /// The process whose status was returned, 0 if none.
  pid_t pid() const { return pid_; }
  bool was_interrupted() const { return interrupted_ != 0; }

 private:
  /// Whether statuses of children were lost; they are 127 now.
  bool report_lost_children() {
    if (!jobs_.take_lost()) return false;
    context_.error("the status of a child is lost: No child processes");
    return true;
  }

  /// False when a signal ended the wait.
  bool sleep() {
    process::WaitOutcome outcome = jobs_.wait_for_any(true);
    if (!next_) jobs_.announce();  // wait -n wants what would be announced
    if (outcome == process::WaitOutcome::NoChildren) nobody_left_ = !report_lost_children();
    // A child that sends a signal and ends is heard in this order, also when both have come.
    int signal = process::peek_pending_signal(false);
    if (signal == 0 && outcome != process::WaitOutcome::Interrupted && context_.state.is_posix() &&
        process::is_signal_pending(SIGCHLD)) {
      signal = SIGCHLD;  // trapped; elsewhere that trap runs after the wait, once
    }
    if (signal == 0) return !nobody_left_;
    interrupted_ = state::kSignalBase + signal;
    return false;
  }

  /// The process to wait for: of a job the last one.
  std::optional<pid_t> to_pid(std::string_view operand) {
    if (operand.starts_with('%')) {
      Job* job = find_job(context_, operand, false);
      if (job == nullptr) return std::nullopt;
      return job->last_pid();
    }
    auto pid = parse_pid(operand);
    if (!pid) context_.error("`{}': not a pid or valid job spec", operand);
    return pid;
  }

  /// XCU wait: as if its status were 127, without a word.
  void report_unknown(pid_t pid) {
    if (!context_.state.is_posix()) context_.error("pid {} is not a child of this shell", pid);
  }

  int failure() const { return interrupted_ != 0 ? interrupted_ : state::kNotFound; }

  /// Its status, if there is nothing to wait for any more. Jobs are looked up each time: any of them may have left the
  /// table while we slept.
  std::optional<int> status_of(pid_t pid) {
    Job* job = jobs_.find_pid(pid);
    if (job == nullptr) {
      if (auto status = remembered_status(pid)) return status;
      if (jobs_.is_watched(pid)) return std::nullopt;
      report_unknown(pid);
      return state::kNotFound;
    }
    if (job->last_pid() == pid) {
      if (job->state() == JobState::Running || (job->state() == JobState::Stopped && !stops_count_))
        return std::nullopt;
      return take_status(*job);
    }
    const JobProcess* process = jobs_.find_process(pid);
    if (!process->status.is_finished()) return std::nullopt;
    pid_ = pid;
    return process->status.to_exit_status();
  }

  int take_status(Job& job) {
    report_lost_children();
    pid_ = job.last_pid();
    int status = job.exit_status();
    if (job.state() != JobState::Done || (!next_ && context_.services.is_interactive())) return status;
    if (context_.services.is_interactive()) {
      // No prompt will tell of it.
      context_.err.write(jobs_.format(job, JobFormat::Short));
      context_.err.flush();
    }
    jobs_.forget_done(job);
    keep_for_later(status);
    return status;
  }

  std::optional<int> remembered_status(pid_t pid) {
    auto status = jobs_.take_remembered(pid);
    if (!status) return status;
    pid_ = pid;
    keep_for_later(*status);
    return status;
  }

  /// XCU wait forgets a status that was fetched; scripts in the bash language may fetch it again.
  void keep_for_later(int status) {
    if (!context_.state.is_posix() && !next_) jobs_.remember_fetched(pid_, status);
  }

  BuiltinContext& context_;
  JobTable& jobs_;
  bool next_;
  bool stops_count_ = false;
  bool nobody_left_ = false;
  pid_t pid_ = 0;
  int interrupted_ = 0;
};

}  // namespace

Completion run_jobs(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "lnprsx");
  JobsOptions options;
  while (char letter = parser.next()) {
    switch (letter) {
      case 'l': options.format = JobFormat::Long; break;
      case 'p': options.format = JobFormat::PidOnly; break;
      case 'n': options.changed_only = true; break;
      case 'r': options.running_only = true; break;
      case 's': options.stopped_only = true; break;
      case 'x': options.runs_command = true; break;
      default: return parser.completion();
    }
  }
  if (options.runs_command) return run_with_jobs(context, parser.operands());
  JobTable& jobs = context.jobs;
  jobs.reap();
  context.state.prompts_to_warning = state::kPromptsToWarning;  // who has seen them needs no warning at `exit`
  jobs.set_posix_words(context.state.is_posix());
  int status = state::kSuccess;
  std::vector<Job*> chosen;
  for (std::string_view spec : parser.operands()) {
    if (Job* job = find_job(context, spec, true)) {
      chosen.push_back(job);
    } else {
      status = state::kFailure;
    }
  }
  if (parser.operands().empty()) chosen = jobs.listed();
  std::vector<int> printed;  // numbers: a job may be named twice
  for (Job* job : chosen) {
    if (!is_wanted(*job, options)) continue;
    std::string text = jobs.format(*job, options.format);
    if (options.format == JobFormat::Long && !context.state.is_posix()) append_awaited(text, *job);
    context.out.write(text);
    if (options.format != JobFormat::PidOnly) printed.push_back(job->number());
  }
  for (int number : printed) {
    if (Job* job = jobs.find_number(number)) jobs.mark_printed(*job);
  }
  return Completion::of(status);
}

/// A job without a group of its own has no part in job control: no key would reach it in the foreground. Nobody can
/// wait for that of the shell around a subshell.
bool can_be_continued(BuiltinContext& context, const Job& job) {
  if (context.jobs.is_inherited()) {
    context.error(fmt::format("job {} is one of the shell outside", job.number()));
    return false;
  }
  if (job.group() != 0) return true;
  context.error(fmt::format("job {} was started without job control", job.number()));
  return false;
}

Completion run_fg(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "");
  if (parser.next() != 0) return parser.completion();
  if (!has_job_control(context)) return Completion::of(state::kFailure);
  context.jobs.reap();
  Job* job = job_or_current(context, parser.operands());
  if (job == nullptr) return Completion::of(state::kFailure);
  if (job->state() == JobState::Done) {
    context.jobs.mark_printed(*job);
    return context.failure("job has terminated");
  }
  if (!can_be_continued(context, *job)) return Completion::of(state::kFailure);
  context.out.print("{}\n", job->text());
  context.out.flush();
  return context.services.continue_job(job->number(), true);
}

Completion run_bg(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "");
  if (parser.next() != 0) return parser.completion();
  if (!has_job_control(context)) return Completion::of(state::kFailure);
  context.jobs.reap();
  Args operands = parser.operands();
  int status = state::kSuccess;
  for (size_t i = 0; i == 0 || i < operands.size(); ++i) {
    Job* job = job_or_current(context, operands.subspan(i));
    if (job == nullptr) {
      status = state::kFailure;
      continue;
    }
    if (job->state() == JobState::Done) {
      status = context.failure("job has terminated").status;
      continue;
    }
    if (!can_be_continued(context, *job)) {
      status = state::kFailure;
      continue;
    }
    if (context.state.is_posix()) {
      context.out.print("[{}] {}\n", job->number(), job->text());
    } else {
      char mark = job == context.jobs.current() ? '+' : job == context.jobs.previous() ? '-' : ' ';
      context.out.print("[{}]{} {} &\n", job->number(), mark, job->text());
    }
    if (job->state() == JobState::Running) {
      // XCU bg: no effect, success. But after `kill -TSTP %1` the stop may be on its way still: this takes it back.
      (void)context.jobs.send_signal(*job, SIGCONT).ok();
      continue;
    }
    Completion continued = context.services.continue_job(job->number(), false);
    if (!continued.is_normal()) return continued;
    if (continued.status != 0) status = continued.status;
  }
  return Completion::of(status);
}

Completion run_wait(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "fnp:");
  bool next = false;
  bool finally = false;
  std::string_view name;
  while (char letter = parser.next()) {
    switch (letter) {
      case 'f': finally = true; break;
      case 'n': next = true; break;
      case 'p': name = parser.argument(); break;
      default: return parser.completion();
    }
  }
  if (name.data() != nullptr && !is_reference(name, context.state)) {
    return context.failure(fmt::format("`{}': not a valid identifier", name));
  }
  if (is_identifier(name)) context.state.variables.unset(NameTable::intern(name));
  // What was written so far is seen by whoever watches while we sleep.
  context.out.flush();
  Waiter waiter(context, next, finally);
  Args operands = parser.operands();
  int status = state::kSuccess;
  if (next) {
    status = operands.empty() ? waiter.wait_any() : waiter.wait_first(operands);
  } else if (operands.empty()) {
    status = waiter.wait_all();
  } else {
    for (std::string_view operand : operands) {
      status = waiter.wait_for(operand);
      if (waiter.was_interrupted()) break;
    }
  }
  if (!name.empty() && waiter.pid() != 0 && !assign_reference(context, name, std::to_string(waiter.pid()))) {
    return Completion::of(state::kFailure);
  }
  return Completion::of(status);
}

Completion run_disown(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "ahr");
  bool all = false;
  bool running = false;
  bool spares_only = false;
  while (char letter = parser.next()) {
    switch (letter) {
      case 'a': all = true; break;
      case 'h': spares_only = true; break;
      case 'r': running = true; break;
      default: return parser.completion();
    }
  }
  context.jobs.reap();
  std::vector<Job*> chosen;
  int status = state::kSuccess;
  Args operands = parser.operands();
  if (operands.empty() && (all || running)) {
    for (Job* job : context.jobs.listed()) {
      if (!running || job->state() == JobState::Running) chosen.push_back(job);
    }
  } else {
    for (size_t i = 0; i == 0 || i < operands.size(); ++i) {
      Job* job = nullptr;
      if (auto pid = operands.empty() ? std::nullopt : parse_pid(operands[i])) job = context.jobs.find_pid(*pid);
      if (job == nullptr) job = job_or_current(context, operands.subspan(i));
      if (job == nullptr) {
        status = state::kFailure;
        continue;
      }
      bool is_named_twice = false;
      for (Job* other : chosen) is_named_twice = is_named_twice || other == job;
      if (!is_named_twice) chosen.push_back(job);
    }
  }
  for (Job* job : chosen) {
    if (spares_only) {
      context.jobs.spare_hangup(*job);
      continue;
    }
    if (job->state() == JobState::Stopped) {
      context.error("warning: deleting stopped job {} with process group {}", job->number(), job->group());
    }
    context.jobs.disown(*job);
  }
  return Completion::of(status);
}

Completion run_suspend(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "f");
  bool force = false;
  while (char letter = parser.next()) {
    if (letter != 'f') return parser.completion();
    force = true;
  }
  if (!force && !context.jobs.is_monitor()) return context.failure("cannot suspend: no job control");
  if (!force && context.state.is_on(state::Option::Login)) return context.failure("cannot suspend a login shell");
  context.out.flush();
  process::Terminal* terminal = context.jobs.terminal();
  bool was_taken = terminal != nullptr && terminal->is_taken();
  if (was_taken) terminal->leave();
  // The whole group: what started the shell waits for it, not only for this process.
  if (kill(was_taken ? 0 : getpid(), SIGSTOP) != 0) return context.failure("cannot suspend");
  if (was_taken) {
    if (auto taken = terminal->take(true); !taken) return context.failure(taken.error().message());
  }
  return Completion::of(state::kSuccess);
}

}  // namespace mish::builtins
