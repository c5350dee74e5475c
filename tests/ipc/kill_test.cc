// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction: whatever instruction of an operation a process dies after, another process finishes within
// a second, and every committed message is there exactly once and whole. Each verb that moves messages, at each
// capacity and size; kill_verbs_test.cc has the other verbs, kill_rendezvous_test.cc the capacity 0. MISH_KILL_EVERY=1
// kills after every instruction; without it the points are a sample.
#include <algorithm>
#include <map>
#include <tuple>

#include "tests/ipc/killing.h"

namespace mish::ipc {
namespace {

constexpr uint64_t kSeveral = 4;
constexpr int kNew = 9;  // number of the message that the victim sends

/// Capacity and size of the messages.
class KillTest : public MailboxTest, public testing::WithParamInterface<std::tuple<uint64_t, size_t>> {
 protected:
  uint64_t capacity() const { return std::get<0>(GetParam()); }
  size_t size() const { return std::get<1>(GetParam()); }

  /// A fresh mailbox with `count` messages numbered from 1.
  void fill(int count, OnFull on_full = OnFull::Block) {
    (void)Mailbox::remove(named("k"), where());
    Mailbox box = make("k", {.capacity = capacity(), .bytes = 16u << 20, .on_full = on_full, .keep = true});
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(box.send(body_of(i, size()), {.deadline = kNoWait}));
  }

  /// What another process finds: takes all messages within a second, counts them by number (all as 0 when they are
  /// empty), checks each body and that the mailbox goes on working at its full capacity.
  std::map<int, int> drain() {
    std::map<int, int> found;
    Deadline start = now_ns();
    Mailbox box = open("k");
    Message message;
    for (;;) {
      auto result = box.receive(message, {.deadline = kNoWait});
      if (!result) {
        EXPECT_EQ(result.status(), Status::WouldBlock) << result.error().sentence;
        break;
      }
      int number = size() == 0 ? 0 : message.text()[0];
      EXPECT_TRUE(message.text() == body_of(number, size())) << "torn";
      ++found[number];
    }
    uint64_t room = std::min<uint64_t>(capacity(), kSeveral);
    for (uint64_t i = 0; i < room; ++i) {
      auto sent = box.send(body_of(1, size()), {.deadline = kNoWait});
      EXPECT_TRUE(sent) << sent.error().sentence;
    }
    for (uint64_t i = 0; i < room; ++i) {
      EXPECT_TRUE(box.receive(message, {.deadline = kNoWait}));
    }
    EXPECT_EQ(box.stat()->messages, 0u);
    longest_ = std::max(longest_, now_ns() - start);
    EXPECT_LT(longest_, 10'000 * kMillisecond);  // wedged; the machine may be busy
    return found;
  }

  /// Drains and expects each message from `first` to `last` once; those below `first` and the new one are judged by the
  /// caller. Empty messages are only counted: at least `last - first + 1` of them.
  std::map<int, int> expect_once(int first, int last) {
    auto found = drain();
    if (size() == 0) {
      EXPECT_GE(found[0], last - first + 1) << "lost";
      return found;
    }
    for (int i = 1; i <= kNew; ++i) {
      EXPECT_LE(found[i], 1) << "message " << i;
      if (i >= first && i <= last) {
        EXPECT_EQ(found[i], 1) << "message " << i;
      }
    }
    return found;
  }

  /// What was killed takes the first of several() messages: the others are there, and it is not if it was taken.
  void expect_received(const Stepped& killed) {
    auto found = expect_once(2, several());
    int again = size() == 0 ? found[0] - several() + 1 : found[1];
    EXPECT_LE(again, killed.succeeded ? 0 : 1) << "received twice";
  }

  template <typename Operation, typename Check>
  void kill_with(int present, Operation operation, Check check, OnFull on_full = OnFull::Block) {
    kill_everywhere([&] { fill(present, on_full); }, [&] { return open("k"); }, operation, check);
    RecordProperty("longest_drain_us", static_cast<int>(longest_ / 1000));
  }

  static int count(const std::map<int, int>& found) {
    int all = 0;
    for (auto [number, times] : found) all += times;
    return all;
  }
  std::string new_body() const { return body_of(kNew, size()); }
  int several() const { return capacity() == 1 ? 1 : 3; }

 private:
  Deadline longest_ = 0;
};

TEST_P(KillTest, Send) {
  int present = capacity() == 1 ? 0 : 2;
  std::string body = new_body();
  kill_with(
      present, [&](Mailbox& box) { return box.send(body, {.deadline = kNoWait}).ok(); },
      [&](const Stepped& killed) {
        auto found = expect_once(1, present);
        int sent = size() == 0 ? found[0] - present : found[kNew];
        EXPECT_LE(sent, 1);
        EXPECT_GE(sent, killed.succeeded ? 1 : 0) << "an acknowledged message is lost";
      });
}

class KillOverwritingTest : public KillTest {};

TEST_P(KillOverwritingTest, Send) {
  int present = static_cast<int>(capacity());
  std::string body = new_body();
  kill_with(
      present, [&](Mailbox& box) { return box.send(body, {.deadline = kNoWait}).ok(); },
      [&](const Stepped& killed) {
        auto found = expect_once(2, present);
        EXPECT_LE(count(found), present);
        EXPECT_GE(count(found), killed.succeeded ? present : present - 1);
        if (killed.succeeded && size() != 0) {
          EXPECT_EQ(found[kNew], 1);
        }
      },
      OnFull::DropOldest);
}

TEST_P(KillTest, Receive) {
  kill_with(
      several(),
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.deadline = kNoWait}).ok();
      },
      [&](const Stepped& killed) { expect_received(killed); });
}

