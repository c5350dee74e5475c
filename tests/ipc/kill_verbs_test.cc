// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction, continued: making, removing and closing, rights and owners, the other policies and orders,
// the ring that is compacted or grows, and segments of shared memory.
#include <poll.h>

#include <filesystem>
#include <memory>

#include "ipc/shared_memory.h"
#include "tests/ipc/killing.h"

namespace mish::ipc {
namespace {

class KillVerbsTest : public MailboxTest {
 protected:
  std::unique_ptr<Child> sleeping_receiver();

 private:
  EarlyWaking early_waking_;
};

// With and without --keep: a session mailbox whose maker died half-way is replaced by the next.
TEST_F(KillVerbsTest, Create) {
  for (bool keep : {true, false}) {
    kill_everywhere([&] { (void)Mailbox::remove(named("k"), where()); }, [] { return 0; },
                    [&](int) { return Mailbox::create(named("k"), {.keep = keep}, where()).ok(); },
                    [&](const Stepped& killed) {
                      auto made = Mailbox::create(named("k"), {.keep = true}, where());
                      if (killed.succeeded && keep) {
                        EXPECT_EQ(made.status(), Status::Exists);
                      }
                      EXPECT_TRUE(made.ok() || (keep && made.status() == Status::Exists));
                      Mailbox box = open("k");
                      EXPECT_TRUE(box.send("x", {.deadline = kNoWait}));
                      Message message;
                      EXPECT_TRUE(box.receive(message, {.deadline = kNoWait}));
                      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
                    });
  }
}

/// A receiver that sleeps on the mailbox "k", which is made anew, until it closes; its end is waited for with it.
std::unique_ptr<Child> KillVerbsTest::sleeping_receiver() {
  (void)Mailbox::remove(named("k"), where());
  Mailbox box = make("k", {.keep = true});
  auto receiver = std::make_unique<Child>([this] {
    Message message;
    return static_cast<int>(open("k").receive(message).status());
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  return receiver;
}

// Who listens hears of every message that is there, whatever its sender lived to do after the commit.
TEST_F(KillVerbsTest, SendToListener) {
  constexpr int kHeard = 2;
  std::unique_ptr<Child> listener;
  auto start = [&] {
    listener.reset();
    (void)Mailbox::remove(named("k"), where());
    Mailbox box = make("k", {.keep = true});
    listener = std::make_unique<Child>([this] {
      Mailbox mine = open("k");
      pollfd bell{*Doorbell::fd(), POLLIN, 0};
      while (mine.arm_doorbell() && !mine.is_ready()) {
        if (poll(&bell, 1, -1) == 1) Doorbell::clear();
      }
      return kHeard;
    });
    wait_until([&] { return box.core().header().listening.load() == 1; });
  };
  kill_everywhere(
      start, [&] { return open("k"); }, [](Mailbox& box) { return box.send("news", {.deadline = kNoWait}).ok(); },
      [&](const Stepped&) {
        Mailbox box = open("k");
        if (box.stat()->messages == 0) {
          EXPECT_TRUE(box.send("probe", {.deadline = kNoWait}));
        }
        EXPECT_EQ(listener->wait(), kHeard) << "nobody rang";
      });
}

// Gone from the directory is gone for those who sleep on it, also when the remover did not live to tell them.
TEST_F(KillVerbsTest, Remove) {
  std::unique_ptr<Child> receiver;
  kill_everywhere([&] { receiver = sleeping_receiver(); }, [] { return 0; },
                  [&](int) { return Mailbox::remove(named("k"), where()).ok(); },
                  [&](const Stepped& killed) {
                    auto again = Mailbox::remove(named("k"), where());
                    if (killed.succeeded) {
                      EXPECT_EQ(again.status(), Status::NoObject);
                    }
                    EXPECT_EQ(receiver->wait(), static_cast<int>(Status::Closed));
                    EXPECT_TRUE(Mailbox::create(named("k"), {.keep = true}, where()));
                  });
}

TEST_F(KillVerbsTest, Close) {
  std::unique_ptr<Child> receiver;
  kill_everywhere([&] { receiver = sleeping_receiver(); }, [&] { return open("k"); },
                  [](Mailbox& box) { return box.close().ok(); },
                  [&](const Stepped& killed) {
                    Mailbox box = open("k");
                    if (killed.succeeded) {
                      EXPECT_EQ(box.send("x", {.deadline = kNoWait}).status(), Status::Closed);
                    }
                    EXPECT_TRUE(box.close());
                    EXPECT_EQ(receiver->wait(), static_cast<int>(Status::Closed));
                  });
}

TEST_F(KillVerbsTest, GrantAndChown) {
  Principal other{.kind = Principal::Kind::User, .user = 12345};
  kill_everywhere(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        ASSERT_TRUE(make("k", {.keep = true}).send("m"));
      },
      [&] { return open("k"); },
      [&](Mailbox& box) {
        return box.grant(Right::Send, std::span(&other, 1)).ok() && box.chown(ProcessIdentity::self()).ok();
      },
      [&](const Stepped& killed) {
        Mailbox box = open("k");
        if (killed.succeeded) {
          EXPECT_EQ(box.send("x", {.deadline = kNoWait}).status(), Status::NotPermitted);
        }
        ASSERT_TRUE(box.chown(ProcessIdentity::self()));
        ASSERT_TRUE(box.grant(Right::Send, {}));
        EXPECT_TRUE(box.send("x", {.deadline = kNoWait}));
        Message message;
        EXPECT_TRUE(box.receive(message, {.deadline = kNoWait}));
        EXPECT_EQ(message.text(), "m");
        EXPECT_TRUE(box.receive(message, {.deadline = kNoWait}));
      });
}

// Nobody meets a segment without its bytes.
TEST_F(KillVerbsTest, CreateSegment) {
  KernelName name;
  name.name = "mish-test-segment-" + std::to_string(getpid());
  auto set_up = [&] { (void)SharedMemory::remove(name); };
  kill_everywhere(
      set_up, [] { return 0; }, [&](int) { return SharedMemory::create(name, 8192, {}).ok(); },
      [&](const Stepped& killed) {
        auto made = SharedMemory::create(name, 8192, {});
        EXPECT_TRUE(made.ok() ? !killed.succeeded : made.status() == Status::Exists);
        auto opened = SharedMemory::open(name, SharedMemory::Access::ReadWrite);
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->size().value(), 8192u);
        EXPECT_TRUE(opened->write(8000, "x"));
      });
  set_up();
}

TEST_F(KillVerbsTest, AppendToSegment) {
  KernelName name;
  name.name = "mish-test-segment-" + std::to_string(getpid());
  auto set_up = [&] {
    (void)SharedMemory::remove(name);
    ASSERT_TRUE(SharedMemory::create(name, 4096, {})->append("Hello "));
  };
  kill_everywhere(
      set_up, [&] { return std::move(*SharedMemory::open(name, SharedMemory::Access::ReadWrite)); },
      [](SharedMemory& segment) { return segment.append("World!").ok(); },
      [&](const Stepped& killed) {
        auto segment = SharedMemory::open(name, SharedMemory::Access::ReadWrite);
        ASSERT_TRUE(segment);
        std::string text = segment->text().value();
        EXPECT_TRUE(text == "Hello World!" || (text == "Hello " && !killed.succeeded)) << text;
        EXPECT_TRUE(segment->append("!")) << "the dead holds the lock";
      });
  (void)SharedMemory::remove(name);
}

TEST_F(KillVerbsTest, DropOldestAndPriorities) {
  kill_everywhere(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.capacity = 3, .order = Order::Priority, .on_full = OnFull::DropOldest, .keep = true});
        for (int i = 1; i <= 3; ++i) ASSERT_TRUE(box.send(body_of(i, 5000), {.priority = i}));
      },
      [&] { return open("k"); }, [&](Mailbox& box) { return box.send(body_of(4, 5000), {.priority = 4}).ok(); },
      [&](const Stepped& killed) {
        Mailbox box = open("k");
        Message message;
        std::string seen;
        while (box.receive(message, {.deadline = kNoWait})) seen += static_cast<char>('0' + message.priority);
        if (killed.succeeded) {
          EXPECT_EQ(seen, "432");
        }
        EXPECT_TRUE(seen == "321" || seen == "32" || seen == "432") << seen;
      });
}

