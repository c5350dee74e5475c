// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/owner.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>

#include "shell/base/process_stat.h"

namespace mish::ipc {

namespace {
std::atomic<uint32_t> g_not_asked_yet{0};
}

// In memory that the kernel empties in every child, however it was forked: 0 means that nobody asked in this process.
constinit std::atomic<std::atomic<uint32_t>*> g_fork_generation{&g_not_asked_yet};

namespace {

std::atomic<uint32_t> g_last_generation{0};

uint64_t own_namespace() {
  struct stat info {};
  return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

}  // namespace

namespace {

/// A page that is empty again in a child (MADV_WIPEONFORK). Where the kernel cannot do that, fork() itself has to be
/// watched, which _Fork() and clone(2) escape. Made at the first question: a shell that never opens a mailbox pays
/// nothing.
std::atomic<uint32_t>* make_generation_page() {
  constexpr size_t kSize = sizeof(std::atomic<uint32_t>);
  void* page = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED && madvise(page, kSize, MADV_WIPEONFORK) == 0) return new (page) std::atomic<uint32_t>(0);
  if (page != MAP_FAILED) munmap(page, kSize);
  pthread_atfork(nullptr, nullptr, [] { g_not_asked_yet.store(0, std::memory_order_relaxed); });
  return &g_not_asked_yet;
}

}  // namespace

uint32_t begin_fork_generation() {
  static std::atomic<uint32_t>* const page = make_generation_page();
  g_fork_generation.store(page, std::memory_order_release);
  uint32_t expected = 0;
  uint32_t mine = g_last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
  // Another thread may have been faster.
  return page->compare_exchange_strong(expected, mine, std::memory_order_relaxed) ? mine : expected;
}

const ProcessIdentity& ProcessIdentity::self() {
  thread_local ProcessIdentity identity;
  thread_local uint32_t generation = 0;
  if (generation != fork_generation()) {
    auto found = of(getpid());
    identity = found ? *found : ProcessIdentity{getpid(), 0, 0, own_namespace()};
    generation = fork_generation();
  }
  return identity;
}

Result<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  Result<ProcessStat> stat = read_process_stat(pid);
  if (!stat || stat->is_ending()) return Errno(ESRCH);
  return ProcessIdentity{pid, 0, stat->start_ticks, own_namespace()};
}

bool ProcessIdentity::is_alive() const {
  if (pid <= 0) return false;
  const ProcessIdentity& me = self();
  if (*this == me || pid_namespace != me.pid_namespace) return true;
  Result<ProcessStat> stat = read_process_stat(pid);
  if (!stat) return false;
  return !stat->is_ending() && (start_time == 0 || stat->start_ticks == start_time);
}

}  // namespace mish::ipc
