// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction: whatever instruction of an operation a process dies after, another process finishes within
// a second, and every committed message is there exactly once and whole. MISH_KILL_EVERY=1 kills after every instruction;
// without it the points are a sample.
#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "tests/ipc/mailbox_fixture.h"
#include "tests/ipc/stepper.h"

namespace mish::ipc {
namespace {

constexpr long kBudget = 40'000;  // instructions stepped in one case
constexpr uint64_t kSeveral = 4;

std::string body_of(int number, size_t size) {
  std::string text(size, static_cast<char>('a' + number % 26));
  for (size_t i = 0; i < size && i < 8; ++i) text[i] = static_cast<char>(static_cast<uint64_t>(number) >> (8 * i));
  if (size > 64) text[size - 1] = static_cast<char>(number);
  return text;
}

/// Capacity and size of the messages.
class KillTest : public MailboxTest, public testing::WithParamInterface<std::tuple<uint64_t, size_t>> {
 protected:
  uint64_t capacity() const { return std::get<0>(GetParam()); }
  size_t size() const { return std::get<1>(GetParam()); }
  MailboxConfig config() const { return {.capacity = capacity(), .bytes = 16u << 20, .keep = true}; }

  /// A fresh mailbox with `count` messages numbered from 1.
  void fill(int count) {
    (void)Mailbox::remove(named("k"), where());
    Mailbox box = make("k", config());
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(box.send(body_of(i, size()), {.deadline = kNoWait}));
  }

  /// What another process finds: takes all messages within a second, counts them by number, checks each body and that
  /// the mailbox goes on working at its full capacity.
  std::map<int, int> drain(long point) {
    std::map<int, int> found;
    Deadline end = deadline_after(1000 * kMillisecond);
    Mailbox box = open("k");
    Message message;
    for (;;) {
      auto result = box.receive(message, {.deadline = kNoWait});
      if (!result) {
        EXPECT_EQ(result.status(), Status::WouldBlock) << "after " << point << ": " << result.error().sentence;
        break;
      }
      int number = 0;
      for (int i = 1; i < 26 && size() != 0; ++i) {
        if (message.text() == body_of(i, size())) number = i;
      }
      EXPECT_TRUE(number != 0 || size() == 0) << "torn message after " << point;
      ++found[number];
    }
    uint64_t room = std::min<uint64_t>(capacity(), kSeveral);
    for (uint64_t i = 0; i < room; ++i) {
      auto sent = box.send(body_of(1, size()), {.deadline = kNoWait});
      EXPECT_TRUE(sent) << "after " << point << ": " << sent.error().sentence;
    }
    for (uint64_t i = 0; i < room; ++i) {
      EXPECT_TRUE(box.receive(message, {.deadline = kNoWait})) << "after " << point;
    }
    EXPECT_EQ(box.stat()->messages, 0u) << "after " << point;
    EXPECT_LT(now_ns(), end) << "after " << point;
    return found;
  }

