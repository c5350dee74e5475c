// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/message_queue.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

using testing::run_peer;
using testing::unique_key;
using testing::unique_name;

class PosixQueue : public ::testing::Test {
 protected:
  void SetUp() override {
    name_ = *posix_name(unique_name("mq"));
    Outcome<MessageQueue> made =
        MessageQueue::create(name_, {.mode = {}, .may_exist = false, .capacity = 2, .message_size = 64});
    ASSERT_TRUE(made.ok()) << made.error().sentence;
    queue_ = std::move(*made);
  }
  void TearDown() override { (void)MessageQueue::remove(name_); }
  KernelName name_;
  MessageQueue queue_;
};

TEST_F(PosixQueue, HigherPriorityComesFirst) {
  ASSERT_TRUE(queue_.send("low", 1, Wait::none()).ok());
  ASSERT_TRUE(queue_.send("high", 9, Wait::none()).ok());
  Outcome<QueueMessage> first = queue_.receive(0, false, Wait::none());
  EXPECT_EQ(first->bytes, "high");
  EXPECT_EQ(first->kind, 9);
  EXPECT_EQ(queue_.receive(0, false, Wait::none())->bytes, "low");
}

TEST_F(PosixQueue, FullAndEmptyWouldBlockOrTimeOut) {
  EXPECT_EQ(queue_.receive(0, false, Wait::none()).status(), Status::WouldBlock);
  EXPECT_EQ(queue_.receive(0, false, Wait::for_ns(5'000'000)).status(), Status::TimedOut);
  ASSERT_TRUE(queue_.send("1", 0, Wait::none()).ok());
  ASSERT_TRUE(queue_.send("2", 0, Wait::none()).ok());
  EXPECT_EQ(queue_.send("3", 0, Wait::none()).status(), Status::WouldBlock);
  EXPECT_EQ(queue_.send("3", 0, Wait::for_ns(5'000'000)).status(), Status::TimedOut);
  EXPECT_EQ(queue_.stat()->messages, 2);
}

TEST_F(PosixQueue, TooLongMessageSaysTheLimit) {
  Outcome<void> sent = queue_.send(std::string(65, 'x'), 0, Wait::none());
  EXPECT_EQ(sent.status(), Status::TooBig);
  EXPECT_EQ(sent.error().sentence, "65 bytes are too many: the queue takes messages of up to 64");
}

TEST_F(PosixQueue, BlockedReceiverGetsTheMessage) {
  pid_t sender = fork();
  if (sender == 0) {
    Outcome<MessageQueue> mine = MessageQueue::open(name_);
    _exit(mine->send(std::string_view("a\0b", 3), 0, Wait::forever()).ok() ? 0 : 1);
  }
  EXPECT_EQ(queue_.receive(0, false, Wait::forever())->bytes, std::string("a\0b", 3));
  waitpid(sender, nullptr, 0);
}

TEST_F(PosixQueue, TalksWithACProgram) {
  ASSERT_TRUE(queue_.send("from the shell", 3, Wait::none()).ok());
  EXPECT_EQ(run_peer("posix_queue recv " + name_.posix_path()), "3:from the shell\n");
  EXPECT_EQ(run_peer("posix_queue send " + name_.posix_path() + " 5 'from C'"), "");
  EXPECT_EQ(queue_.receive(0, false, Wait::none())->bytes, "from C");
}

volatile sig_atomic_t g_notified = 0;

TEST_F(PosixQueue, NotifiesArrivalInAnEmptyQueueOnce) {
  struct sigaction action {};
  action.sa_handler = [](int) { g_notified = g_notified + 1; };
  sigaction(SIGUSR1, &action, nullptr);
  ASSERT_TRUE(queue_.notify(SIGUSR1).ok());
  ASSERT_TRUE(queue_.send("1", 0, Wait::none()).ok());
  ASSERT_TRUE(queue_.send("2", 0, Wait::none()).ok());
  EXPECT_EQ(g_notified, 1);
  signal(SIGUSR1, SIG_DFL);
}

TEST_F(PosixQueue, InterruptionEndsTheWait) {
  Wait wait = Wait::forever();
  wait.interrupt.should_stop = [](void*) { return true; };
  EXPECT_EQ(queue_.receive(0, false, wait).status(), Status::Interrupted);
}

TEST_F(PosixQueue, LimitsOfTheSystemAreNamed) {
  Outcome<MessageQueue> made =
      MessageQueue::create(*posix_name(unique_name("huge")),
                           {.mode = {}, .may_exist = false, .capacity = 100000000, .message_size = 1 << 30});
  EXPECT_EQ(made.status(), Status::TooBig);
  EXPECT_NE(made.error().sentence.find("limits of the system"), std::string::npos);
}

TEST(MessageQueue, MissingQueueSaysSo) {
  Outcome<MessageQueue> opened = MessageQueue::open(*posix_name(unique_name("none")));
  EXPECT_EQ(opened.status(), Status::NoObject);
  EXPECT_EQ(opened.error().sentence, "no such message queue");
  EXPECT_EQ(MessageQueue::remove(*sysv_key(unique_key())).status(), Status::NoObject);
}

class SystemVQueue : public ::testing::Test {
 protected:
  void SetUp() override {
    key_ = unique_key();
    name_ = *sysv_key(key_);
    Outcome<MessageQueue> made = MessageQueue::create(name_, {});
    ASSERT_TRUE(made.ok()) << made.error().sentence;
    queue_ = std::move(*made);
  }
  void TearDown() override { (void)MessageQueue::remove(name_); }
  std::string key_;
  KernelName name_;
  MessageQueue queue_;
};

TEST_F(SystemVQueue, ReceivesByType) {
  ASSERT_TRUE(queue_.send("two", 2, Wait::none()).ok());
  ASSERT_TRUE(queue_.send("one", 1, Wait::none()).ok());
  ASSERT_TRUE(queue_.send("three", 3, Wait::none()).ok());
  EXPECT_EQ(queue_.receive(1, false, Wait::none())->bytes, "one");
  EXPECT_EQ(queue_.receive(2, true, Wait::none())->bytes, "three");
  EXPECT_EQ(queue_.receive(0, false, Wait::none())->bytes, "two");
  EXPECT_EQ(queue_.receive(0, false, Wait::none()).status(), Status::WouldBlock);
  EXPECT_EQ(queue_.receive(0, false, Wait::for_ns(20'000'000)).status(), Status::TimedOut);
}

TEST_F(SystemVQueue, TalksWithACProgram) {
  ASSERT_TRUE(queue_.send("from the shell", 1, Wait::none()).ok());
  EXPECT_EQ(run_peer("sysv_queue recv " + key_ + " 1"), "1:from the shell\n");
  EXPECT_EQ(run_peer("sysv_queue send " + key_ + " 7 'from C'"), "");
  Outcome<QueueMessage> got = queue_.receive(7, false, Wait::forever());
  EXPECT_EQ(got->bytes, "from C");
  EXPECT_EQ(got->kind, 7);
}

TEST_F(SystemVQueue, RemovalWakesAWaiter) {
  pid_t waiter = fork();
  if (waiter == 0) {
    _exit(static_cast<int>(queue_.receive(0, false, Wait::forever()).status()));
  }
  ASSERT_TRUE(MessageQueue::remove(name_).ok());
  int status = 0;
  waitpid(waiter, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 4);
}

}  // namespace
}  // namespace mish::ipc
