// SPDX-License-Identifier: GPL-3.0-or-later
// Participants, sleeping and waking. Whoever sleeps is entered among the participants and holds its life lock, so that
// its death is seen. A sleeper sleeps on its own word and on the life locks of all others: whoever dies may hold what
// it waits for, or may have been woken for that in its place. Whoever wakes it takes it off the list of the waiting, so
// nobody is woken twice for the same reason.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr uint32_t kWaitFlags = kWaiting | kWaitsForSpace | kWaitsForBytes | kWaitsForTaking | kWaitsForRole;
constexpr uint32_t kSpaceFlags = kWaitsForSpace | kWaitsForTaking;

// --- Doorbells: a datagram socket of the process under an abstract name, which vanishes with it.

socklen_t bell_address(const ProcessIdentity& process, sockaddr_un& address) {
  std::memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "mish-bell-%d-%llu", process.pid,
                        static_cast<unsigned long long>(process.start_time));
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<size_t>(length));
}

UniqueFd make_bell_socket() {
  UniqueFd low(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!low) return low;
  auto high = move_above_9(std::move(low));
  return high ? std::move(*high) : UniqueFd();
}

void ring(const ProcessIdentity& process) {
  static PrivateFd sender;
  static uint32_t generation = 0;
  if (generation != fork_generation()) {  // a child may have closed what it inherited
    sender = make_bell_socket();
    generation = fork_generation();
  }
  sockaddr_un address;
  socklen_t length = bell_address(process, address);
  char stroke = 1;
  // A full queue is a bell that rings already, a refused one belongs to the dead.
  (void)sendto(sender.get(), &stroke, 1, MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), length);
}

struct OwnBell {
  PrivateFd fd;
  uint32_t generation = 0;
};
OwnBell& own_bell() {
  static OwnBell bell;
  return bell;
}

}  // namespace

Outcome<int> Doorbell::fd() {
  OwnBell& bell = own_bell();
  if (bell.fd && bell.generation == fork_generation()) return bell.fd.get();
  UniqueFd made = make_bell_socket();
  if (!made) return error_from_errno(errno, "doorbell");
  sockaddr_un address;
  socklen_t length = bell_address(ProcessIdentity::self(), address);
  if (bind(made.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) return error_from_errno(errno, "doorbell");
  bell.fd = std::move(made);
  bell.generation = fork_generation();
  return bell.fd.get();
}

void Doorbell::clear() {
  OwnBell& bell = own_bell();
  if (!bell.fd || bell.generation != fork_generation()) return;
  char strokes[64];
  while (recv(bell.fd.get(), strokes, sizeof strokes, MSG_DONTWAIT) > 0) {
  }
}

uint32_t Mailbox::Core::people_used() const {
  return std::min({header_->people_used.load(std::memory_order_relaxed),
                   header_->people_room.load(std::memory_order_relaxed), kParticipants});
}

/// Sees to it that the record has memory.
bool Mailbox::Core::make_room_for_person(uint32_t index) {
  SharedWord& room = header_->people_room;
  if (index < room.load(std::memory_order_relaxed)) return true;
  uint32_t page = index / kParticipantsAPage;
  if (!reserve_file(kParticipantsOffset + page * kPage, kPage)) return false;
  room.store((page + 1) * kParticipantsAPage, std::memory_order_relaxed);
  return true;
}

/// Of a record that was never used before: who sleeps already is to watch it too.
void Mailbox::Core::make_known(uint32_t index) {
  SharedWord& known = header_->people_known;
  if (index < known.load(std::memory_order_relaxed)) return;
  if (index > 0) wake_everyone();
  known.store(index + 1, std::memory_order_relaxed);
}

/// Enters this process among the participants.
Outcome<void> Mailbox::Core::attach() {
  if (is_attached()) return {};
  me_ = -1;  // inherited over fork: the record is our parent's
  is_subscribed_ = false;
  has_role_ = false;
  plain_sends_ = plain_takes_ = 0;
  const ProcessIdentity& self = ProcessIdentity::self();
  uint32_t limit = config_.policy == Policy::All ? kSubscribers : kParticipants;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (Status status = lock_head(); status != Status::Done) return error(status);
    bool has_room = true;
    for (uint32_t i = 0; i < limit && has_room; ++i) {
      has_room = make_room_for_person(i);
      if (!has_room) continue;
      ParticipantRecord& record = people_[i];
      if (record.flags != 0 || record.life.is_held()) continue;
      if (i >= people_used()) header_->people_used.store(i + 1, std::memory_order_relaxed);
      record.identity = self;
      record.leases = 0;
      record.received = 0;
      record.reserved_block = 0;
      record.is_reserving = 0;
      record.at_tail.store(0, std::memory_order_relaxed);
      record.at_head.store(0, std::memory_order_relaxed);
      record.flags = kInUse;
      bool died = false;
      record.life.try_lock_watched(died);
      make_known(i);
      me_ = static_cast<int>(i);
      generation_ = fork_generation();
      if (header_->owner == self) header_->owner_index.store(i + 1, std::memory_order_relaxed);
      unlock_head();
      return {};
    }
    unlock_head();
    if (reclaim_dead(true)) continue;
    if (!has_room) return no_space(kPage);
    break;
  }
  return {Status::TooBig, "too many processes use it", EUSERS};
}

