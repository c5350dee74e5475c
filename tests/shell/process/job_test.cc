// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/job.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "shell/process/child.h"
#include "shell/process/signals.h"

namespace mish::process {
namespace {

std::string text_of(const void* node, std::vector<size_t>& /*stages*/) { return static_cast<const char*>(node); }

/// A job table with helpers that start real processes.
class Jobs : public testing::Test {
 protected:
  ~Jobs() override {
    for (pid_t pid : sleepers_) kill(pid, SIGKILL);
    while (table_.wait_for_any(false) == WaitOutcome::Changed) {
    }
  }

  template <typename Body>
  pid_t start(Job& job, Body body) {
    ChildOptions options;
    options.process_group = table_.group_for_next(job);
    auto pid = fork_child(options);
    EXPECT_TRUE(pid.ok());
    if (*pid == 0) _exit(body());
    table_.add_process(job, *pid);
    return *pid;
  }

  Job& background(const char* text, int code) {
    Job& job = table_.create(false, {text_of, text});
    start(job, [code] { return code; });
    table_.put_in_background(job);
    return job;
  }

  Job& sleeper(const char* text, bool own_group = false) {
    Job& job = table_.create(own_group, {text_of, text});
    sleepers_.push_back(start(job, [] {
      for (;;) pause();
      return 0;
    }));
    table_.put_in_background(job);
    return job;
  }

  void wait_done(Job& job) {
    while (job.state() != JobState::Done) table_.wait_for_any(false);
  }

  void wait_state(Job& job, JobState state) {
    while (job.state() != state) table_.wait_for_any(false);
  }

