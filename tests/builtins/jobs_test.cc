// SPDX-License-Identifier: GPL-3.0-or-later
// jobs, wait, kill, trap, ulimit, umask, times: what they print and return. Real processes stand for jobs.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/process/child.h"
#include "shell/process/signals.h"
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class JobBuiltins : public BuiltinTest {
 protected:
  ~JobBuiltins() override {
    for (pid_t pid : sleepers_) kill(pid, SIGKILL);
    while (jobs.wait_for_any(false) == process::WaitOutcome::Changed) {
    }
  }

  process::Job& background(const char* text, int code) {
    process::Job& job = jobs.create(
        false,
        {[](const void* node, std::vector<size_t>&) { return std::string(static_cast<const char*>(node)); }, text});
    auto pid = process::fork_child({});
    EXPECT_TRUE(pid.ok());
    if (*pid == 0) {
      if (code >= 0) _exit(code);
      for (;;) pause();
    }
    if (code < 0) sleepers_.push_back(*pid);
    jobs.add_process(job, *pid);
    jobs.put_in_background(job);
    return job;
  }

 private:
  std::vector<pid_t> sleepers_;
};

TEST_F(JobBuiltins, WaitGivesTheStatusOfEachOperandInTurn) {
  std::string first = std::to_string(background("a", 3).last_pid());
  std::string second = std::to_string(background("b", 4).last_pid());
  EXPECT_EQ(run({"wait", second, first}).status, 3);
  EXPECT_EQ(run({"wait"}).status, 0);
}

TEST_F(JobBuiltins, WaitForAStrangerIs127) {
  EXPECT_EQ(run({"wait", "1"}).status, 127);
  EXPECT_EQ(err, "mish: test: wait: pid 1 is not a child of this shell\n");
  EXPECT_EQ(run({"wait", "%9"}).status, 127);
  EXPECT_EQ(err, "mish: test: wait: %9: no such job\n");
}

TEST_F(JobBuiltins, WaitNextReturnsWhoeverEndsAndNamesIt) {
  background("sleeper", -1);
  std::string pid = std::to_string(background("done", 5).last_pid());
  EXPECT_EQ(run({"wait", "-n", "-p", "who"}).status, 5);
  EXPECT_EQ(state.variables.text(NameTable::intern("who")), pid);
}

TEST_F(JobBuiltins, WaitIsInterruptedByATrappedSignal) {
  background("sleeper", -1);
  process::set_disposition(SIGUSR1, process::Disposition::Catch);
  raise(SIGUSR1);
  EXPECT_EQ(run({"wait"}).status, 128 + SIGUSR1);
  EXPECT_EQ(process::take_pending_signal(), SIGUSR1);
  process::set_disposition(SIGUSR1, process::Disposition::Default);
}

TEST_F(JobBuiltins, JobsListsAndForgetsWhatIsDone) {
  background("sleeper", -1);
  process::Job& done = background("false", 1);
  while (done.state() != process::JobState::Done) jobs.wait_for_any(false);
  run({"jobs"});
  EXPECT_EQ(out, "[1]-  Running                 sleeper &\n[2]+  Exit 1                  false\n");
  run({"jobs"});
  EXPECT_EQ(out, "[1]+  Running                 sleeper &\n");
  EXPECT_EQ(run({"jobs", "%7"}).status, 1);
}

TEST_F(JobBuiltins, KillReachesAJob) {
  process::Job& job = background("sleeper", -1);
  std::string pid = std::to_string(job.last_pid());
  EXPECT_EQ(run({"kill", "-s", "KILL", "%1"}).status, 0);
  EXPECT_EQ(run({"wait", pid}).status, 137);
}

TEST_F(JobBuiltins, NoJobControlInAScript) {
  EXPECT_EQ(run({"fg"}).status, 1);
  EXPECT_EQ(err, "mish: test: fg: no job control\n");
  EXPECT_EQ(run({"bg"}).status, 1);
  EXPECT_EQ(run({"suspend"}).status, 1);
}

TEST_F(JobBuiltins, DisownedJobIsUnknown) {
  std::string pid = std::to_string(background("sleeper", -1).last_pid());
  EXPECT_EQ(run({"disown", pid}).status, 0);
  run({"jobs"});
  EXPECT_EQ(out, "");
  EXPECT_EQ(run({"wait", pid}).status, 127);
}

using Kill = BuiltinTest;

TEST_F(Kill, NamesAndNumbers) {
  EXPECT_EQ(run({"kill", "-l", "2", "137", "TERM", "0"}).status, 0);
  EXPECT_EQ(out, "INT\nKILL\n15\nEXIT\n");
  EXPECT_EQ(run({"kill", "-l", "99"}).status, 1);
  state.options.set(state::Option::Posix, true);
  run({"kill", "-l"});
  EXPECT_EQ(out.substr(0, 18), "HUP INT QUIT ILL T");
}

TEST_F(Kill, EveryFormOfTheSignal) {
  std::string self = std::to_string(getpid());
  for (std::initializer_list<std::string_view> form : {std::initializer_list<std::string_view>{"kill", "-0", self},
                                                       {"kill", "-s", "0", self},
                                                       {"kill", "-s0", self},
                                                       {"kill", "-n", "0", self},
                                                       {"kill", "-CONT", self},
                                                       {"kill", "-sigcont", self},
                                                       {"kill", "-18", self},
                                                       {"kill", "-s", "CONT", "--", self}}) {
    EXPECT_EQ(run(form).status, 0) << err;
  }
}