/// Policy::Pair: takes one of the two places.
Outcome<void> Mailbox::Core::join_pair() {
  if (is_attached() && (people_[me_].flags & kMember) != 0) return {};
  if (auto attached = attach(); !attached) return attached;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (Status status = lock_head(); status != Status::Done) return error(status);
    ProcessIdentity others[2];
    int count = 0;
    bool known = false;
    for (uint32_t i = 0; i < people_used(); ++i) {
      const ParticipantRecord& record = people_[i];
      if ((record.flags & kMember) == 0) continue;
      if (record.identity == people_[me_].identity) known = true;
      if (count > 0 && record.identity == others[0]) continue;
      if (count < 2) others[count] = record.identity;
      ++count;
    }
    if (known || count < 2) {
      people_[me_].flags |= kMember;
      unlock_head();
      return {};
    }
    unlock_head();
    reclaim_dead(true);  // even if it finds nobody: another may have been quicker
  }
  return {Status::NotPermitted, "link is busy: two other processes use it", EBUSY};
}

/// Leaves: gives everything back. Called by the thread that attached.
void Mailbox::Core::detach() {
  if (!is_attached()) return;
  ParticipantRecord& record = people_[me_];
  bool is_own_thread = record.life.is_held_by_me();
  if (lock_both() == Status::Done) {
    bool had_leases = record.leases != 0;
    drop_bias(header_->tail_bias, plain_sends_);
    drop_bias(header_->head_bias, plain_takes_);
    if (is_own_thread) record.life.unlock_unheard();
    forget_participant(static_cast<uint32_t>(me_));
    unlock_both();
    if (had_leases) hand_on();
  } else if (is_own_thread) {
    record.life.unlock_unheard();
  }
  me_ = -1;
}

/// Whether the process of this record is gone. The kernel's mark decides when it is there; a record without a life lock
/// is only looked at when `thorough`.
bool Mailbox::Core::is_dead(uint32_t index, bool thorough) {
  ParticipantRecord& record = people_[index];
  if ((record.flags & kInUse) == 0) return false;
  if (record.life.is_orphaned()) return !record.identity.is_alive();
  if (record.life.is_held() || !thorough) return false;
  return !record.identity.is_alive();
}

bool Mailbox::Core::reclaim_dead(bool thorough) {
  uint64_t repairs = header_->repairs.load(std::memory_order_relaxed);
  if (lock_both() != Status::Done) return false;
  bool changed = header_->repairs.load(std::memory_order_relaxed) != repairs;  // locking repaired: that reclaims too
  changed = reclaim_dead_locked(thorough) || changed;
  unlock_both();
  return changed;
}