// Two processes at most: the place of the dead one is free for the next, whatever it died in.
TEST_F(KillVerbsTest, PairSend) {
  kill_everywhere(
      [&] {
        (void)Mailbox::remove(named("k"), where());
        Mailbox box = make("k", {.policy = Policy::Pair, .keep = true});
        ASSERT_TRUE(box.send(body_of(1, 64)));
      },
      [&] { return open("k"); }, [](Mailbox& box) { return box.send(body_of(2, 64), {.deadline = kNoWait}).ok(); },
      [&](const Stepped& killed) {
        Mailbox first = open("k");
        Message message;
        ASSERT_TRUE(first.receive(message, {.deadline = kNoWait}));
        EXPECT_EQ(message.text(), body_of(1, 64));
        bool there = first.receive(message, {.deadline = kNoWait}).ok();
        EXPECT_TRUE(there || !killed.succeeded);
        if (there) {
          EXPECT_EQ(message.text(), body_of(2, 64));
        }
        EXPECT_EQ(Child([&] { return open("k").send("m", {.deadline = kNoWait}) ? 0 : 1; }).wait(), 0);
      });
}

TEST_F(KillVerbsTest, PairReceive) {
  kill_everywhere(
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
      [&](const Stepped& killed) {
        Mailbox first = open("k");
        Message message;
        ASSERT_TRUE(first.receive(message, {.deadline = kNoWait}));
        bool again = message.text() == body_of(1, 64);
        EXPECT_FALSE(again && killed.succeeded) << "received twice";
        if (again) {
          ASSERT_TRUE(first.receive(message, {.deadline = kNoWait}));
        }
        EXPECT_EQ(message.text(), body_of(2, 64));
        EXPECT_EQ(Child([&] { return open("k").send("m", {.deadline = kNoWait}) ? 0 : 1; }).wait(), 0);
      });
}

