// SPDX-License-Identifier: GPL-3.0-or-later
// Kill at every instruction, for whoever sleeps meanwhile: a process that dies between a change and the waking of those
// who wait for it leaves nobody asleep. Sleepers would look around by themselves only after most of a minute here.
#include <poll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include <memory>

#include "tests/ipc/killing.h"

namespace mish::ipc {
namespace {

constexpr int kMet = 2;

/// A word that processes forked later share.
class SharedFlag {
 public:
  SharedFlag()
      : word_(static_cast<SharedWord*>(
            mmap(nullptr, sizeof(SharedWord), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~SharedFlag() { munmap(word_, sizeof(SharedWord)); }
  SharedFlag(const SharedFlag&) = delete;
  SharedFlag& operator=(const SharedFlag&) = delete;
  void lower() { word_->store(0); }
  void raise() {
    word_->store(1);
    wake(*word_, 1);
  }
  bool is_raised() const { return word_->load() != 0; }
  void await() const {
    WaitFor word{word_, 0};
    while (!is_raised()) wait_on({&word, 1}, kForever);
  }

 private:
  SharedWord* word_;
};

/// A process that runs `body` on a handle of its own under ptrace(2) and sleeps in it.
class TracedSleeper {
 public:
  template <typename Body>
  explicit TracedSleeper(Body body)
      : child_([body] {
          if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 99;
          kill(getpid(), SIGSTOP);
          return body();
        }),
        tracee_(child_.pid()) {
    is_possible_ = tracee_.wait() == Tracee::Stop::End && run_to_sleep();
  }
  /// False: ptrace is not permitted here, or not for system calls.
  bool is_possible() const { return is_possible_; }
  /// Kills it `steps` instructions after it was woken, if it was, or before it sleeps again.
  void kill_when_awake(long steps) {
    if (is_at_rest(child_.pid())) return;
    if (tracee_.wait() != Tracee::Stop::Trap) return;  // the end of its sleep
    while (steps-- > 0 && !tracee_.is_before_call(kFutexWaitv) && tracee_.step() == Tracee::Stop::Trap) {
    }
    kill(child_.pid(), SIGKILL);
    child_.wait();
    was_killed_ = true;
  }
  bool was_killed() const { return was_killed_; }

 private:
  static constexpr long kFutexWaitv = 449;

  bool run_to_sleep() {
    do {
      if (!tracee_.run_to_call() || tracee_.call() < 0) return false;
    } while (tracee_.call() != kFutexWaitv);
    tracee_.let_run();
    wait_until([&] { return is_at_rest(child_.pid()); });
    return true;
  }

  Child child_;
  Tracee tracee_;
  bool is_possible_ = false;
  bool was_killed_ = false;
};

class KillWakersTest : public MailboxTest {
 protected:
  KillWakersTest() { Mailbox::Core::longest_sleep = 40'000 * kMillisecond; }
  ~KillWakersTest() override { Mailbox::Core::longest_sleep = usual_; }

  /// A fresh mailbox "k" in which nobody waits.
  Mailbox start_with(uint64_t capacity, Policy policy = Policy::Any) {
    sleepers_.clear();
    (void)Mailbox::remove(named("k"), where());
    return make("k", {.capacity = capacity, .policy = policy, .keep = true});
  }
  /// Runs `body` in a child on a handle of its own.
  template <typename Body>
  void add_sleeper(Body body) {
    sleepers_.push_back(std::make_unique<Child>([this, body] {
      Mailbox mine = open("k");
      return body(mine);
    }));
  }
  void add_receiver(const ReceiveOptions& options = {}) {
    add_sleeper([options](Mailbox& mine) {
      Message message;
      auto received = mine.receive(message, options);
      return received ? kMet : static_cast<int>(received.status());
    });
  }
  /// The next three to attach are no news to each other.
  void make_places() {
    Mailbox boxes[] = {open("k"), open("k"), open("k")};
    for (Mailbox& box : boxes) ASSERT_TRUE(box.arm_doorbell());
  }
  /// When the chosen one waits, or is dead, the other may; until that sleeps, too. `waiting` counts who waits.
  template <typename Count>
  void let_the_other_wait(const SharedFlag& is_dead, SharedFlag& go, Count waiting) {
    wait_until([&] { return waiting() == 1 || is_dead.is_raised(); });
    go.raise();
    wait_until([&] { return waiting() == 2 || (is_dead.is_raised() && waiting() == 1); });
    wait_until([&] { return is_at_rest(sleepers_[0]->pid()); });
  }
  /// A fresh mailbox, a receiver that sleeps and a listener that does.
  void start_with_receiver_and_listener() {
    Mailbox box = start_with(4);
    add_receiver();
    add_sleeper([](Mailbox& mine) {
      pollfd bell{*Doorbell::fd(), POLLIN, 0};
      while (mine.arm_doorbell() && !mine.is_ready()) {
        if (poll(&bell, 1, -1) == 1) Doorbell::clear();
      }
      return kMet;
    });
    wait_until([&] { return box.stat()->waiting_receivers == 1 && box.core().header().listening.load() == 1; });
  }
  /// The sleeper ends with `status` before it could have woken by itself.
  void expect_awake(size_t sleeper, int status) {
    Deadline start = now_ns();
    EXPECT_EQ(sleepers_[sleeper]->wait(), status);
    ASSERT_LT(now_ns() - start, 15'000 * kMillisecond) << "slept on";
  }

  std::vector<std::unique_ptr<Child>> sleepers_;

 private:
  Deadline usual_ = Mailbox::Core::longest_sleep;
};

TEST_F(KillWakersTest, Sender) {
  for (size_t size : {64u, 5000u}) {
    kill_everywhere(
        [&] {
          Mailbox box = start_with(4);
          add_receiver();
          wait_until([&] { return box.stat()->waiting_receivers == 1; });
        },
        [&] { return open("k"); }, [&](Mailbox& box) { return box.send(body_of(1, size), {.deadline = kNoWait}).ok(); },
        [&](const Stepped&) {
          Mailbox box = open("k");
          if (box.stat()->sent == 0) {
            ASSERT_TRUE(box.send("probe", {.deadline = kNoWait}));
          }
          expect_awake(0, kMet);
        });
  }
}

// The sender does without the lock, which the receiver that goes to sleep does not end.
TEST_F(KillWakersTest, SenderWithBias) {
  if (!admit_remote_barriers()) GTEST_SKIP() << "no biases here";
  EarlyBias early_bias;
  auto* go = static_cast<SharedWord*>(
      mmap(nullptr, sizeof(SharedWord), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  kill_everywhere(
      [&] {
        (void)start_with(4, Policy::Pair);
        go->store(0);
        add_sleeper([go](Mailbox& mine) {
          WaitFor word{go, 0};
          while (go->load() == 0) wait_on({&word, 1}, kForever);
          Message message;
          return mine.receive(message) ? kMet : 1;
        });
      },
      [&] {
        Mailbox box = open("k");
        EarlyBias::earn(box);
        go->store(1);
        wake(*go, 1);
        wait_until([&] { return box.stat()->waiting_receivers == 1; });
        return box;
      },
      [](Mailbox& box) { return EarlyBias::is_tail_borne(box) && box.send("news", {.deadline = kNoWait}).ok(); },
      [&](const Stepped&) {
        Mailbox box = open("k");
        if (box.stat()->sent == EarlyBias::kRounds) {
          ASSERT_TRUE(box.send("probe", {.deadline = kNoWait}));
        }
        expect_awake(0, kMet);
      });
  munmap(go, sizeof(SharedWord));
}

// The receiver falls asleep while the sender, who has seen nobody asleep, is at it. The sender does with the lock or,
// of a mailbox for two, without.
TEST_F(KillWakersTest, SenderMetInTheMidst) {
  constexpr long kPoints = 48;  // not all are within what is meant
  EarlyBias early_bias;
  int meetings = 0;
  for (Policy policy : {Policy::Any, Policy::Pair}) {
    auto prepare = [this] {
      Mailbox box = open("k");
      EarlyBias::earn(box);
      return box;
    };
    auto send = [](Mailbox& box) { return box.send("news", {.deadline = kNoWait}).ok(); };
    Route route;
    (void)start_with(4, policy);
    Stepped whole = run_stepped(-1, route, prepare, send);
    if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
    for (long point : kill_points(whole.steps, route, kPoints)) {
      Mailbox box = start_with(4, policy);
      long more = (whole.steps - point) * (point % 7 + 1) / 8;
      SCOPED_TRACE("met after " + std::to_string(point) + ", killed " + std::to_string(more) + " instructions later");
      run_stepped(point, route, prepare, send, [&](Tracee& sender) {
        layout::Header& h = box.core().header();
        uint32_t bearer = h.tail_bias.bearer.load();
        bool is_sending =
            h.tail_lock.is_held() || (bearer != 0 && box.core().participant(bearer - 1).at_tail.load() != 0);
        if (!is_sending || h.tail.load() != EarlyBias::kRounds) return;
        add_receiver();
        wait_until([&] { return box.stat()->waiting_receivers == 1 && is_at_rest(sleepers_[0]->pid()); });
        for (long step = 0; step < more && sender.step() == Tracee::Stop::Trap; ++step) {
        }
      });
      if (sleepers_.empty()) continue;
      ++meetings;
      if (box.stat()->sent == EarlyBias::kRounds) {
        ASSERT_TRUE(open("k").send("probe", {.deadline = kNoWait}));
      }
      expect_awake(0, kMet);
    }
  }
  EXPECT_GT(meetings, 0);
}

// The kernel wakes one of them, maybe not the one who is meant.
TEST_F(KillWakersTest, SenderToOneOfSeveral) {
  kill_everywhere(
      [&] {
        Mailbox box = start_with(4);
        for (int64_t type : {1, 2, 3}) add_receiver({.type = type});
        wait_until([&] { return box.stat()->waiting_receivers == 3; });
      },
      [&] { return open("k"); }, [&](Mailbox& box) { return box.send("news", {.type = 2, .deadline = kNoWait}).ok(); },
      [&](const Stepped&) {
        Mailbox box = open("k");
        if (box.stat()->sent == 0) {
          ASSERT_TRUE(box.send("probe", {.type = 2, .deadline = kNoWait}));
        }
        expect_awake(1, kMet);
      });
}

// With the sender dies the one whom the kernel wakes for it, at once or while it tells the others.
TEST_F(KillWakersTest, SenderAndTheOneWokenForIt) {
  constexpr long kLongest = 600;  // instructions until it has told
  auto prepare = [this] { return open("k"); };
  auto send = [](Mailbox& box) { return box.send("news", {.deadline = kNoWait}).ok(); };
  auto receive = [this] {
    Mailbox mine = open("k");
    Message message;
    return mine.receive(message) ? kMet : 1;
  };
  std::unique_ptr<TracedSleeper> first;
  auto start = [&] {
    first.reset();
    Mailbox box = start_with(4);
    make_places();
    first = std::make_unique<TracedSleeper>(receive);
    add_receiver();
    wait_until([&] { return box.stat()->waiting_receivers == 2 && is_at_rest(sleepers_[0]->pid()); });
  };
  start();
  if (!first->is_possible()) GTEST_SKIP() << "ptrace is not permitted here";
  Route route;
  Stepped whole = run_stepped(-1, route, prepare, send);
  int both = 0;
  for (long point : kill_points(whole.steps, route, kPointsADay)) {
    for (long more : {0L, point * 7919 % kLongest}) {
      SCOPED_TRACE("killed after " + std::to_string(point) + " instructions, the other " + std::to_string(more) +
                   " after it was woken");
      start();
      run_stepped(point, route, prepare, send);
      first->kill_when_awake(more);
      both += first->was_killed();
      Mailbox box = open("k");
      if (box.stat()->sent == 0 || box.core().slot(0).state.load() == layout::kFree) {
        first.reset();
        ASSERT_TRUE(box.send("probe", {.deadline = kNoWait}));
      }
      if (first && !first->was_killed()) continue;  // it sleeps, or has the message
      expect_awake(0, kMet);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(both, 0);
}

// The receiver that was chosen for a message, or for what another will leave, dies before or while it takes it.
TEST_F(KillWakersTest, ChosenReceiver) {
  SharedFlag is_dead, go;
  std::unique_ptr<Child> sender;
  for (size_t size : {64u, 5000u}) {
    kill_everywhere(
        [&] {
          sender.reset();
          Mailbox box = start_with(4);
          make_places();
          is_dead.lower();
          go.lower();
          add_sleeper([&](Mailbox& mine) {
            go.await();
            Message message;
            return mine.receive(message) ? kMet : 1;
          });
          sender = std::make_unique<Child>([&, size] {
            Mailbox mine = open("k");
            let_the_other_wait(is_dead, go, [&] { return mine.stat()->waiting_receivers; });
            return mine.send(body_of(1, size)) ? 0 : 1;
          });
        },
        [&] { return open("k"); },
        [](Mailbox& box) {
          Message message;
          return box.receive(message).ok();
        },
        [&](const Stepped&) {
          is_dead.raise();
          EXPECT_EQ(sender->wait(), 0);
          Mailbox box = open("k");
          if (box.core().slot(0).state.load() == layout::kFree) {
            ASSERT_TRUE(box.send("probe", {.deadline = kNoWait}));
          }
          expect_awake(0, kMet);
        });
  }
}

// The same for the sender that was chosen for the room that came free.
TEST_F(KillWakersTest, ChosenSender) {
  SharedFlag is_dead, go;
  std::unique_ptr<Child> receiver;
  kill_everywhere(
      [&] {
        receiver.reset();
        Mailbox box = start_with(1);
        make_places();
        ASSERT_TRUE(box.send("first"));
        is_dead.lower();
        go.lower();
        add_sleeper([&](Mailbox& mine) {
          go.await();
          return mine.send("mine") ? kMet : 1;
        });
        receiver = std::make_unique<Child>([&] {
          Mailbox mine = open("k");
          let_the_other_wait(is_dead, go, [&] { return mine.stat()->waiting_senders; });
          Message message;
          return mine.receive(message) ? 0 : 1;
        });
      },
      [&] { return open("k"); }, [](Mailbox& box) { return box.send("its").ok(); },
      [&](const Stepped&) {
        is_dead.raise();
        EXPECT_EQ(receiver->wait(), 0);
        Mailbox box = open("k");
        Message message;
        if (box.core().header().tail.load() == 2) (void)box.receive(message, {.deadline = kNoWait});
        expect_awake(0, kMet);
      });
}

TEST_F(KillWakersTest, Receiver) {
  for (size_t size : {64u, 5000u}) {
    kill_everywhere(
        [&] {
          Mailbox box = start_with(1);
          ASSERT_TRUE(box.send(body_of(1, size)));
          add_sleeper([](Mailbox& mine) { return mine.send("next") ? kMet : 1; });
          wait_until([&] { return box.stat()->waiting_senders == 1; });
        },
        [&] { return open("k"); },
        [](Mailbox& box) {
          Message message;
          return box.receive(message, {.deadline = kNoWait}).ok();
        },
        [&](const Stepped&) {
          Message message;
          Mailbox box = open("k");
          if (box.core().slot(0).state.load() != layout::kFree) (void)box.receive(message, {.deadline = kNoWait});
          expect_awake(0, kMet);
        });
  }
}

TEST_F(KillWakersTest, Closer) {
  kill_everywhere([&] { start_with_receiver_and_listener(); }, [&] { return open("k"); },
                  [](Mailbox& box) { return box.close().ok(); },
                  [&](const Stepped&) {
                    Mailbox box = open("k");
                    if (!box.stat()->is_closed) {
                      ASSERT_TRUE(box.close());
                    }
                    expect_awake(0, static_cast<int>(Status::Closed));
                    expect_awake(1, kMet);
                  });
}

// Whoever rings no bell when it is killed: the owner of a session mailbox, attached to it or not, and the holder of a
// lease.
TEST_F(KillWakersTest, OwnerOrHolder) {
  enum Kind { kAttachedOwner, kOwner, kHolder };
  for (Kind kind : {kAttachedOwner, kOwner, kHolder}) {
    sleepers_.clear();
    (void)Mailbox::remove(named("k"), where());
    if (kind == kHolder) {
      ASSERT_TRUE(make("k", {.keep = true}).send("m"));
    }
    Child other([this, kind] {
      std::optional<Mailbox> mine;
      Message message;
      if (kind == kAttachedOwner) mine.emplace(make("k"));
      if (kind == kHolder) mine.emplace(open("k"));
      if (kind == kHolder && !mine->receive(message, {.lease = true})) return 1;
      return pause();
    });
    if (kind == kOwner) {
      ASSERT_TRUE(make("k", {}).chown(*ProcessIdentity::of(other.pid())));
    }
    wait_until([&] {
      auto box = Mailbox::open(named("k"), where());
      return box.ok() && box->stat()->leased == (kind == kHolder ? 1u : 0u);
    });
    add_sleeper([](Mailbox& mine) {
      while (mine.arm_doorbell() && !mine.is_ready()) {
        std::vector<UniqueFd> lives = mine.watch_lives();
        std::vector<pollfd> entries{{*Doorbell::fd(), POLLIN, 0}};
        for (const UniqueFd& life : lives) entries.push_back({life.get(), POLLIN, 0});
        if (poll(entries.data(), entries.size(), -1) > 0) Doorbell::clear();
      }
      return kMet;
    });
    Mailbox box = open("k");
    wait_until([&] { return box.core().header().listening.load() == 1; });
    kill(other.pid(), SIGKILL);
    expect_awake(0, kMet);
  }
}

// By its name, and through a handle.
TEST_F(KillWakersTest, Remover) {
  for (bool by_name : {true, false}) {
    kill_everywhere(
        [&] { start_with_receiver_and_listener(); }, [&] { return open("k"); },
        [&](Mailbox& box) { return by_name ? Mailbox::remove(named("k"), where()).ok() : box.remove().ok(); },
        [&](const Stepped&) {
          (void)Mailbox::remove(named("k"), where());
          expect_awake(0, static_cast<int>(Status::Closed));
          expect_awake(1, kMet);
        });
  }
}

}  // namespace
}  // namespace mish::ipc