/// Whoever was woken by the dead, or for the sake of what they were to do, is to look again: that is anybody.
bool Mailbox::Core::reclaim_dead_locked(bool thorough) {
  const bool had_herald = has_herald_;
  bool changed = false;
  for (uint32_t i = 0; i < people_used(); ++i) {
    if (static_cast<int>(i) == me_ && is_attached()) continue;
    if (!is_dead(i, thorough)) continue;
    raise_herald();  // once they are forgotten nothing else tells of them
    forget_participant(i);
    changed = true;
  }
  if (changed) wake_everyone();
  if (!had_herald) lower_herald();
  return changed;
}

/// Takes back what a participant holds and empties its record.
void Mailbox::Core::forget_participant(uint32_t index) {
  Header& h = *header_;
  ParticipantRecord& record = people_[index];
  uint64_t bit = index < kSubscribers ? uint64_t{1} << index : 0;
  bool subscribed = (record.flags & kSubscribed) != 0;
  if (subscribed) h.subscribers.fetch_and(~bit, std::memory_order_relaxed);
  if (record.leases != 0 || subscribed || config_.capacity == 0) {
    uint64_t tail = h.tail.load(std::memory_order_relaxed);
    for (uint64_t p = h.head.load(std::memory_order_relaxed), end = bounded(p, tail); p < end; ++p) {
      Slot& message = slot(p);
      uint32_t state = message.state.load(std::memory_order_relaxed);
      if (state == kFree) continue;
      if (state == kCommitted && config_.capacity == 0 && message.waiter == index + 1) {
        free_slot(p);  // its sender waited for a rendezvous: nobody may meet the dead
      } else if (state != kCommitted && message.holder == index + 1) {
        if (state == kLeased) {
          message.flags |= kRedelivered;
          message.waiter = 0;
        }
        message.state.store(kCommitted, std::memory_order_release);
        h.leased.fetch_sub(1, std::memory_order_relaxed);
      } else if (subscribed && (message.readers & bit) != 0) {
        message.readers &= ~bit;
        if (message.readers == 0) free_slot(p);
      }
    }
    advance_head();
  }
  if (record.reserved_block != 0) {
    uint32_t count = 0;
    for (uint32_t b = record.reserved_block; is_block(b) && count < geometry_.max_blocks; b = link(b)) ++count;
    give_back_blocks(record.reserved_block, count);
  }
  if (record.is_reserving != 0) h.reserved.fetch_sub(1, std::memory_order_relaxed);
  if ((record.flags & kWaiting) != 0) h.attention.fetch_sub(1, std::memory_order_relaxed);
  if ((record.flags & kListening) != 0) h.listening.fetch_sub(1, std::memory_order_relaxed);
  if ((record.flags & kPromised) != 0) h.promised.fetch_sub(1, std::memory_order_relaxed);
  if ((record.flags & kSpaceFlags) != 0) h.space_attention.fetch_sub(1, std::memory_order_relaxed);
  if (h.role_holder == index + 1) {
    h.role_holder = 0;
    h.role_active = 0;
    for (uint32_t i = 0; i < people_used(); ++i) {
      if ((people_[i].flags & kWaitsForRole) != 0) wake_participant(i);
    }
  }
  if (h.owner_index.load(std::memory_order_relaxed) == index + 1) {
    h.owner_index.store(0, std::memory_order_relaxed);
    if (!config_.keep && !h.owner.is_alive()) {
      h.closed.store(1, std::memory_order_seq_cst);
      wake_everyone();
    }
  }
  record.identity = {};
  record.leases = 0;
  record.reserved_block = 0;
  record.is_reserving = 0;
  if (!record.life.is_held()) record.life.reset();
  record.flags = 0;
}