// Holes are closed and the ring grows within a send.
TEST_F(KillVerbsTest, CompactionAndGrowth) {
  for (bool grows : {false, true}) {
    kill_everywhere(
        [&] {
          (void)Mailbox::remove(named("k"), where());
          Mailbox box = make("k", {.capacity = 200, .keep = true});
          Message message;
          for (int i = 0; i < 64; ++i) ASSERT_TRUE(box.send(std::to_string(i), {.type = i % 8 == 0 ? 1 : 2}));
          while (!grows && box.receive(message, {.type = 2, .deadline = kNoWait})) {
          }
        },
        [&] { return open("k"); }, [&](Mailbox& box) { return box.send("last", {.deadline = kNoWait}).ok(); },
        [&](const Stepped& killed) {
          Mailbox box = open("k");
          Message message;
          int expected = 0;
          bool last = false;
          while (box.receive(message, {.deadline = kNoWait})) {
            if (message.text() == "last") {
              last = true;
              continue;
            }
            ASSERT_EQ(message.text(), std::to_string(expected));
            expected += grows ? 1 : 8;
          }
          EXPECT_EQ(expected, 64);
          if (killed.succeeded) {
            EXPECT_TRUE(last);
          }
        });
  }
}

// Policy::All: the dead neither takes nor keeps the copies of the others.
TEST_F(KillVerbsTest, CopiesForEverybody) {
  for (bool sends : {true, false}) {
    for (size_t size : {64u, 5000u}) {
      std::unique_ptr<Mailbox> mine;
      Message message;
      kill_everywhere(
          [&] {
            (void)Mailbox::remove(named("k"), where());
            mine = std::make_unique<Mailbox>(make("k", {.policy = Policy::All, .keep = true}));
            (void)mine->receive(message, {.deadline = kNoWait});
          },
          [&] {
            Mailbox box = open("k");
            Message none;
            (void)box.receive(none, {.deadline = kNoWait});
            for (int i = 1; i <= 2; ++i) (void)box.send(body_of(i, size), {.deadline = kNoWait});
            return box;
          },
          [&](Mailbox& box) {
            Message copy;
            return sends ? box.send(body_of(3, size), {.deadline = kNoWait}).ok()
                         : box.receive(copy, {.deadline = kNoWait}).ok();
          },
          [&](const Stepped& killed) {
            int next = 1;
            for (; mine->receive(message, {.deadline = kNoWait}); ++next) {
              EXPECT_TRUE(message.text() == body_of(next, size));
            }
            EXPECT_GE(next, sends && killed.succeeded ? 4 : 3) << "lost";
            EXPECT_LE(next, sends ? 4 : 3);
            EXPECT_EQ(mine->stat()->messages, 0u) << "kept for the dead";
          });
    }
  }
}

}  // namespace
}  // namespace mish::ipc
