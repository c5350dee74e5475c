// SPDX-License-Identifier: GPL-3.0-or-later
// Receiving. A body of up to one block is copied out under the head lock, a larger one outside of it while its slot
// says who is at it; either way the slot becomes free only after the copy, so that a receiver that dies takes nothing
// along.
#include <algorithm>
#include <cstring>
#include <new>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr Deadline kSpin = 8'000;
constexpr Deadline kHeadStart = 2'000;  // of a sender when the mailbox is empty
constexpr uint64_t kAhead = 8;          // slots fetched ahead
constexpr Deadline kLongYield = 100'000;
constexpr uint32_t kMostSkippedYields = 1 << 16;

}  // namespace

Outcome<void> Mailbox::Core::receive(Message& message, const ReceiveOptions& options) {
  if (!may(Right::Receive)) [[unlikely]] {
    if (auto allowed = ask_leave(Right::Receive); !allowed) return allowed;
  }
  if (options.lease && config_.policy == Policy::All) {
    return {Status::Usage, "a lease needs a single receiver of each message; this mailbox gives everyone a copy"};
  }
  if (!has_joined()) {
    if (auto joined = join_pair(); !joined) return joined;
  }
  message.body.reserve(kInline);  // so that nothing asks for memory under a lock
  if (is_plain_ && takes_in_order(options) && take_at_once(message)) [[likely]]
    return {};
  return receive_when_possible(message, options);
}

/// What one receive() has tried so far.
struct Mailbox::Core::Reception {
  const ReceiveOptions& options;
  bool is_waiting = false;   // is on the list of the waiting
  bool is_promised = false;  // was woken for a message
  bool is_rescued = false;   // found something to do after a sleep that nobody ended
  bool has_place = false;    // was on the list before and goes back to where it stood
  bool has_slept = false;
  bool has_spun = false;
  bool has_tidied = false;     // what the dead held under lease went back
  bool has_reclaimed = false;  // all that the dead held went back
};

Outcome<void> Mailbox::Core::receive_when_possible(Message& message, const ReceiveOptions& options) {
  if ((options.lease || config_.policy == Policy::Single || config_.policy == Policy::All) && !is_attached()) {
    if (auto attached = attach(); !attached) return attached;
  }
  message.body.reserve(kBlock);
  Reception reception{options};
  for (;;) {
    if (Status status = lock_head(); status != Status::Done) return error(status);
    leave_list(reception);
    if (config_.policy == Policy::All && !is_subscribed_) subscribe();
    if (config_.policy == Policy::Single && !options.peek && take_role() == Role::Busy) {
      if (auto end = wait_for_role(reception)) return *end;
      continue;
    }
    if (!reception.has_tidied && !reception.is_promised && has_orphaned_lease()) {  // the oldest go first
      reception.has_tidied = true;
      give_up_role();
      unlock_head();
      reclaim_dead(false);
      continue;
    }
    Found found = find(options, reception.is_promised);
    const bool is_over = !found.is_found && is_closing(options.deadline == kNoWait || !reception.has_slept);
    if (is_over) found = find(options, reception.is_promised);  // what was sent while it closed
    if (found.is_found && (slot(found.position).length <= kBlock || is_attached())) {
      if (reception.is_rescued) header_->rescues.fetch_add(1, std::memory_order_relaxed);
      return take(found.position, message, options);
    }
    const bool is_broken = header_->broken.load(std::memory_order_relaxed) != 0;
    if (found.is_found || (!is_broken && !is_over && options.deadline != kNoWait && !is_attached())) {
      give_up_role();
      unlock_head();
      if (auto attached = attach(); !attached) return attached;
      continue;
    }
    if (is_broken) {
      give_up_role();
      unlock_head();
      continue;
    }
    auto end = is_over || options.deadline == kNoWait ? leave_at_once(reception, is_over) : wait_for_message(reception);
    if (end) return *end;
  }
}