/// Closed, or a session mailbox whose owner has ended. `thorough`: also asks the system about an owner that is not
/// attached.
bool Mailbox::Core::look_whether_closing(bool thorough) {
  Header& h = *header_;
  if (h.closed.load(std::memory_order_relaxed) != 0) return true;
  uint32_t index = h.owner_index.load(std::memory_order_relaxed);
  if (index == 0 && !thorough) return false;
  if (h.owner.is_alive()) {
    if (index != 0) h.owner_index.store(0, std::memory_order_relaxed);  // it runs another program now
    return false;
  }
  raise_herald();
  h.closed.store(1, std::memory_order_seq_cst);
  wake_everyone();
  lower_herald();
  return true;
}

// --- Waking

void Mailbox::Core::raise_herald() {
  if (has_herald_) return;
  has_herald_ = header_->herald.try_lock_watched(relays_herald_);
}

/// Everybody was told.
void Mailbox::Core::let_herald_go() {
  if (relays_herald_) wake_everyone();
  has_herald_ = false;
  header_->herald.unlock_unheard();
}

/// Whoever was about to wake others is dead: everybody is to look. It may have taken the name away and not said so.
void Mailbox::Core::relay_herald() {
  raise_herald();
  if (header_->closed.load(std::memory_order_relaxed) == 0 && is_removed()) mark_removed();
  lower_herald();
}

/// Waits, not for long, while somebody tells of what he is about to do: then it is done, or he is dead.
void Mailbox::Core::let_herald_finish() {
  constexpr Deadline kLongest = 100'000'000;
  constexpr Deadline kStep = 1'000'000;
  const RobustLock& herald = header_->herald;
  for (Deadline now = now_ns(), end = now + kLongest; herald.is_held() && now < end; now = now_ns()) {
    WaitFor word = herald.as_it_is();
    wait_on({&word, 1}, now + kStep);
  }
}

/// After we have entered ourselves among the sleepers or listeners: waits for a sender who may have looked for those
/// before. What it sends is there then, or it is dead. Without locks. Fails as lock_tail().
Status Mailbox::Core::let_sender_finish() {
  Header& h = *header_;
  barrier_against(h.tail_bias);
  uint32_t bearer = h.tail_bias.bearer.load(std::memory_order_relaxed);
  uint32_t index = (bearer & ~kRevoked) - 1;
  bool is_inside =
      !is_me(bearer) && index < people_used() && inside_of(h.tail_bias, index).load(std::memory_order_acquire) != 0;
  if (!is_inside && !h.tail_lock.is_held()) return Status::Done;
  if (Status status = lock_tail(); status != Status::Done) return status;
  unlock_tail();
  return Status::Done;
}

/// Marks a sleeper as woken. The system call is made by whoever holds no lock any more, or here: it is short.
void Mailbox::Core::wake_participant(uint32_t index) {
  ParticipantRecord& record = people_[index];
  uint32_t flags = record.flags;
  if ((flags & kWaiting) != 0) header_->attention.fetch_sub(1, std::memory_order_relaxed);
  if ((flags & kSpaceFlags) != 0) header_->space_attention.fetch_sub(1, std::memory_order_relaxed);
  record.flags = flags & ~kWaitFlags;
  record.wake.store(1, std::memory_order_release);
}

/// The waiting receiver that gets the next message (--pick); -1 when none of them wants it.
int Mailbox::Core::choose(const Arrival& arrival) {
  Header& h = *header_;
  int best = -1;
  uint32_t count = people_used();
  uint32_t eligible = 0;
  for (uint32_t n = 0; n < count; ++n) {
    uint32_t i = config_.pick == Pick::RoundRobin ? (h.last_picked + 1 + n) % count : n;
    const ParticipantRecord& record = people_[i];
    if ((record.flags & kWaiting) == 0 || record.life.is_orphaned()) continue;
    if (config_.policy == Policy::Single && h.role_holder != i + 1) continue;
    if (record.want_any_type == 0 && record.want_type != arrival.type) continue;
    if (record.want_from != 0 && record.want_from != arrival.sender) continue;
    if (record.want_priority > arrival.priority) continue;
    ++eligible;
    bool better = best < 0;
    switch (config_.pick) {
      case Pick::Fifo: better = better || record.ticket < people_[best].ticket; break;
      case Pick::RoundRobin: break;
      case Pick::Random:  // reservoir of one
        h.random = h.random * 1664525u + 1013904223u;
        better = better || (h.random >> 8) % eligible == 0;
        break;
      case Pick::Idle:
        better = better || record.received < people_[best].received ||
                 (record.received == people_[best].received && record.ticket < people_[best].ticket);
        break;
    }
    if (better) best = static_cast<int>(i);
    if (config_.pick == Pick::RoundRobin) break;
  }
  return best;
}