  template <typename Prepare, typename Operation, typename Check>
  void kill_everywhere(Prepare prepare, Operation operation, Check check, std::function<void()> set_up) {
    if (size() > 100'000 && capacity() != kSeveral && getenv("MISH_KILL_EVERY") == nullptr) {
      GTEST_SKIP() << "long to step: one capacity of this size is enough for every day";
    }
    set_up();
    Stepped whole = run_stepped(-1, prepare, operation);
    if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
    ASSERT_TRUE(whole.finished && whole.succeeded);
    for (long k : kill_points(whole.steps, kBudget)) {
      set_up();
      check(run_stepped(k, prepare, operation), k);
    }
    RecordProperty("instructions", static_cast<int>(whole.steps));
  }
};

TEST_P(KillTest, Send) {
  int present = capacity() == 1 ? 0 : 2;
  kill_everywhere([&] { return open("k"); },
                  [&](Mailbox& box) { return box.send(body_of(9, size()), {.deadline = kNoWait}).ok(); },
                  [&](const Stepped& killed, long k) {
                    auto found = drain(k);
                    if (size() == 0) {
                      EXPECT_LE(found[0], present + 1);
                      EXPECT_GE(found[0], present + (killed.succeeded ? 1 : 0));
                      return;
                    }
                    for (int i = 1; i <= present; ++i) EXPECT_EQ(found[i], 1) << "after " << k;
                    EXPECT_LE(found[9], 1) << "after " << k;
                    if (killed.succeeded) {
                      EXPECT_EQ(found[9], 1) << "after " << k;
                    }
                  },
                  [&] { fill(present); });
}

TEST_P(KillTest, Receive) {
  int present = capacity() == 1 ? 1 : 3;
  kill_everywhere(
      [&] { return open("k"); },
      [&](Mailbox& box) {
        Message message;
        return box.receive(message, {.deadline = kNoWait}).ok();
      },
      [&](const Stepped& killed, long k) {
        auto found = drain(k);
        if (size() == 0) {
          EXPECT_GE(found[0], present - 1);
          return;
        }
        EXPECT_LE(found[1], killed.succeeded ? 0 : 1) << "after " << k;
        for (int i = 2; i <= present; ++i) EXPECT_EQ(found[i], 1) << "after " << k;
      },
      [&] { fill(present); });
}

TEST_P(KillTest, LeaseAndAcknowledge) {
  int present = capacity() == 1 ? 1 : 3;
  kill_everywhere(
      [&] { return open("k"); },
      [&](Mailbox& box) {
        Message message;
        return box.receive(message, {.lease = true, .deadline = kNoWait}).ok() && box.ack(message.id).ok();
      },
      [&](const Stepped& killed, long k) {
        auto found = drain(k);
        if (size() == 0) {
          EXPECT_GE(found[0], present - 1);
          return;
        }
        EXPECT_LE(found[1], killed.succeeded ? 0 : 1) << "after " << k;
        for (int i = 2; i <= present; ++i) EXPECT_EQ(found[i], 1) << "after " << k;
      },
      [&] { fill(present); });
}

TEST_P(KillTest, Repair) {
  int present = capacity() == 1 ? 1 : 3;
  kill_everywhere([&] { return open("k"); }, [](Mailbox& box) { return box.repair().ok(); },
                  [&](const Stepped&, long k) {
                    auto found = drain(k);
                    if (size() == 0) {
                      EXPECT_EQ(found[0], present);
                      return;
                    }
                    for (int i = 1; i <= present; ++i) EXPECT_EQ(found[i], 1) << "after " << k;
                  },
                  [&] { fill(present); });
}

INSTANTIATE_TEST_SUITE_P(, KillTest,
                         testing::Combine(testing::Values<uint64_t>(1, kSeveral, kUnbounded),
                                          testing::Values<size_t>(0, 1, 64, 4096, 4097, 1 << 20)),
                         [](const auto& row) {
                           uint64_t capacity = std::get<0>(row.param);
                           std::string name = capacity == kUnbounded ? "unbounded" : "capacity" + std::to_string(capacity);
                           return name + "_bytes" + std::to_string(std::get<1>(row.param));
                         });

class KillPlainTest : public MailboxTest {};

/// Ops whose points are all taken in one list; `check` runs after each kill.
template <typename SetUp, typename Prepare, typename Operation, typename Check>
void kill_at_points(SetUp set_up, Prepare prepare, Operation operation, Check check) {
  set_up();
  Stepped whole = run_stepped(-1, prepare, operation);
  if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
  ASSERT_TRUE(whole.finished && whole.succeeded);
  for (long k : kill_points(whole.steps, kBudget)) {
    set_up();
    check(run_stepped(k, prepare, operation), k);
  }
}

TEST_F(KillPlainTest, Create) {
  kill_at_points([&] { (void)Mailbox::remove(named("k"), where()); }, [] { return 0; },
                 [&](int) { return Mailbox::create(named("k"), {.keep = true}, where()).ok(); },
                 [&](const Stepped& killed, long k) {
                   auto made = Mailbox::create(named("k"), {.keep = true}, where());
                   if (killed.succeeded) {
                     EXPECT_EQ(made.status(), Status::Exists) << "after " << k;
                   }
                   EXPECT_TRUE(made.ok() || made.status() == Status::Exists) << "after " << k;
                   Mailbox box = open("k");
                   EXPECT_TRUE(box.send("x", {.deadline = kNoWait})) << "after " << k;
                   Message message;
                   EXPECT_TRUE(box.receive(message, {.deadline = kNoWait})) << "after " << k;
                   EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1) << "after " << k;
                 });
}

TEST_F(KillPlainTest, Remove) {
  kill_at_points([&] { (void)Mailbox::create(named("k"), {.keep = true}, where()); }, [] { return 0; },
                 [&](int) { return Mailbox::remove(named("k"), where()).ok(); },
                 [&](const Stepped& killed, long k) {
                   auto again = Mailbox::remove(named("k"), where());
                   if (killed.succeeded) {
                     EXPECT_EQ(again.status(), Status::NoObject) << "after " << k;
                   }
                   EXPECT_TRUE(Mailbox::create(named("k"), {.keep = true}, where())) << "after " << k;
                 });
}

TEST_F(KillPlainTest, DropOldestAndPriorities) {
  kill_at_points(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.capacity = 3, .order = Order::Priority, .on_full = OnFull::DropOldest, .keep = true});
        for (int i = 1; i <= 3; ++i) ASSERT_TRUE(box.send(body_of(i, 5000), {.priority = i}));
      },
      [&] { return open("k"); }, [&](Mailbox& box) { return box.send(body_of(4, 5000), {.priority = 4}).ok(); },
      [&](const Stepped& killed, long k) {
        Mailbox box = open("k");
        Message message;
        std::string seen;
        while (box.receive(message, {.deadline = kNoWait})) seen += static_cast<char>('0' + message.priority);
        if (killed.succeeded) {
          EXPECT_EQ(seen, "432") << "after " << k;
        }
        EXPECT_TRUE(seen == "321" || seen == "32" || seen == "432") << seen << " after " << k;
      });
}

