// SPDX-License-Identifier: GPL-3.0-or-later
// The loop of the kill harness: steps one operation whole, then kills it at each of its points in a fresh setting, and
// lets the test look at what is left.
#ifndef MISH_TESTS_IPC_KILLING_H_
#define MISH_TESTS_IPC_KILLING_H_

#include <fstream>
#include <iterator>
#include <string>

#include "ipc/mailbox_core.h"
#include "tests/ipc/mailbox_fixture.h"
#include "tests/ipc/stepper.h"

namespace mish::ipc {

/// Deaths of one case in a run that does not ask for all of them; the build says how many it can bear.
inline constexpr long kPointsADay = MISH_KILL_POINTS;

/// While it lives, who sleeps on a mailbox soon wakes by itself: where nobody lived to wake it, no test has to wait
/// long.
class EarlyWaking {
 public:
  EarlyWaking() { Mailbox::Core::longest_sleep = 10 * kMillisecond; }
  ~EarlyWaking() { Mailbox::Core::longest_sleep = usual_; }
  EarlyWaking(const EarlyWaking&) = delete;
  EarlyWaking& operator=(const EarlyWaking&) = delete;

 private:
  Deadline usual_ = Mailbox::Core::longest_sleep;
};

/// While it lives, one plain send or receive in a mailbox for two is enough to do without the lock from then on.
class EarlyBias {
 public:
  EarlyBias() { Mailbox::Core::plain_enough = 1; }
  ~EarlyBias() { Mailbox::Core::plain_enough = usual_; }
  EarlyBias(const EarlyBias&) = delete;
  EarlyBias& operator=(const EarlyBias&) = delete;

  /// Sends and takes `kRounds` messages, after which this process does without both locks of the empty mailbox.
  static void earn(Mailbox& box) {
    Message message;
    (void)box.receive(message, {.deadline = kNoWait});  // joins
    for (int i = 0; i < kRounds; ++i) {
      (void)box.send("again", {.deadline = kNoWait});
      (void)box.receive(message, {.peek = true, .deadline = kNoWait});
      (void)box.receive(message, {.deadline = kNoWait});
    }
  }
  /// Whether somebody does without both locks, or without the one of the senders.
  static bool is_borne(Mailbox& box) { return is_tail_borne(box) && is_borne(box.core().header().head_bias); }
  static bool is_tail_borne(Mailbox& box) { return is_borne(box.core().header().tail_bias); }
  static constexpr int kRounds = 17;  // after the sender of a mailbox for 4 has looked at what was taken

 private:
  static bool is_borne(const layout::Bias& bias) {
    uint32_t bearer = bias.bearer.load();
    return bearer != 0 && (bearer & layout::kRevoked) == 0;
  }
  uint32_t usual_ = Mailbox::Core::plain_enough;
};

/// A body that tells its number and its own damage.
inline std::string body_of(int number, size_t size) {
  std::string text(size, static_cast<char>('a' + number % 26));
  for (size_t i = 0; i < size && i < 8; ++i) text[i] = static_cast<char>(static_cast<uint64_t>(number) >> (8 * i));
  if (size > 64) text[size - 1] = static_cast<char>(number);
  return text;
}

/// Whether the process has ended or sleeps.
inline bool is_at_rest(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  size_t end = text.rfind(") ");
  char state = end == std::string::npos ? 'Z' : text[end + 2];
  return state == 'S' || state == 'Z';
}

/// `set_up` before each death; `check` gets what became of the operation after it.
template <typename SetUp, typename Prepare, typename Operation, typename Check>
void kill_everywhere(SetUp set_up, Prepare prepare, Operation operation, Check check) {
  Route route;
  set_up();
  Stepped whole = run_stepped(-1, route, prepare, operation);
  if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
  ASSERT_TRUE(whole.finished && whole.succeeded);
  std::vector<long> points = kill_points(whole.steps, route, kPointsADay);
  for (long point : points) {
    SCOPED_TRACE("killed after " + std::to_string(point) + " of " + std::to_string(whole.steps) + " instructions");
    set_up();
    check(run_stepped(point, route, prepare, operation));
    if (testing::Test::HasFatalFailure()) return;
  }
  testing::Test::RecordProperty("instructions", static_cast<int>(whole.steps));
  testing::Test::RecordProperty("kills", static_cast<int>(points.size()));
}

}  // namespace mish::ipc

#endif  // MISH_TESTS_IPC_KILLING_H_
