// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/job.h"

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "shell/base/text.h"
#include "shell/process/child.h"
#include "shell/process/signals.h"

namespace mish::process {
namespace {

/// Statuses kept for `wait PID` after their jobs are gone: at least CHILD_MAX (XCU 2.9.3.1).
constexpr size_t kMaxRemembered = 32768;
/// Few shells come to more.
constexpr size_t kFirstRemembered = 4096;
/// Statuses kept that were fetched once.
constexpr size_t kMaxFetched = 64;
/// Done jobs kept with their text for `jobs` where nobody is told of them (scripts).
constexpr size_t kMaxDoneKept = 64;
constexpr size_t kMaxSpareJobs = 8;

/// Width of the state in a job line.
constexpr int kStateWidth = 24;

}  // namespace

// --- Job -------------------------------------------------------------------------------------------------------------

ProcessStatus Job::status() const {
  if (processes_.empty()) return ProcessStatus::exited(0);
  if (state() == JobState::Stopped) {
    for (size_t i = processes_.size(); i-- > 0;) {
      if (processes_[i].status.is_stopped()) return processes_[i].status;
    }
  }
  if (is_pipefail_) {
    for (size_t i = processes_.size(); i-- > 0;) {
      if (processes_[i].status.to_exit_status() != 0) return processes_[i].status;
    }
  }
  return processes_.back().status;
}

int Job::exit_status() const {
  int result = status().to_exit_status();
  if (is_negated_ && state() == JobState::Done) return result == 0 ? 1 : 0;
  return result;
}

bool Job::was_interrupted() const {
  return is_late_interrupted_ || std::any_of(processes_.begin(), processes_.end(), [](const JobProcess& process) {
           return process.status == ProcessStatus::signaled(SIGINT) ||
                  process.status == ProcessStatus::signaled(SIGINT, true);
         });
}

bool Job::ended_by_interrupt() const {
  return is_late_interrupted_ || (!processes_.empty() && processes_.back().status.signal() == SIGINT);
}

void JobList::append(Job* job) {
  job->previous_ = last;
  job->next_ = nullptr;
  (last != nullptr ? last->next_ : first) = job;
  last = job;
  ++size;
}

void JobList::remove(Job* job) {
  (job->previous_ != nullptr ? job->previous_->next_ : first) = job->next_;
  (job->next_ != nullptr ? job->next_->previous_ : last) = job->previous_;
  job->previous_ = nullptr;
  job->next_ = nullptr;
  --size;
}

// --- JobTable: making and dropping jobs ------------------------------------------------------------------------------

JobTable::Contents::Contents() : remembered(kFirstRemembered, kMaxRemembered), fetched(kMaxFetched, kMaxFetched) {}

JobTable::Contents::~Contents() {
  for (JobList* list : {&foreground, &stopped, &running, &done}) {
    while (Job* job = list->first) {
      list->remove(job);
      delete job;
    }
  }
}

/// Numbers start again at 1 when no job is left, and the list is as long as the range of those in use.
void JobTable::Contents::drop_unused_numbers() {
  while (!by_number.empty() && by_number.back() == nullptr) by_number.pop_back();
  if (by_number.empty()) {
    first_number = 1;
    leading_gaps = 0;
    return;
  }
  while (by_number[leading_gaps] == nullptr) ++leading_gaps;
  if (leading_gaps < kMaxDoneKept || leading_gaps * 2 < by_number.size()) return;  // moving few is not worth it
  by_number.erase(by_number.begin(), by_number.begin() + static_cast<std::ptrdiff_t>(leading_gaps));
  first_number += leading_gaps;
  leading_gaps = 0;
}

JobTable::JobTable() : contents_(std::make_unique<Contents>()) {}

JobTable::~JobTable() = default;

void JobTable::drop_inherited() {
  if (!is_inherited_) return;
  is_inherited_ = false;
  abandoned_ = std::move(contents_);
  contents_ = std::make_unique<Contents>();
}

Job& JobTable::create(bool has_own_group, JobText text) {
  drop_inherited();
  std::unique_ptr<Job> job;
  if (!spare_.empty()) {
    job = std::move(spare_.back());
    spare_.pop_back();
  } else {
    job = std::make_unique<Job>();
  }
  job->has_own_group_ = has_own_group;
  job->source_ = text;
  contents_->foreground.append(job.get());
  return *job.release();
}

void JobTable::add_process(Job& job, pid_t pid, size_t stage) {
  if (job.processes_.empty() && job.has_own_group_) job.group_ = pid;
  JobState before = job.state();
  JobProcess process;
  process.pid = pid;
  process.stage = static_cast<uint32_t>(stage);
  job.processes_.push_back(process);
  ++job.running_;
  contents_->by_pid.insert(pid, {&job, static_cast<uint32_t>(job.processes_.size() - 1)});
  (void)contents_->remembered.take(pid);  // the number is used again
  (void)contents_->fetched.take(pid);
  move_to_list(job, before);
}

pid_t JobTable::group_for_next(const Job& job) const {
  if (!job.has_own_group_) return kShellsGroup;
  return job.group_ != 0 ? job.group_ : kNewGroup;
}

void JobTable::set_status_rules(Job& job, bool pipefail, bool negated) {
  job.is_pipefail_ = pipefail;
  job.is_negated_ = negated;
}

JobList& JobTable::list_of(JobState state) {
  switch (state) {
    case JobState::Running: return contents_->running;
    case JobState::Stopped: return contents_->stopped;
    case JobState::Done: return contents_->done;
  }
  return contents_->done;
}

void JobTable::enlist(Job& job) {
  if (job.is_listed()) return;
  contents_->foreground.remove(&job);
  if (job.source_.print != nullptr) job.text_ = job.source_.print(job.source_.node, job.stages_);
  job.source_ = {};
  job.number_ = static_cast<int>(contents_->first_number + contents_->by_number.size());
  contents_->by_number.push_back(&job);
  ++contents_->listed_count;
  list_of(job.state()).append(&job);
}

void JobTable::put_in_background(Job& job) {
  watch_children();
  job.is_foreground_ = false;
  enlist(job);
  choose_current();
}

void JobTable::set_changed(Job& job, bool changed) {
  if (job.has_changed_ == changed) return;
  job.has_changed_ = changed;
  changed ? ++contents_->changed_count : --contents_->changed_count;
}

void JobTable::destroy(Job& job) {
  Contents& all = *contents_;
  set_changed(job, false);
  for (const JobProcess& process : job.processes_) {
    const Location* found = all.by_pid.find(process.pid);
    if (found != nullptr && found->job == &job) all.by_pid.erase(process.pid);
  }
  if (job.is_listed()) {
    list_of(job.state()).remove(&job);
    all.by_number[static_cast<size_t>(job.number_) - all.first_number] = nullptr;
    all.drop_unused_numbers();
    --all.listed_count;
    if (all.current == &job || all.previous == &job) choose_current();
  } else {
    all.foreground.remove(&job);
  }
  std::unique_ptr<Job> owned(&job);
  if (spare_.size() >= kMaxSpareJobs) return;
  std::destroy_at(&job);
  std::construct_at(&job);
  spare_.push_back(std::move(owned));
}

void JobTable::release(Job& job) {
  if (!job.is_foreground_) return;
  if (job.is_listed() && job.state() != JobState::Done) return;
  destroy(job);
}

/// XBD 3.182: the current job is the one stopped last, or else the one put into the background last.
void JobTable::choose_current() {
  Contents& all = *contents_;
  if (all.stopped.last != nullptr) {
    all.current = all.stopped.last;
    all.previous = all.current->previous_ != nullptr ? all.current->previous_ : all.running.last;
  } else {
    all.current = all.running.last;
    all.previous = all.current != nullptr ? all.current->previous_ : nullptr;
  }
}

// --- JobTable: changes -----------------------------------------------------------------------------------------------

void JobTable::move_to_list(Job& job, JobState before) {
  JobState now = job.state();
  if (now == before || !job.is_listed()) return;
  list_of(before).remove(&job);
  list_of(now).append(&job);
  if (now == JobState::Stopped) job.is_foreground_ = false;
  set_changed(job, now != JobState::Running);
  // A job that is done keeps its mark until the user was told.
  if (now != JobState::Done) choose_current();
}

void JobTable::set_process_status(Job& job, JobProcess& process, const ProcessStatus& status) {
  JobState before = job.state();
  if (process.status.is_finished()) return;
  process.status.is_stopped() ? --job.stopped_ : --job.running_;
  if (status.is_stopped()) {
    process.status = status;
    ++job.stopped_;
  } else if (status.is_finished()) {
    process.status = status;
  } else {
    process.status = ProcessStatus();
    ++job.running_;
  }
  if (status.is_stopped() && job.running_ == 0 && !job.is_listed()) {
    // The text of a foreground job is still there to be asked for; afterwards it is not.
    job.is_foreground_ = false;
    enlist(job);
    set_changed(job, true);
    choose_current();
    return;
  }
  move_to_list(job, before);
}

void JobTable::apply(const ChildChange& change) {
  if (is_inherited_) return;
  const Location* found = contents_->by_pid.find(change.pid);
  if (found == nullptr) {
    if (is_watched(change.pid) && change.status.is_finished()) {
      watched_ = 0;
      remember(change.pid, change.status.to_exit_status());
    }
    return;
  }
  Job& job = *found->job;
  JobProcess& process = job.processes_[found->index];
  set_process_status(job, process, change.status);
}

/// There are no children any more: those that did not end yet never will, to our knowledge.
void JobTable::lose_children() {
  if (is_inherited_) return;
  std::vector<Job*> jobs;  // first: a job that ends changes its list
  for (JobList* list : {&contents_->foreground, &contents_->stopped, &contents_->running}) {
    for (Job* job = list->first; job != nullptr; job = job->next_) jobs.push_back(job);
  }
  for (Job* job : jobs) {
    if (job->state() == JobState::Done) continue;
    has_lost_ = true;
    for (JobProcess& process : job->processes_) set_process_status(*job, process, ProcessStatus::exited(127));
  }
}

bool JobTable::reap() {
  bool changed = false;
  ChildChange change;
  WaitOutcome outcome;
  while ((outcome = wait_for_change(WaitMode::Poll, is_monitor_, change)) == WaitOutcome::Changed) {
    apply(change);
    changed = true;
  }
  if (outcome == WaitOutcome::NoChildren) lose_children();
  trim_done();
  return changed;
}

WaitOutcome JobTable::wait_for_any(bool interruptible) {
  ChildChange change;
  WaitOutcome outcome = wait_for_change(interruptible ? WaitMode::Interruptible : WaitMode::Block, is_monitor_, change);
  if (outcome == WaitOutcome::Changed) {
    apply(change);
    reap();
  } else if (outcome == WaitOutcome::NoChildren) {
    lose_children();
  }
  return outcome;
}

void JobTable::trim_done() {
  if (is_monitor_) return;  // the user is told before each prompt
  while (contents_->done.size > kMaxDoneKept) {
    Job& job = *contents_->done.first;
    remember(job.last_pid(), job.exit_status());
    destroy(job);
  }
}

void JobTable::hand_terminal_to(Job& job) {
  if (terminal_ == nullptr || !terminal_->is_taken() || job.group_ == 0) return;
  terminal_->witness().join(job.group_);
  // Fails when the job is over already; then there is nobody to have it.
  (void)terminal_->set_foreground_group(job.group_).ok();
}

void JobTable::take_terminal_back(Job& job) {
  if (terminal_ == nullptr || !terminal_->is_taken() || job.group_ == 0) return;
  (void)terminal_->reclaim().ok();
  const bool is_hit = terminal_->witness().leave_group();
  job.is_late_interrupted_ = is_hit && job.state() == JobState::Done;
  // Perhaps the whole group was killed: then the witness is on its way to its end, too, and no use for the next job.
  if (std::any_of(job.processes_.begin(), job.processes_.end(),
                  [](const JobProcess& process) { return process.status.signal() == SIGKILL; })) {
    terminal_->witness().stop();
  }
  bool ended_well = job.state() == JobState::Done && !job.is_resumed_ &&
                    std::none_of(job.processes_.begin(), job.processes_.end(),
                                 [](const JobProcess& process) { return process.status.is_signaled(); });
  if (ended_well) {
    terminal_->save_modes();
    return;
  }
  if (job.state() == JobState::Stopped) {
    if (auto modes = terminal_->current_modes()) {
      job.modes_ = *modes;
      job.has_modes_ = true;
    }
  }
  terminal_->restore_modes();
}

ForegroundOutcome JobTable::wait_in_foreground(Job& job, const std::function<bool()>& dies) {
  job.is_foreground_ = true;
  hand_terminal_to(job);
  WaitMode mode = is_hangup_fatal() ? WaitMode::UntilHangup : dies ? WaitMode::Interruptible : WaitMode::Block;
  bool is_abandoned = false;
  while (job.state() == JobState::Running && !is_abandoned) {
    ChildChange change;
    switch (wait_for_change(mode, is_monitor_, change)) {
      case WaitOutcome::Changed:
        apply(change);
        if (job.state() == JobState::Running) announce();
        break;
      case WaitOutcome::NoChange: break;
      case WaitOutcome::Interrupted:
        is_abandoned = mode == WaitMode::UntilHangup || dies();
        mode = WaitMode::Block;  // its action waits for the job; until then it would end every sleep
        break;
      case WaitOutcome::NoChildren: lose_children(); break;
    }
  }
  take_terminal_back(job);
  trim_done();
  if (is_abandoned) return ForegroundOutcome::Abandoned;
  if (job.state() == JobState::Stopped) return ForegroundOutcome::Stopped;
  set_changed(job, false);
  return ForegroundOutcome::Done;
}

Result<void> JobTable::send_signal(Job& job, int signal) {
  int error = 0;
  if (job.group_ != 0) {
    if (kill(-job.group_, signal) != 0) error = errno;
  } else {
    error = ESRCH;
    for (const JobProcess& process : job.processes_) {
      if (process.status.is_finished()) continue;
      error = kill(process.pid, signal) == 0 ? 0 : errno;
    }
  }
  if (error != 0) return Errno(error);
  if (job.state() != JobState::Stopped) return {};
  if (signal == SIGTERM || signal == SIGHUP) return send_signal(job, SIGCONT);
  // It runs now, if only to its end: `wait` waits for it, and `exit` needs no warning.
  if (signal == SIGCONT || signal == SIGKILL) note_running(job);
  return {};
}

void JobTable::note_running(Job& job) {
  for (JobProcess& process : job.processes_) {
    if (process.status.is_stopped()) set_process_status(job, process, ProcessStatus());
  }
  set_changed(job, false);
  choose_current();
}

Result<void> JobTable::resume_in_background(Job& job) {
  job.is_foreground_ = false;
  if (auto sent = send_signal(job, SIGCONT); !sent) return sent;
  note_running(job);
  return {};
}

Result<ForegroundOutcome> JobTable::resume_in_foreground(Job& job) {
  job.is_foreground_ = true;
  job.is_resumed_ = true;
  if (job.state() != JobState::Done) {
    hand_terminal_to(job);
    if (job.has_modes_ && terminal_ != nullptr && terminal_->is_taken()) {
      (void)terminal_->set_modes(job.modes_).ok();
      job.has_modes_ = false;
    }
    if (auto sent = send_signal(job, SIGCONT); !sent) {
      take_terminal_back(job);
      job.is_foreground_ = false;
      return sent.error();
    }
    note_running(job);
  }
  return wait_in_foreground(job);
}

void JobTable::hang_up(bool stopped_only) {
  if (is_inherited_) return;
  std::vector<Job*> jobs;  // first: a stopped job that is continued changes its list
  for (JobList* list : {&contents_->stopped, &contents_->running, &contents_->foreground}) {
    if (stopped_only && list != &contents_->stopped) continue;
    for (Job* job = list->first; job != nullptr; job = job->next_) jobs.push_back(job);
  }
  for (Job* job : jobs) {
    if (job->is_spared_hangup_ || job->state() == JobState::Done) continue;
    (void)send_signal(*job, SIGHUP).ok();  // it may have ended meanwhile
  }
}

// --- JobTable: finding -----------------------------------------------------------------------------------------------

Job* JobTable::find_number(int number) {
  const size_t index = static_cast<size_t>(number) - contents_->first_number;  // wraps around for what is below
  return number < 1 || index >= contents_->by_number.size() ? nullptr : contents_->by_number[index];
}

Job* JobTable::find_pid(pid_t pid) {
  if (is_inherited_) return nullptr;
  const Location* found = contents_->by_pid.find(pid);
  return found == nullptr ? nullptr : found->job;
}

const JobProcess* JobTable::find_process(pid_t pid) const {
  if (is_inherited_) return nullptr;
  const Location* found = contents_->by_pid.find(pid);
  return found == nullptr ? nullptr : &found->job->processes_[found->index];
}

Job* JobTable::current() { return contents_->current; }

Job* JobTable::previous() { return contents_->previous != nullptr ? contents_->previous : contents_->current; }

std::vector<Job*> JobTable::listed() {
  std::vector<Job*> jobs;
  jobs.reserve(contents_->listed_count);
  for (Job* job : contents_->by_number) {
    if (job != nullptr) jobs.push_back(job);
  }
  return jobs;
}

Job* JobTable::oldest_done() { return is_inherited_ ? nullptr : contents_->done.first; }

JobLookup JobTable::find_text(std::string_view text, bool anywhere) {
  JobLookup result;
  for (Job* job : contents_->by_number) {
    if (job == nullptr) continue;
    bool matches = anywhere ? job->text_.find(text) != std::string::npos : job->text_.starts_with(text);
    if (!matches) continue;
    if (result.job != nullptr) return {nullptr, JobLookup::Outcome::Ambiguous};
    result = {job, JobLookup::Outcome::Found};
  }
  return result;
}

JobLookup JobTable::find(std::string_view spec, bool percent_optional) {
  auto found = [](Job* job) {
    return JobLookup{job, job != nullptr ? JobLookup::Outcome::Found : JobLookup::Outcome::NoSuchJob};
  };
  if (!spec.empty() && spec.front() == '%') {
    spec.remove_prefix(1);
  } else if (!percent_optional || spec.empty()) {
    return {nullptr, JobLookup::Outcome::NotAJobSpec};
  }
  if (spec.empty() || spec == "%" || spec == "+") return found(current());
  if (spec == "-") return found(previous());
  int number = 0;
  auto [end, error] = std::from_chars(spec.data(), spec.data() + spec.size(), number);
  if (error == std::errc() && end == spec.data() + spec.size()) return found(find_number(number));
  if (spec.front() == '?') return find_text(spec.substr(1), true);
  return find_text(spec, false);
}

// --- JobTable: waiting -----------------------------------------------------------------------------------------------

std::optional<int> JobTable::take_remembered(pid_t pid) {
  if (is_inherited_) return std::nullopt;
  std::optional<int> status = contents_->remembered.take(pid);
  return status ? status : contents_->fetched.take(pid);
}

void JobTable::watch(pid_t pid) {
  drop_inherited();
  watched_ = pid;
  watch_children();
}

void JobTable::forget_done(Job& job) {
  if (!is_inherited_ && job.state() == JobState::Done) destroy(job);
}

void JobTable::forget_all_done() {
  if (is_inherited_) return;
  while (Job* job = contents_->done.first) destroy(*job);
  contents_->remembered.clear();
  contents_->fetched.clear();
}

void JobTable::disown(Job& job) { destroy(job); }

void JobTable::spare_hangup(Job& job) { job.is_spared_hangup_ = true; }

// --- JobTable: printing ----------------------------------------------------------------------------------------------

std::string JobTable::death_message(const ProcessStatus& status) {
  if (!status.is_signaled() || status.signal() == SIGINT || status.signal() == SIGPIPE) return {};
  std::string text(signal_description(status.signal()));
  if (status.dumped_core()) text += " (core dumped)";
  return text;
}

std::string JobTable::state_words(const Job& job, const ProcessStatus& status) const {
  switch (status.kind()) {
    case ProcessStatus::Kind::Running:
    case ProcessStatus::Kind::Continued: return "Running";
    case ProcessStatus::Kind::Stopped:
      return posix_words_ ? fmt::format("Stopped (SIG{})", signal_name(status.signal())) : "Stopped";
    case ProcessStatus::Kind::Exited: break;
    case ProcessStatus::Kind::Signaled: {
      std::string text(signal_description(status.signal()));
      if (status.dumped_core()) text += " (core dumped)";
      return text;
    }
  }
  int code = status.to_exit_status();
  if (job.is_negated_) code = job.exit_status();
  if (code == 0) return "Done";
  return fmt::format(fmt::runtime(posix_words_ ? "Done({})" : "Exit {}"), code);
}

std::string JobTable::heading(const Job& job) const {
  const char marker = &job == contents_->current ? '+' : &job == contents_->previous ? '-' : ' ';
  // XCU jobs: "[%d] %c ..."; bash has no blank there.
  return fmt::format("[{}]{}{}", job.number(), posix_words_ ? " " : "", marker);
}

/// What a process of a job runs: its stage of the pipeline, with those before it that needed no process.
std::string_view JobTable::text_of(const Job& job, size_t process) {
  const size_t last = job.processes_.size() - 1;
  auto begin_of = [&job](size_t stage) {
    return stage <= job.stages_.size() ? job.stages_[stage - 1] : job.text_.size();
  };
  const size_t begin = process == 0 ? 0 : begin_of(job.processes_[process - 1].stage + 1);
  const size_t end = process == last ? job.text_.size() : begin_of(job.processes_[process].stage + 1);
  return trim_blanks(std::string_view(job.text_).substr(begin, end - begin));
}

std::string JobTable::format_long(const Job& job) const {
  std::string out;
  const bool is_running = job.state() == JobState::Running;
  for (size_t i = 0; i < job.processes_.size(); ++i) {
    const JobProcess& process = job.processes_[i];
    const bool is_first = i == 0;
    const std::string head = heading(job);
    out += is_first ? head : std::string(head.size(), ' ');
    // A state is said once for all that are in it, as in bash.
    const bool is_same = !is_first && process.status == job.processes_[0].status;
    fmt::format_to(std::back_inserter(out), " {:>5} {:<{}}{}{}\n", process.pid,
                   is_same ? std::string() : state_words(job, process.status), is_same ? kStateWidth - 2 : kStateWidth,
                   text_of(job, i), is_running && !job.is_foreground() && i + 1 == job.processes_.size() ? " &" : "");
  }
  return out;
}

std::string JobTable::format(Job& job, JobFormat format) {
  switch (format) {
    case JobFormat::PidOnly:
      return fmt::format("{}\n", job.group() != 0 || job.processes_.empty() ? job.group() : job.processes_.front().pid);
    case JobFormat::Long: set_changed(job, false); return format_long(job);
    case JobFormat::Short: break;
  }
  set_changed(job, false);
  bool is_running = job.state() == JobState::Running;
  ProcessStatus status = is_running ? ProcessStatus() : job.status();
  return fmt::format("{}  {:<{}}{}{}\n", heading(job), state_words(job, status), kStateWidth, job.text(),
                     is_running && !job.is_foreground() ? " &" : "");
}

void JobTable::mark_printed(Job& job) {
  set_changed(job, false);
  if (is_inherited_ || job.state() != JobState::Done) return;
  remember(job.last_pid(), job.exit_status());
  destroy(job);
}

std::string JobTable::take_notices() {
  std::string out;
  if (!has_notices()) return out;
  std::vector<Job*> jobs = listed();
  // All lines before the first job leaves: the marks are those the user knows.
  for (Job* job : jobs) {
    if (job->has_changed()) out += format(*job, JobFormat::Short);
  }
  for (Job* job : jobs) {
    if (job->state() == JobState::Done) mark_printed(*job);
  }
  return out;
}

// --- JobTable: the shell ---------------------------------------------------------------------------------------------

void JobTable::set_monitor(bool on, Terminal* terminal) {
  if (on) drop_inherited();  // nobody but their parent can wait for them
  is_monitor_ = on;
  terminal_ = on ? terminal : nullptr;
}

void JobTable::enter_subshell() {
  is_inherited_ = true;
  watched_ = 0;
  set_monitor(false, nullptr);
}

}  // namespace mish::process
