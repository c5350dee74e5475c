// SPDX-License-Identifier: GPL-3.0-or-later
// Mailboxes for two under load: both sides do without the locks (mailbox_bias.cc), a third takes them again and again,
// and the two are killed at random and replaced. MISH_STORM_KILLS sets the length of the storm (scripts/soak).
#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <memory>
#include <random>

#include "ipc/mailbox_core.h"
#include "tests/ipc/mailbox_fixture.h"

namespace mish::ipc {
namespace {

constexpr uint64_t kMessages = 200'000;

class PairStreamTest : public MailboxTest, public testing::WithParamInterface<uint64_t> {};

/// Sends the numbers from 1, with pauses in which the receiver falls asleep.
int send_numbers(Mailbox box) {
  std::minstd_rand random(7);
  uint64_t pause_at = 500;
  for (uint64_t n = 1; n <= kMessages; ++n) {
    if (!box.send({reinterpret_cast<const char*>(&n), sizeof n})) return 1;
    if (n != pause_at) continue;
    pause_at += 1 + random() % 2000;
    usleep(static_cast<useconds_t>(random() % 50));
  }
  return 0;
}

int receive_numbers(Mailbox box) {
  Message message;
  for (uint64_t n = 1; n <= kMessages; ++n) {
    if (!box.receive(message) || message.text().size() != sizeof n) return 1;
    if (memcmp(message.text().data(), &n, sizeof n) != 0) return 2;
  }
  return 0;
}

TEST_P(PairStreamTest, LosesNothingToWhoTakesTheLocks) {
  Mailbox box = make("p", {.capacity = GetParam(), .policy = Policy::Pair, .keep = true});
  Child sender([&] { return send_numbers(open("p")); });
  Child receiver([&] { return receive_numbers(open("p")); });
  for (siginfo_t ended{}; ended.si_pid == 0; sched_yield()) {
    (void)box.receipt(1);
    (void)box.repair();
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(receiver.pid()), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
  }
  EXPECT_EQ(receiver.wait(), 0);
  EXPECT_EQ(sender.wait(), 0);
  EXPECT_EQ(box.stat()->rescues, 0u);
  EXPECT_EQ(box.stat()->messages, 0u);
}

INSTANTIATE_TEST_SUITE_P(, PairStreamTest, testing::Values<uint64_t>(1, 64, kUnbounded), [](const auto& row) {
  return row.param == kUnbounded ? std::string("unbounded") : "capacity" + std::to_string(row.param);
});

/// What the two of the storm did. Each life of a sender numbers on from where the last one stopped.
struct Ledger {
  std::atomic<uint32_t> stop;
  std::atomic<uint64_t> attempted, acknowledged;  // the highest number
  std::atomic<uint64_t> received;                 // the last number
  std::atomic<uint64_t> count;                    // of messages received
  std::atomic<uint64_t> disorder, failures;
};

int send_on(Mailbox box, Ledger& ledger) {
  while (ledger.stop.load() == 0) {
    uint64_t number = ledger.attempted.fetch_add(1) + 1;
    if (!box.send({reinterpret_cast<const char*>(&number), sizeof number})) {
      ledger.failures.fetch_add(1);
      return 1;
    }
    ledger.acknowledged.store(number);
  }
  return 0;
}

int receive_on(Mailbox box, Ledger& ledger) {
  Message message;
  for (;;) {
    auto result = box.receive(message);
    if (!result) {
      if (result.status() != Status::Closed) ledger.failures.fetch_add(1);
      return 0;
    }
    uint64_t number = 0;
    if (message.text().size() == sizeof number) memcpy(&number, message.text().data(), sizeof number);
    if (number <= ledger.received.load()) ledger.disorder.fetch_add(1);
    ledger.received.store(number);
    ledger.count.fetch_add(1);
  }
}

TEST_F(MailboxTest, StormOfKillsOnAPair) {
  const char* text = getenv("MISH_STORM_KILLS");
  long kills = text != nullptr ? atol(text) : 500;
  uint32_t usual = std::exchange(Mailbox::Core::plain_enough, 4);
  auto* ledger =
      static_cast<Ledger*>(mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Mailbox box = make("storm", {.capacity = 64, .policy = Policy::Pair, .keep = true});
  std::unique_ptr<Child> sender, receiver;
  auto start_sender = [&] {
    sender.reset();
    sender = std::make_unique<Child>([&] { return send_on(open("storm"), *ledger); });
  };
  auto start_receiver = [&] {
    receiver.reset();
    receiver = std::make_unique<Child>([&] { return receive_on(open("storm"), *ledger); });
  };
  start_sender();
  start_receiver();
  std::minstd_rand random(42);
  long sender_deaths = 0, receiver_deaths = 0, borne = 0;
  for (long i = 0; i < kills && ledger->failures.load() == 0; ++i) {
    uint64_t enough = ledger->count.load() + random() % 200;
    wait_until([&] { return ledger->count.load() > enough || ledger->failures.load() != 0; });
    ASSERT_FALSE(HasFatalFailure());
    borne += box.core().header().tail_bias.bearer.load() != 0 || box.core().header().head_bias.bearer.load() != 0;
    if (random() % 2 == 0) {
      ++sender_deaths;
      start_sender();
    } else {
      ++receiver_deaths;
      start_receiver();
    }
  }
  ledger->stop.store(1);
  EXPECT_EQ(sender->wait(), 0);
  EXPECT_TRUE(box.close());
  EXPECT_EQ(receiver->wait(), 0);
  // A receiver that dies takes along the one message it had received; of what a sender died in, one may be there or
  // not.
  EXPECT_GE(ledger->count.load() + static_cast<uint64_t>(sender_deaths + receiver_deaths), ledger->attempted.load());
  EXPECT_GE(ledger->received.load(), ledger->acknowledged.load());
  EXPECT_EQ(ledger->disorder.load(), 0u);
  EXPECT_EQ(ledger->failures.load(), 0u);
  EXPECT_EQ(box.stat()->messages, 0u);
  if (admit_remote_barriers()) {
    EXPECT_GT(borne, 0) << "nobody did without a lock";
  }
  RecordProperty("borne", static_cast<int>(borne));
  RecordProperty("repairs", static_cast<int>(box.stat()->repairs));
  Mailbox::Core::plain_enough = usual;
  munmap(ledger, sizeof(Ledger));
}

}  // namespace
}  // namespace mish::ipc
