// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/process/wait.h"

namespace mish::process {
namespace {

/// Runs `body` in a child; its return value is the exit code.
template <typename Body>
ProcessStatus in_child(Body body) {
  pid_t pid = fork();
  if (pid == 0) _exit(body());
  return wait_for_pid(pid);
}

TEST(SignalNames, StandardNamesBothWays) {
  EXPECT_EQ(signal_name(SIGINT), "INT");
  EXPECT_EQ(signal_name(SIGCHLD), "CHLD");
  EXPECT_EQ(find_signal("INT"), SIGINT);
  EXPECT_EQ(find_signal("SIGint"), SIGINT);
  EXPECT_EQ(find_signal("CLD"), SIGCHLD);
  EXPECT_EQ(find_signal("NOPE"), std::nullopt);
  EXPECT_EQ(find_signal("2"), std::nullopt);
}

TEST(SignalNames, EverySignalNameIsFoundAgain) {
  for (int signal = 1; signal <= kMaxSignal; ++signal) {
    if (signal_name(signal).empty()) continue;
    EXPECT_EQ(find_signal(signal_name(signal)), signal) << signal_name(signal);
  }
}

TEST(SignalNames, RealtimeSignalsCountFromBothEnds) {
  EXPECT_EQ(signal_name(SIGRTMIN), "RTMIN");
  EXPECT_EQ(signal_name(SIGRTMIN + 3), "RTMIN+3");
  EXPECT_EQ(signal_name(SIGRTMAX - 12), "RTMAX-12");
  EXPECT_EQ(signal_name(SIGRTMAX), "RTMAX");
  EXPECT_EQ(find_signal("rtmin+30"), SIGRTMIN + 30);
  EXPECT_EQ(find_signal("RTMIN+31"), std::nullopt);
  EXPECT_EQ(find_signal("RTMIN-1"), std::nullopt);
  EXPECT_EQ(signal_name(32), "");
}

TEST(SignalNames, ParseTakesNumbers) {
  EXPECT_EQ(parse_signal("15"), SIGTERM);
  EXPECT_EQ(parse_signal("0"), std::nullopt);
  EXPECT_EQ(parse_signal("65"), std::nullopt);
  EXPECT_EQ(parse_signal("999999999999"), std::nullopt);
}

void forget_all_pending() {
  take_child_change();
  while (take_pending_signal() != 0) {
  }
}

TEST(PendingSignals, AreTakenLowestFirstAndOnce) {
  forget_all_pending();
  set_disposition(SIGUSR1, Disposition::Catch);
  set_disposition(SIGHUP, Disposition::Catch);
  EXPECT_FALSE(any_pending());
  raise(SIGUSR1);
  raise(SIGHUP);
  raise(SIGUSR1);
  EXPECT_TRUE(any_pending());
  EXPECT_EQ(peek_pending_signal(), SIGHUP);
  EXPECT_EQ(take_pending_signal(), SIGHUP);
  EXPECT_EQ(take_pending_signal(), SIGUSR1);
  EXPECT_EQ(take_pending_signal(), 0);
  EXPECT_FALSE(any_pending());
  set_disposition(SIGUSR1, Disposition::Default);
  set_disposition(SIGHUP, Disposition::Default);
}

TEST(PendingSignals, IgnoringForgetsWhatWasPending) {
  forget_all_pending();
  set_disposition(SIGUSR1, Disposition::Catch);
  raise(SIGUSR1);
  set_disposition(SIGUSR1, Disposition::Ignore);
  EXPECT_EQ(take_pending_signal(), 0);
  raise(SIGUSR1);
  EXPECT_FALSE(any_pending());
  set_disposition(SIGUSR1, Disposition::Default);
}

TEST(Dispositions, IgnoredAtEntryIsRemembered) {
  ProcessStatus status = in_child([] {
    signal(SIGUSR2, SIG_IGN);
    if (!is_ignored_at_entry(SIGUSR2)) return 1;
    if (disposition(SIGUSR2) != Disposition::Ignore) return 2;
    set_disposition(SIGUSR2, Disposition::Catch);
    if (!is_ignored_at_entry(SIGUSR2)) return 3;
    return is_ignored_at_entry(SIGUSR1) ? 4 : 0;
  });
  EXPECT_EQ(status, ProcessStatus::exited(0));
}

TEST(Dispositions, KillAndStopAreLeftAlone) {
  set_disposition(SIGKILL, Disposition::Ignore);
  set_disposition(SIGSTOP, Disposition::Catch);
  EXPECT_EQ(disposition(SIGKILL), Disposition::Default);
}

TEST(Dispositions, InteractiveShellIgnoresTermAndGoesBack) {
  ProcessStatus status = in_child([] {
    set_interactive_dispositions(true, true);
    raise(SIGTERM);
    raise(SIGTSTP);
    raise(SIGINT);
    if (take_pending_signal() != SIGINT) return 1;
    set_disposition(SIGTERM, Disposition::Catch);
    raise(SIGTERM);
    if (take_pending_signal() != SIGTERM) return 2;
    reset_disposition(SIGTERM);
    raise(SIGTERM);
    set_interactive_dispositions(false, false);
    raise(SIGTERM);
    return 3;
  });
  EXPECT_EQ(status, ProcessStatus::signaled(SIGTERM));
}

TEST(Dispositions, DyingBySignalIsSeenByTheParent) {
  ProcessStatus status = in_child([]() -> int {
    set_disposition(SIGTERM, Disposition::Catch);
    SignalMask blocked;
    die_by_signal(SIGTERM);
  });
  EXPECT_EQ(status, ProcessStatus::signaled(SIGTERM));
}

TEST(Dispositions, ChildGetsDefaultsForCaughtAndKeepsIgnored) {
  ProcessStatus status = in_child([] {
    set_disposition(SIGUSR1, Disposition::Catch);
    set_disposition(SIGUSR2, Disposition::Ignore);
    raise(SIGUSR1);
    enter_child_dispositions({});
    if (any_pending() || take_pending_signal() != 0) return 1;
    raise(SIGUSR2);
    raise(SIGUSR1);
    return 2;
  });
  EXPECT_EQ(status, ProcessStatus::signaled(SIGUSR1));
}

TEST(Dispositions, AsynchronousChildIgnoresInterruptAndQuit) {
  ProcessStatus status = in_child([] {
    enter_child_dispositions({.is_asynchronous = true});
    raise(SIGINT);
    raise(SIGQUIT);
    return 7;
  });
  EXPECT_EQ(status, ProcessStatus::exited(7));
}

TEST(InterruptHold, DropsTheInterruptOfACommandThatHandledIt) {
  ProcessStatus status = in_child([] {
    InterruptHold hold(true);
    raise(SIGINT);
    if (hold.settle(false)) return 1;
    return 0;
  });
  EXPECT_EQ(status, ProcessStatus::exited(0));
}

TEST(InterruptHold, TellsTheShellToDieWithItsCommand) {
  ProcessStatus status = in_child([] {
    InterruptHold hold(true);
    raise(SIGINT);
    return hold.settle(true) ? 0 : 1;
  });
  EXPECT_EQ(status, ProcessStatus::exited(0));
}

TEST(InterruptHold, TellsTheShellToDieWhenTheCommandSentIt) {
  ProcessStatus status = in_child([] {
    InterruptHold hold(true);
    pid_t shell = getpid();
    pid_t command = fork();
    if (command == 0) _exit(kill(shell, SIGINT));
    wait_for_pid(command);
    return hold.settle(false, {&command, 1}) ? 0 : 1;
  });
  EXPECT_EQ(status, ProcessStatus::exited(0));
}

TEST(InterruptHold, CommandThatDiedAloneDoesNotMatter) {
  InterruptHold hold(true);
  EXPECT_FALSE(hold.settle(true));
}

}  // namespace
}  // namespace mish::process
