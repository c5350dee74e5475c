// SPDX-License-Identifier: GPL-3.0-or-later
// The space of a mailbox: its ring of slots and its blocks. Blocks that receivers give back are taken again before the
// object grows, last in first out, so that a stream of large messages stays in the caches.
#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr uint32_t kGrowthAtLeast = 16;
constexpr uint32_t kGrowthAtMost = 1024;
constexpr uint32_t kSlotsPerBlock = kBlock / sizeof(Slot);

}  // namespace

/// Memory for [offset, offset + length) of the file, so that touching it cannot fail later.
bool Mailbox::Core::reserve_file(size_t offset, size_t length) {
  int result;
  do {
    result = posix_fallocate(file_.get(), static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (result == EINTR);
  return result == 0;
}

/// Follows the ring when another process moved it. False when what the header says cannot be.
bool Mailbox::Core::refresh_ring() {
  uint64_t word = header_->ring.load(std::memory_order_acquire);
  auto first = static_cast<uint32_t>(word >> 32);
  auto slots = static_cast<uint32_t>(word);
  uint64_t blocks = slots / kSlotsPerBlock;
  if (first == 0) {
    if (slots != kFirstRing) return false;
    ring_ = reinterpret_cast<Slot*>(mapping_.base() + kFirstRingOffset);
  } else {
    if (slots < kSlotsPerBlock || (slots & (slots - 1)) != 0 || !is_block(first)) return false;
    if (first - 1 + blocks > geometry_.max_blocks) return false;
    ring_ = reinterpret_cast<Slot*>(block(first));
  }
  ring_mask_ = slots - 1;
  ring_word_ = word;
  return true;
}

/// Whether one more message with `count` blocks fits; makes the blocks available on the free list and a slot in the
/// ring.
Mailbox::Core::Room Mailbox::Core::find_room(uint32_t count) {
  Header& h = *header_;
  uint64_t tail = h.tail.load(std::memory_order_relaxed);
  uint64_t limit = capacity_limit();
  uint64_t reserved = h.reserved.load(std::memory_order_relaxed);
  if (tail - h.taken_seen + reserved >= limit) {
    h.taken_seen = h.taken.load(std::memory_order_seq_cst);
    if (tail - h.taken_seen + reserved >= limit) return Room::FullMessages;
  }
  if (tail - h.head_seen + reserved > ring_mask_) [[unlikely]] {
    h.head_seen = h.head.load(std::memory_order_acquire);
    if (tail - h.head_seen + reserved > ring_mask_) {
      Room room = stretch_ring();
      if (room != Room::Enough) return room;
    }
  }
  if (count > h.free_count) return gather_blocks(count);
  return Room::Enough;
}

/// Makes room in the ring: closes the holes when there are many, else doubles it.
Mailbox::Core::Room Mailbox::Core::stretch_ring() {
  Header& h = *header_;
  LockResult locked = take_lock(h.head_lock, h.head_bias);
  if (locked == LockResult::Damaged) return Room::Damaged;
  if (locked == LockResult::OwnerDied) h.broken.store(1, std::memory_order_relaxed);
  uint64_t used = h.tail.load(std::memory_order_relaxed) - h.head.load(std::memory_order_relaxed);
  if (used > ring_mask_ + 1) h.broken.store(1, std::memory_order_relaxed);
  if (!is_whole() && rebuild() != Status::Done) {
    unlock_head();
    return Room::Damaged;
  }
  uint64_t live = h.tail.load(std::memory_order_relaxed) - h.taken.load(std::memory_order_relaxed) +
                  h.reserved.load(std::memory_order_relaxed);
  Room room = Room::Enough;
  if (live > (ring_mask_ + 1) / 2) room = grow_ring((ring_mask_ + 1) * 2);
  if (room == Room::Enough) compact();
  h.head_seen = h.head.load(std::memory_order_relaxed);
  if (room != Room::Enough && live <= ring_mask_) {
    compact();
    h.head_seen = h.head.load(std::memory_order_relaxed);
    room = Room::Enough;
  }
  unlock_head();
  return room;
}

/// Moves the messages up to the tail, in order, so that the holes end before the head. A slot is in two places for a
/// moment; rebuild() frees the lower one.
void Mailbox::Core::compact() {
  Header& h = *header_;
  uint64_t head = h.head.load(std::memory_order_relaxed);
  uint64_t to = bounded(head, h.tail.load(std::memory_order_relaxed));
  for (uint64_t from = to; from > head;) {
    Slot& source = slot(--from);
    uint32_t state = source.state.load(std::memory_order_relaxed);
    if (state == kFree) continue;
    --to;
    if (to == from) continue;
    Slot& target = slot(to);
    std::memcpy(&target.flags, &source.flags, sizeof(Slot) - offsetof(Slot, flags));
    target.state.store(state, std::memory_order_release);
    source.state.store(kFree, std::memory_order_release);
  }
  h.head.store(to, std::memory_order_release);
}

Mailbox::Core::Room Mailbox::Core::grow_ring(uint64_t slots) {
  Header& h = *header_;
  if (slots > (1u << 31)) return Room::FullBytes;
  uint32_t first = 0;
  auto count = static_cast<uint32_t>(slots / kSlotsPerBlock);
  Room room = append_blocks(count, first);
  if (room == Room::FullBytes || room == Room::NoSpace) {
    first = take_run(count);
    if (first == 0) return room;
  } else if (room != Room::Enough) {
    return room;
  }
  auto* fresh = reinterpret_cast<Slot*>(block(first));
  std::memset(static_cast<void*>(fresh), 0, slots * sizeof(Slot));
  uint64_t head = h.head.load(std::memory_order_relaxed);
  uint64_t tail = bounded(head, h.tail.load(std::memory_order_relaxed));
  for (uint64_t p = head; p < tail; ++p) {
    std::memcpy(static_cast<void*>(&fresh[p & (slots - 1)]), static_cast<const void*>(&slot(p)), sizeof(Slot));
  }
  auto old_first = static_cast<uint32_t>(ring_word_ >> 32);
  auto old_count = old_first == 0 ? 0 : static_cast<uint32_t>((ring_mask_ + 1) / kSlotsPerBlock);
  h.ring.store(static_cast<uint64_t>(first) << 32 | slots, std::memory_order_release);
  for (uint32_t i = 0; i < old_count; ++i) {
    set_link(old_first + i, h.free_block);
    h.free_block = old_first + i;
    ++h.free_count;
  }
  return refresh_ring() ? Room::Enough : Room::Damaged;
}

/// Takes `count` neighbouring blocks off the free list; 0 when there are none. Both locks; rare, so it may be slow.
uint32_t Mailbox::Core::take_run(uint32_t count) {
  Header& h = *header_;
  if (gather_blocks(0) != Room::Enough) return 0;
  uint32_t present = h.block_count.load(std::memory_order_relaxed);
  std::vector<bool> is_free(static_cast<size_t>(present) + 2, false);
  uint32_t b = h.free_block;
  for (uint32_t i = 0; i < h.free_count && is_block(b); ++i, b = link(b)) is_free[b] = true;
  uint32_t run = 0;
  uint32_t first = 0;
  for (b = 1; b <= present && first == 0; ++b) {
    run = is_free[b] ? run + 1 : 0;
    if (run == count) first = b - count + 1;
  }
  if (first == 0) return 0;
  h.free_block = 0;
  h.free_count = 0;
  for (b = present; b > 0; --b) {
    if (!is_free[b] || (b >= first && b < first + count)) continue;
    set_link(b, h.free_block);
    h.free_block = b;
    ++h.free_count;
  }
  return first;
}

/// Adds `count` new blocks at the end of the object, numbered from `first` on; they are on no list.
Mailbox::Core::Room Mailbox::Core::append_blocks(uint32_t count, uint32_t& first) {
  Header& h = *header_;
  uint32_t present = h.block_count.load(std::memory_order_relaxed);
  if (present > geometry_.max_blocks) return Room::Damaged;
  if (count > geometry_.max_blocks - present) return Room::FullBytes;
  first = present + 1;
  size_t table = kLinksOffset + static_cast<size_t>(first) * sizeof(uint32_t);
  size_t start = blocks_offset(geometry_.max_blocks) + static_cast<size_t>(present) * kBlock;
  if (!reserve_file(table, count * sizeof(uint32_t))) return Room::NoSpace;
  if (!reserve_file(start, static_cast<size_t>(count) * kBlock)) return Room::NoSpace;
  h.block_count.store(present + count, std::memory_order_release);
  return Room::Enough;
}

/// Puts at least `wanted` new blocks on the free list, more when the object is large already.
Mailbox::Core::Room Mailbox::Core::grow_blocks(uint32_t wanted) {
  Header& h = *header_;
  uint32_t present = h.block_count.load(std::memory_order_relaxed);
  if (present > geometry_.max_blocks) return Room::Damaged;
  uint32_t more = std::max(wanted, std::clamp(present, kGrowthAtLeast, kGrowthAtMost));
  more = std::min(more, geometry_.max_blocks - present);
  if (more < wanted) return Room::FullBytes;
  uint32_t first = 0;
  Room room = append_blocks(more, first);
  if (room == Room::NoSpace && more > wanted) {
    more = wanted;
    room = append_blocks(more, first);
  }
  if (room != Room::Enough) return room;
  for (uint32_t i = 0; i < more; ++i) set_link(first + i, i + 1 < more ? first + i + 1 : h.free_block);
  h.free_block = first;
  h.free_count += more;
  return Room::Enough;
}

/// Sees to it that the free list holds `count` blocks: what receivers gave back first, then new ones.
Mailbox::Core::Room Mailbox::Core::gather_blocks(uint32_t count) {
  Header& h = *header_;
  uint64_t returned = h.returned.exchange(0, std::memory_order_acquire);
  auto first = static_cast<uint32_t>(returned);
  auto number = static_cast<uint32_t>(returned >> 32);
  if (number > geometry_.max_blocks) return Room::Damaged;
  if (number > 0) {
    uint32_t last = first;
    for (uint32_t i = 1; i < number && is_block(last); ++i) last = link(last);
    if (!is_block(last)) return Room::Damaged;
    set_link(last, h.free_block);
    h.free_block = first;
    h.free_count += number;
  }
  if (h.free_count >= count) return Room::Enough;
  return grow_blocks(count - h.free_count);
}

/// Cuts a chain of `count` blocks off the free list, which holds at least that many. 0 when the list is damaged.
uint32_t Mailbox::Core::take_blocks(uint32_t count) {
  Header& h = *header_;
  uint32_t first = h.free_block;
  uint32_t last = first;
  for (uint32_t i = 1; i < count && is_block(last); ++i) last = link(last);
  if (!is_block(last)) return 0;
  h.free_block = link(last);
  h.free_count -= count;
  set_link(last, 0);
  return first;
}

/// Hands the chain to the senders.
void Mailbox::Core::give_back_blocks(uint32_t first, uint32_t count) {
  uint32_t last = first;
  for (uint32_t i = 1; i < count && is_block(last); ++i) last = link(last);
  if (!is_block(last)) return;
  uint64_t old = header_->returned.load(std::memory_order_relaxed);
  uint64_t fresh;
  do {
    set_link(last, static_cast<uint32_t>(old));
    fresh = ((old >> 32) + count) << 32 | first;
  } while (!header_->returned.compare_exchange_weak(old, fresh, std::memory_order_release, std::memory_order_relaxed));
}

void Mailbox::Core::copy_in(uint32_t first, std::string_view body) {
  uint32_t number = first;
  while (!body.empty() && is_block(number)) {
    size_t piece = std::min(body.size(), kBlock);
    std::memcpy(block(number), body.data(), piece);
    body.remove_prefix(piece);
    number = link(number);
  }
}

/// False when the chain is shorter than `length`.
bool Mailbox::Core::copy_out(uint32_t first, char* to, size_t length) {
  uint32_t number = first;
  while (length > 0) {
    if (!is_block(number)) return false;
    size_t piece = std::min(length, kBlock);
    std::memcpy(to, block(number), piece);
    to += piece;
    length -= piece;
    number = link(number);
  }
  return true;
}

Error Mailbox::Core::no_space(size_t wanted) const {
  auto space = directory_.space();
  return {Status::TooBig, ENOSPC,
          fmt::format("no space left in {}: {} bytes wanted, {} of {} free; remove what is not needed",
                      directory_.path(), wanted, space.free, space.total)};
}

}  // namespace mish::ipc