/// Off the list of the waiting, with head_lock; remembers what the wait was ended for.
void Mailbox::Core::leave_list(Reception& reception) {
  reception.is_promised = reception.is_waiting && (people_[me_].flags & kPromised) != 0;
  if (!reception.is_waiting) return;
  reception.is_rescued = slice_ended_ && people_[me_].wake.load(std::memory_order_relaxed) == 0;
  stop_waiting(kWaiting | kPromised | kWaitsForRole);
  reception.is_waiting = false;
}

/// Another process is the single receiver. Comes with head_lock and gives it up; nothing returned: look again.
std::optional<Error> Mailbox::Core::wait_for_role(Reception& reception) {
  const ReceiveOptions& options = reception.options;
  if (options.deadline == kNoWait) {
    unlock_head();
    return Error{Status::NotPermitted, EBUSY, "busy: another process is receiving"};
  }
  start_waiting(kWaitsForRole, nullptr, reception.has_place);
  reception.has_place = reception.is_waiting = true;
  const Deadline until = config_.turn_ns > 0 ? header_->role_until : kForever;
  unlock_head();
  Status status = sleep(options.deadline, options.interrupt, until);
  slice_ended_ = false;
  if (status != Status::Done) return leave_empty_handed(status);
  return std::nullopt;
}

/// Nothing there, and nothing to wait for. Comes with head_lock and gives it up; nothing returned: look again.
std::optional<Error> Mailbox::Core::leave_at_once(Reception& reception, bool is_over) {
  const Header& h = *header_;
  give_up_role();
  unlock_head();
  // The dead may hold messages under lease that are ours to take now.
  const bool may_be_held = h.leased.load(std::memory_order_relaxed) != 0 ||
                           h.tail.load(std::memory_order_relaxed) != h.taken.load(std::memory_order_relaxed);
  if (!reception.has_reclaimed && may_be_held) {
    reception.has_reclaimed = true;
    if (reclaim_dead(true)) return std::nullopt;
  }
  if (is_over) return error(Status::Closed);
  return Error{Status::WouldBlock, EAGAIN, "no message"};
}

/// First spins, then sleeps. Comes with head_lock and gives it up; nothing returned: look again.
std::optional<Error> Mailbox::Core::wait_for_message(Reception& reception) {
  Header& h = *header_;
  const ReceiveOptions& options = reception.options;
  const uint64_t tail = h.tail_seen;  // up to where find() looked: what came since is news
  people_[me_].flags |= kReceiver;
  if (!reception.has_spun) {
    reception.has_spun = true;
    const bool is_near = h.send_cpu.load(std::memory_order_relaxed) == current_cpu();
    unlock_head();
    if (is_near) {
      yield_to_sender();
    } else {
      spin_for_message(tail);
    }
    return std::nullopt;
  }
  drop_bias(h.head_bias, plain_takes_);  // the sender takes this lock to wake us
  start_waiting(kWaiting, &options, reception.has_place);
  reception.has_place = reception.is_waiting = true;
  unlock_head();
  (void)let_sender_finish();  // what is wrong is found with head_lock
  if (h.tail.load(std::memory_order_seq_cst) != tail || h.closed.load(std::memory_order_seq_cst) != 0) {
    return std::nullopt;
  }
  Status status = sleep(options.deadline, options.interrupt);
  reception.has_slept = true;
  if (status != Status::Done) return leave_empty_handed(status);
  return std::nullopt;
}

/// Ends a wait that found nothing; a wake-up that was meant for us goes to the next.
Error Mailbox::Core::leave_empty_handed(Status status) {
  if (lock_head() != Status::Done) return error(Status::Damaged);
  bool was_woken = people_[me_].wake.load(std::memory_order_relaxed) != 0;
  stop_waiting(kWaiting | kPromised | kWaitsForRole);
  give_up_role();
  unlock_head();
  if (was_woken) hand_on();
  return error(status);
}

/// A sender that runs on this CPU: giving way to it costs less than a sleep and being woken from it. Where others run
/// here too, it is they who get the time slice; then sleeping is better for a while, twice as long each time this is
/// found.
void Mailbox::Core::yield_to_sender() {
  if (yields_to_skip_ > 0) {
    --yields_to_skip_;
    return;
  }
  Deadline start = now_ns();
  sched_yield();
  if (now_ns() - start < kLongYield) {
    skipped_yields_ = kLeastSkippedYields;
    return;
  }
  yields_to_skip_ = skipped_yields_;
  skipped_yields_ = std::min(skipped_yields_ * 2, kMostSkippedYields);
}

