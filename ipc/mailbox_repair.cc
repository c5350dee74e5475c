// SPDX-License-Identifier: GPL-3.0-or-later
// Locks of a mailbox, and what happens when a holder died: everything derived is made anew from the slots. A repair
// that is itself killed leaves the mailbox broken, and the next process starts it over.
#include <algorithm>
#include <cstring>
#include <vector>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

/// What lock_tail() and lock_head() do when taking the lock was not all: follows a ring that moved, or repairs.
Status Mailbox::Core::lock_slow(RobustLock& lock, Bias& bias, LockResult result) {
  for (;;) {
    if (result == LockResult::Damaged) return Status::Damaged;
    if (result == LockResult::OwnerDied) header_->broken.store(1, std::memory_order_relaxed);
    bool is_broken = header_->broken.load(std::memory_order_relaxed) != 0;
    // The ring moves only under both locks, so one is enough to look at it.
    if (!is_broken && !mapping_.is_damaged() && refresh_ring()) return Status::Done;
    lock.unlock();
    if (!is_broken) return Status::Damaged;
    if (Status status = lock_both(); status != Status::Done) return status;
    unlock_both();
    result = take_lock(lock, bias);
    if (result == LockResult::Locked && is_whole()) return Status::Done;
  }
}

Status Mailbox::Core::lock_both_as_is() {
  if (mapping_.is_damaged()) return Status::Damaged;
  LockResult result = take_lock(header_->tail_lock, header_->tail_bias);
  if (result == LockResult::Damaged) return Status::Damaged;
  if (result == LockResult::OwnerDied) header_->broken.store(1, std::memory_order_relaxed);
  result = take_lock(header_->head_lock, header_->head_bias);
  if (result == LockResult::Damaged) {
    unlock_tail();
    return Status::Damaged;
  }
  if (result == LockResult::OwnerDied) header_->broken.store(1, std::memory_order_relaxed);
  return Status::Done;
}

Status Mailbox::Core::lock_both() {
  if (Status status = lock_both_as_is(); status != Status::Done) return status;
  if (is_whole()) [[likely]]
    return Status::Done;
  Status status = rebuild();
  if (status != Status::Done) unlock_both();
  return status;
}

Status Mailbox::Core::lock_head_too() {
  LockResult result = take_lock(header_->head_lock, header_->head_bias);
  if (result == LockResult::Damaged) return Status::Damaged;
  if (result == LockResult::OwnerDied) header_->broken.store(1, std::memory_order_relaxed);
  if (is_whole()) [[likely]]
    return Status::Done;
  Status status = rebuild();
  if (status != Status::Done) unlock_head();
  return status;
}

Status Mailbox::Core::rebuild() {
  if (mapping_.is_damaged() || !refresh_ring()) return Status::Damaged;
  Header& h = *header_;
  if (h.broken.load(std::memory_order_relaxed) == 0) return Status::Done;
  settle_positions();
  rebuild_blocks();
  recount();
  h.repairs.fetch_add(1, std::memory_order_relaxed);
  if (mapping_.is_damaged()) return Status::Damaged;
  h.broken.store(0, std::memory_order_release);
  reclaim_dead_locked(false);
  return Status::Done;
}

/// Head and tail. Every operation that can die half-way leaves the slots in order: a send that did not move the tail
/// did not happen, a compaction may have a message in two places.
void Mailbox::Core::settle_positions() {
  Header& h = *header_;
  uint64_t head = h.head.load(std::memory_order_relaxed);
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  uint64_t size = ring_mask_ + 1;
  if (tail < head || tail - head > size) return salvage();
  uint64_t last = 0;
  uint64_t last_position = 0;
  for (uint64_t p = head; p < tail; ++p) {
    Slot& message = slot(p);
    uint32_t state = message.state.load(std::memory_order_relaxed);
    if (state > kTaking) message.state.store(kFree, std::memory_order_relaxed);
    if (state == kFree || state > kTaking) continue;
    if (message.sequence == 0 || message.sequence > p + 1 || message.sequence < last) return salvage();
    if (message.sequence == last) slot(last_position).state.store(kFree, std::memory_order_relaxed);
    last = message.sequence;
    last_position = p;
  }
  for (uint64_t p = tail; p < head + size; ++p) slot(p).state.store(kFree, std::memory_order_relaxed);
  h.tail_seen = tail;
}

