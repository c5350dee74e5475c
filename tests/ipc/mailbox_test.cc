// SPDX-License-Identifier: GPL-3.0-or-later
// Semantics of mailboxes, one behaviour a test.
#include "ipc/mailbox.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include <numeric>
#include <set>
#include <vector>

#include "tests/ipc/mailbox_fixture.h"

namespace mish::ipc {
namespace {

constexpr SendOptions kSendNow{.deadline = kNoWait};
constexpr ReceiveOptions kReceiveNow{.deadline = kNoWait};

std::string receive_now(Mailbox& box, ReceiveOptions options = {}) {
  options.deadline = kNoWait;
  Message message;
  auto result = box.receive(message, options);
  return result ? std::string(message.text()) : "status " + std::to_string(static_cast<int>(result.status()));
}

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + i / 251);
  return text;
}

TEST_F(MailboxTest, DeliversInOrderOfSending) {
  Mailbox box = make("a");
  for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(box.send(text));
  EXPECT_EQ(receive_now(box), "one");
  EXPECT_EQ(receive_now(box), "two");
  EXPECT_EQ(receive_now(box), "three");
  EXPECT_EQ(receive_now(box), "status 3");
}

TEST_F(MailboxTest, CarriesEveryByteAtEverySize) {
  Mailbox box = make("a");
  for (size_t size : {0u, 1u, 63u, 72u, 73u, 4095u, 4096u, 4097u, 65536u, 1u << 20, (1u << 20) + 7}) {
    std::string sent = pattern(size);
    ASSERT_TRUE(box.send(sent)) << size;
    EXPECT_TRUE(receive_now(box) == sent) << size;
  }
}

TEST_F(MailboxTest, OpensByNameFromAnotherHandle) {
  Mailbox box = make("a");
  Mailbox other = open("a");
  ASSERT_TRUE(other.send("x"));
  EXPECT_EQ(receive_now(box), "x");
}

TEST_F(MailboxTest, TellsMissingFromExisting) {
  Mailbox box = make("a");
  EXPECT_EQ(Mailbox::create(named("a"), {}, where()).status(), Status::Exists);
  EXPECT_EQ(Mailbox::open(named("b"), where()).status(), Status::NoObject);
  EXPECT_EQ(Mailbox::remove(named("b"), where()).status(), Status::NoObject);
}

TEST_F(MailboxTest, RefusesNamesThatCouldLeaveTheDirectory) {
  for (const char* text : {"", ".", "..", "a/b", "../a", "a b", "ä", "@1"}) {
    EXPECT_EQ(ObjectName::parse(text).status(), Status::Usage) << text;
  }
  EXPECT_EQ(ObjectName::parse(std::string(64, 'a')).status(), Status::Usage);
  EXPECT_EQ(ObjectName::parse(std::string(64 << 20, 'u') + ":box").status(), Status::Usage);
  EXPECT_TRUE(ObjectName::parse(std::string(63, 'a')));
}

TEST_F(MailboxTest, NeverFollowsSymbolicLinks) {
  Mailbox box = make("a");
  ASSERT_EQ(symlink("a", (path_ + "/link").c_str()), 0);
  EXPECT_EQ(Mailbox::open(named("link"), where()).status(), Status::NotPermitted);
}

TEST_F(MailboxTest, RemovedMailboxIsClosedForThoseWhoHoldIt) {
  Mailbox box = make("a");
  ASSERT_TRUE(Mailbox::remove(named("a"), where()));
  EXPECT_TRUE(box.is_removed());
  EXPECT_EQ(box.send("x").status(), Status::Closed);
  EXPECT_EQ(Mailbox::open(named("a"), where()).status(), Status::NoObject);
}

