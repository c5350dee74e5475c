// SPDX-License-Identifier: GPL-3.0-or-later
// What a mailbox looks like in shared memory. Fixed-width fields, numbers instead of pointers, no meaning outside of
// the Mailbox code.
//
//   page 0            Header: configuration, two locks, counters
//   pages 1 … 2       the first ring of slots; with the pages beside it, all that a new mailbox has
//   pages 3 … 10      ParticipantRecord[256]: whoever blocks, leases, subscribes or owns; memory for as many as there
//   were link table        one u32 a block: the next block of a chain; sparse, sized for the largest the object may
//   become blocks            4 KiB each, numbered from 1; a long body is a chain, a ring that outgrew the first one is
//   a run
//
// Truth and what is derived. The truth is in the slots (state, sequence) between `head` and `tail` and in the
// participants; everything else (counts, free lists) can be rebuilt from them, and is when a lock's holder died.
// Positions count messages since creation; position p is slot p mod ring size; sequence = position at sending + 1.
// A send is done with the store of the tail. Slots between head and tail are sorted by sequence; taken ones in the
// middle are holes (Free).
//
// Locks: `tail_lock` for whatever adds (tail, free blocks), `head_lock` for whatever removes or changes a state, and
// for the participants; both, tail first, to move slots, to grow the ring and to rebuild.
//
// Biases: in Policy::Pair the participant that sent (received) many messages in a row takes the bias to tail_lock
// (head_lock) while it holds that lock, and does without the lock as long as the bias names it. Each operation stores 1
// in its own record's `at_tail` (`at_head`), looks whether `bearer` still names it and is not revoked, and ends with a
// 0 there; no barrier of the CPU stands in between. Whoever takes the lock and finds the bias of another marks it
// revoked, makes every CPU pass a barrier (membarrier(2), for which the bearer has registered), and waits until that is
// 0 or the kernel says that the bearer, who holds its life lock, is dead; then the bias ends, under the lock. Death
// inside is death with the lock held. A receiver that goes to sleep makes the bearer of the bias to tail_lock pass a
// barrier between its own entry in `attention` and its last look at the tail, and ends the bias only if it finds the
// bearer inside.
#ifndef MISH_IPC_MAILBOX_LAYOUT_H_
#define MISH_IPC_MAILBOX_LAYOUT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ipc/futex.h"
#include "ipc/owner.h"

namespace mish::ipc::layout {

inline constexpr uint64_t kMagic = 0x31786f62'6873696dULL;  // "mishbox1"
inline constexpr uint32_t kVersion = 7;
inline constexpr size_t kPage = 4096;
inline constexpr size_t kBlock = 4096;
inline constexpr uint32_t kParticipants = 256;
inline constexpr uint32_t kSubscribers = 64;  // those of Policy::All: one bit each in a slot
inline constexpr size_t kInline = 72;
inline constexpr size_t kGrants = 16;
inline constexpr size_t kStartCommand = 1024;
inline constexpr size_t kBuckets = 64;
inline constexpr uint32_t kFirstRing = 64;  // slots

enum SlotState : uint32_t {
  kFree = 0,
  kCommitted = 1,
  kLeased = 2,  // held by `holder` until ack
  kTaking = 3,  // being copied out by `holder`, outside of the lock
};

enum SlotFlags : uint32_t { kRedelivered = 1 };

struct alignas(64) Slot {
  std::atomic<uint32_t> state;
  uint32_t flags;
  uint64_t sequence;
  uint32_t length;
  uint32_t first_block;  // 0: the body is `body`
  int64_t type;
  int32_t priority;
  int32_t sender;    // pid
  uint32_t holder;   // index + 1 of the participant that leases or takes it; of no meaning while committed
  uint32_t waiter;   // index + 1 of the rendezvous sender, until the message was taken once
  uint64_t readers;  // Policy::All: who has still to read it
  char body[kInline];
};
static_assert(sizeof(Slot) == 128);

enum ParticipantFlags : uint32_t {
  kInUse = 1,
  kWaiting = 2,   // sleeps for a message
  kPromised = 4,  // was chosen for one and has not come for it yet
  kWaitsForSpace = 8,
  kWaitsForBytes = 16,
  kWaitsForTaking = 32,
  kWaitsForRole = 64,
  kSubscribed = 128,
  kMember = 256,
  kListening = 512,  // ring the doorbell
  kReceiver = 1024,  // has received or tried to
};

struct alignas(64) ParticipantRecord {
  RobustLock life;  // held as long as the process is attached; the kernel tells a sleeper of its death
  ProcessIdentity identity;
  SharedWord wake;
  uint32_t flags;
  uint64_t ticket;  // order of waiting
  int64_t want_type;
  int32_t want_from;
  int32_t want_priority;
  uint32_t want_any_type;
  uint32_t leases;          // Leased and Taking slots
  uint32_t reserved_block;  // chain of a body being copied in
  uint32_t is_reserving;    // counts against the capacity
  uint64_t received;
  SharedWord at_tail;  // does without tail_lock, by the bias (or was about to: one late store is one's own affair)
  SharedWord at_head;
};
static_assert(sizeof(ParticipantRecord) == 128);

struct GrantRecord {
  uint32_t kind;
  uint32_t user;
  ProcessIdentity process;
};

/// Who may do without a lock.
struct Bias {
  SharedWord bearer;  // index + 1 of the participant, 0 = nobody; or kRevoked
};
inline constexpr uint32_t kRevoked = 0x80000000;

enum HeaderFlags : uint32_t { kKeep = 1, kDirect = 2 };

/// Fixed at creation; `checksum` covers it.
struct Geometry {
  uint64_t magic;
  uint32_t version;
  uint32_t flags;
  uint64_t capacity;
  uint64_t max_bytes;
  uint64_t max_message;
  int64_t turn_ns;
  uint32_t max_blocks;
  uint8_t policy, pick, order, on_full;
  uint32_t mode;
  uint32_t user;
  uint64_t checksum;
};

struct Header {
  Geometry geometry;

