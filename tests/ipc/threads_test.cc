// SPDX-License-Identifier: GPL-3.0-or-later
// The mailbox mapped several times in one process and used by as many threads, for ThreadSanitizer: what it cannot see
// between processes it sees here.
#include <thread>
#include <vector>

#include "tests/ipc/mailbox_fixture.h"

namespace mish::ipc {
namespace {

class ThreadsTest : public MailboxTest {
 protected:
  template <typename Body>
  std::thread with_handle(Body body) {
    return std::thread([this, body] {
      Mailbox mine = open("t");
      body(mine);
    });
  }
};

TEST_F(ThreadsTest, SendersAndReceiversShareWithoutRaces) {
  constexpr int kEach = 3000;
  for (uint64_t capacity : {uint64_t{0}, uint64_t{1}, uint64_t{64}, kUnbounded}) {
    (void)Mailbox::remove(named("t"), where());
    Mailbox box = make("t", {.capacity = capacity, .bytes = 8u << 20, .keep = true});
    int rounds = capacity == 0 ? kEach / 20 : kEach;
    std::atomic<int> received{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.push_back(with_handle([=](Mailbox& mine) {
        std::string large(6000, 'l');
        for (int n = 0; n < rounds; ++n) {
          ASSERT_TRUE(n % 50 == 0 ? mine.send(large) : mine.send("small"));
        }
      }));
      threads.push_back(with_handle([&, i](Mailbox& mine) {
        Message message;
        for (int n = 0; n < rounds; ++n) {
          ReceiveOptions options;
          options.lease = i == 0 && n % 3 == 0;
          ASSERT_TRUE(mine.receive(message, options));
          bool done = !options.lease || mine.ack(message.id).ok();
          ASSERT_TRUE(done);
          received.fetch_add(1);
        }
      }));
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(received.load(), 2 * rounds);
    EXPECT_EQ(box.stat()->messages, 0u);
  }
}

TEST_F(ThreadsTest, LookingAndRepairingDisturbNobody) {
  Mailbox box = make("t", {.order = Order::Priority, .keep = true});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.push_back(with_handle([&](Mailbox& mine) {
    for (int n = 0; n < 2000; ++n) ASSERT_TRUE(mine.send("m", {.type = n % 3, .priority = n % 5}));
    ASSERT_TRUE(mine.close());
  }));
  threads.push_back(with_handle([&](Mailbox& mine) {
    Message message;
    while (mine.receive(message)) {
    }
    stop = true;
  }));
  threads.push_back(with_handle([&](Mailbox& mine) {
    Message message;
    while (!stop) {
      (void)mine.stat();
      (void)mine.is_ready();
      (void)mine.receive(message, {.peek = true, .deadline = kNoWait});
      (void)mine.repair();
      (void)mine.receipt(5);
    }
  }));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(box.stat()->messages, 0u);
}

// Two threads that do without the locks where that is possible, and a third that takes them all the time.
TEST_F(ThreadsTest, PairIsLookedAtMeanwhile) {
  constexpr int kMessages = 20'000;
  Mailbox box = make("t", {.policy = Policy::Pair, .keep = true});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.push_back(with_handle([&](Mailbox& mine) {
    for (int n = 0; n < kMessages; ++n) ASSERT_TRUE(mine.send(std::to_string(n)));
  }));
  threads.push_back(with_handle([&](Mailbox& mine) {
    Message message;
    for (int n = 0; n < kMessages; ++n) {
      ASSERT_TRUE(mine.receive(message));
      ASSERT_EQ(message.text(), std::to_string(n));
    }
    stop = true;
  }));
  threads.push_back(with_handle([&](Mailbox& mine) {
    while (!stop) {
      (void)mine.receipt(5);
      (void)mine.repair();
      std::this_thread::yield();
    }
  }));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(box.stat()->messages, 0u);
}

TEST_F(ThreadsTest, CopiesForEverybody) {
  Mailbox box = make("t", {.capacity = 8, .policy = Policy::All, .keep = true});
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(with_handle([&](Mailbox& mine) {
      Message message;
      (void)mine.receive(message, {.deadline = kNoWait});
      ready.fetch_add(1);
      for (int n = 0; n < 500; ++n) {
        ASSERT_TRUE(mine.receive(message));
        ASSERT_EQ(message.text(), std::to_string(n));
      }
    }));
  }
  while (ready.load() < 3) std::this_thread::yield();
  for (int n = 0; n < 500; ++n) ASSERT_TRUE(box.send(std::to_string(n)));
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mish::ipc
