// SPDX-License-Identifier: GPL-3.0-or-later
// Sending. Bodies of up to one block are copied in under the tail lock. Larger ones are copied in outside of it, into
// blocks entered in this process's record, and put into the ring under the lock again: a sender that dies in between
// leaves nothing but blocks that the next one to need them takes back. One store commits a message: that of the tail.
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr Deadline kSpin = 8'000;
constexpr Deadline kHeadStart = 1'800;     // of a receiver when the mailbox is full
constexpr uint64_t kWorthAHeadStart = 32;  // messages
constexpr uint64_t kAhead = 12;            // slots fetched ahead

}  // namespace

Outcome<void> Mailbox::Core::check_size(std::string_view body, const SendOptions& options) const {
  if (body.size() > config_.max_message) {
    return {Status::TooBig,
            fmt::format("message of {} bytes; the largest allowed is {}", body.size(), config_.max_message), EMSGSIZE};
  }
  if (options.priority < 0 || options.priority > kMaxPriority) {
    return {Status::Usage, fmt::format("priority must be 0 to {}", kMaxPriority)};
  }
  return {};
}

/// Fills the next slot and moves the tail. Inline, so that what a caller knows costs it nothing.
[[gnu::always_inline]] inline uint64_t Mailbox::Core::commit(std::string_view body, const SendOptions& options,
                                                             uint32_t first_block, bool is_rendezvous) {
  Header& h = *header_;
  uint64_t position = h.tail.load(std::memory_order_relaxed);
  Slot& message = slot(position);
  message.flags = 0;
  message.sequence = position + 1;
  message.length = static_cast<uint32_t>(body.size());
  message.first_block = first_block;
  message.type = options.type;
  message.priority = options.priority;
  message.sender = ProcessIdentity::self().pid;
  message.holder = 0;
  message.waiter = is_rendezvous ? static_cast<uint32_t>(me_) + 1 : 0;
  message.readers = config_.policy == Policy::All ? h.subscribers.load(std::memory_order_relaxed) : 0;
  if (first_block == 0 && !body.empty()) std::memcpy(message.body, body.data(), body.size());
  if (config_.order == Order::Priority) {
    auto bucket = std::min<size_t>(static_cast<size_t>(options.priority), kBuckets - 1);
    h.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  }
  message.state.store(kCommitted, std::memory_order_release);
  h.payload_sent.store(h.payload_sent.load(std::memory_order_relaxed) + body.size(), std::memory_order_relaxed);
  h.send_cpu.store(current_cpu(), std::memory_order_relaxed);
  h.tail.store(position + 1, std::memory_order_release);
  const auto* next = reinterpret_cast<const char*>(&slot(position + kAhead));
  prefetch_to_write(next);
  prefetch_to_write(next + 64);
  return position + 1;
}

[[gnu::always_inline]] inline void Mailbox::Core::after_commit(const SendOptions& options) {
  Header& h = *header_;
  // Against a receiver that enters itself as waiting and then looks at the tail; with the bias, the receiver's barrier.
  barrier_after_unlock();
  if (h.attention.load(std::memory_order_seq_cst) != 0) {
    announce({options.type, ProcessIdentity::self().pid, options.priority});
    drop_bias(h.tail_bias, plain_sends_);  // who sleeps and wakes all the time is not to need barriers for it
  }
  lower_herald();
  // Another sender may sleep although there is room, when one that was woken died.
  if (h.space_attention.load(std::memory_order_relaxed) != 0 && config_.capacity != 0 &&
      h.tail.load(std::memory_order_relaxed) - h.taken.load(std::memory_order_relaxed) < capacity_limit()) {
    announce_space();
  }
}

/// What send_when_possible() does with a small message of a plain mailbox, as long as there is room and nobody listens.
/// Returns its id; 0: nothing was done.
uint64_t Mailbox::Core::send_at_once(std::string_view body, const SendOptions& options) {
  Hold hold = hold_tail();
  if (hold == Hold::Not) [[unlikely]]
    return 0;
  const Header& h = *header_;
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  uint64_t reserved = h.reserved.load(std::memory_order_relaxed);
  barrier_after_lock();  // with the bias: of who asks for the bell (let_sender_finish)
  bool has_room = tail - h.taken_seen + reserved < config_.capacity && tail - h.head_seen + reserved <= ring_mask_;
  if (!has_room || h.listening.load(std::memory_order_seq_cst) != 0 || is_closing(false)) [[unlikely]] {
    release_tail(hold);
    return 0;
  }
  raise_herald_for(h.attention);
  uint64_t id = commit(body, options, 0, false);
  if (hold == Hold::Locked) earn_bias(header_->tail_bias, plain_sends_);
  release_tail(hold);
  after_commit(options);
  return id;
}