/// A sender on another CPU is often quicker than a sleep. True when the tail moved.
bool Mailbox::Core::spin_for_message(uint64_t tail) {
  // Who only receives is served better by many messages a little later; who has sent something waits for the answer.
  if (sends_seen_ == t_sends) dawdle(kHeadStart);
  sends_seen_ = t_sends;
  Deadline end = now_ns() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (header_->tail.load(std::memory_order_acquire) != tail) return true;
      relax();
    }
  } while (now_ns() < end);
  return false;
}

// --- Finding

void Mailbox::Core::advance_head() {
  Header& h = *header_;
  uint64_t head = h.head.load(std::memory_order_relaxed);
  uint64_t start = head;
  if (h.tail_seen - head > ring_mask_ + 1) h.tail_seen = h.tail.load(std::memory_order_acquire);
  while (head < h.tail_seen && slot(head).state.load(std::memory_order_relaxed) == kFree &&
         head - start <= ring_mask_) {
    ++head;
  }
  if (head != start) h.head.store(head, std::memory_order_release);
}

/// Whether a message is under lease of a process that the kernel says is dead.
bool Mailbox::Core::has_orphaned_lease() {
  if (header_->leased.load(std::memory_order_relaxed) == 0) return false;
  for (uint32_t i = 0; i < people_used(); ++i) {
    if (people_[i].leases != 0 && people_[i].life.is_orphaned()) return true;
  }
  return false;
}

bool Mailbox::Core::fits(const Slot& message, const ReceiveOptions& options) const {
  if (options.type && message.type != *options.type) return false;
  if (options.from != 0 && message.sender != options.from) return false;
  if (message.priority < options.priority_min) return false;
  return config_.policy != Policy::All || (message.readers >> me_ & 1) != 0;
}

/// Committed, and not the message of a rendezvous whose sender died waiting (which is removed here).
bool Mailbox::Core::is_takeable(const Slot& message) {
  if (message.state.load(std::memory_order_acquire) != kCommitted) return false;
  uint32_t waiter = message.waiter;
  if (waiter == 0 || config_.capacity != 0 || waiter > kParticipants) return true;
  return !is_dead(waiter - 1, false);
}

Mailbox::Core::Found Mailbox::Core::find(const ReceiveOptions& options, bool promised) {
  Header& h = *header_;
  uint64_t head = h.head.load(std::memory_order_relaxed);
  bool is_plain = config_.order == Order::Fifo && config_.policy != Policy::All && !options.last && !options.type &&
                  options.from == 0 && options.priority_min == 0;
  if (is_plain && head < h.tail_seen && h.promised.load(std::memory_order_relaxed) == 0) {
    fetch_ahead(head);
    if (is_takeable(slot(head))) [[likely]]
      return {head, true};
  }
  advance_head();
  head = h.head.load(std::memory_order_relaxed);
  uint64_t tail = h.tail.load(std::memory_order_seq_cst);
  if (tail - head > ring_mask_ + 1) {
    h.broken.store(1, std::memory_order_relaxed);  // cannot be: the next to lock puts it right
    return {};
  }
  h.tail_seen = tail;
  if (head == tail) return {};
  uint64_t promises = h.promised.load(std::memory_order_relaxed);
  if (promises != 0 && !promised) {  // what others were woken for is theirs
    uint64_t committed = tail - h.taken.load(std::memory_order_relaxed) - h.leased.load(std::memory_order_relaxed);
    if (committed <= promises) return {};
  }
  return find_best(options, head, tail);
}

