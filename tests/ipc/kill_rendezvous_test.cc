// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction, capacity 0: a sender and a receiver meet, one of them dies in it while the other sleeps.
#include <memory>

#include "tests/ipc/killing.h"

namespace mish::ipc {
namespace {

constexpr size_t kSizes[] = {0, 1, 64, 4096, 4097, 1 << 20};
constexpr int kMet = 2, kProbed = 3, kTorn = 4;

class KillRendezvousTest : public MailboxTest, public testing::WithParamInterface<size_t> {
 protected:
  size_t size() const { return GetParam(); }

  /// A fresh mailbox and a sender that sleeps until its message is taken.
  void start_sender() {
    partner_.reset();
    (void)Mailbox::remove(named("k"), where());
    Mailbox box = make("k", {.capacity = 0, .keep = true});
    partner_ = std::make_unique<Child>([&] { return open("k").send(body_of(1, size())).ok() ? 0 : 1; });
    wait_until([&] { return box.stat()->waiting_senders == 1; });
  }

  /// A fresh mailbox and a receiver that sleeps until it is sent something.
  void start_receiver() {
    partner_.reset();
    (void)Mailbox::remove(named("k"), where());
    Mailbox box = make("k", {.capacity = 0, .keep = true});
    partner_ = std::make_unique<Child>([&] {
      Mailbox mine = open("k");
      Message message;
      if (!mine.receive(message)) return 1;
      return message.text() == body_of(1, size()) ? kMet : message.text() == "probe" ? kProbed : kTorn;
    });
    wait_until([&] { return box.stat()->waiting_receivers == 1; });
  }

  /// Takes the message if it is there still.
  bool take_rest() {
    Message message;
    bool is_there = open("k").receive(message, {.deadline = kNoWait}).ok();
    if (is_there) {
      EXPECT_TRUE(message.text() == body_of(1, size())) << "torn";
    }
    return is_there;
  }

  std::unique_ptr<Child> partner_;

 private:
  EarlyWaking early_waking_;
};

TEST_P(KillRendezvousTest, Receiver) {
  kill_everywhere([&] { start_sender(); }, [&] { return open("k"); },
                  [](Mailbox& box) {
                    Message message;
                    return box.receive(message, {.deadline = kNoWait}).ok();
                  },
                  [&](const Stepped& killed) {
                    EXPECT_FALSE(take_rest() && killed.succeeded) << "received twice";
                    EXPECT_EQ(partner_->wait(), 0);
                  });
}

// A message that was leased has met its receiver: when that one dies the message is there for the next, although the
// sender has gone on.
TEST_P(KillRendezvousTest, Lease) {
  kill_everywhere([&] { start_sender(); }, [&] { return open("k"); },
                  [](Mailbox& box) {
                    Message message;
                    return box.receive(message, {.lease = true, .deadline = kNoWait}).ok();
                  },
                  [&](const Stepped&) {
                    EXPECT_TRUE(take_rest()) << "lost";
                    EXPECT_EQ(partner_->wait(), 0);
                  });
}

TEST_P(KillRendezvousTest, LeaseAndAcknowledge) {
  kill_everywhere([&] { start_sender(); }, [&] { return open("k"); },
                  [](Mailbox& box) {
                    Message message;
                    return box.receive(message, {.lease = true, .deadline = kNoWait}).ok() && box.ack(message.id).ok();
                  },
                  [&](const Stepped& killed) {
                    EXPECT_FALSE(take_rest() && killed.succeeded) << "received twice";
                    EXPECT_EQ(partner_->wait(), 0);
                  });
}

TEST_P(KillRendezvousTest, Sender) {
  std::string body = body_of(1, size());
  kill_everywhere([&] { start_receiver(); }, [&] { return open("k"); },
                  [&](Mailbox& box) { return box.send(body, {.deadline = kNoWait}).ok(); },
                  [&](const Stepped& killed) {
                    // The receiver gets the victim's message, or else waits for the next one.
                    auto sent = open("k").send("probe", {.deadline = deadline_after(20 * kMillisecond)});
                    if (sent) {
                      EXPECT_FALSE(killed.succeeded) << "an acknowledged message is lost";
                      EXPECT_EQ(partner_->wait(), kProbed);
                    } else {
                      EXPECT_EQ(sent.status(), Status::TimedOut);
                      EXPECT_EQ(partner_->wait(), kMet);
                    }
                  });
}

INSTANTIATE_TEST_SUITE_P(, KillRendezvousTest, testing::ValuesIn(kSizes),
                         [](const auto& row) { return "bytes" + std::to_string(row.param); });

}  // namespace
}  // namespace mish::ipc