Outcome<uint64_t> Mailbox::Core::send(std::string_view body, const SendOptions& options) {
  ++t_sends;
  if (!may(Right::Send)) [[unlikely]] {
    if (auto allowed = ask_leave(Right::Send); !allowed) return allowed.error();
  }
  if (body.size() > config_.max_message || static_cast<uint32_t>(options.priority) > kMaxPriority) [[unlikely]] {
    return check_size(body, options).error();
  }
  if (is_owner_absent()) [[unlikely]]
    (void)is_closing(true);
  if (is_plain_ && body.size() <= kInline && !options.sync && has_joined()) [[likely]] {
    if (uint64_t id = send_at_once(body, options); id != 0) [[likely]]
      return id;
  }
  return send_when_possible(body, options);
}

Outcome<uint64_t> Mailbox::Core::send_when_possible(std::string_view body, const SendOptions& options) {
  const bool is_rendezvous = config_.capacity == 0 && options.deadline != kNoWait;
  const bool is_large = body.size() > kBlock;
  const uint32_t blocks = blocks_for(body.size());
  if (!has_joined()) {
    if (auto joined = join_pair(); !joined) return joined.error();
  }
  if ((is_large || is_rendezvous || options.sync) && !is_attached()) {
    if (auto attached = attach(); !attached) return attached.error();
  }
  if (auto room = acquire_room(blocks, options); !room) return room.error();
  // With tail_lock from here on.
  uint32_t first_block = 0;
  if (is_large) {
    first_block = reserve(body, blocks);  // gives the lock up and takes it again
    if (first_block == 0) return error(Status::Damaged);
  }
  ring_doorbells();
  if (config_.policy == Policy::All) {
    if (Status status = lock_head_too(); status != Status::Done) {
      unlock_tail();
      return error(status);
    }
  }
  if (blocks == 1 && !is_large) {  // after the locks: a rebuild would find the block on no list and free it
    first_block = take_blocks(1);
    if (first_block == 0) {
      if (config_.policy == Policy::All) unlock_head();
      unlock_tail();
      return error(Status::Damaged);
    }
    std::memcpy(block(first_block), body.data(), body.size());
  }
  raise_herald_for(header_->attention);
  uint64_t id = commit(body, options, first_block, is_rendezvous);
  if (is_large) {
    people_[me_].reserved_block = 0;
    people_[me_].is_reserving = 0;
    header_->reserved.fetch_sub(1, std::memory_order_relaxed);
  }
  if (config_.policy == Policy::All) unlock_head();
  unlock_tail();
  after_commit(options);
  if (is_rendezvous || options.sync) {
    if (auto taken = wait_until_taken(id, options, is_rendezvous); !taken) return taken.error();
  }
  return id;
}

/// Waits until a message with `blocks` blocks fits. On success tail_lock is held.
Outcome<void> Mailbox::Core::acquire_room(uint32_t blocks, const SendOptions& options) {
  bool waiting = false;
  bool has_place = false;
  bool reclaimed = false;
  bool spun = options.deadline == kNoWait || config_.on_full != OnFull::Block;
  auto stop = [&] {
    if (!waiting || lock_head() != Status::Done) return;
    stop_waiting(kWaitsForSpace | kWaitsForBytes);
    unlock_head();
    waiting = false;
  };
  for (;;) {
    if (Status status = lock_tail(); status != Status::Done) return error(status);
    if (is_closing(false)) [[unlikely]] {
      unlock_tail();
      stop();
      return error(Status::Closed);
    }
    Room room = find_room(blocks);
    if (config_.capacity == 0 && options.deadline == kNoWait && room == Room::Enough &&
        !has_waiting_receiver(options)) {
      unlock_tail();
      return {Status::WouldBlock, "no receiver is waiting", EAGAIN};
    }
    if (room == Room::Enough) [[likely]] {
      if (!waiting) return {};
      unlock_tail();  // leave the list of the waiting, then take what is there
      stop();
      continue;
    }
    bool is_full = room == Room::FullMessages || room == Room::FullBytes;
    uint64_t taken = header_->taken.load(std::memory_order_relaxed);
    if (is_full && config_.on_full == OnFull::DropOldest) {
      bool is_reserved = header_->reserved.load(std::memory_order_relaxed) != 0;
      if (is_reserved && !reclaimed) {  // by the dead, maybe: no message has to make room for those
        unlock_tail();
        reclaimed = true;
        reclaim_dead(false);
        continue;
      }
      if (drop_oldest()) {
        unlock_tail();
        continue;
      }
    }
    unlock_tail();
    if (room == Room::Damaged) return error(Status::Damaged);
    if (is_full && !spun) {
      spun = true;
      if (spin_for_space(taken)) continue;
    }
    if (!reclaimed && !waiting) {  // the dead may hold what we need
      reclaimed = true;
      if (reclaim_dead(true)) continue;
    }
    if (auto refusal = why_not_wait(room, blocks, options)) {
      stop();
      return *refusal;
    }
    if (auto attached = attach(); !attached) return attached;
    if (!waiting) {
      if (Status status = lock_head(); status != Status::Done) return error(status);
      start_waiting(room == Room::FullBytes ? kWaitsForSpace | kWaitsForBytes : uint32_t{kWaitsForSpace}, nullptr,
                    has_place);
      has_place = true;
      unlock_head();
      waiting = true;  // and look once more: what was freed before nobody told us of
      continue;
    }
    Status status = header_->closed.load(std::memory_order_seq_cst) != 0 ? Status::Done
                                                                         : sleep(options.deadline, options.interrupt);
    stop();
    if (status != Status::Done) return error(status);
  }
}

