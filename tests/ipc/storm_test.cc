// SPDX-License-Identifier: GPL-3.0-or-later
// Kill storm and lost wake-ups: eight senders and eight receivers of one mailbox are killed at random and replaced.
// Nothing acknowledged may be lost, nothing may come twice without the mark, nobody may hang. MISH_STORM_KILLS and
// MISH_PING_PONGS set the length (scripts/soak).
#include <sys/mman.h>

#include <atomic>
#include <random>
#include <vector>

#include "tests/ipc/mailbox_fixture.h"

namespace mish::ipc {
namespace {

constexpr int kSenders = 8;
constexpr int kReceivers = 8;
constexpr uint32_t kPerSender = 1u << 26;  // more than are sent in the longest storm; a page counts when it is touched

long from_environment(const char* name, long standard) {
  const char* text = getenv(name);
  return text != nullptr ? atol(text) : standard;
}

struct Ledger {
  std::atomic<uint32_t> stop;
  std::atomic<uint64_t> received;
  std::atomic<uint64_t> duplicates;
  std::atomic<uint64_t> torn;
  std::atomic<uint64_t> failures;
  std::atomic<uint32_t> attempted[kSenders];
  std::atomic<uint8_t> acknowledged[kSenders][kPerSender];
  std::atomic<uint8_t> arrived[kSenders][kPerSender];
};

size_t size_of(uint32_t number) {
  constexpr size_t kSizes[] = {8, 64, 200, 8, 4096, 64, 5000, 70000};
  return kSizes[number % std::size(kSizes)];
}

void send_forever(Mailbox box, Ledger& ledger, uint32_t sender) {
  std::string body;
  while (ledger.stop.load() == 0) {
    uint32_t number = ledger.attempted[sender].fetch_add(1) + 1;
    if (number >= kPerSender) break;
    body.assign(size_of(number), static_cast<char>(number));
    memcpy(body.data(), &sender, 4);
    memcpy(body.data() + 4, &number, 4);
    auto sent = box.send(body);
    if (!sent) {
      ledger.failures.fetch_add(1);
      break;
    }
    ledger.acknowledged[sender][number].store(1);
  }
}

void receive_forever(Mailbox box, Ledger& ledger) {
  Message message;
  for (;;) {
    auto result = box.receive(message, {.lease = true});
    if (!result) {
      if (result.status() != Status::Closed) ledger.failures.fetch_add(1);
      return;
    }
    uint32_t sender = 0, number = 0;
    std::string_view text = message.text();
    if (text.size() < 8) {
      ledger.torn.fetch_add(1);
      continue;
    }
    memcpy(&sender, text.data(), 4);
    memcpy(&number, text.data() + 4, 4);
    bool whole = sender < kSenders && number < kPerSender && text.size() == size_of(number);
    for (size_t i = 8; whole && i < text.size(); i += 61) whole = text[i] == static_cast<char>(number);
    if (!whole) {
      ledger.torn.fetch_add(1);
    } else if (ledger.arrived[sender][number].fetch_add(1) != 0 && !message.is_redelivered) {
      ledger.duplicates.fetch_add(1);
    }
    ledger.received.fetch_add(1);
    (void)box.ack(message.id);
  }
}

class StormTest : public MailboxTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(StormTest, NothingAcknowledgedIsLost) {
  long kills = from_environment("MISH_STORM_KILLS", 500);
  auto* ledger = static_cast<Ledger*>(
      mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  ASSERT_NE(ledger, MAP_FAILED);
  Mailbox box = make("storm", {.capacity = GetParam(), .bytes = 4u << 20, .keep = true});
  std::vector<pid_t> children(kSenders + kReceivers);
  auto start = [&](size_t index) {
    pid_t pid = fork();
    if (pid == 0) {
      Mailbox mine = open("storm");
      if (index < kSenders)
        send_forever(std::move(mine), *ledger, static_cast<uint32_t>(index));
      else
        receive_forever(std::move(mine), *ledger);
      _exit(0);
    }
    children[index] = pid;
  };
  for (size_t i = 0; i < children.size(); ++i) start(i);
  std::minstd_rand random(42);
  uint64_t last_received = 0;
  Deadline last_progress = now_ns();
  long long longest_pause = 0;
  for (long i = 0; i < kills; ++i) {
    usleep(static_cast<useconds_t>(random() % 800));
    size_t victim = random() % children.size();
    kill(children[victim], SIGKILL);
    waitpid(children[victim], nullptr, 0);
    start(victim);
    if (uint64_t now_received = ledger->received.load(); now_received != last_received) {
      last_received = now_received;
      last_progress = now_ns();
    }
    longest_pause = std::max(longest_pause, now_ns() - last_progress);
  }
  ledger->stop.store(1);
  Deadline end = deadline_after(20'000 * kMillisecond);
  for (size_t i = 0; i < kSenders; ++i) {
    while (waitpid(children[i], nullptr, WNOHANG) == 0 && now_ns() < end) usleep(1000);
    EXPECT_LT(now_ns(), end) << "a sender hangs: " << i;
  }
  EXPECT_TRUE(box.close());
  for (size_t i = kSenders; i < children.size(); ++i) {
    while (waitpid(children[i], nullptr, WNOHANG) == 0 && now_ns() < end) usleep(1000);
    EXPECT_LT(now_ns(), end) << "a receiver hangs: " << i;
  }
  if (now_ns() >= end) {
    for (pid_t pid : children) kill(pid, SIGKILL);
  }
  uint64_t lost = 0, acknowledged = 0;
  for (int sender = 0; sender < kSenders; ++sender) {
    for (uint32_t number = 0; number <= ledger->attempted[sender].load() && number < kPerSender; ++number) {
      if (ledger->acknowledged[sender][number].load() == 0) continue;
      ++acknowledged;
      lost += ledger->arrived[sender][number].load() == 0;
    }
  }
  EXPECT_EQ(lost, 0u) << "of " << acknowledged;
  EXPECT_GT(acknowledged, 0u);
  EXPECT_EQ(ledger->torn.load(), 0u);
  EXPECT_EQ(ledger->duplicates.load(), 0u);
  EXPECT_EQ(ledger->failures.load(), 0u);
  EXPECT_LT(longest_pause, 1000 * kMillisecond);
  auto info = box.stat();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->messages, 0u);
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
  RecordProperty("repairs", static_cast<int>(info->repairs));
  munmap(ledger, sizeof(Ledger));
}
INSTANTIATE_TEST_SUITE_P(, StormTest, testing::Values<uint64_t>(0, 16),
                         [](const auto& row) { return row.param == 0 ? "rendezvous" : "bounded"; });

class PingPongTest : public MailboxTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(PingPongTest, NoWakeUpIsLost) {
  long rounds = from_environment("MISH_PING_PONGS", 100'000) / (GetParam() == 0 ? 4 : 1);
  Mailbox there = make("there", {.capacity = GetParam()}), back = make("back", {.capacity = GetParam()});
  Child partner([&] {
    alarm(static_cast<unsigned>(50 + rounds / 10'000));
    Message message;
    for (long i = 0; i < rounds; ++i) {
      if (!there.receive(message) || !back.send(message.text())) return 1;
    }
    return 0;
  });
  Message message;
  for (long i = 0; i < rounds; ++i) {
    ASSERT_TRUE(there.send("ping"));
    ASSERT_TRUE(back.receive(message));
  }
  EXPECT_EQ(partner.wait(), 0);
  EXPECT_EQ(there.stat()->rescues, 0u);
  EXPECT_EQ(back.stat()->rescues, 0u);
}
INSTANTIATE_TEST_SUITE_P(, PingPongTest, testing::Values<uint64_t>(0, 1, 64),
                         [](const auto& row) { return "capacity" + std::to_string(row.param); });

TEST_F(MailboxTest, ManySendersAndReceiversWakeEachOther) {
  Mailbox box = make("a", {.capacity = 2});
  constexpr int kEach = 5000;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      for (int n = 0; n < kEach; ++n) {
        if (!box.send("x")) return 1;
      }
      return 0;
    }));
    children.push_back(std::make_unique<Child>([&] {
      Message message;
      for (int n = 0; n < kEach; ++n) {
        if (!box.receive(message)) return 1;
      }
      return 0;
    }));
  }
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(box.stat()->rescues, 0u);
  EXPECT_EQ(box.stat()->messages, 0u);
}

}  // namespace
}  // namespace mish::ipc
