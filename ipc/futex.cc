// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/futex.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <new>

namespace mish::ipc {
namespace {

constexpr long long kSecond = 1'000'000'000;
constexpr long long kLockSlice = kSecond;  // how long a lock may be held before we ask whether its holder exists
constexpr int kLockSpins = 60;
constexpr size_t kMaxWaits = 128;  // FUTEX_WAITV_MAX

timespec to_timespec(Deadline deadline) { return {deadline / kSecond, deadline % kSecond}; }

// Not in the headers of every C library we build against; the kernel's ABI (5.16).
constexpr long kFutexWaitv = 449;
struct WaitvEntry {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};
constexpr uint32_t kWaitv32Bit = 2;

long wait_one(const SharedWord* word, uint32_t value, Deadline deadline) {
  timespec time = to_timespec(deadline);
  return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline == kForever ? nullptr : &time, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}

long wait_many(std::span<const WaitFor> words, Deadline deadline) {
  WaitvEntry entries[kMaxWaits];
  size_t count = std::min(words.size(), kMaxWaits);
  for (size_t i = 0; i < count; ++i) {
    entries[i] = {words[i].value, reinterpret_cast<uintptr_t>(words[i].word), kWaitv32Bit, 0};
  }
  timespec time = to_timespec(deadline);
  return syscall(kFutexWaitv, entries, count, 0, deadline == kForever ? nullptr : &time, CLOCK_MONOTONIC);
}

bool thread_exists(uint32_t tid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%u", tid);
  return access(path, F_OK) == 0;
}

}  // namespace

Deadline now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

void dawdle(Deadline nanoseconds) {
  Deadline end = now_ns() + nanoseconds;
  do {
    for (int i = 0; i < 8; ++i) relax();
  } while (now_ns() < end);
}

Deadline deadline_after(long long nanoseconds) {
  if (nanoseconds < 0) return kForever;
  if (nanoseconds == 0) return kNoWait;
  Deadline now = now_ns();
  return nanoseconds > LLONG_MAX - now ? kForever : now + nanoseconds;
}

WakeReason wait_on(std::span<const WaitFor> words, Deadline deadline) {
  if (deadline == kNoWait || words.empty()) return WakeReason::TimedOut;
  long result = words.size() == 1 ? wait_one(words[0].word, words[0].value, deadline) : wait_many(words, deadline);
  // Unknown before Linux 5.16, and refused with EPERM by the filters of some containers.
  const bool has_slept = result >= 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
  if (!has_slept) result = wait_one(words[0].word, words[0].value, deadline);
  if (result >= 0) return WakeReason::Changed;
  if (errno == ETIMEDOUT) return WakeReason::TimedOut;
  if (errno == EINTR) return WakeReason::Signal;
  return WakeReason::Changed;  // EAGAIN: changed before we slept
}

int wake(const SharedWord& word, int count) {
  long woken = syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0);
  return woken < 0 ? 0 : static_cast<int>(woken);
}

bool admit_remote_barriers() {
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
  static std::atomic<uint32_t> asked_generation{0};
  static std::atomic<bool> is_admitted{false};
  if (asked_generation.load(std::memory_order_acquire) != fork_generation()) {
    bool done = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
    is_admitted.store(done, std::memory_order_relaxed);
    asked_generation.store(fork_generation(), std::memory_order_release);
  }
  return is_admitted.load(std::memory_order_relaxed);
#else
  return false;
#endif
}

void remote_barrier() {
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0) return;
  // Forbidden to this process alone. A store leaves its CPU, and a load is done, in much less time than this.
  constexpr timespec kLongForACpu{0, 5'000'000};
  nanosleep(&kLongForACpu, nullptr);
}

constinit thread_local RobustLock::Thread RobustLock::t_thread;

bool RobustLock::make_room(Thread& thread) {
  // The key's destructor gives the room back when the thread ends.
  static pthread_key_t key;
  static const bool has_key = pthread_key_create(&key, [](void* room) { delete[] static_cast<Held*>(room); }) == 0;
  if (!has_key) return false;
  Held* room = new (std::nothrow) Held[kMaxHeld];
  if (room == nullptr) return false;
  if (pthread_setspecific(key, room) != 0) {
    delete[] room;
    return false;
  }
  thread.locks = room;
  return true;
}