/// A message has been committed: wakes the receiver that is to have it (all of them with Policy::All).
void Mailbox::Core::announce(const Arrival& arrival) {
  if (lock_head() != Status::Done) return;
  uint32_t to_wake[kParticipants];
  size_t wakes = 0;
  bool met_dead = false;
  if (config_.policy == Policy::All) {
    for (uint32_t i = 0; i < people_used(); ++i) {
      if ((people_[i].flags & kWaiting) == 0) continue;
      wake_participant(i);
      to_wake[wakes++] = i;
    }
  } else if (int chosen = choose(arrival); chosen >= 0) {
    auto index = static_cast<uint32_t>(chosen);
    wake_participant(index);
    header_->last_picked = index;
    if (config_.pick != Pick::Fifo) {
      people_[index].flags |= kPromised;
      header_->promised.fetch_add(1, std::memory_order_relaxed);
    }
    to_wake[wakes++] = index;
  }
  for (uint32_t i = 0; i < people_used(); ++i) {
    if ((people_[i].flags & kWaiting) != 0 && people_[i].life.is_orphaned()) met_dead = true;
  }
  unlock_head();
  for (size_t i = 0; i < wakes; ++i) wake(people_[to_wake[i]].wake, 1);
  if (met_dead) reclaim_dead(false);
}

/// With tail_lock, before a message is committed: whoever dies after the commit has rung. Who asks for the bell
/// meanwhile meets the lock and waits for what is being sent (let_sender_finish).
void Mailbox::Core::ring_doorbells() {
  barrier_after_lock();
  if (header_->listening.load(std::memory_order_seq_cst) == 0 || lock_head_too() != Status::Done) return;
  ring_listeners();
  unlock_head();
}

void Mailbox::Core::ring_listeners() {
  for (uint32_t i = 0; i < people_used() && header_->listening.load(std::memory_order_relaxed) != 0; ++i) {
    ParticipantRecord& record = people_[i];
    if ((record.flags & kListening) == 0) continue;
    ring(record.identity);  // before it is noted: who dies in between leaves the bell to the next
    record.flags &= ~kListening;
    header_->listening.fetch_sub(1, std::memory_order_relaxed);
  }
}

/// Messages and sleepers are both there: a wake-up was lost with whoever it was given to. Gives it to the next.
void Mailbox::Core::hand_on() {
  barrier_after_unlock();
  if (header_->attention.load(std::memory_order_seq_cst) == 0) return;
  if (lock_head() != Status::Done) return;
  Header& h = *header_;
  uint32_t to_wake[16];
  size_t wakes = 0;
  uint64_t tail = h.tail.load(std::memory_order_acquire);
  size_t looked = 0;
  for (uint64_t p = h.head.load(std::memory_order_relaxed), end = bounded(p, tail);
       p < end && looked < 64 && wakes < 16; ++p) {
    Slot& message = slot(p);
    if (message.state.load(std::memory_order_acquire) != kCommitted) continue;
    ++looked;
    int chosen = choose({message.type, message.sender, message.priority});
    if (chosen < 0) continue;
    wake_participant(static_cast<uint32_t>(chosen));
    to_wake[wakes++] = static_cast<uint32_t>(chosen);
  }
  unlock_head();
  for (size_t i = 0; i < wakes; ++i) wake(people_[to_wake[i]].wake, 1);
}