// Two processes at most: the place of the dead one is free for the next, whatever it died in.
TEST_F(KillPlainTest, PairSend) {
  kill_at_points(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.policy = Policy::Pair, .keep = true});
        ASSERT_TRUE(box.send(body_of(1, 64)));
      },
      [&] { return open("k"); }, [](Mailbox& box) { return box.send(body_of(2, 64), {.deadline = kNoWait}).ok(); },
      [&](const Stepped& killed, long k) {
        Mailbox first = open("k");
        Message message;
        ASSERT_TRUE(first.receive(message, {.deadline = kNoWait})) << "after " << k;
        EXPECT_EQ(message.text(), body_of(1, 64)) << "after " << k;
        bool there = first.receive(message, {.deadline = kNoWait}).ok();
        EXPECT_TRUE(there || !killed.succeeded) << "after " << k;
        if (there) {
          EXPECT_EQ(message.text(), body_of(2, 64)) << "after " << k;
        }
        EXPECT_EQ(Child([&] { return open("k").send("m", {.deadline = kNoWait}) ? 0 : 1; }).wait(), 0) << "after " << k;
      });
}

TEST_F(KillPlainTest, PairReceive) {
  kill_at_points(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.policy = Policy::Pair, .keep = true});
        for (int i = 1; i <= 2; ++i) ASSERT_TRUE(box.send(body_of(i, 64)));
      },
      [&] { return open("k"); },
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.deadline = kNoWait}).ok();
      },
      [&](const Stepped& killed, long k) {
        Mailbox first = open("k");
        Message message;
        ASSERT_TRUE(first.receive(message, {.deadline = kNoWait})) << "after " << k;
        bool again = message.text() == body_of(1, 64);
        EXPECT_FALSE(again && killed.succeeded) << "received twice after " << k;
        if (again) {
          ASSERT_TRUE(first.receive(message, {.deadline = kNoWait})) << "after " << k;
        }
        EXPECT_EQ(message.text(), body_of(2, 64)) << "after " << k;
        EXPECT_EQ(Child([&] { return open("k").send("m", {.deadline = kNoWait}) ? 0 : 1; }).wait(), 0) << "after " << k;
      });
}