void RobustLock::start_thread(Thread& thread) {
  thread.generation = fork_generation();
  thread.held = 0;  // after fork the locks are our parent's; the C library emptied the list
  thread.tid = 0;
  void* head = nullptr;
  size_t length = 0;
  if (syscall(SYS_get_robust_list, 0, &head, &length) != 0 || head == nullptr) return;
  thread.head = static_cast<ListHead*>(head);
  if (thread.locks == nullptr && !make_room(thread)) return;
  // Our layout puts the word 32 bytes before the link, as every 64-bit C library does.
  if (thread.head->futex_offset != -32) return;
  thread.tid = static_cast<uint32_t>(syscall(SYS_gettid));
}

LockResult RobustLock::lock_slow() {
  Thread& thread = this_thread();
  if (thread.tid == 0 || thread.held >= kMaxHeld) return LockResult::Damaged;
  begin(thread);
  uint32_t waiters = 0;
  int spins = 0;
  for (;;) {
    uint32_t old = word_.load(std::memory_order_relaxed);
    if ((old & kTidMask) == 0 || (old & kOwnerDiedBit) != 0) {
      uint32_t mine = thread.tid | (old & kWaitersBit) | waiters;
      if (!word_.compare_exchange_weak(old, mine, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      enqueue(thread);
      return (old & kOwnerDiedBit) != 0 ? LockResult::OwnerDied : LockResult::Locked;
    }
    if (spins < kLockSpins) {  // critical sections are shorter than a sleep; on one CPU this costs a microsecond
      ++spins;
      relax();
      continue;
    }
    if ((old & kWaitersBit) == 0 &&
        !word_.compare_exchange_weak(old, old | kWaitersBit, std::memory_order_relaxed, std::memory_order_relaxed)) {
      continue;
    }
    old |= kWaitersBit;
    waiters = kWaitersBit;  // others may sleep beside us: whoever gets the lock after a sleep wakes one on leaving
    long result = wait_one(&word_, old, now_ns() + kLockSlice);
    if (result == 0 || errno != ETIMEDOUT || word_.load(std::memory_order_relaxed) != old) continue;
    uint32_t holder = old & kTidMask;
    bool held_by_me = holder == thread.tid;
    if (held_by_me || !thread_exists(holder)) {
      end(thread);
      return LockResult::Damaged;
    }
  }
}

bool RobustLock::try_lock(bool& owner_died, uint32_t bits) {
  Thread& thread = this_thread();
  owner_died = false;
  if (thread.tid == 0 || thread.held >= kMaxHeld) return false;
  uint32_t old = word_.load(std::memory_order_relaxed);
  if ((old & kTidMask) != 0 && (old & kOwnerDiedBit) == 0) return false;
  begin(thread);
  if (!word_.compare_exchange_strong(old, thread.tid | (old & kWaitersBit) | bits, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
    end(thread);
    return false;
  }
  owner_died = (old & kOwnerDiedBit) != 0;
  enqueue(thread);
  return true;
}

// Not on top of the list, or the link changed under us. The list is walked by our own copies of the links.
void RobustLock::dequeue_slow(Thread& thread) {
  auto own_copy = [&thread](Node* wanted) -> Held* {
    for (uint32_t i = thread.held; i > 0; --i) {
      if (thread.locks[i - 1].node == wanted) return &thread.locks[i - 1];
    }
    return nullptr;
  };
  Held* mine = own_copy(node());
  if (mine == nullptr) return;
  Node* after = mine->next;
  Node* written = reinterpret_cast<Node*>(next_);
  // The C library changes the link when the mutex behind ours is released; believe it only where it leads to a place
  // we know.
  if (written != after && (written == &thread.head->list || own_copy(written) != nullptr)) after = written;
  Node* before = &thread.head->list;
  for (int steps = 0; steps < 2048 && before != nullptr; ++steps) {
    Held* copy = own_copy(before);
    Node* next = copy != nullptr ? copy->next : before->next;
    if (next == node()) {
      before->next = after;
      if (copy != nullptr) copy->next = after;
      break;
    }
    if (next == &thread.head->list) break;
    before = next;
  }
  if (after != &thread.head->list && own_copy(after) == nullptr) {
    reinterpret_cast<Node**>(after)[-1] = before;  // the C library's list is doubly linked
  }
  for (Held* held = mine; held + 1 < thread.locks + thread.held; ++held) *held = *(held + 1);
  --thread.held;
}

bool RobustLock::watch(WaitFor& out) {
  uint32_t old = word_.load(std::memory_order_relaxed);
  while ((old & kTidMask) != 0 && (old & kOwnerDiedBit) == 0) {
    if ((old & kWaitersBit) != 0 ||
        word_.compare_exchange_weak(old, old | kWaitersBit, std::memory_order_relaxed, std::memory_order_relaxed)) {
      out = {&word_, old | kWaitersBit};
      return true;
    }
  }
  return false;
}

}  // namespace mish::ipc