Mailbox::Core::Found Mailbox::Core::find_best(const ReceiveOptions& options, uint64_t head, uint64_t tail) {
  bool by_priority = config_.order == Order::Priority && !options.last;
  int highest = -1;  // the priority above which nothing waits, when that is known
  if (by_priority) {
    for (int b = kBuckets - 1; b >= 0 && highest < 0; --b) {
      if (header_->buckets[static_cast<size_t>(b)].load(std::memory_order_relaxed) != 0) highest = b;
    }
    if (highest == kBuckets - 1) highest = kMaxPriority;
  }
  Found best;
  for (uint64_t n = 0; n < tail - head; ++n) {
    uint64_t p = options.last ? tail - 1 - n : head + n;
    const Slot& message = slot(p);
    if (!is_takeable(message) || !fits(message, options)) continue;
    if (!by_priority) return {p, true};
    if (!best.is_found || message.priority > slot(best.position).priority) best = {p, true};
    if (slot(best.position).priority == highest) break;
  }
  return best;
}

std::optional<uint64_t> Mailbox::Core::position_of(uint64_t id) {
  uint64_t head = header_->head.load(std::memory_order_relaxed);
  uint64_t tail = header_->tail.load(std::memory_order_acquire);
  if (tail - head > ring_mask_ + 1 || id == 0 || id > tail) return {};
  auto is_it = [&](uint64_t p) {
    return slot(p).sequence == id && slot(p).state.load(std::memory_order_relaxed) != kFree;
  };
  if (id - 1 >= head && is_it(id - 1)) return id - 1;  // where it was put, unless the ring was compacted
  for (uint64_t p = std::max(head, id - 1); p < tail; ++p) {
    if (is_it(p)) return p;
  }
  return {};
}

// --- Taking