/// The positions make no sense: somebody else wrote here. Keeps what looks like a message, in the order of sequences.
void Mailbox::Core::salvage() {
  Header& h = *header_;
  uint64_t size = ring_mask_ + 1;
  struct Copy {
    alignas(Slot) char bytes[sizeof(Slot)];
    uint64_t sequence;
  };
  std::vector<Copy> kept;
  for (uint64_t i = 0; i < size; ++i) {
    Slot& message = slot(i);
    uint32_t state = message.state.load(std::memory_order_relaxed);
    if (state == kFree || state > kTaking || message.sequence == 0 || message.sequence > UINT64_MAX / 2) continue;
    Copy copy;
    std::memcpy(copy.bytes, static_cast<const void*>(&message), sizeof(Slot));
    copy.sequence = message.sequence;
    kept.push_back(copy);
  }
  std::sort(kept.begin(), kept.end(), [](const Copy& a, const Copy& b) { return a.sequence < b.sequence; });
  kept.erase(
      std::unique(kept.begin(), kept.end(), [](const Copy& a, const Copy& b) { return a.sequence == b.sequence; }),
      kept.end());
  std::memset(static_cast<void*>(ring_), 0, size * sizeof(Slot));
  uint64_t tail = kept.empty() ? 0 : kept.back().sequence;
  uint64_t head = tail - std::min<uint64_t>(kept.size(), tail);
  uint64_t position = head;
  for (const Copy& copy : kept) {
    if (position < tail) std::memcpy(static_cast<void*>(&slot(position++)), copy.bytes, sizeof(Slot));
  }
  h.head.store(head, std::memory_order_relaxed);
  h.tail.store(tail, std::memory_order_seq_cst);
  h.tail_seen = tail;
}

/// Free is what no slot, no reservation and not the ring uses. A message whose chain makes no sense is dropped.
void Mailbox::Core::rebuild_blocks() {
  Header& h = *header_;
  uint32_t count = std::min(h.block_count.load(std::memory_order_relaxed), geometry_.max_blocks);
  h.block_count.store(count, std::memory_order_relaxed);
  std::vector<bool> used(static_cast<size_t>(count) + 1, false);
  auto ring_first = static_cast<uint32_t>(ring_word_ >> 32);
  auto ring_blocks = ring_first == 0 ? 0 : static_cast<uint32_t>((ring_mask_ + 1) * sizeof(Slot) / kBlock);
  for (uint32_t i = 0; i < ring_blocks && ring_first + i <= count; ++i) used[ring_first + i] = true;
  /// Marks a chain of `length` blocks (0 = to its end); false, with nothing marked, when it is broken.
  auto mark = [&](uint32_t first, uint32_t length) {
    uint32_t marked = 0;
    uint32_t b = first;
    bool good = true;
    while (length == 0 ? b != 0 : marked < length) {
      if (b == 0 || b > count || used[b]) {
        good = false;
        break;
      }
      used[b] = true;
      ++marked;
      b = link(b);
    }
    if (good) return true;
    b = first;
    for (uint32_t i = 0; i < marked; ++i, b = link(b)) used[b] = false;
    return false;
  };
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  for (uint64_t p = h.head.load(std::memory_order_relaxed); p < tail; ++p) {
    Slot& message = slot(p);
    if (message.state.load(std::memory_order_relaxed) == kFree) continue;
    uint32_t length = message.length;
    bool good = length <= config_.max_message && (length > kInline) == (message.first_block != 0) &&
                (message.first_block == 0 || mark(message.first_block, blocks_for(length)));
    if (!good) message.state.store(kFree, std::memory_order_relaxed);
  }
  for (uint32_t i = 0; i < people_used(); ++i) {
    ParticipantRecord& record = people_[i];
    if (record.reserved_block == 0) {
      record.is_reserving = 0;
    } else if (!mark(record.reserved_block, 0)) {  // committed already, its owner died before it noted so
      record.reserved_block = 0;
      record.is_reserving = 0;
    }
  }
  h.returned.store(0, std::memory_order_relaxed);
  h.free_block = 0;
  h.free_count = 0;
  for (uint32_t b = count; b > 0; --b) {
    if (used[b]) continue;
    set_link(b, h.free_block);
    h.free_block = b;
    ++h.free_count;
  }
}

