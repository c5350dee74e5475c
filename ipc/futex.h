// SPDX-License-Identifier: GPL-3.0-or-later
// Locks and sleeps in shared memory. RobustLock is a mutex that the kernel marks when its holder dies (the robust list
// of set_robust_list(2), shared with the C library's). It is not a pthread_mutex_t because the C library follows list
// pointers kept in the shared memory, which a hostile peer could bend; here they are written for the kernel only and
// never followed. Waiting is on plain words with futex_waitv(2), so that one sleep ends by a message as well as by the
// death of whoever is waited for. Nothing here allocates or starts a thread.
#ifndef MISH_IPC_FUTEX_H_
#define MISH_IPC_FUTEX_H_

#include <sched.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ipc/owner.h"
#include "ipc/status.h"

namespace mish::ipc {

using SharedWord = std::atomic<uint32_t>;
static_assert(SharedWord::is_always_lock_free && sizeof(SharedWord) == 4);

/// Nanoseconds of CLOCK_MONOTONIC.
Deadline now_ns();
/// The deadline `nanoseconds` from now; kForever for a negative number, kNoWait for 0.
Deadline deadline_after(long long nanoseconds);

/// A word to sleep on and the value it must still have.
struct WaitFor {
  const SharedWord* word;
  uint32_t value;
};

enum class WakeReason : uint8_t { Changed, TimedOut, Signal };

/// Sleeps until one of `words` (at most 128) no longer has its value or is woken, `deadline` has come, or a signal was
/// handled. May return Changed without cause. Never sleeps when `deadline` is kNoWait.
WakeReason wait_on(std::span<const WaitFor> words, Deadline deadline);
/// Wakes up to `count` sleepers on `word`; returns how many were woken.
int wake(const SharedWord& word, int count);

/// The CPU this thread runs on: read from where the kernel keeps it up to date for us, where the C library tells.
inline uint32_t current_cpu() {
#if defined(RSEQ_SIG) && (defined(__x86_64__) || defined(__aarch64__))
  if (__rseq_size != 0) [[likely]] {
    auto* self = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
    return reinterpret_cast<const volatile struct rseq*>(self)->cpu_id;
  }
#endif
  return static_cast<uint32_t>(sched_getcpu());
}
/// Waits about so long, less than a sleep would take: lets a peer on another CPU get ahead instead of taking each line
/// of the cache from it as soon as it was written.
void dawdle(Deadline nanoseconds);
/// A hint to the CPU that this is a spinning loop.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/// Orders the stores made under a RobustLock that was just given back before the loads that follow. On x86 the
/// unlocking exchange has done so.
inline void barrier_after_unlock() {
#if defined(__x86_64__) || defined(__i386__)
  std::atomic_signal_fence(std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// Orders the taking of a RobustLock, as others see it, before the loads that follow. As above.
inline void barrier_after_lock() { barrier_after_unlock(); }

/// Fetches the cache line of `address` for writing, ahead of its use. (__builtin_prefetch asks for a shared copy on
/// x86 unless told of a newer CPU, which makes the store after it slower.)
inline void prefetch_to_write(const void* address) {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ __volatile__("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 1);
#endif
}

/// Makes remote_barrier() of other processes reach the threads of this one. False where the kernel does not offer it or
/// nobody has tried it (machines other than x86-64; ThreadSanitizer, who cannot see such a barrier).
bool admit_remote_barriers();
/// A full barrier on this CPU and on each that runs a thread of a process which admits it. With it a thread that stores
/// A and loads B needs no barrier itself against another that stores B, calls this and loads A: one of them sees the
/// other's store. Costs a system call, and an interrupt where such a thread runs.
void remote_barrier();

/// How lock() ended.
enum class LockResult : uint8_t { Locked, OwnerDied, Damaged };

/// Robust lock, all zero when free. It lives in shared memory; who holds it and the list links are of use to the kernel
/// only. A thread may hold up to kMaxHeld of them and gives them back in any order.
class RobustLock {
 public:
  /// Takes the lock. OwnerDied: taken, and the previous holder died with it, so what it protects is to be repaired.
  /// Damaged: not taken; the word names a holder that does not exist. `holder_cpu_hint` != this CPU allows a short
  /// spin.
  LockResult lock() {
    Thread& thread = this_thread();
    if (thread.tid != 0 && thread.held < kMaxHeld) [[likely]] {
      begin(thread);
      uint32_t expected = 0;
      if (word_.compare_exchange_strong(expected, thread.tid, std::memory_order_acquire, std::memory_order_relaxed))
          [[likely]] {
        enqueue(thread);
        return LockResult::Locked;
      }
    }
    return lock_slow();
  }
  /// Takes the lock if it is free or its holder died; false otherwise. `owner_died` tells which.
  bool try_lock(bool& owner_died) { return try_lock(owner_died, 0); }
  void unlock() {
    Thread& thread = this_thread();
    dequeue(thread);
    if ((word_.exchange(0, std::memory_order_release) & kWaitersBit) != 0) [[unlikely]]
      wake(word_, 1);
    end(thread);
  }
  /// The same, such that the kernel wakes one of those who sleep on as_it_is() when the holder dies. Nobody waits for
  /// such a lock itself: it goes with unlock_unheard().
  bool try_lock_watched(bool& owner_died) { return try_lock(owner_died, kWaitersBit); }
  void unlock_unheard() {
    Thread& thread = this_thread();
    dequeue(thread);
    word_.store(0, std::memory_order_release);
    end(thread);
  }
  /// The word as it is now, to sleep until its holder dies, whoever that will be.
  WaitFor as_it_is() const { return {&word_, word_.load(std::memory_order_acquire)}; }
  /// Takes the lock without asking, for repairs after the word itself was found damaged. Never while others may use it.
  void reset() { word_.store(0, std::memory_order_relaxed); }

  /// Whether the holder died without giving it back.
  bool is_orphaned() const { return (word_.load(std::memory_order_acquire) & kOwnerDiedBit) != 0; }
  /// Whether somebody holds it now (alive as far as the kernel told).
  bool is_held() const {
    uint32_t word = word_.load(std::memory_order_acquire);
    return (word & kOwnerDiedBit) == 0 && (word & kTidMask) != 0;
  }
  bool is_held_by_me() const { return (word_.load(std::memory_order_relaxed) & kTidMask) == this_thread_id(); }
  /// What to sleep on to be woken when the present holder dies (the kernel wakes one sleeper then). False when nobody
  /// holds it, so that no such wake-up can come.
  bool watch(WaitFor& out);

  static constexpr int kMaxHeld = 512;

 private:
  static constexpr uint32_t kWaitersBit = 0x80000000;
  static constexpr uint32_t kOwnerDiedBit = 0x40000000;
  static constexpr uint32_t kTidMask = 0x3fffffff;

  struct Node {
    Node* next;
  };
  struct ListHead {  // robust_list_head of <linux/futex.h>
    Node list;
    long futex_offset;
    Node* pending;
  };
  struct Held {
    Node* node = nullptr;
    Node* next = nullptr;  // our own copy of node->next, which others can write
  };
  struct Thread {
    uint32_t tid = 0;
    uint32_t held = 0;
    uint32_t generation = 0;
    ListHead* head = nullptr;
    Held* locks = nullptr;  // kMaxHeld of them; apart, so that threads which never lock do not pay for the room
  };

  static constinit thread_local Thread t_thread;
  static Thread& this_thread() {
    Thread& thread = t_thread;
    if (thread.generation != fork_generation()) [[unlikely]]
      start_thread(thread);
    return thread;
  }
  static uint32_t this_thread_id() { return this_thread().tid; }
  static void start_thread(Thread& thread);
  static bool make_room(Thread& thread);
  LockResult lock_slow();
  bool try_lock(bool& owner_died, uint32_t bits);
  void dequeue_slow(Thread& thread);

  Node* node() { return reinterpret_cast<Node*>(&next_); }
  // The compiler barriers keep the order in which the kernel must find the list if we die in between.
  void begin(Thread& thread) {
    thread.head->pending = node();
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  void enqueue(Thread& thread) {
    Node* first = thread.head->list.next;
    if (first != &thread.head->list && (thread.held == 0 || thread.locks[thread.held - 1].node != first)) [[unlikely]] {
      reinterpret_cast<Node**>(first)[-1] = node();  // a mutex of the C library: its list is doubly linked
    }
    thread.locks[thread.held++] = {node(), first};
    next_ = reinterpret_cast<uintptr_t>(first);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    thread.head->list.next = node();
    end(thread);
  }
  void dequeue(Thread& thread) {
    begin(thread);
    if (thread.held > 0 && thread.locks[thread.held - 1].node == node() && thread.head->list.next == node() &&
        reinterpret_cast<Node*>(next_) == thread.locks[thread.held - 1].next) [[likely]] {
      thread.head->list.next = thread.locks[--thread.held].next;
    } else {
      dequeue_slow(thread);
    }
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  static void end(Thread& thread) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    thread.head->pending = nullptr;
  }

  // As pthread_mutex_t has it on 64-bit Linux: the futex word 32 bytes before the link that the kernel follows.
  SharedWord word_{0};
  uint32_t unused_[5] = {};
  uintptr_t previous_ = 0;  // written by the C library when one of its mutexes stands before ours in the list
  uintptr_t next_ = 0;
};

static_assert(sizeof(RobustLock) == 40 && alignof(RobustLock) == 8);

}  // namespace mish::ipc

#endif  // MISH_IPC_FUTEX_H_
