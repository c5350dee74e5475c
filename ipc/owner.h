// SPDX-License-Identifier: GPL-3.0-or-later
// Who a process is, beyond its number: a pid is given to another process sooner or later, the triple (pid, start time,
// pid namespace) never is. Every record in shared memory that belongs to a process holds one of these.
#ifndef MISH_IPC_OWNER_H_
#define MISH_IPC_OWNER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "shell/base/result.h"

namespace mish::ipc {

/// Plain data of fixed width: it also lives in shared memory. All zero = nobody.
struct ProcessIdentity {
  int32_t pid = 0;
  uint32_t reserved = 0;
  uint64_t start_time = 0;     // clock ticks since boot (proc(5), field 22 of stat)
  uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid

  /// This process. Read from /proc once per process, again after fork.
  static const ProcessIdentity& self();
  /// The process with this pid in our namespace. Fails with ESRCH.
  static Result<ProcessIdentity> of(pid_t pid);

  /// Whether the process still runs (a zombie does not). One of another pid namespace cannot be looked at and counts as
  /// running: whoever needs to know better holds a RobustLock of it.
  bool is_alive() const;
  bool is_nobody() const { return pid == 0; }
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

static_assert(sizeof(ProcessIdentity) == 24);

/// Counts the forks between the first process and this one: a copy of it kept beside some state tells whether the state
/// was made by this process or inherited from its parent. Never 0.
inline uint32_t fork_generation() {
  extern std::atomic<std::atomic<uint32_t>*> g_fork_generation;
  extern uint32_t begin_fork_generation();
  uint32_t generation = g_fork_generation.load(std::memory_order_acquire)->load(std::memory_order_relaxed);
  return generation != 0 ? generation : begin_fork_generation();
}

}  // namespace mish::ipc

#endif  // MISH_IPC_OWNER_H_