  // Read by everyone, written rarely.
  alignas(64) SharedWord closed;
  SharedWord broken;  // a lock's holder died: rebuild before anything else
  SharedWord removed;
  SharedWord owner_index;  // index + 1 of the owner's participant, 0 = not attached
  SharedWord grants_version;
  SharedWord block_count;             // blocks that exist
  SharedWord people_used;             // participants were never above this index
  SharedWord people_room;             // participants that have memory
  std::atomic<uint64_t> ring;         // first block << 32 | slots; block 0: the first ring, in its own pages
  std::atomic<uint64_t> subscribers;  // Policy::All: bits of the participants
  ProcessIdentity owner;

  // Senders: what they alone touch, then what receivers look at too. A line that both sides write or poll travels
  // between their CPUs with every message.
  alignas(64) RobustLock tail_lock;
  uint64_t taken_seen;
  uint64_t head_seen;
  uint32_t free_block;  // stack of free blocks
  uint32_t free_count;
  Bias tail_bias;
  alignas(64) std::atomic<uint64_t> tail;
  std::atomic<uint64_t> payload_sent;
  SharedWord send_cpu;
  std::atomic<uint32_t> reserved;  // sends being copied in

  // Receivers, likewise.
  alignas(64) RobustLock head_lock;
  uint64_t tail_seen;
  Bias head_bias;
  alignas(64) std::atomic<uint64_t> taken;
  std::atomic<uint64_t> head;
  std::atomic<uint64_t> payload_taken;
  SharedWord receive_cpu;
  std::atomic<uint32_t> leased;  // Leased and Taking slots
  std::atomic<uint64_t> received;
  std::atomic<uint32_t> promised;
  SharedWord people_known;  // participants below this index are watched by all who sleep
  uint64_t next_ticket;
  std::atomic<uint64_t> dropped;
  alignas(64) std::atomic<uint64_t> returned;  // blocks given back by receivers: count << 32 | first

  // Who has to be told. The herald is held by who has committed something, or is about to, and has not told yet.
  alignas(64) RobustLock herald;
  alignas(64) SharedWord attention;        // participants that wait for a message
  SharedWord listening;                    // participants whose doorbell is to be rung
  alignas(64) SharedWord space_attention;  // participants that wait for space or for a taking
  uint32_t role_holder;                    // index + 1
  uint32_t role_active;
  int64_t role_until;
  uint32_t last_picked;
  uint32_t random;
  std::atomic<uint64_t> repairs;
  std::atomic<uint64_t> rescues;

  alignas(64) std::atomic<uint32_t> buckets[kBuckets];  // Order::Priority: messages of each priority
  GrantRecord grants[2][kGrants];
  char start_command[kStartCommand];
};
static_assert(sizeof(Header) <= kPage);

inline constexpr size_t kFirstRingOffset = kPage;
inline constexpr size_t kParticipantsOffset = kFirstRingOffset + kFirstRing * sizeof(Slot);
inline constexpr uint32_t kParticipantsAPage = kPage / sizeof(ParticipantRecord);
inline constexpr size_t kLinksOffset = kParticipantsOffset + kParticipants * sizeof(ParticipantRecord);
inline constexpr size_t kSizeAtFirst = kParticipantsOffset + kPage;
static_assert(kParticipantsOffset % kPage == 0 && kLinksOffset % kPage == 0);

/// Where the first block lies in an object of at most `max_blocks` blocks.
constexpr size_t blocks_offset(uint32_t max_blocks) {
  size_t table = (static_cast<size_t>(max_blocks) + 1) * sizeof(uint32_t);
  return kLinksOffset + (table + kPage - 1) / kPage * kPage;
}

/// FNV-1a over the fields before `checksum`.
inline uint64_t checksum_of(const Geometry& geometry) {
  const auto* byte = reinterpret_cast<const unsigned char*>(&geometry);
  uint64_t hash = 14695981039346656037ULL;
  for (size_t i = 0; i < offsetof(Geometry, checksum); ++i) hash = (hash ^ byte[i]) * 1099511628211ULL;
  return hash;
}

}  // namespace mish::ipc::layout

#endif  // MISH_IPC_MAILBOX_LAYOUT_H_
