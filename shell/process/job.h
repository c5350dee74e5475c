// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs (XBD 3.180, XCU 2.11): which processes belong together, how they are, how users name them, what is printed about
// them. All children of the shell are reaped here. Every look-up is O(1) except by text. Builtins and executor use it;
// it prints nothing itself and knows no command: a job's text is handed in, or asked for when it is first needed.
#ifndef MISH_SHELL_PROCESS_JOB_H_
#define MISH_SHELL_PROCESS_JOB_H_

#include <sys/types.h>
#include <termios.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/base/inline_vector.h"
#include "shell/base/result.h"
#include "shell/process/pid_map.h"
#include "shell/process/status_ring.h"
#include "shell/process/terminal.h"
#include "shell/process/wait.h"

namespace mish::process {

struct JobProcess {
  pid_t pid = 0;
  ProcessStatus status;
  uint32_t stage = 0;  // of the job's pipeline
};

enum class JobState : uint8_t { Running, Stopped, Done };

/// Where a job's text comes from when it must be printed: `print(node, stages)`, which also notes where in the text
/// each stage of a pipeline after the first begins, with its `|`. A foreground job is never printed unless it stops.
struct JobText {
  std::string (*print)(const void* node, std::vector<size_t>& stages) = nullptr;
  const void* node = nullptr;
};

/// A job. Changed by its JobTable only.
class Job {
 public:
  /// The number in %n; 0 while the job is in the foreground and was never stopped.
  int number() const { return number_; }
  bool is_listed() const { return number_ != 0; }
  /// Its process group, 0 when it runs in the shell's.
  pid_t group() const { return group_; }
  std::span<const JobProcess> processes() const { return processes_.span(); }
  pid_t last_pid() const { return processes_.empty() ? 0 : processes_.back().pid; }
  JobState state() const {
    return running_ != 0 ? JobState::Running : stopped_ != 0 ? JobState::Stopped : JobState::Done;
  }
  /// Status of the job: of its last process, or by the rules of pipefail and `!` set for it. While stopped, of the
  /// stop.
  ProcessStatus status() const;
  /// Exit status of the job, `!` applied. 128 + n while stopped.
  int exit_status() const;
  /// A process of it died of SIGINT, or the keyboard's SIGINT came when it was over but still had the terminal.
  bool was_interrupted() const;
  /// The process whose status is the job's died of SIGINT.
  bool ended_by_interrupt() const;
  const std::string& text() const { return text_; }
  bool is_foreground() const { return is_foreground_; }
  /// disown -h: gets no SIGHUP from the shell.
  bool is_spared_hangup() const { return is_spared_hangup_; }
  bool has_changed() const { return has_changed_; }  // since the user was told last

 private:
  friend class JobTable;
  friend struct JobList;
  InlineVector<JobProcess, 2> processes_;
  std::string text_;
  std::vector<size_t> stages_;  // where in the text the stages after the first begin
  JobText source_;
  pid_t group_ = 0;
  int number_ = 0;
  uint32_t running_ = 0;
  uint32_t stopped_ = 0;
  bool has_own_group_ = false;
  bool is_foreground_ = true;
  bool is_spared_hangup_ = false;
  bool has_changed_ = false;
  bool is_pipefail_ = false;
  bool is_negated_ = false;
  bool is_late_interrupted_ = false;
  bool is_resumed_ = false;  // came into the foreground by fg
  bool has_modes_ = false;
  struct termios modes_ = {};  // of the terminal when the job stopped
  Job* previous_ = nullptr;    // in the list of its state
  Job* next_ = nullptr;
};

/// Jobs in order of their last change; intrusive.
struct JobList {
  Job* first = nullptr;
  Job* last = nullptr;
  size_t size = 0;
  void append(Job* job);
  void remove(Job* job);
};

struct JobLookup {
  enum class Outcome : uint8_t { Found, NoSuchJob, Ambiguous, NotAJobSpec };
  Job* job = nullptr;
  Outcome outcome = Outcome::NoSuchJob;
};

/// How job lines are written.
enum class JobFormat : uint8_t {
  Short,    // [1]+  Running                 sleep 9 &
  Long,     // jobs -l: with process ids, one line a process
  PidOnly,  // jobs -p: the process id of the group's leader
};

/// Abandoned: a signal is pending of which the shell has to die; the job still runs.
enum class ForegroundOutcome : uint8_t { Done, Stopped, Abandoned };

class JobTable {
 public:
  JobTable();
  ~JobTable();
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // --- making jobs (executor) ---