/// Space was freed or a message taken: wakes the sender that waits longest, all of them when bytes are short, and
/// whoever waits for its message to be taken.
void Mailbox::Core::announce_space() {
  barrier_after_unlock();
  if (header_->space_attention.load(std::memory_order_seq_cst) == 0) return;
  if (lock_head() != Status::Done) return;
  uint32_t to_wake[kParticipants];
  size_t wakes = 0;
  int longest = -1;
  for (uint32_t i = 0; i < people_used(); ++i) {
    uint32_t flags = people_[i].flags;
    if ((flags & (kWaitsForTaking | kWaitsForBytes)) != 0) {
      wake_participant(i);
      to_wake[wakes++] = i;
    } else if ((flags & kWaitsForSpace) != 0 && !people_[i].life.is_orphaned() &&
               (longest < 0 || people_[i].ticket < people_[longest].ticket)) {
      longest = static_cast<int>(i);
    }
  }
  if (longest >= 0) {
    wake_participant(static_cast<uint32_t>(longest));
    to_wake[wakes++] = static_cast<uint32_t>(longest);
  }
  unlock_head();
  for (size_t i = 0; i < wakes; ++i) wake(people_[to_wake[i]].wake, 1);
}

/// Closing, removal, repair: everybody is to look again. Needs no lock; the flags are left to their owners.
void Mailbox::Core::wake_everyone() {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // who arms a bell after this sees what changed
  for (uint32_t i = 0; i < people_used(); ++i) {
    if (is_attached() && i == static_cast<uint32_t>(me_)) continue;  // we are awake
    ParticipantRecord& record = people_[i];
    record.wake.store(1, std::memory_order_release);
    wake(record.wake, 1);
  }
  ring_everyone();
}

/// Needs no lock either.
void Mailbox::Core::ring_everyone() {
  for (uint32_t i = 0; i < people_used(); ++i) {
    if ((people_[i].flags & kListening) != 0) ring(people_[i].identity);
  }
}

// --- Sleeping

void Mailbox::Core::start_waiting(uint32_t flag, const ReceiveOptions* wanted, bool keeps_place) {
  Header& h = *header_;
  ParticipantRecord& record = people_[me_];
  if (!keeps_place) record.ticket = ++h.next_ticket;
  record.want_any_type = wanted == nullptr || !wanted->type.has_value();
  record.want_type = wanted != nullptr ? wanted->type.value_or(0) : 0;
  record.want_from = wanted != nullptr ? wanted->from : 0;
  record.want_priority = wanted != nullptr ? wanted->priority_min : 0;
  record.wake.store(0, std::memory_order_relaxed);
  record.flags |= flag;
  if (flag == kWaiting) {
    h.attention.fetch_add(1, std::memory_order_seq_cst);
  } else if ((flag & kSpaceFlags) != 0) {
    h.space_attention.fetch_add(1, std::memory_order_seq_cst);
  }
}

void Mailbox::Core::stop_waiting(uint32_t flags) {
  Header& h = *header_;
  ParticipantRecord& record = people_[me_];
  uint32_t set = record.flags & flags;
  if ((set & kWaiting) != 0) h.attention.fetch_sub(1, std::memory_order_relaxed);
  if ((set & kListening) != 0) h.listening.fetch_sub(1, std::memory_order_relaxed);
  if ((set & kPromised) != 0) h.promised.fetch_sub(1, std::memory_order_relaxed);
  if ((set & kSpaceFlags) != 0) h.space_attention.fetch_sub(1, std::memory_order_relaxed);
  record.flags &= ~flags;
}