TEST_F(Kill, Mistakes) {
  EXPECT_EQ(run({"kill"}).status, 2);
  EXPECT_EQ(run({"kill", "-FOO", "1"}).status, 1);
  EXPECT_EQ(err, "mish: test: kill: FOO: invalid signal specification\n");
  EXPECT_EQ(run({"kill", "x"}).status, 1);
  EXPECT_EQ(err, "mish: test: kill: x: arguments must be process or job IDs\n");
  EXPECT_EQ(run({"kill", "99999999999"}).status, 1);
  EXPECT_EQ(err, "mish: test: kill: (99999999999) - No such process\n");
  EXPECT_EQ(run({"kill", "-s"}).status, 2);
}

using Trap = BuiltinTest;

TEST_F(Trap, PrintsWhatSetsItAgain) {
  run({"trap", "echo 'a b'", "INT", "0"});
  run({"trap", "", "sigusr1"});
  run({"trap"});
  EXPECT_EQ(out, "trap -- 'echo '\\''a b'\\''' EXIT\ntrap -- 'echo '\\''a b'\\''' SIGINT\ntrap -- '' SIGUSR1\n");
  state.options.set(state::Option::Posix, true);
  run({"trap", "-p", "USR1", "TERM"});
  EXPECT_EQ(out, "trap -- '' USR1\ntrap -- - TERM\n");
}

TEST_F(Trap, UnsignedIntegerOrSingleOperandResets) {
  run({"trap", "x", "INT", "TERM", "QUIT"});
  run({"trap", "2", "15"});
  run({"trap", "QUIT"});
  run({"trap"});
  EXPECT_EQ(out, "");
}

TEST_F(Trap, UnknownConditionFailsButTheOthersAreSet) {
  api::Completion completion = run({"trap", "x", "NOPE", "INT"});
  EXPECT_EQ(completion.status, 1);
  EXPECT_TRUE(completion.is_normal());
  EXPECT_EQ(err, "mish: test: trap: NOPE: invalid signal specification\n");
  EXPECT_TRUE(state.traps.is_command(SIGINT));
}

TEST_F(Trap, Mailboxes) {
  std::string name = "trap-test-" + std::to_string(getpid());
  std::string object = "mbox:" + name;
  EXPECT_EQ(status({"trap", "read_mail", object}), 4);  // there must be such a mailbox
  ASSERT_EQ(status({"mbox", "create", name}), 0);
  EXPECT_EQ(status({"trap", "read_mail", object}), 0);
  run({"trap"});
  EXPECT_EQ(out, "trap -- 'read_mail' " + object + "\n");
  run({"trap", "-", object});
  run({"trap"});
  EXPECT_EQ(out, "");
  EXPECT_EQ(status({"mbox", "rm", name}), 0);
}

class Umask : public BuiltinTest {
 protected:
  Umask() : before_(umask(022)) {}
  ~Umask() override { umask(before_); }

 private:
  mode_t before_;
};

TEST_F(Umask, AllThreeForms) {
  run({"umask"});
  EXPECT_EQ(out, "0022\n");
  run({"umask", "-S"});
  EXPECT_EQ(out, "u=rwx,g=rx,o=rx\n");
  run({"umask", "-p"});
  EXPECT_EQ(out, "umask 0022\n");
}

TEST_F(Umask, SymbolicModes) {
  run({"umask", "g+w,o="});
  run({"umask"});
  EXPECT_EQ(out, "0007\n");
  run({"umask", "a=r,u+w,og=u,g-w"});
  run({"umask"});
  EXPECT_EQ(out, "0131\n");
  EXPECT_EQ(run({"umask", "u=z"}).status, 1);
  EXPECT_EQ(err, "mish: test: umask: `z': invalid symbolic mode character\n");
  EXPECT_EQ(run({"umask", "8"}).status, 1);
}

using Ulimit = BuiltinTest;

TEST_F(Ulimit, SetsAndShowsTheSoftLimit) {
  EXPECT_EQ(run({"ulimit", "-S", "-n", "64"}).status, 0);
  run({"ulimit", "-n"});
  EXPECT_EQ(out, "64\n");
  EXPECT_EQ(run({"ulimit", "-S", "-n", "hard"}).status, 0);
  run({"ulimit", "-S", "-c", "0"});
  run({"ulimit", "-c", "-n"});
  EXPECT_EQ(out.substr(0, out.find('\n')), "core file size              (blocks, -c) 0");
}

TEST_F(Ulimit, Mistakes) {
  EXPECT_EQ(run({"ulimit", "-n", "x"}).status, 1);
  EXPECT_EQ(err, "mish: test: ulimit: x: invalid number\n");
  EXPECT_EQ(run({"ulimit", "-Z"}).status, 2);
  EXPECT_EQ(run({"ulimit", "-n", "1", "2"}).status, 2);
}

using Times = BuiltinTest;

TEST_F(Times, TwoLinesOfTwoTimes) {
  EXPECT_EQ(run({"times"}).status, 0);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  EXPECT_EQ(std::count(out.begin(), out.end(), 's'), 4);
}

}  // namespace
}  // namespace mish::builtins