  /// A new job in the foreground, unlisted. `has_own_group`: job control; the pid of its first process becomes its
  /// group. In a forked subshell the first call drops the jobs inherited for printing.
  Job& create(bool has_own_group, JobText text);
  /// Adds a process that was just started, for that stage of a pipeline. Call before anything can reap.
  void add_process(Job& job, pid_t pid, size_t stage = 0);
  /// The process group the next process of the job has to be put in: kShellsGroup, kNewGroup or the group.
  pid_t group_for_next(const Job& job) const;
  /// How exit_status() is computed: pipefail, `!`.
  void set_status_rules(Job& job, bool pipefail, bool negated);
  /// The job runs asynchronously from now on: gets its number and its text. Installs the SIGCHLD handler.
  void put_in_background(Job& job);
  /// Waits until the job is done or, with job control, stopped. With a terminal taken by the shell, the job gets it
  /// before and the shell gets it back after, with its modes: noted anew when the job ended by itself, restored when it
  /// was stopped, came back by fg, or a process of it died of a signal. A stopped job is listed and becomes the current
  /// job. Signals do not end the wait (traps run afterwards, XCU 2.12), but for those of which `dies` says, when one is
  /// pending, that the shell has to die.
  ForegroundOutcome wait_in_foreground(Job& job, const std::function<bool()>& dies = {});
  /// Drops a foreground job after its statuses were read. Does nothing to a listed job.
  void release(Job& job);

  // --- what happens to them ---

  /// Whether, since the last call, processes went whose status somebody else took (ECHILD): they count as ended with
  /// 127.
  bool take_lost() { return std::exchange(has_lost_, false); }
  /// Takes all changes of children that are ready; never sleeps. Returns whether anything changed.
  bool reap();
  /// Sleeps until at least one child changed, then as reap(). Interrupted when a caught signal is pending, NoChildren
  /// when there is nobody to wait for.
  WaitOutcome wait_for_any(bool interruptible);
  /// Sends a signal to all processes of the job (to its group if it has one). A stopped job that gets TERM or HUP is
  /// continued, so that it can die. Fails with the errno of kill(2).
  Result<void> send_signal(Job& job, int signal);
  /// bg: SIGCONT, running in the background. Fails with the errno of kill(2).
  Result<void> resume_in_background(Job& job);
  /// fg: terminal and its modes to the job, SIGCONT, then wait_in_foreground(). Fails with the errno of kill(2).
  Result<ForegroundOutcome> resume_in_foreground(Job& job);
  /// SIGHUP (and SIGCONT to stopped ones) to all jobs that are not spared: the shell dies of SIGHUP, or huponexit.
  /// `stopped_only`: at an ordinary exit of an interactive shell.
  void hang_up(bool stopped_only = false);

  // --- finding them ---

  /// The job of a job ID (XBD 3.182): %n %% %+ % %- %string %?string. Without % a number or string is taken the same
  /// way when `percent_optional` (fg, bg, jobs).
  JobLookup find(std::string_view spec, bool percent_optional = false);
  Job* find_number(int number);
  /// The job a process belongs to; null for foreign or forgotten ones.
  Job* find_pid(pid_t pid);
  /// The process in that job; null likewise.
  const JobProcess* find_process(pid_t pid) const;
  Job* current();
  Job* previous();
  /// Listed jobs by number.
  std::vector<Job*> listed();
  size_t listed_count() const { return contents_->listed_count; }
  size_t stopped_count() const { return contents_->stopped.size; }
  size_t running_count() const { return contents_->running.size; }
  /// The jobs that would be out of sight when the shell ended: "stopped" ones, or else, if `also_running`, "running"
  /// ones; "" if there are none.
  std::string_view lost_at_exit(bool also_running) const {
    if (stopped_count() != 0) return "stopped";
    return also_running && running_count() != 0 ? "running" : "";
  }
  /// Whether any listed job of this shell is not done.
  bool has_active() const { return !is_inherited_ && stopped_count() + running_count() != 0; }
  /// The listed job that has been done longest and that nobody waited for; null if none (wait -n).
  Job* oldest_done();

  // --- waiting builtin ---