// Who received before knows what is there; then a small message is taken by a shorter way.
TEST_P(KillTest, ReceiveNext) {
  kill_everywhere(
      [&] {
        fill(several());
        Message message;
        ASSERT_TRUE(open("k").receive(message, {.peek = true, .deadline = kNoWait}));
      },
      [&] { return open("k"); },
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.deadline = kNoWait}).ok();
      },
      [&](const Stepped& killed) { expect_received(killed); });
}

TEST_P(KillTest, Peek) {
  kill_with(
      several(),
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.peek = true, .deadline = kNoWait}).ok();
      },
      [&](const Stepped&) { expect_once(1, several()); });
}

TEST_P(KillTest, LeaseAndAcknowledge) {
  kill_with(
      several(),
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.lease = true, .deadline = kNoWait}).ok() && box.ack(message.id).ok();
      },
      [&](const Stepped& killed) { expect_received(killed); });
}

TEST_P(KillTest, LeaseAndRelease) {
  kill_with(
      several(),
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.lease = true, .deadline = kNoWait}).ok() && box.release(message.id).ok();
      },
      [&](const Stepped&) { expect_once(1, several()); });
}

TEST_P(KillTest, Flush) {
  kill_with(
      several(), [](Mailbox& box) { return box.flush().ok(); },
      [&](const Stepped& killed) {
        if (int left = count(expect_once(1, 0)); killed.succeeded) {
          EXPECT_EQ(left, 0);
        }
      });
}

TEST_P(KillTest, Repair) {
  kill_with(
      several(), [](Mailbox& box) { return box.repair().ok(); }, [&](const Stepped&) { expect_once(1, several()); });
}

std::string name_of(const testing::TestParamInfo<std::tuple<uint64_t, size_t>>& row) {
  uint64_t capacity = std::get<0>(row.param);
  std::string name = capacity == kUnbounded ? "unbounded" : "capacity" + std::to_string(capacity);
  return name + "_bytes" + std::to_string(std::get<1>(row.param));
}

const auto kSizes = testing::Values<size_t>(0, 1, 64, 4096, 4097, 1 << 20);
INSTANTIATE_TEST_SUITE_P(, KillTest, testing::Combine(testing::Values<uint64_t>(1, kSeveral, kUnbounded), kSizes),
                         name_of);
INSTANTIATE_TEST_SUITE_P(, KillOverwritingTest, testing::Combine(testing::Values<uint64_t>(1, kSeveral), kSizes),
                         name_of);

}  // namespace
}  // namespace mish::ipc