// Holes are closed and the ring grows within a send.
TEST_F(KillPlainTest, CompactionAndGrowth) {
  for (bool grows : {false, true}) {
    kill_at_points(
        [&] {
          (void)Mailbox::remove(named("k"), where());
          Mailbox box = make("k", {.capacity = 200, .keep = true});
          Message message;
          for (int i = 0; i < 64; ++i) ASSERT_TRUE(box.send(std::to_string(i), {.type = i % 8 == 0 ? 1 : 2}));
          while (!grows && box.receive(message, {.type = 2, .deadline = kNoWait})) {
          }
        },
        [&] { return open("k"); }, [&](Mailbox& box) { return box.send("last", {.deadline = kNoWait}).ok(); },
        [&](const Stepped& killed, long k) {
          Mailbox box = open("k");
          Message message;
          int expected = 0;
          bool last = false;
          while (box.receive(message, {.deadline = kNoWait})) {
            if (message.text() == "last") {
              last = true;
              continue;
            }
            ASSERT_EQ(message.text(), std::to_string(expected)) << "after " << k;
            expected += grows ? 1 : 8;
          }
          EXPECT_EQ(expected, 64) << "after " << k;
          if (killed.succeeded) {
            EXPECT_TRUE(last) << "after " << k;
          }
        });
  }
}

// --- Rendezvous: the other side is asleep while the victim dies.

TEST_F(KillPlainTest, RendezvousReceiver) {
  std::unique_ptr<Child> sender;
  kill_at_points(
      [&] {
        sender.reset();
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.capacity = 0, .keep = true});
        sender = std::make_unique<Child>([&] { return open("k").send("m").ok() ? 0 : 1; });
        wait_until([&] { return box.stat()->waiting_senders == 1; });
      },
      [&] { return open("k"); },
      [](Mailbox& box) {
        Message message;
        return box.receive(message, {.deadline = kNoWait}).ok();
      },
      [&](const Stepped& killed, long k) {
        Mailbox box = open("k");
        Message message;
        bool mine = box.receive(message, {.deadline = kNoWait}).ok();
        if (mine) {
          EXPECT_EQ(message.text(), "m");
        }
        if (killed.succeeded) {
          EXPECT_FALSE(mine) << "received twice after " << k;
        }
        EXPECT_EQ(sender->wait(), 0) << "after " << k;
      });
}

// A message that was leased has met its receiver: when that one dies the message is there for the next, although the
// sender has gone on.
TEST_F(KillPlainTest, RendezvousLease) {
  std::unique_ptr<Child> sender;
  for (size_t size : {1u, 5000u}) {
    kill_at_points(
        [&] {
          sender.reset();
          (void)Mailbox::remove(named("k"), where());
          Mailbox box = make("k", {.capacity = 0, .keep = true});
          sender = std::make_unique<Child>([&] { return open("k").send(body_of(1, size)).ok() ? 0 : 1; });
          wait_until([&] { return box.stat()->waiting_senders == 1; });
        },
        [&] { return open("k"); },
        [](Mailbox& box) {
          Message message;
          return box.receive(message, {.lease = true, .deadline = kNoWait}).ok();
        },
        [&](const Stepped&, long k) {
          Mailbox box = open("k");
          Message message;
          ASSERT_TRUE(box.receive(message, {.deadline = kNoWait})) << "lost after " << k;
          EXPECT_EQ(message.text(), body_of(1, size)) << "after " << k;
          EXPECT_EQ(sender->wait(), 0) << "after " << k;
        });
  }
}

TEST_F(KillPlainTest, RendezvousSender) {
  std::unique_ptr<Child> receiver;
  kill_at_points(
      [&] {
        receiver.reset();
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.capacity = 0, .keep = true});
        receiver = std::make_unique<Child>([&] {
          Mailbox mine = open("k");
          Message message;
          if (!mine.receive(message)) return 1;
          return message.text() == "m" ? 2 : message.text() == "probe" ? 3 : 4;
        });
        wait_until([&] { return box.stat()->waiting_receivers == 1; });
      },
      [&] { return open("k"); }, [](Mailbox& box) { return box.send("m", {.deadline = kNoWait}).ok(); },
      [&](const Stepped& killed, long k) {
        Mailbox box = open("k");
        auto sent = box.send("probe", {.deadline = deadline_after(20 * kMillisecond)});
        int got = 0;
        if (sent) {
          got = receiver->wait();
          EXPECT_EQ(got, 3) << "after " << k;
          EXPECT_FALSE(killed.succeeded) << "after " << k;
        } else {
          EXPECT_EQ(sent.status(), Status::TimedOut) << "after " << k;
          EXPECT_EQ(receiver->wait(), 2) << "after " << k;
        }
      });
}

}  // namespace
}  // namespace mish::ipc