  /// Exit status of an asynchronous process that ended and whose job is gone; taken out when found (`wait PID`).
  std::optional<int> take_remembered(pid_t pid);
  /// Notes the exit status of a child that is no job. The oldest of many is dropped.
  void remember(pid_t pid, int exit_status) { contents_->remembered.insert(pid, exit_status); }
  /// The same for a status that was fetched already and may be fetched again; only the last few are kept.
  void remember_fetched(pid_t pid, int exit_status) { contents_->fetched.insert(pid, exit_status); }
  /// A child that is no job, but whose exit status is to be remembered: a process substitution, for `wait $!`. Only the
  /// last one is. Installs the SIGCHLD handler: nobody else waits for it.
  void watch(pid_t pid);
  /// Whether the status of that child is still to come.
  bool is_watched(pid_t pid) const { return pid == watched_; }
  /// The job's status was fetched: it leaves the table if it is done.
  void forget_done(Job& job);
  /// `wait` without operands: drops all done jobs and remembered statuses.
  void forget_all_done();
  /// disown: takes the job out of the table; its processes go on. Their end is still reaped.
  void disown(Job& job);
  void spare_hangup(Job& job);

  // --- printing ---

  /// The lines of `jobs` for one job. In Short and Long form the user counts as told.
  std::string format(Job& job, JobFormat format);
  /// After printing: a done job leaves the table (its status stays for `wait PID`).
  void mark_printed(Job& job);
  /// The lines for all listed jobs that changed since the user was told, in the form of `jobs`; done ones leave the
  /// table. Before a prompt, or at once with `set -b`.
  std::string take_notices();
  bool has_notices() const { return contents_->changed_count != 0; }
  /// Who is told with `set -b` that there are notices, as soon as another job than the one in the foreground changed;
  /// null for nobody.
  void set_announcer(std::function<void()> announcer) { announcer_ = std::move(announcer); }
  /// Calls the announcer if there is something to announce.
  void announce() {
    if (has_notices() && announcer_) announcer_();
  }
  /// POSIX words: Done(3), Stopped (SIGTSTP) instead of Exit 3, Stopped.
  void set_posix_words(bool on) { posix_words_ = on; }
  /// "Terminated", "Segmentation fault (core dumped)": what is said when a command dies of a signal; empty for SIGINT,
  /// SIGPIPE and everything that is not a death by signal.
  static std::string death_message(const ProcessStatus& status);

  // --- the shell ---

  /// Job control on or off (set -m). The terminal may be null (script without one): then groups only.
  void set_monitor(bool on, Terminal* terminal);
  bool is_monitor() const { return is_monitor_; }
  Terminal* terminal() const { return terminal_; }
  /// In a forked subshell: the jobs are the parent's. They stay printable (`$(jobs -p)`) and signalable until the
  /// subshell makes its own; none can be waited for. Monitor off.
  void enter_subshell();
  /// Whether the jobs are still those of the shell around.
  bool is_inherited() const { return is_inherited_; }

 private:
  struct Location {
    Job* job;
    uint32_t index;
  };
  /// Everything a subshell replaces when it makes jobs of its own.
  struct Contents {
    Contents();
    ~Contents();
    void drop_unused_numbers();
    PidMap<Location> by_pid;
    std::vector<Job*> by_number;  // [number - first_number]; the last one is never null
    size_t first_number = 1;
    size_t leading_gaps = 0;         // nulls before the first job
    JobList foreground;              // unlisted
    JobList stopped, running, done;  // listed, in order of the last change
    Job* current = nullptr;
    Job* previous = nullptr;
    size_t listed_count = 0;
    size_t changed_count = 0;
    StatusRing remembered;
    StatusRing fetched;
  };
  void apply(const ChildChange& change);
  void set_process_status(Job& job, JobProcess& process, const ProcessStatus& status);
  void note_running(Job& job);
  void lose_children();
  void move_to_list(Job& job, JobState before);
  void enlist(Job& job);
  void destroy(Job& job);
  void set_changed(Job& job, bool changed);
  void choose_current();
  void drop_inherited();
  void trim_done();
  JobList& list_of(JobState state);
  void hand_terminal_to(Job& job);
  void take_terminal_back(Job& job);
  std::string state_words(const Job& job, const ProcessStatus& status) const;
  std::string format_long(const Job& job) const;
  static std::string_view text_of(const Job& job, size_t process);
  std::string heading(const Job& job) const;
  JobLookup find_text(std::string_view text, bool anywhere);

  std::unique_ptr<Contents> contents_;
  std::unique_ptr<Contents> abandoned_;  // the parent's jobs, not worth freeing in a subshell
  std::vector<std::unique_ptr<Job>> spare_;
  Terminal* terminal_ = nullptr;
  bool is_monitor_ = false;
  bool posix_words_ = false;
  bool is_inherited_ = false;
  bool has_lost_ = false;
  pid_t watched_ = 0;
  std::function<void()> announcer_;
};

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_JOB_H_