/// Adds the life locks of the others to `words`: that of the owner first and, where there are more than find room, of
/// those whose records follow ours. Free records count as well, for whoever takes them while we sleep. True when one of
/// them is dead.
bool Mailbox::Core::watch_others(WaitFor (&words)[kMostWords], size_t& count) {
  const uint32_t used = people_used();
  const uint32_t owner = header_->owner_index.load(std::memory_order_relaxed) - 1;
  bool met_dead = false;
  auto watch = [&](uint32_t index) {
    if (static_cast<int>(index) == me_ || index >= used || count + 1 >= kMostWords) return;
    RobustLock& life = people_[index].life;
    if (!life.watch(words[count])) words[count] = life.as_it_is();
    ++count;
    met_dead = met_dead || life.is_orphaned();
  };
  watch(owner);
  for (uint32_t n = 1; n < used; ++n) {
    uint32_t index = (static_cast<uint32_t>(me_) + n) % used;
    if (index != owner) watch(index);
  }
  return met_dead;
}

Status Mailbox::Core::sleep(Deadline deadline, const Interrupt& interrupt, Deadline until) {
  slice_ended_ = false;
  WaitFor words[kMostWords];
  size_t count = 0;
  words[count++] = {&people_[me_].wake, 0};
  if (interrupt.signals != nullptr) {
    words[count++] = {interrupt.signals, interrupt.signals->load(std::memory_order_acquire)};
  }
  if (interrupt.stop()) return Status::Interrupted;
  const size_t first_life = count;
  if (watch_others(words, count) && reclaim_dead(false)) return Status::Done;
  // Last, so that nobody is overlooked who came after what else was looked at.
  WaitFor herald = header_->herald.as_it_is();
  if (header_->herald.is_orphaned()) {
    relay_herald();
    return Status::Done;
  }
  words[count++] = herald;
  Deadline now = now_ns();
  Deadline end = now + longest_sleep;
  if (deadline != kForever) end = std::min(end, deadline);
  if (until != kForever) end = std::min(end, until);
  WakeReason reason = wait_on({words, count}, end);
  if (mapping_.is_damaged()) return Status::Damaged;
  // The news of a death comes to one sleeper: it is not for us alone, whatever else we were woken for.
  if (header_->herald.is_orphaned()) relay_herald();
  bool life_ended = false;
  for (size_t i = first_life; i + 1 < count; ++i) {
    if (words[i].word->load(std::memory_order_relaxed) != words[i].value) life_ended = true;
  }
  if (life_ended) {
    is_closing(false);
    reclaim_dead(false);
  }
  if (reason == WakeReason::Signal || interrupt.signals != nullptr) {
    if (interrupt.stop()) return Status::Interrupted;
  }
  if (reason == WakeReason::TimedOut && people_[me_].wake.load(std::memory_order_acquire) == 0) {
    if (deadline != kForever && now_ns() >= deadline) return Status::TimedOut;
    if (until != kForever && now_ns() >= until) return Status::Done;
    if (interrupt.stop()) return Status::Interrupted;
    if (is_removed()) mark_removed();  // by somebody who did not live to tell
    is_closing(true);
    reclaim_dead(true);
    slice_ended_ = true;
  }
  return Status::Done;
}

bool Mailbox::Core::has_receivers() {
  if (lock_head() != Status::Done) return false;
  bool found = false;
  for (uint32_t i = 0; i < people_used() && !found; ++i) {
    found = (people_[i].flags & (kReceiver | kWaiting | kListening)) != 0 && !is_dead(i, true);
  }
  unlock_head();
  return found;
}

Outcome<void> Mailbox::Core::arm_doorbell() {
  if (auto bell = Doorbell::fd(); !bell) return bell.error();
  if (auto attached = attach(); !attached) return attached;
  if (Status status = lock_head(); status != Status::Done) return error(status);
  if ((people_[me_].flags & kListening) == 0) {
    people_[me_].flags |= kListening;
    header_->listening.fetch_add(1, std::memory_order_seq_cst);
  }
  unlock_head();
  let_herald_finish();
  if (header_->herald.is_orphaned()) relay_herald();
  if (Status status = let_sender_finish(); status != Status::Done) return error(status);
  return {};
}