void Mailbox::Core::recount() {
  Header& h = *header_;
  for (auto& bucket : h.buckets) bucket.store(0, std::memory_order_relaxed);
  uint32_t room = std::min(h.people_room.load(std::memory_order_relaxed), kParticipants);
  for (uint32_t i = 0; i < room; ++i) {
    if (people_[i].flags != 0) h.people_used.store(std::max(people_used(), i + 1), std::memory_order_relaxed);
    people_[i].leases = 0;
  }
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  uint64_t live = 0;
  uint64_t bytes = 0;
  uint32_t leased = 0;
  for (uint64_t p = h.head.load(std::memory_order_relaxed); p < tail; ++p) {
    Slot& message = slot(p);
    uint32_t state = message.state.load(std::memory_order_relaxed);
    if (state == kFree) continue;
    ++live;
    bytes += message.length;
    if (config_.order == Order::Priority) {
      auto priority = static_cast<uint32_t>(std::clamp(message.priority, 0, kMaxPriority));
      message.priority = static_cast<int32_t>(priority);
      h.buckets[std::min<uint32_t>(priority, kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
    }
    if (state == kCommitted) continue;
    if (message.holder == 0 || message.holder > kParticipants || people_[message.holder - 1].flags == 0) {
      if (state == kLeased) {
        message.flags |= kRedelivered;
        message.waiter = 0;
      }
      message.state.store(kCommitted, std::memory_order_relaxed);
      continue;
    }
    ++leased;
    ++people_[message.holder - 1].leases;
  }
  uint32_t attention = 0, listening = 0, space = 0, promised = 0, reserved = 0;
  uint64_t subscribers = 0;
  for (uint32_t i = 0; i < people_used(); ++i) {
    uint32_t flags = people_[i].flags;
    attention += (flags & kWaiting) != 0;
    listening += (flags & kListening) != 0;
    space += (flags & (kWaitsForSpace | kWaitsForTaking)) != 0;
    promised += (flags & kPromised) != 0;
    reserved += people_[i].is_reserving != 0;
    if ((flags & kSubscribed) != 0 && i < kSubscribers) subscribers |= uint64_t{1} << i;
  }
  h.attention.store(attention, std::memory_order_seq_cst);
  h.listening.store(listening, std::memory_order_seq_cst);
  h.space_attention.store(space, std::memory_order_seq_cst);
  h.promised.store(promised, std::memory_order_relaxed);
  h.reserved.store(reserved, std::memory_order_relaxed);
  h.subscribers.store(subscribers, std::memory_order_relaxed);
  h.leased.store(leased, std::memory_order_relaxed);
  h.taken.store(tail - live, std::memory_order_seq_cst);
  h.taken_seen = tail - live;
  h.head_seen = h.head.load(std::memory_order_relaxed);
  h.tail_seen = tail;
  h.payload_taken.store(h.payload_sent.load(std::memory_order_relaxed) - bytes, std::memory_order_relaxed);
}

Outcome<Mailbox::Repairs> Mailbox::Core::repair() {
  if (Status status = lock_both_as_is(); status != Status::Done) return error(status);
  Header& h = *header_;
  uint64_t free_before = h.free_count + (h.returned.load(std::memory_order_relaxed) >> 32);
  uint32_t leased_before = h.leased.load(std::memory_order_relaxed);
  uint32_t people_before = 0, people_after = 0;
  for (uint32_t i = 0; i < people_used(); ++i) people_before += people_[i].flags != 0;
  h.broken.store(1, std::memory_order_relaxed);
  if (Status status = rebuild(); status != Status::Done) {
    unlock_both();
    return error(status);
  }
  reclaim_dead_locked(true);
  Repairs found;
  for (uint32_t i = 0; i < people_used(); ++i) people_after += people_[i].flags != 0;
  found.messages = h.tail.load(std::memory_order_relaxed) - h.taken.load(std::memory_order_relaxed);
  uint32_t leased_after = h.leased.load(std::memory_order_relaxed);
  found.returned = leased_before > leased_after ? leased_before - leased_after : 0;
  uint64_t free_after = h.free_count + (h.returned.load(std::memory_order_relaxed) >> 32);
  found.freed_blocks = free_after > free_before ? free_after - free_before : 0;
  found.departed = people_before - people_after;
  unlock_both();
  wake_everyone();
  return found;
}

}  // namespace mish::ipc
