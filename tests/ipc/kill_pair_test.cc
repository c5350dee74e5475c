// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction, mailboxes for two: who dies does without the locks of its mailbox (mailbox_bias.cc) or
// takes them from one that does. Small bodies go the short way, large ones the way under the locks while the bias
// stays.
#include <sys/mman.h>

#include <algorithm>
#include <climits>
#include <map>
#include <memory>
#include <tuple>

#include "tests/ipc/killing.h"

namespace mish::ipc {
namespace {

constexpr uint64_t kSeveral = 4;
constexpr int kNew = 9;  // number of the message that the victim sends

struct Flags {
  SharedWord is_ready, go;
};

/// Capacity and size of the messages.
class KillPairTest : public MailboxTest, public testing::WithParamInterface<std::tuple<uint64_t, size_t>> {
 protected:
  KillPairTest()
      : flags_(static_cast<Flags*>(
            mmap(nullptr, sizeof(Flags), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~KillPairTest() override { munmap(flags_, sizeof(Flags)); }
  void SetUp() override {
    if (!admit_remote_barriers()) GTEST_SKIP() << "no biases here";
  }

  uint64_t capacity() const { return std::get<0>(GetParam()); }
  size_t size() const { return std::get<1>(GetParam()); }
  int several() const { return capacity() == 1 ? 1 : 3; }
  std::string new_body() const { return body_of(kNew, size()); }

  void start() {
    bearer_.reset();
    (void)Mailbox::remove(named("k"), where());
    (void)make("k", {.capacity = capacity(), .bytes = 16u << 20, .policy = Policy::Pair, .keep = true});
  }
  /// A handle that does without the locks; `count` messages, numbered from 1, are in the mailbox, and it knows.
  std::unique_ptr<Mailbox> earn(int count) {
    auto box = std::make_unique<Mailbox>(open("k"));
    EarlyBias::earn(*box);
    for (int i = 1; i <= count; ++i) (void)box->send(body_of(i, size()), {.deadline = kNoWait});
    Message message;
    (void)box->receive(message, {.peek = true, .deadline = kNoWait});
    return box;
  }
  /// A process that does so, with several() messages, and sends one more when it is told to.
  void start_bearer() {
    start();
    flags_->is_ready.store(0);
    flags_->go.store(0);
    bearer_ = std::make_unique<Child>([this] {
      auto box = earn(several());
      if (!EarlyBias::is_borne(*box)) return 1;
      flags_->is_ready.store(1);
      WaitFor word{&flags_->go, 0};
      while (flags_->go.load() == 0) wait_on({&word, 1}, kForever);
      return box->send(body_of(several() + 1, size())) ? 0 : 2;
    });
    wait_until([&] { return flags_->is_ready.load() == 1; });
  }
  int finish_bearer() {
    flags_->go.store(1);
    wake(flags_->go, 1);
    return bearer_->wait();
  }

  /// What another process finds: it takes all messages, each whole and at most once and all from `first` to `last`;
  /// then the mailbox works on at its full capacity. Returns how often each number came (all as 0 when they are empty).
  std::map<int, int> expect_once(int first, int last) {
    std::map<int, int> found;
    Mailbox box = open("k");
    Message message;
    while (box.receive(message, {.deadline = kNoWait})) {
      int number = size() == 0 ? 0 : message.text()[0];
      EXPECT_TRUE(message.text() == body_of(number, size())) << "torn";
      EXPECT_LE(++found[number], size() == 0 ? INT_MAX : 1) << "message " << number;
    }
    for (int i = first; i <= last && size() != 0; ++i) EXPECT_EQ(found[i], 1) << "message " << i << " is lost";
    EXPECT_EQ(box.stat()->messages, 0u);
    uint64_t room = std::min<uint64_t>(capacity(), kSeveral);
    for (uint64_t i = 0; i < room; ++i) EXPECT_TRUE(box.send(body_of(1, size()), {.deadline = kNoWait}));
    for (uint64_t i = 0; i < room; ++i) EXPECT_TRUE(box.receive(message, {.deadline = kNoWait}));
    EXPECT_EQ(box.stat()->messages, 0u);
    EXPECT_EQ(box.stat()->payload_bytes, 0u);
    return found;
  }
  static int count(const std::map<int, int>& found) {
    int all = 0;
    for (auto [number, times] : found) all += times;
    return all;
  }

  std::unique_ptr<Child> bearer_;

 private:
  EarlyBias early_bias_;
  Flags* flags_;
};

TEST_P(KillPairTest, Send) {
  int present = capacity() == 1 ? 0 : 2;
  std::string body = new_body();
  kill_everywhere([&] { start(); }, [&] { return earn(present); },
                  [&](auto& box) { return EarlyBias::is_borne(*box) && box->send(body, {.deadline = kNoWait}).ok(); },
                  [&](const Stepped& killed) {
                    int sent = count(expect_once(1, present)) - present;
                    EXPECT_TRUE(sent == 1 || (sent == 0 && !killed.succeeded)) << sent;
                  });
}

TEST_P(KillPairTest, Receive) {
  kill_everywhere([&] { start(); }, [&] { return earn(several()); },
                  [](auto& box) {
                    Message message;
                    return EarlyBias::is_borne(*box) && box->receive(message, {.deadline = kNoWait}).ok();
                  },
                  [&](const Stepped& killed) {
                    int left = count(expect_once(2, several()));
                    EXPECT_TRUE(left == several() - 1 || (left == several() && !killed.succeeded)) << left;
                  });
}

TEST_P(KillPairTest, Repair) {
  kill_everywhere([&] { start(); }, [&] { return earn(several()); },
                  [](auto& box) { return EarlyBias::is_borne(*box) && box->repair().ok(); },
                  [&](const Stepped&) { EXPECT_EQ(count(expect_once(1, several())), several()); });
}

TEST_P(KillPairTest, Detach) {
  kill_everywhere([&] { start(); }, [&] { return earn(several()); },
                  [](auto& box) {
                    bool is_borne = EarlyBias::is_borne(*box);
                    box.reset();
                    return is_borne;
                  },
                  [&](const Stepped&) { EXPECT_EQ(count(expect_once(1, several())), several()); });
}

// The victim takes both locks from one that does without them and lives on.
TEST_P(KillPairTest, Revoke) {
  kill_everywhere([&] { start_bearer(); }, [&] { return open("k"); },
                  [](Mailbox& box) { return EarlyBias::is_borne(box) && box.repair().ok(); },
                  [&](const Stepped&) {
                    bool has_room = capacity() != 1;
                    if (has_room) {
                      EXPECT_EQ(finish_bearer(), 0);
                    }
                    int sent = several() + (has_room ? 1 : 0);
                    EXPECT_EQ(count(expect_once(1, sent)), sent);
                  });
}

TEST_P(KillPairTest, SendBesideABearer) {
  if (capacity() != kUnbounded) return;  // no room for both
  std::string body = new_body();
  kill_everywhere([&] { start_bearer(); }, [&] { return open("k"); },
                  [&](Mailbox& box) { return EarlyBias::is_borne(box) && box.send(body, {.deadline = kNoWait}).ok(); },
                  [&](const Stepped& killed) {
                    EXPECT_EQ(finish_bearer(), 0);
                    int sent = count(expect_once(1, several() + 1)) - several() - 1;
                    EXPECT_TRUE(sent == 1 || (sent == 0 && !killed.succeeded)) << sent;
                  });
}

// Who takes the locks waits for a bearer that is stopped in the midst of what it does, and meets all or nothing of it.
TEST_P(KillPairTest, StoppedIsWaitedFor) {
  std::string body = new_body();
  auto send = [&](Mailbox& box) { return box.send(body, {.deadline = kNoWait}).ok(); };
  auto receive = [](Mailbox& box) {
    Message message;
    return box.receive(message, {.deadline = kNoWait}).ok();
  };
  for (bool sends : {true, false}) {
    int present = capacity() == 1 && sends ? 0 : 2;
    if (capacity() == 1 && !sends) present = 1;
    auto operation = [&](auto& box) { return sends ? send(*box) : receive(*box); };
    Route route;
    start();
    Stepped whole = run_stepped(
        -1, route, [&] { return earn(present); }, operation);
    if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
    for (long point : kill_points(whole.steps, route, kPointsADay)) {
      SCOPED_TRACE("stopped after " + std::to_string(point) + " of " + std::to_string(whole.steps) + " instructions");
      start();
      Stepped stopped = run_stepped(
          point, route, [&] { return earn(present); }, operation,
          [&](Tracee& tracee) {
            Child other([&] { return open("k").repair() ? 0 : 1; });
            wait_until([&] { return is_at_rest(other.pid()); });
            EXPECT_EQ(tracee.run_on(), Tracee::Stop::End);
            EXPECT_EQ(other.wait(), 0);
          });
      EXPECT_TRUE(stopped.succeeded);
      EXPECT_EQ(open("k").stat()->messages, static_cast<uint64_t>(present + (sends ? 1 : -1)));
      expect_once(sends ? 1 : 2, present);
      if (HasFailure()) return;
    }
  }
}

std::string name_of(const testing::TestParamInfo<std::tuple<uint64_t, size_t>>& row) {
  uint64_t capacity = std::get<0>(row.param);
  std::string name = capacity == kUnbounded ? "unbounded" : "capacity" + std::to_string(capacity);
  return name + "_bytes" + std::to_string(std::get<1>(row.param));
}

INSTANTIATE_TEST_SUITE_P(, KillPairTest,
                         testing::Combine(testing::Values<uint64_t>(1, kSeveral, kUnbounded),
                                          testing::Values<size_t>(0, 64, 4096, 4097)),
                         name_of);

}  // namespace
}  // namespace mish::ipc