/// Why nobody waits for this room; nothing where a receiver may make it.
std::optional<Error> Mailbox::Core::why_not_wait(Room room, uint32_t blocks, const SendOptions& options) const {
  if (room == Room::NoSpace) return no_space(static_cast<size_t>(blocks) * kBlock);
  if (room == Room::FullBytes && config_.capacity == kUnbounded) {
    constexpr const char* kFull = "full: its limit of {} bytes is used up; receive some, or make it with more --bytes";
    return Error{Status::TooBig, ENOSPC, fmt::format(kFull, config_.bytes)};
  }
  if (config_.on_full == OnFull::Fail || options.deadline == kNoWait) return Error{Status::WouldBlock, EAGAIN, "full"};
  return std::nullopt;
}

/// A receiver on another CPU frees space sooner than a sleep takes.
bool Mailbox::Core::spin_for_space(uint64_t taken) {
  Header& h = *header_;
  if (h.receive_cpu.load(std::memory_order_relaxed) == current_cpu()) return false;
  if (config_.capacity >= kWorthAHeadStart) dawdle(kHeadStart);
  Deadline end = now_ns() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (h.taken.load(std::memory_order_acquire) != taken) return true;
      relax();
    }
  } while (now_ns() < end);
  return false;
}

/// Copies a large body in outside of the lock; returns its chain, with tail_lock held, or 0 without it.
uint32_t Mailbox::Core::reserve(std::string_view body, uint32_t blocks) {
  ParticipantRecord& record = people_[me_];
  uint32_t first = take_blocks(blocks);
  if (first == 0) {
    unlock_tail();
    return 0;
  }
  record.is_reserving = 1;
  record.reserved_block = first;
  header_->reserved.fetch_add(1, std::memory_order_relaxed);
  unlock_tail();
  copy_in(first, body);
  if (lock_tail() != Status::Done) return 0;
  return first;
}

/// Removes the oldest message nobody holds. With tail_lock. False when there is none.
bool Mailbox::Core::drop_oldest() {
  if (lock_head_too() != Status::Done) return false;
  Header& h = *header_;
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  bool dropped = false;
  for (uint64_t p = h.head.load(std::memory_order_relaxed), end = bounded(p, tail); p < end && !dropped; ++p) {
    if (slot(p).state.load(std::memory_order_relaxed) != kCommitted) continue;
    free_slot(p);
    advance_head();
    h.dropped.fetch_add(1, std::memory_order_relaxed);
    dropped = true;
  }
  unlock_head();
  return dropped;
}

bool Mailbox::Core::has_waiting_receiver(const SendOptions& options) {
  if (lock_head_too() != Status::Done) return false;
  bool found = choose({options.type, ProcessIdentity::self().pid, options.priority}) >= 0;
  unlock_head();
  return found;
}

/// Sleeps until the message was taken. When that is given up and `retract`, the message is taken back, unless a
/// receiver is at it.
Outcome<void> Mailbox::Core::wait_until_taken(uint64_t id, const SendOptions& options, bool retract) {
  Status giving_up = Status::Done;
  for (;;) {
    if (Status status = lock_head(); status != Status::Done) return error(status);
    stop_waiting(kWaitsForTaking);
    auto position = position_of(id);
    uint32_t state = position ? slot(*position).state.load(std::memory_order_relaxed) : kFree;
    if (state == kFree || state == kLeased) {
      unlock_head();
      return {};
    }
    if (giving_up != Status::Done && (!retract || state == kCommitted)) {
      if (retract) {
        free_slot(*position);
        advance_head();
      }
      unlock_head();
      announce_space();
      return error(giving_up);
    }
    start_waiting(kWaitsForTaking, nullptr, false);
    unlock_head();
    if (giving_up == Status::Done && header_->closed.load(std::memory_order_seq_cst) != 0) {
      giving_up = Status::Closed;
      continue;
    }
    bool patient = giving_up == Status::Done;
    Status status = sleep(patient ? options.deadline : kForever, patient ? options.interrupt : Interrupt{});
    if (patient) giving_up = status;
  }
}

}  // namespace mish::ipc