  JobTable table_;
  std::vector<pid_t> sleepers_;
};

TEST_F(Jobs, ForegroundPipelineGivesAllStatuses) {
  Job& job = table_.create(false, {});
  start(job, [] { return 3; });
  start(job, [] { return 0; });
  EXPECT_EQ(table_.wait_in_foreground(job), ForegroundOutcome::Done);
  ASSERT_EQ(job.processes().size(), 2u);
  EXPECT_EQ(job.processes()[0].status, ProcessStatus::exited(3));
  EXPECT_EQ(job.exit_status(), 0);
  table_.set_status_rules(job, true, false);
  EXPECT_EQ(job.exit_status(), 3);
  table_.set_status_rules(job, true, true);
  EXPECT_EQ(job.exit_status(), 0);
  EXPECT_FALSE(job.is_listed());
  table_.release(job);
}

TEST_F(Jobs, NumbersGoUpAndStartAgain) {
  EXPECT_EQ(sleeper("a").number(), 1);
  Job& second = background("b", 0);
  EXPECT_EQ(second.number(), 2);
  wait_done(second);
  table_.forget_done(second);
  EXPECT_EQ(background("c", 0).number(), 2);
}

TEST_F(Jobs, LinesAsBashWritesThem) {
  Job& job = sleeper("sleep 9");
  EXPECT_EQ(table_.format(job, JobFormat::Short), "[1]+  Running                 sleep 9 &\n");
  Job& failed = background("false", 1);
  wait_done(failed);
  EXPECT_EQ(table_.format(failed, JobFormat::Short), "[2]+  Exit 1                  false\n");
  table_.set_posix_words(true);
  EXPECT_EQ(table_.format(failed, JobFormat::Short), "[2] +  Done(1)                 false\n");
  std::string pid = std::to_string(job.last_pid());
  std::string aligned = std::string(pid.size() < 5 ? 5 - pid.size() : 0, ' ') + pid;  // at least five columns
  EXPECT_EQ(table_.format(job, JobFormat::Long), "[1] - " + aligned + " Running                 sleep 9 &\n");
  EXPECT_EQ(table_.format(job, JobFormat::PidOnly), std::to_string(job.last_pid()) + "\n");
}

TEST_F(Jobs, NoticesOnceAndDoneJobsLeave) {
  Job& job = background("true", 0);
  pid_t pid = job.last_pid();
  wait_done(job);
  EXPECT_EQ(table_.take_notices(), "[1]+  Done                    true\n");
  EXPECT_EQ(table_.take_notices(), "");
  EXPECT_EQ(table_.listed_count(), 0u);
  EXPECT_EQ(table_.take_remembered(pid), 0);
  EXPECT_EQ(table_.take_remembered(pid), std::nullopt);
}

TEST_F(Jobs, CurrentAndPreviousJob) {
  Job& a = sleeper("a", true);
  Job& b = sleeper("b", true);
  Job& c = sleeper("c", true);
  EXPECT_EQ(table_.current(), &c);
  EXPECT_EQ(table_.previous(), &b);
  table_.set_monitor(true, nullptr);
  ASSERT_TRUE(table_.send_signal(a, SIGSTOP).ok());
  wait_state(a, JobState::Stopped);
  EXPECT_EQ(table_.current(), &a);
  EXPECT_EQ(table_.previous(), &c);
  EXPECT_EQ(table_.take_notices(), "[1]+  Stopped                 a\n");
  ASSERT_TRUE(table_.resume_in_background(a).ok());
  EXPECT_EQ(a.state(), JobState::Running);
  EXPECT_EQ(table_.current(), &a);
  EXPECT_EQ(table_.format(a, JobFormat::Short), "[1]+  Running                 a &\n");
  table_.disown(a);
  EXPECT_EQ(table_.current(), &c);
  EXPECT_EQ(table_.previous(), &b);
}

TEST_F(Jobs, FoundByEveryKindOfSpec) {
  Job& a = sleeper("sleep 1 | cat");
  Job& b = sleeper("sort file");
  EXPECT_EQ(table_.find("%1").job, &a);
  EXPECT_EQ(table_.find("%%").job, &b);
  EXPECT_EQ(table_.find("%+").job, &b);
  EXPECT_EQ(table_.find("%").job, &b);
  EXPECT_EQ(table_.find("%-").job, &a);
  EXPECT_EQ(table_.find("%sl").job, &a);
  EXPECT_EQ(table_.find("%?file").job, &b);
  EXPECT_EQ(table_.find("%s").outcome, JobLookup::Outcome::Ambiguous);
  EXPECT_EQ(table_.find("%3").outcome, JobLookup::Outcome::NoSuchJob);
  EXPECT_EQ(table_.find("%0").outcome, JobLookup::Outcome::NoSuchJob);
  EXPECT_EQ(table_.find("1").outcome, JobLookup::Outcome::NotAJobSpec);
  EXPECT_EQ(table_.find("1", true).job, &a);
}

TEST_F(Jobs, StoppedJobThatGetsTermDies) {
  table_.set_monitor(true, nullptr);
  Job& job = sleeper("x", true);
  ASSERT_TRUE(table_.send_signal(job, SIGSTOP).ok());
  wait_state(job, JobState::Stopped);
  ASSERT_TRUE(table_.send_signal(job, SIGTERM).ok());
  wait_done(job);
  EXPECT_EQ(job.status(), ProcessStatus::signaled(SIGTERM));
  EXPECT_EQ(table_.take_notices(), "[1]+  Terminated              x\n");
}

TEST_F(Jobs, InheritedJobsArePrintableUntilTheSubshellMakesItsOwn) {
  Job& job = sleeper("parent's");
  pid_t pid = job.last_pid();
  auto child = fork_child({});
  ASSERT_TRUE(child.ok());
  if (*child == 0) {
    table_.enter_subshell();
    if (table_.listed().size() != 1 || table_.find_pid(pid) != nullptr || table_.has_active()) _exit(1);
    if (table_.format(*table_.listed()[0], JobFormat::PidOnly) != std::to_string(pid) + "\n") _exit(2);
    Job& own = table_.create(false, {});
    start(own, [] { return 6; });
    if (!table_.listed().empty()) _exit(3);
    table_.wait_in_foreground(own);
    _exit(own.exit_status());
  }
  Job& subshell = table_.create(false, {});
  table_.add_process(subshell, *child);
  table_.wait_in_foreground(subshell);
  EXPECT_EQ(subshell.exit_status(), 6);
  table_.release(subshell);
}

TEST_F(Jobs, TenThousandJobsInTheBackground) {
  // In slices, to stay below the limit of processes; each is remembered.
  std::vector<pid_t> pids;
  for (int i = 0; i < 10000; ++i) {
    pids.push_back(background("job", i % 200).last_pid());
    if (i % 50 == 49) {
      while (table_.running_count() != 0) table_.wait_for_any(false);
    }
  }
  EXPECT_LE(table_.listed_count(), 64u);
  ChildChange change;
  EXPECT_EQ(wait_for_change(WaitMode::Poll, false, change), WaitOutcome::NoChildren);
  int known = 0;
  for (size_t i = 0; i < pids.size(); ++i) {
    if (table_.find_pid(pids[i]) != nullptr) continue;
    auto status = table_.take_remembered(pids[i]);
    if (status) ++known;
  }
  EXPECT_GE(known, 9900);
}

TEST_F(Jobs, JobsOneAfterTheOtherTakeNoMemoryThoughTheirNumbersGrow) {
  constexpr pid_t kNobody = 1 << 21;
  int count = 0;
  auto next = [&]() -> Job& {
    Job& job = table_.create(false, {text_of, "job"});
    table_.add_process(job, kNobody + count++ % 1000);
    table_.put_in_background(job);
    return job;
  };
  Job* last = &next();
  auto go_on = [&](int jobs) {
    for (int i = 0; i < jobs; ++i) {
      Job& job = next();
      table_.disown(*last);
      last = &job;
    }
  };
  go_on(1000);
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
  auto memory = [] {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = memory();
  go_on(100000);
  EXPECT_LE(memory(), before + 16 * 1024);
#endif
  EXPECT_EQ(last->number(), count);
  EXPECT_EQ(table_.find_number(count), last);
  EXPECT_EQ(table_.find_number(count - 1), nullptr);
  EXPECT_EQ(table_.find_number(count + 1), nullptr);
  EXPECT_EQ(table_.find_number(1), nullptr);
  table_.disown(*last);
  EXPECT_EQ(next().number(), 1);
  table_.disown(*table_.find_number(1));
}

TEST_F(Jobs, InterruptedWaitLeavesTheJobsAlone) {
  Job& job = sleeper("x");
  set_disposition(SIGUSR1, Disposition::Catch);
  raise(SIGUSR1);
  EXPECT_EQ(table_.wait_for_any(true), WaitOutcome::Interrupted);
  EXPECT_EQ(job.state(), JobState::Running);
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Default);
}

TEST_F(Jobs, DeathMessages) {
  EXPECT_EQ(JobTable::death_message(ProcessStatus::signaled(SIGTERM)), "Terminated");
  EXPECT_EQ(JobTable::death_message(ProcessStatus::signaled(SIGSEGV, true)), "Segmentation fault (core dumped)");
  EXPECT_EQ(JobTable::death_message(ProcessStatus::signaled(SIGINT)), "");
  EXPECT_EQ(JobTable::death_message(ProcessStatus::exited(1)), "");
}

}  // namespace
}  // namespace mish::process