// As when the remover was killed before it could tell those who sleep.
TEST_F(MailboxTest, SleeperNoticesThatTheFileIsGone) {
  Mailbox box = make("a", {.keep = true});
  Child receiver([&] {
    Message message;
    return static_cast<int>(open("a").receive(message).status());
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  ASSERT_TRUE(std::filesystem::remove(path_ + "/a"));
  EXPECT_EQ(receiver.wait(), static_cast<int>(Status::Closed));
}

TEST_F(MailboxTest, HandleRemovesItsOwnMailboxAndNoOtherOfTheName) {
  Mailbox first = make("a");
  ASSERT_TRUE(first.remove());
  EXPECT_EQ(first.send("x").status(), Status::Closed);
  Mailbox second = make("a");
  EXPECT_EQ(first.remove().status(), Status::NoObject);
  EXPECT_TRUE(second.send("x", kSendNow));
  EXPECT_TRUE(second.remove());
  EXPECT_EQ(Mailbox::open(named("a"), where()).status(), Status::NoObject);
}

TEST_F(MailboxTest, BoundedIsFullAtItsCapacity) {
  Mailbox box = make("a", {.capacity = 3});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(box.send("m", kSendNow));
  EXPECT_EQ(box.send("m", kSendNow).status(), Status::WouldBlock);
  EXPECT_EQ(box.send("m", {.deadline = deadline_after(kMillisecond)}).status(), Status::TimedOut);
  EXPECT_EQ(receive_now(box), "m");
  EXPECT_TRUE(box.send("m", kSendNow));
}

TEST_F(MailboxTest, LargeCapacityGrowsItsRing) {
  Mailbox box = make("a", {.capacity = 5000});
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(box.send(std::to_string(i), kSendNow)) << i;
  EXPECT_EQ(box.send("m", kSendNow).status(), Status::WouldBlock);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(receive_now(box), std::to_string(i));
}

TEST_F(MailboxTest, UnboundedGrowsUntilItsBytesAreUsed) {
  Mailbox box = make("a", {.capacity = kUnbounded, .bytes = 1 << 20});
  std::string body = pattern(10000);
  int sent = 0;
  Outcome<uint64_t> last = box.send(body, kSendNow);
  while (last) {
    ++sent;
    last = box.send(body);
  }
  EXPECT_EQ(last.status(), Status::TooBig);
  EXPECT_GE(sent, 80);
  for (int i = 0; i < sent; ++i) ASSERT_TRUE(receive_now(box) == body);
  EXPECT_TRUE(box.send(body, kSendNow));
}

TEST_F(MailboxTest, RefusesMessagesAboveTheLimit) {
  Mailbox box = make("a", {.max_message = 10});
  EXPECT_EQ(box.send("12345678901").status(), Status::TooBig);
  EXPECT_TRUE(box.send("1234567890"));
}

TEST_F(MailboxTest, SenderWaitsForSpaceUntilAReceiverTakes) {
  Mailbox box = make("a", {.capacity = 1});
  ASSERT_TRUE(box.send("first"));
  Child sender([&] { return box.send("second") ? 0 : 1; });
  wait_until([&] { return box.stat()->waiting_senders == 1; });
  EXPECT_EQ(receive_now(box), "first");
  EXPECT_EQ(sender.wait(), 0);
  EXPECT_EQ(receive_now(box), "second");
}

TEST_F(MailboxTest, ReceiverWaitsForAMessage) {
  Mailbox box = make("a");
  Child receiver([&] {
    Message message;
    return box.receive(message) && message.text() == "hello" ? 0 : 1;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  ASSERT_TRUE(box.send("hello"));
  EXPECT_EQ(receiver.wait(), 0);
  EXPECT_EQ(box.stat()->rescues, 0u);
}

TEST_F(MailboxTest, ReceiveTimesOut) {
  Mailbox box = make("a");
  Message message;
  EXPECT_EQ(box.receive(message, {.deadline = deadline_after(kMillisecond)}).status(), Status::TimedOut);
}

TEST_F(MailboxTest, SignalInterruptsAWaitWhenItsHandlerSaysSo) {
  Mailbox box = make("a");
  static volatile sig_atomic_t g_seen = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { g_seen = 1; };
  sigaction(SIGUSR1, &action, nullptr);
  pid_t parent = getpid();
  Child shooter([&] {
    wait_until([&] { return box.stat()->waiting_receivers == 1; });
    kill(parent, SIGUSR1);
    return 0;
  });
  Message message;
  ReceiveOptions options;
  options.interrupt.should_stop = [](void*) { return g_seen != 0; };
  EXPECT_EQ(box.receive(message, options).status(), Status::Interrupted);
  EXPECT_EQ(box.stat()->waiting_receivers, 0u);
}

TEST_F(MailboxTest, WaitGoesOnAfterASignalNobodyCaresAbout) {
  Mailbox box = make("a");
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  pid_t parent = getpid();
  Child shooter([&] {
    wait_until([&] { return box.stat()->waiting_receivers == 1; });
    for (int i = 0; i < 100; ++i) kill(parent, SIGUSR1);
    return box.send("done") ? 0 : 1;
  });
  Message message;
  EXPECT_TRUE(box.receive(message));
  EXPECT_EQ(message.text(), "done");
}

// --- Rendezvous

TEST_F(MailboxTest, RendezvousSendReturnsWhenTaken) {
  Mailbox box = make("a", {.capacity = 0});
  Child sender([&] { return box.send("x") ? 0 : 1; });
  wait_until([&] { return box.stat()->waiting_senders == 1; });
  EXPECT_EQ(receive_now(box), "x");
  EXPECT_EQ(sender.wait(), 0);
}

TEST_F(MailboxTest, RendezvousThatTimesOutTakesItsMessageBack) {
  Mailbox box = make("a", {.capacity = 0});
  EXPECT_EQ(box.send("x", {.deadline = deadline_after(kMillisecond)}).status(), Status::TimedOut);
  EXPECT_EQ(receive_now(box), "status 3");
}

TEST_F(MailboxTest, RendezvousWithoutWaitingNeedsAWaitingReceiver) {
  Mailbox box = make("a", {.capacity = 0});
  EXPECT_EQ(box.send("x", kSendNow).status(), Status::WouldBlock);
  Child receiver([&] {
    Message message;
    return box.receive(message) && message.text() == "y" ? 0 : 1;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  EXPECT_TRUE(box.send("y", kSendNow));
  EXPECT_EQ(receiver.wait(), 0);
}

TEST_F(MailboxTest, NobodyMeetsADeadSenderAtARendezvous) {
  Mailbox box = make("a", {.capacity = 0});
  {
    Child sender([&] { return box.send("ghost") ? 0 : 1; });
    wait_until([&] { return box.stat()->waiting_senders == 1; });
  }
  EXPECT_EQ(receive_now(box), "status 3");
}

TEST_F(MailboxTest, SyncSendReturnsWhenTaken) {
  Mailbox box = make("a");
  Child sender([&] { return box.send("x", {.sync = true}) ? 0 : 1; });
  wait_until([&] { return box.stat()->waiting_senders == 1; });
  EXPECT_EQ(receive_now(box), "x");
  EXPECT_EQ(sender.wait(), 0);
  EXPECT_EQ(box.send("y", {.deadline = deadline_after(kMillisecond), .sync = true}).status(), Status::TimedOut);
  EXPECT_EQ(receive_now(box), "y");
}

TEST_F(MailboxTest, ReceiptTellsWhereAMessageIs) {
  Mailbox box = make("a");
  uint64_t id = *box.send("x");
  EXPECT_EQ(box.receipt(id), ReceiptState::Waiting);
  EXPECT_EQ(box.receipt(id + 1), ReceiptState::NeverSent);
  EXPECT_EQ(receive_now(box, {.lease = true}), "x");
  EXPECT_EQ(box.receipt(id), ReceiptState::Leased);
  ASSERT_TRUE(box.ack(id));
  EXPECT_EQ(box.receipt(id), ReceiptState::Gone);
}

// --- Selection

TEST_F(MailboxTest, ReceivesByType) {
  Mailbox box = make("a");
  for (int type : {1, 2, 1, 3}) ASSERT_TRUE(box.send("t" + std::to_string(type), {.type = type}));
  EXPECT_EQ(receive_now(box, {.type = 3}), "t3");
  EXPECT_EQ(receive_now(box, {.type = 2}), "t2");
  EXPECT_EQ(receive_now(box, {.type = 2}), "status 3");
  EXPECT_EQ(receive_now(box), "t1");
  EXPECT_EQ(receive_now(box), "t1");
}

TEST_F(MailboxTest, ReceivesTheNewestFirstWhenAsked) {
  Mailbox box = make("a");
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(box.send(text));
  EXPECT_EQ(receive_now(box, {.last = true}), "3");
  EXPECT_EQ(receive_now(box), "1");
  EXPECT_EQ(receive_now(box, {.last = true}), "2");
}

TEST_F(MailboxTest, ReceivesFromOneSender) {
  Mailbox box = make("a");
  ASSERT_TRUE(box.send("mine"));
  Child other([&] { return box.send("theirs") ? 0 : 1; });
  pid_t pid = other.pid();
  ASSERT_EQ(other.wait(), 0);
  EXPECT_EQ(receive_now(box, {.from = pid}), "theirs");
  Message message;
  ASSERT_TRUE(box.receive(message));
  EXPECT_EQ(message.sender, getpid());
}

TEST_F(MailboxTest, PriorityOrderTakesTheHighestAndIsFifoWithin) {
  Mailbox box = make("a", {.order = Order::Priority});
  int number = 0;
  for (int priority : {1, 5, 32767, 5, 100, 1, 32767}) {
    ASSERT_TRUE(box.send(std::to_string(priority) + "/" + std::to_string(number++), {.priority = priority}));
  }
  EXPECT_EQ(receive_now(box, {.priority_min = 20000}), "32767/2");
  EXPECT_EQ(receive_now(box), "32767/6");
  EXPECT_EQ(receive_now(box), "100/4");
  EXPECT_EQ(receive_now(box), "5/1");
  EXPECT_EQ(receive_now(box), "5/3");
  EXPECT_EQ(receive_now(box), "1/0");
  EXPECT_EQ(receive_now(box), "1/5");
}

TEST_F(MailboxTest, HolesInTheMiddleDoNotCountAgainstTheCapacity) {
  Mailbox box = make("a", {.capacity = 40});
  ASSERT_TRUE(box.send("stays", {.type = 9}));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(box.send(std::to_string(i), kSendNow));
    ASSERT_EQ(receive_now(box, {.type = 0}), std::to_string(i));
  }
  EXPECT_EQ(receive_now(box), "stays");
}

TEST_F(MailboxTest, PeekLeavesTheMessage) {
  Mailbox box = make("a");
  ASSERT_TRUE(box.send("x"));
  EXPECT_EQ(receive_now(box, {.peek = true}), "x");
  EXPECT_EQ(receive_now(box), "x");
}

TEST_F(MailboxTest, FlushRemovesAllThatIsNotLeased) {
  Mailbox box = make("a");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(box.send(pattern(5000)));
  ASSERT_NE(receive_now(box, {.lease = true}), "status 3");
  EXPECT_EQ(*box.flush(), 4u);
  EXPECT_EQ(box.stat()->messages, 1u);
}

// --- What happens when full

TEST_F(MailboxTest, OnFullFailNeverWaits) {
  Mailbox box = make("a", {.capacity = 1, .on_full = OnFull::Fail});
  ASSERT_TRUE(box.send("x"));
  EXPECT_EQ(box.send("y").status(), Status::WouldBlock);
}

TEST_F(MailboxTest, OnFullDropOldestKeepsTheNewest) {
  Mailbox box = make("a", {.capacity = 2, .on_full = OnFull::DropOldest});
  for (const char* text : {"1", "2", "3", "4"}) ASSERT_TRUE(box.send(text));
  EXPECT_EQ(receive_now(box), "3");
  EXPECT_EQ(receive_now(box), "4");
  EXPECT_EQ(box.stat()->dropped, 2u);
}

// --- Leases

TEST_F(MailboxTest, LeasedMessageIsHiddenUntilReleased) {
  Mailbox box = make("a");
  uint64_t id = *box.send("x");
  ASSERT_TRUE(box.send("y"));
  EXPECT_EQ(receive_now(box, {.lease = true}), "x");
  EXPECT_EQ(box.leases(), std::vector<uint64_t>{id});
  ASSERT_TRUE(box.release(id));
  Message message;
  ASSERT_TRUE(box.receive(message, kReceiveNow));
  EXPECT_EQ(message.text(), "x");
  EXPECT_TRUE(message.is_redelivered);
  EXPECT_EQ(receive_now(box), "y");
  EXPECT_EQ(box.ack(id).status(), Status::NoObject);
}

TEST_F(MailboxTest, LeaseOfADeadProcessGoesBeforeTheRest) {
  Mailbox box = make("a");
  for (const char* text : {"first", "second", "third"}) ASSERT_TRUE(box.send(text));
  {
    Child worker([&] { return receive_now(box, {.lease = true}) == "first" && pause() == 0; });
    wait_until([&] { return box.stat()->leased == 1; });
    EXPECT_EQ(receive_now(box), "second");
  }
  EXPECT_EQ(receive_now(box), "first");
  EXPECT_EQ(receive_now(box), "third");
}

TEST_F(MailboxTest, LeaseOfADeadProcessReturnsToTheFrontMarked) {
  Mailbox box = make("a");
  ASSERT_TRUE(box.send("job"));
  ASSERT_TRUE(box.send("next"));
  Child worker([&] {
    Message message;
    if (!box.receive(message, {.lease = true})) return 1;
    pause();
    return 0;
  });
  wait_until([&] { return box.stat()->leased == 1; });
  Child heir([&] {  // sleeps for the lease's message, the other having been taken
    Message message;
    return box.receive(message, {.priority_min = 0}) && message.text() == "next" && box.receive(message) &&
                   message.text() == "job" && message.is_redelivered
               ? 0
               : 1;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  kill(worker.pid(), SIGKILL);
  EXPECT_EQ(heir.wait(), 0);
  EXPECT_EQ(box.stat()->rescues, 0u);
}

// --- Policies

TEST_F(MailboxTest, PairLinksTwoProcessesAndNoThird) {
  Mailbox box = make("a", {.policy = Policy::Pair});
  ASSERT_TRUE(box.send("x"));
  Child second([&] {
    Message message;
    if (!box.receive(message)) return 1;
    pause();
    return 0;
  });
  wait_until([&] { return box.stat()->messages == 0; });
  {
    Child third([&] { return static_cast<int>(box.send("y").status()); });
    EXPECT_EQ(third.wait(), static_cast<int>(Status::NotPermitted));
  }
  kill(second.pid(), SIGKILL);
  second.wait();
  Child successor([&] { return static_cast<int>(box.send("y").status()); });
  EXPECT_EQ(successor.wait(), 0);
}

TEST_F(MailboxTest, AllGivesEveryReceiverACopy) {
  Mailbox box = make("a", {.policy = Policy::All});
  ASSERT_TRUE(box.send("early"));  // nobody there yet: it waits for the first
  Mailbox first = open("a"), second = open("a");
  EXPECT_EQ(receive_now(first), "early");
  EXPECT_EQ(receive_now(second), "status 3");
  for (const char* text : {"1", "2"}) ASSERT_TRUE(box.send(text));
  for (Mailbox* receiver : {&first, &second}) {
    EXPECT_EQ(receive_now(*receiver), "1");
    EXPECT_EQ(receive_now(*receiver), "2");
    EXPECT_EQ(receive_now(*receiver), "status 3");
  }
  EXPECT_EQ(box.stat()->messages, 0u);
}

TEST_F(MailboxTest, CopyStaysUntilItsReaderIsDoneWithIt) {
  Mailbox box = make("a", {.capacity = 2, .policy = Policy::All});
  Mailbox other = open("a");
  Message message;
  ReceiveOptions held{.deadline = kNoWait};
  box.hold(held);
  for (Mailbox* each : {&box, &other}) EXPECT_EQ(each->receive(message, held).status(), Status::WouldBlock);
  ASSERT_TRUE(box.send("x"));
  ASSERT_TRUE(box.receive(message, held));
  ASSERT_TRUE(box.receive(message, held)) << "not yet done with";
  ASSERT_TRUE(box.finish(message.id));
  EXPECT_EQ(box.receive(message, held).status(), Status::WouldBlock);
  EXPECT_EQ(box.finish(message.id).status(), Status::NoObject);
  EXPECT_EQ(box.stat()->messages, 1u) << "the copy of the other";
  ASSERT_TRUE(other.receive(message, held));
  ASSERT_TRUE(other.finish(message.id));
  EXPECT_EQ(box.stat()->messages, 0u);
}

TEST_F(MailboxTest, AllForgetsReceiversThatDied) {
  Mailbox box = make("a", {.capacity = 2, .policy = Policy::All});
  Child receiver([&] {
    Message message;
    (void)box.receive(message);
    pause();
    return 0;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  ASSERT_TRUE(box.send("1"));
  wait_until([&] { return box.stat()->messages == 0; });
  ASSERT_TRUE(box.send("2"));
  ASSERT_TRUE(box.send("3"));
  EXPECT_EQ(box.send("4", kSendNow).status(), Status::WouldBlock);
  kill(receiver.pid(), SIGKILL);
  receiver.wait();
  EXPECT_TRUE(box.send("4", kSendNow));
}

TEST_F(MailboxTest, SingleLetsOneReceiveAtATime) {
  Mailbox box = make("a", {.policy = Policy::Single});
  Child first([&] {
    Message message;
    return box.receive(message) && message.text() == "1" ? 0 : 1;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  EXPECT_EQ(receive_now(box), "status 6");
  ASSERT_TRUE(box.send("1"));
  EXPECT_EQ(first.wait(), 0);
  ASSERT_TRUE(box.send("2"));
  EXPECT_EQ(receive_now(box), "2");
}

TEST_F(MailboxTest, SingleTurnPassesOnWhenTheReceiverDies) {
  Mailbox box = make("a", {.policy = Policy::Single});
  Child first([&] {
    Message message;
    (void)box.receive(message);
    return 0;
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  Child second([&] {
    Message message;
    return box.receive(message) && message.text() == "1" ? 0 : 1;
  });
  kill(first.pid(), SIGKILL);
  first.wait();
  ASSERT_TRUE(box.send("1"));
  EXPECT_EQ(second.wait(), 0);
}

TEST_F(MailboxTest, TimeSlotKeepsOthersOutUntilItHasPassed) {
  Mailbox box = make("a", {.policy = Policy::Single, .turn_ns = 30 * kMillisecond});
  Mailbox other = open("a");
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(box.send(text));
  Deadline start = now_ns();
  EXPECT_EQ(receive_now(box), "1");
  EXPECT_EQ(receive_now(other), "status 6");
  Message message;
  ASSERT_TRUE(other.receive(message));
  EXPECT_EQ(message.text(), "2");
  EXPECT_GE(now_ns() - start, 29 * kMillisecond);
}

TEST_F(MailboxTest, RoundRobinServesWaitingReceiversInTurn) {
  Mailbox box = make("a", {.pick = Pick::RoundRobin});
  Mailbox results = make("results");
  auto serve = [&] {
    Message message;
    for (int i = 0; i < 3; ++i) {
      if (!box.receive(message) || !results.send(message.text())) return 1;
    }
    return 0;
  };
  Child a(serve), b(serve), c(serve);
  std::vector<pid_t> order;
  for (int i = 0; i < 9; ++i) {
    size_t waiting = i < 7 ? 3 : static_cast<size_t>(9 - i);
    wait_until([&] { return box.stat()->waiting_receivers >= waiting; });
    ASSERT_TRUE(box.send("job"));
    Message message;
    ASSERT_TRUE(results.receive(message));
    order.push_back(message.sender);
  }
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(order[i], order[i + 3]);
    EXPECT_EQ(order[i], order[i + 6]);
  }
  EXPECT_EQ(std::set<pid_t>(order.begin(), order.end()).size(), 3u);
}

// --- Ownership

TEST_F(MailboxTest, ClosedMailboxDrainsAndThenIsClosed) {
  Mailbox box = make("a");
  ASSERT_TRUE(box.send("x"));
  ASSERT_TRUE(box.close());
  EXPECT_EQ(box.send("y").status(), Status::Closed);
  EXPECT_EQ(receive_now(box), "x");
  EXPECT_EQ(receive_now(box), "status 7");
}

TEST_F(MailboxTest, ClosingWakesSleepers) {
  Mailbox box = make("a");
  Child receiver([&] {
    Message message;
    return static_cast<int>(box.receive(message).status());
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  ASSERT_TRUE(box.close());
  EXPECT_EQ(receiver.wait(), 7);
}

TEST_F(MailboxTest, SessionMailboxClosesWhenItsOwnerDies) {
  Child owner([&] {
    Mailbox box = make("a");
    (void)box.send("last words");
    pause();
    return 0;
  });
  wait_until([&] { return Mailbox::open(named("a"), where()).ok(); });
  Mailbox box = open("a");
  wait_until([&] { return box.stat()->messages == 1; });
  Child receiver([&] {
    Message message;
    if (!box.receive(message) || message.text() != "last words") return 100;
    return static_cast<int>(box.receive(message).status());
  });
  wait_until([&] { return box.stat()->waiting_receivers == 1; });
  kill(owner.pid(), SIGKILL);
  owner.wait();
  EXPECT_EQ(receiver.wait(), 7);
  EXPECT_EQ(box.send("y").status(), Status::Closed);
  EXPECT_TRUE(Mailbox::is_abandoned(named("a"), where()));
  EXPECT_TRUE(Mailbox::create(named("a"), {}, where()));  // nothing of value in the old one
}

TEST_F(MailboxTest, KeptMailboxOutlivesItsOwner) {
  Child owner([&] {
    Mailbox box = make("a", {.keep = true});
    return box.send("x") ? 0 : 1;
  });
  ASSERT_EQ(owner.wait(), 0);
  Mailbox box = open("a");
  EXPECT_TRUE(box.send("y"));
  EXPECT_EQ(receive_now(box), "x");
  EXPECT_EQ(receive_now(box), "y");
}

TEST_F(MailboxTest, OwnershipCanBeHandedOver) {
  Child heir([] {
    pause();
    return 0;
  });
  Child owner([&] {
    Mailbox box = make("a");
    return box.chown(*ProcessIdentity::of(heir.pid())) ? 0 : 1;
  });
  ASSERT_EQ(owner.wait(), 0);
  Mailbox box = open("a");
  EXPECT_TRUE(box.send("x"));
  EXPECT_EQ(box.stat()->owner.pid, heir.pid());
}

TEST_F(MailboxTest, GrantLimitsWhoMaySend) {
  Mailbox box = make("a");
  Child friendly([&] {
    wait_until([&] { return !box.stat()->may_send.empty(); });
    return static_cast<int>(box.send("x").status());
  });
  Principal principal{Principal::Kind::Process, 0, *ProcessIdentity::of(friendly.pid())};
  ASSERT_TRUE(box.grant(Right::Send, {&principal, 1}));
  Child stranger([&] { return static_cast<int>(box.send("y").status()); });
  EXPECT_EQ(friendly.wait(), 0);
  EXPECT_EQ(stranger.wait(), 6);
  EXPECT_TRUE(box.send("the owner always may"));
}

TEST_F(MailboxTest, GrantLetsAnotherUserInAndNobodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs two users";
  constexpr uid_t kFriend = 65534;
  constexpr uid_t kStranger = 65533;
  Mailbox box = make("a");
  ASSERT_TRUE(box.send("x"));
  auto take_as = [this](uid_t user) {
    Child other([&] {
      if (setgroups(0, nullptr) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) return 99;
      auto directory = ObjectDirectory::at(path_, 0);
      if (!directory) return static_cast<int>(directory.status());
      auto theirs = Mailbox::open(*ObjectName::parse("root:a"), *directory);
      if (!theirs) return static_cast<int>(theirs.status());
      Message message;
      return static_cast<int>(theirs->receive(message, {.deadline = kNoWait}).status());
    });
    return other.wait();
  };
  EXPECT_EQ(take_as(kFriend), 6);
  Principal principal{Principal::Kind::User, kFriend, {}};
  ASSERT_TRUE(box.grant(Right::Receive, {&principal, 1}));
  EXPECT_EQ(take_as(kStranger), 6);
  EXPECT_EQ(take_as(kFriend), 0);
  EXPECT_EQ(take_as(kFriend), 3) << "empty by now";
  ASSERT_TRUE(box.grant(Right::Receive, {}));
  EXPECT_EQ(take_as(kFriend), 6);
}

TEST_F(MailboxTest, ModeForOthersOpensTheDirectory) {
  make("a", {.mode = 0666});
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0711U);
}

TEST_F(MailboxTest, DirectMailboxIsReceivedByItsProcessOnly) {
  pid_t parent = getpid();
  Child sender([&] {
    auto box = Mailbox::open_direct(*ProcessIdentity::of(parent), where());
    if (!box || !box->send("hi")) return 1;
    return receive_now(*box) == "status 6" ? 0 : 2;
  });
  pid_t pid = sender.pid();
  ASSERT_EQ(sender.wait(), 0);
  auto mine = Mailbox::open_direct(ProcessIdentity::self(), where());
  ASSERT_TRUE(mine) << mine.error().sentence;
  EXPECT_EQ(receive_now(*mine, {.from = pid}), "hi");
}

// --- Readiness

TEST_F(MailboxTest, DoorbellRingsWhenAMessageArrives) {
  Mailbox box = make("a"), other = make("b");
  int bell = *Doorbell::fd();
  ASSERT_TRUE(box.arm_doorbell());
  ASSERT_TRUE(other.arm_doorbell());
  EXPECT_FALSE(box.is_ready());
  char byte;
  EXPECT_EQ(read(bell, &byte, 1), -1);
  Child sender([&] { return other.send("x") ? 0 : 1; });
  ASSERT_EQ(sender.wait(), 0);
  EXPECT_EQ(read(bell, &byte, 1), 1);
  Doorbell::clear();
  EXPECT_FALSE(box.is_ready());
  EXPECT_TRUE(other.is_ready());
  box.disarm_doorbell();
}

// --- Looking

TEST_F(MailboxTest, StatCounts) {
  Mailbox box = make("a", {.capacity = 7});
  ASSERT_TRUE(box.send("12345"));
  ASSERT_TRUE(box.send(pattern(5000)));
  EXPECT_EQ(receive_now(box), "12345");
  MailboxInfo info = *box.stat();
  EXPECT_EQ(info.config.capacity, 7u);
  EXPECT_EQ(info.messages, 1u);
  EXPECT_EQ(info.payload_bytes, 5000u);
  EXPECT_EQ(info.sent, 2u);
  EXPECT_EQ(info.received, 1u);
  EXPECT_EQ(info.owner.pid, getpid());
  EXPECT_EQ(info.name, "a");
}

TEST_F(MailboxTest, ListNamesThemSortedAndMarksTheDamaged) {
  Mailbox b = make("b"), a = make("a");
  int fd = ::open((path_ + "/c").c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_EQ(write(fd, "junk", 4), 4);
  ::close(fd);
  auto list = Mailbox::list(where());
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ((*list)[0].name, "a");
  EXPECT_EQ((*list)[1].name, "b");
  EXPECT_EQ((*list)[2].condition, Status::Damaged);
  EXPECT_EQ(Mailbox::open(named("c"), where()).status(), Status::Damaged);
  EXPECT_TRUE(Mailbox::remove(named("c"), where()));
}

TEST(ProcessIdentity, IsItsOwnInEveryChildHoweverForked) {
  ProcessIdentity parent = ProcessIdentity::self();
  uint32_t generation = fork_generation();
  auto check = [&]() -> int {
    bool is_other = fork_generation() != generation && fork_generation() != 0;
    return is_other && ProcessIdentity::self().pid == getpid() && !(ProcessIdentity::self() == parent) ? 0 : 1;
  };
  pid_t child = fork();
  if (child == 0) _exit(check());
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  // As _Fork() does: nothing registered with pthread_atfork() runs.
  child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (child == 0) _exit(check());
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(fork_generation(), generation);
}

}  // namespace
}  // namespace mish::ipc