/// What receive() does with the oldest message as long as that is small and known to be there and nothing is promised
/// or leased. False: nothing was done.
bool Mailbox::Core::take_at_once(Message& message) {
  Hold hold = hold_head();
  if (hold == Hold::Not) [[unlikely]]
    return false;
  Header& h = *header_;
  uint64_t head = h.head.load(std::memory_order_relaxed);
  Slot& source = slot(head);
  if (head >= h.tail_seen || h.leased.load(std::memory_order_relaxed) != 0 ||
      h.promised.load(std::memory_order_relaxed) != 0 || source.state.load(std::memory_order_acquire) != kCommitted ||
      source.first_block != 0 || source.length > kInline) {
    release_head(hold);
    return false;
  }
  raise_herald_for(h.space_attention);
  fetch_ahead(head);
  describe(source, message);
  std::memcpy(message.body.resize(kInline), source.body, kInline);  // of a fixed size: no call
  message.body.resize(source.length);
  if (is_attached()) ++people_[me_].received;
  h.received.store(h.received.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  free_slot(head);
  h.head.store(head + 1, std::memory_order_release);
  h.receive_cpu.store(current_cpu(), std::memory_order_relaxed);
  if (hold == Hold::Locked) earn_bias(h.head_bias, plain_takes_);
  release_head(hold);
  after_taking();
  return true;
}

/// Fetches slots that will be read soon.
void Mailbox::Core::fetch_ahead(uint64_t head) {
  if (head + kAhead >= header_->tail_seen) return;
  const auto* next = reinterpret_cast<const char*>(&slot(head + kAhead));
  prefetch_to_write(next);
  __builtin_prefetch(next + 64);
}

/// Everything of a message but its body.
void Mailbox::Core::describe(const Slot& source, Message& message) {
  message.id = source.sequence;
  message.type = source.type;
  message.priority = source.priority;
  message.sender = source.sender;
  message.is_redelivered = (source.flags & kRedelivered) != 0;
}

Outcome<void> Mailbox::Core::take(uint64_t position, Message& message, const ReceiveOptions& options) {
  Slot& source = slot(position);
  uint32_t length = source.length;
  if (length > config_.max_message || (length > kInline) != (source.first_block != 0)) {
    free_slot(position);  // nobody can make sense of it
    advance_head();
    give_up_role();
    unlock_head();
    return error(Status::Damaged);
  }
  describe(source, message);
  if (is_attached()) people_[me_].received += options.peek ? 0 : 1;
  bool is_shared = options.peek || config_.policy == Policy::All;
  Status status =
      length <= kBlock || is_shared ? take_small(position, message, options) : take_large(position, message, options);
  if (status == Status::TooBig) return {Status::Failed, "out of memory", ENOMEM};
  after_taking();
  return status == Status::Done ? Outcome<void>() : error(status);
}

/// Without locks: wakes who waits for the space, and the next receiver when there is more.
void Mailbox::Core::after_taking() {
  Header& h = *header_;
  // Against a sender that enters itself as waiting, for which it takes head_lock and so ends the bias, and then looks
  // at what was taken.
  barrier_after_unlock();
  if (h.space_attention.load(std::memory_order_seq_cst) != 0) announce_space();
  if (h.attention.load(std::memory_order_relaxed) != 0 &&
      h.tail.load(std::memory_order_relaxed) - h.taken.load(std::memory_order_relaxed) >
          h.leased.load(std::memory_order_relaxed)) {
    hand_on();
  }
  lower_herald();
}

/// Under the lock from start to end; gives it up.
Status Mailbox::Core::take_small(uint64_t position, Message& message, const ReceiveOptions& options) {
  Slot& source = slot(position);
  uint32_t length = source.length;
  char* to = nullptr;
  try {
    to = message.body.resize(std::min<size_t>(length, config_.max_message));
  } catch (const std::bad_alloc&) {
    give_up_role();
    unlock_head();
    return Status::TooBig;
  }
  bool whole = true;
  if (source.first_block == 0) {
    if (length != 0) std::memcpy(to, source.body, std::min<size_t>(length, kInline));
  } else {
    whole = copy_out(source.first_block, to, message.body.size());
  }
  settle(position, options);
  advance_head();
  give_up_role();
  header_->receive_cpu.store(current_cpu(), std::memory_order_relaxed);
  unlock_head();
  return whole ? Status::Done : Status::Damaged;
}

/// The copy happens outside of the lock; the slot says that we are at it.
Status Mailbox::Core::take_large(uint64_t position, Message& message, const ReceiveOptions& options) {
  Header& h = *header_;
  ParticipantRecord& record = people_[me_];
  uint32_t first = slot(position).first_block;
  uint32_t length = slot(position).length;
  Slot& source = slot(position);
  source.holder = static_cast<uint32_t>(me_) + 1;
  ++record.leases;
  h.leased.fetch_add(1, std::memory_order_relaxed);
  source.state.store(kTaking, std::memory_order_release);
  h.receive_cpu.store(current_cpu(), std::memory_order_relaxed);
  unlock_head();
  bool has_memory = true;
  bool whole = false;
  try {
    whole = copy_out(first, message.body.resize(length), length);
  } catch (const std::bad_alloc&) {
    has_memory = false;
  }
  if (Status status = lock_head(); status != Status::Done) return status;
  auto now_at = position_of(message.id);
  if (now_at) {
    Slot& taken = slot(*now_at);
    --record.leases;
    h.leased.fetch_sub(1, std::memory_order_relaxed);
    taken.holder = 0;
    taken.state.store(kCommitted, std::memory_order_relaxed);
    if (has_memory) settle(*now_at, options);
    advance_head();
  }
  give_up_role();
  unlock_head();
  if (!has_memory) return Status::TooBig;
  return now_at && whole ? Status::Done : Status::Damaged;
}

/// The body was copied: what becomes of the message.
void Mailbox::Core::settle(uint64_t position, const ReceiveOptions& options) {
  Slot& message = slot(position);
  if (options.peek) return;
  Header& h = *header_;
  raise_herald_for(h.space_attention);
  if (options.lease) {
    message.holder = static_cast<uint32_t>(me_) + 1;
    ++people_[me_].leases;
    h.leased.fetch_add(1, std::memory_order_relaxed);
    message.state.store(kLeased, std::memory_order_release);
    message.waiter = 0;  // it has met its receiver, whatever becomes of that one
    return;
  }
  h.received.store(h.received.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (config_.policy == Policy::All) {
    message.readers &= ~(uint64_t{1} << me_);
    if (message.readers != 0) return;
  }
  free_slot(position);
}

/// Removes the message: from the store of its state on it is gone; its blocks and counts follow.
void Mailbox::Core::free_slot(uint64_t position) {
  Header& h = *header_;
  Slot& message = slot(position);
  uint32_t length = message.length;
  uint32_t first = message.first_block;
  message.state.store(kFree, std::memory_order_release);
  h.payload_taken.store(h.payload_taken.load(std::memory_order_relaxed) + length, std::memory_order_relaxed);
  if (config_.order == Order::Priority) {
    auto bucket = std::min<uint32_t>(static_cast<uint32_t>(message.priority), kBuckets - 1);
    h.buckets[bucket].fetch_sub(1, std::memory_order_relaxed);
  }
  if (first != 0) give_back_blocks(first, blocks_for(length));
  h.taken.store(h.taken.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// --- Policies

/// Policy::All: from now on every message is for us too; so are those that nobody was there for.
void Mailbox::Core::subscribe() {
  Header& h = *header_;
  uint64_t bit = uint64_t{1} << me_;
  if (h.subscribers.fetch_or(bit, std::memory_order_relaxed) == 0) {
    uint64_t tail = h.tail.load(std::memory_order_acquire);
    for (uint64_t p = h.head.load(std::memory_order_relaxed), end = bounded(p, tail); p < end; ++p) {
      if (slot(p).state.load(std::memory_order_relaxed) == kCommitted && slot(p).readers == 0) slot(p).readers = bit;
    }
  }
  people_[me_].flags |= kSubscribed;
  is_subscribed_ = true;
}

/// Policy::Single: one receiver at a time; with time slots, the same one until its slot has passed.
Mailbox::Core::Role Mailbox::Core::take_role() {
  Header& h = *header_;
  uint32_t me = static_cast<uint32_t>(me_) + 1;
  uint32_t holder = h.role_holder;
  bool has_slots = config_.turn_ns > 0;
  Deadline now = has_slots ? now_ns() : 0;
  if (holder != 0 && holder != me && holder <= kParticipants && !is_dead(holder - 1, false)) {
    if (has_slots ? now < h.role_until : h.role_active != 0) return Role::Busy;
  }
  if (has_slots && (holder != me || now >= h.role_until)) h.role_until = now + config_.turn_ns;
  h.role_holder = me;
  h.role_active = 1;
  has_role_ = true;
  return Role::Mine;
}

/// The end of one receive; without time slots the next receiver's time has come.
void Mailbox::Core::give_up_role() {
  if (!has_role_) return;
  has_role_ = false;
  Header& h = *header_;
  if (h.role_holder != static_cast<uint32_t>(me_) + 1) return;
  h.role_active = 0;
  if (config_.turn_ns > 0) return;
  h.role_holder = 0;
  int next = -1;
  for (uint32_t i = 0; i < people_used(); ++i) {
    if ((people_[i].flags & kWaitsForRole) == 0 || people_[i].life.is_orphaned()) continue;
    if (next < 0 || people_[i].ticket < people_[next].ticket) next = static_cast<int>(i);
  }
  if (next < 0) return;
  wake_participant(static_cast<uint32_t>(next));
  wake(people_[next].wake, 1);
}

// --- Leases and the rest

Outcome<void> Mailbox::Core::finish_lease(uint64_t id, bool done) {
  if (Status status = lock_head(); status != Status::Done) return error(status);
  auto position = position_of(id);
  bool is_ours = false;
  if (position && slot(*position).state.load(std::memory_order_relaxed) == kLeased) {
    uint32_t holder = slot(*position).holder;
    is_ours = holder >= 1 && holder <= kParticipants && people_[holder - 1].identity == ProcessIdentity::self();
  }
  if (!is_ours) {
    unlock_head();
    return {Status::NoObject, "this process holds no such message under lease", ENOENT};
  }
  Slot& message = slot(*position);
  ParticipantRecord& holder = people_[message.holder - 1];
  Arrival arrival{message.type, message.sender, message.priority};
  raise_herald_for(done ? header_->space_attention : header_->attention);
  if (done) {
    free_slot(*position);
    advance_head();
    header_->received.fetch_add(1, std::memory_order_relaxed);
  } else {
    ring_listeners();
    message.flags |= kRedelivered;
    message.holder = 0;
    message.state.store(kCommitted, std::memory_order_release);
  }
  if (holder.leases > 0) --holder.leases;
  header_->leased.fetch_sub(1, std::memory_order_relaxed);
  unlock_head();
  if (done) {
    announce_space();
  } else if (header_->attention.load(std::memory_order_seq_cst) != 0) {
    announce(arrival);
  }
  lower_herald();
  return {};
}

/// Policy::All: our copy of the message, at which we have peeked, is done with.
Outcome<void> Mailbox::Core::finish_copy(uint64_t id) {
  if (Status status = lock_head(); status != Status::Done) return error(status);
  auto position = position_of(id);
  bool is_ours = position && is_attached() && (slot(*position).readers >> me_ & 1) != 0;
  if (is_ours) {
    settle(*position, {});
    ++people_[me_].received;
    advance_head();
  }
  unlock_head();
  if (!is_ours) return {Status::NoObject, "this process holds no copy of such a message", ENOENT};
  after_taking();
  return {};
}

std::vector<uint64_t> Mailbox::Core::leases() {
  std::vector<uint64_t> ids;
  if (lock_head() != Status::Done) return ids;
  uint64_t tail = header_->tail.load(std::memory_order_acquire);
  uint64_t head = header_->head.load(std::memory_order_relaxed);
  for (uint64_t p = head; p < tail && p - head <= ring_mask_; ++p) {
    const Slot& message = slot(p);
    if (message.state.load(std::memory_order_relaxed) != kLeased) continue;
    if (message.holder == 0 || message.holder > kParticipants) continue;
    if (people_[message.holder - 1].identity == ProcessIdentity::self()) ids.push_back(message.sequence);
  }
  unlock_head();
  return ids;
}

Outcome<uint64_t> Mailbox::Core::flush() {
  if (auto allowed = allow(Right::Receive); !allowed) return allowed.error();
  if (Status status = lock_head(); status != Status::Done) return error(status);
  uint64_t tail = header_->tail.load(std::memory_order_acquire);
  uint64_t head = header_->head.load(std::memory_order_relaxed);
  uint64_t count = 0;
  raise_herald_for(header_->space_attention);
  for (uint64_t p = head; p < tail && p - head <= ring_mask_; ++p) {
    if (slot(p).state.load(std::memory_order_acquire) != kCommitted) continue;
    free_slot(p);
    ++count;
  }
  header_->tail_seen = tail;
  advance_head();
  unlock_head();
  for (uint64_t i = 0; i < count && header_->space_attention.load(std::memory_order_seq_cst) != 0; ++i) {
    announce_space();
  }
  lower_herald();
  return count;
}

ReceiptState Mailbox::Core::receipt(uint64_t id) {
  if (lock_head() != Status::Done) return ReceiptState::NeverSent;
  ReceiptState state = ReceiptState::Gone;
  if (id == 0 || id > header_->tail.load(std::memory_order_acquire)) {
    state = ReceiptState::NeverSent;
  } else if (auto position = position_of(id)) {
    bool is_leased = slot(*position).state.load(std::memory_order_relaxed) == kLeased;
    state = is_leased ? ReceiptState::Leased : ReceiptState::Waiting;
  }
  unlock_head();
  return state;
}

bool Mailbox::Core::is_ready(const ReceiveOptions& options) {
  Header& h = *header_;
  uint64_t tail = h.tail.load(std::memory_order_acquire);
  if (tail == h.taken.load(std::memory_order_acquire)) return is_closing(false);
  if (config_.policy == Policy::All && !is_attached()) return true;
  if (lock_head() != Status::Done) return true;
  bool ready = find(options, false).is_found || is_closing(false);
  bool is_held = h.leased.load(std::memory_order_relaxed) != 0;
  unlock_head();
  if (ready || !is_held || !reclaim_dead(true)) return ready;  // the dead may hold it under lease
  if (lock_head() != Status::Done) return true;
  ready = find(options, false).is_found;
  unlock_head();
  return ready;
}

}  // namespace mish::ipc