void Mailbox::Core::disarm_doorbell() {
  if (!is_attached() || lock_head() != Status::Done) return;
  stop_waiting(kListening);
  unlock_head();
}

std::vector<UniqueFd> Mailbox::Core::watch_lives(bool with_owner) {
  std::vector<ProcessIdentity> watched;
  if (with_owner && !config_.keep && !is_closing(true)) watched.push_back(header_->owner);
  if (header_->leased.load(std::memory_order_relaxed) != 0 && lock_head() == Status::Done) {
    for (uint32_t i = 0; i < people_used(); ++i) {
      if (people_[i].leases != 0 && static_cast<int>(i) != me_) watched.push_back(people_[i].identity);
    }
    unlock_head();
  }
  const ProcessIdentity& self = ProcessIdentity::self();
  std::vector<UniqueFd> ends;
  bool met_dead = false;
  for (const ProcessIdentity& process : watched) {
    if (process.pid_namespace != self.pid_namespace || process == self) continue;
    UniqueFd end(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
    met_dead = met_dead || !process.is_alive();  // then the descriptor may be of another
    if (end) ends.push_back(std::move(end));
  }
  if (met_dead) ring(self);  // look again: is_ready() takes back what was held
  return ends;
}

// --- Rights

bool Mailbox::Core::is_granted(Right right) const {
  const auto& list = header_->grants[static_cast<size_t>(right)];
  const ProcessIdentity& self = ProcessIdentity::self();
  bool any = false;
  for (const GrantRecord& record : list) {
    GrantRecord grant = record;
    switch (static_cast<Principal::Kind>(grant.kind)) {
      case Principal::Kind::Nobody: continue;
      case Principal::Kind::Anyone: return true;
      case Principal::Kind::User:
        if (grant.user == geteuid()) return true;
        break;
      case Principal::Kind::Process:
        if (grant.process == self) return true;
        break;
    }
    any = true;
  }
  return !any || header_->owner == self;
}

/// What may() does not remember: until the lists change.
Outcome<void> Mailbox::Core::ask_leave(Right right) {
  auto index = static_cast<size_t>(right);
  if (granted_generation_ != fork_generation()) {
    granted_version_[0] = granted_version_[1] = 0;
    granted_generation_ = fork_generation();
  }
  uint32_t version = header_->grants_version.load(std::memory_order_acquire);
  if (granted_version_[index] != version) {
    granted_[index] = is_granted(right);
    if (right == Right::Receive && (geometry_.flags & kDirect) != 0 && header_->owner != ProcessIdentity::self()) {
      granted_[index] = false;
    }
    granted_version_[index] = version;
  }
  if (granted_[index]) return {};
  if ((geometry_.flags & kDirect) != 0 && right == Right::Receive) {
    return {Status::NotPermitted, "only the process itself may receive from its own mailbox", EACCES};
  }
  return {Status::NotPermitted,
          right == Right::Send ? "you have no right to send to it" : "you have no right to receive from it", EACCES};
}

Error Mailbox::Core::error(Status status) const {
  switch (status) {
    case Status::WouldBlock: return {status, EAGAIN, "would block"};
    case Status::TimedOut: return {status, ETIMEDOUT, "timed out"};
    case Status::Interrupted: return {status, EINTR, "interrupted"};
    case Status::NoObject: return {status, ENOENT, "no such mailbox"};
    case Status::Closed:
      if (header_->removed.load(std::memory_order_relaxed) != 0) return {status, EPIPE, "removed"};
      return {status, EPIPE, config_.keep || header_->owner.is_alive() ? "closed" : "closed: its owner has ended"};
    case Status::Damaged:
      return {status, EBADMSG, "damaged: not a mailbox, truncated, or written to by something else; remove it"};
    case Status::Done:
    case Status::Failed:
    case Status::Usage:
    case Status::NotPermitted:
    case Status::TooBig:
    case Status::Exists: break;
  }
  return {status, 0, "failed"};
}

}  // namespace mish::ipc
