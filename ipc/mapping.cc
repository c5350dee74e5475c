// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/mapping.h"

#include <signal.h>
#include <sys/mman.h>

namespace mish::ipc {
namespace {

constexpr int kMaxMappings = 4096;
constexpr uintptr_t kPage = 4096;

// Read by the signal handler: an entry is valid from the store of `end` to the store of 0 there.
struct Entry {
  std::atomic<uint32_t> used{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<uint32_t> damaged{0};
};
constinit Entry g_entries[kMaxMappings];
std::atomic<int> g_high_water{0};
struct sigaction g_previous;

void on_bus_error(int signal, siginfo_t* info, void* context) {
  if (repair_missing_page(info->si_addr)) return;
  if ((g_previous.sa_flags & SA_SIGINFO) != 0 && g_previous.sa_sigaction != nullptr) {
    g_previous.sa_sigaction(signal, info, context);
  } else if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) {
    g_previous.sa_handler(signal);
  } else {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(SIGBUS, &standard, nullptr);  // the instruction is run again and ends the process
  }
}

void install_guard() {
  struct sigaction present {};
  if (sigaction(SIGBUS, nullptr, &present) != 0) return;
  if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == on_bus_error) return;
  struct sigaction ours {};
  ours.sa_sigaction = on_bus_error;
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  g_previous = present;
  sigaction(SIGBUS, &ours, nullptr);
}

}  // namespace

bool repair_missing_page(void* address) {
  auto at = reinterpret_cast<uintptr_t>(address);
  int count = g_high_water.load(std::memory_order_acquire);
  for (int i = 0; i < count; ++i) {
    Entry& entry = g_entries[i];
    uintptr_t end = entry.end.load(std::memory_order_acquire);
    if (at >= end || at < entry.begin.load(std::memory_order_relaxed)) continue;
    entry.damaged.store(1, std::memory_order_relaxed);
    void* page = reinterpret_cast<void*>(at & ~(kPage - 1));
    return mmap(page, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
  }
  return false;
}

Result<void> SharedMapping::map(int fd, size_t length, bool read_only) {
  unmap();
  install_guard();
  for (int i = 0; i < kMaxMappings; ++i) {
    uint32_t expected = 0;
    if (g_entries[i].used.compare_exchange_strong(expected, 1)) {
      entry_ = i;
      break;
    }
  }
  if (entry_ < 0) return Errno(EMFILE);
  Entry& entry = g_entries[entry_];
  int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* base = mmap(nullptr, length, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (base == MAP_FAILED) {
    Errno error = Errno::last();
    entry.used.store(0);
    entry_ = -1;
    return error;
  }
  base_ = static_cast<char*>(base);
  length_ = length;
  damaged_ = &entry.damaged;
  entry.damaged.store(0, std::memory_order_relaxed);
  entry.begin.store(reinterpret_cast<uintptr_t>(base), std::memory_order_relaxed);
  entry.end.store(reinterpret_cast<uintptr_t>(base) + length, std::memory_order_release);
  int seen = g_high_water.load();
  while (seen <= entry_ && !g_high_water.compare_exchange_weak(seen, entry_ + 1)) {
  }
  return {};
}

void SharedMapping::unmap() {
  if (entry_ < 0) return;
  Entry& entry = g_entries[entry_];
  entry.end.store(0, std::memory_order_release);
  munmap(base_, length_);
  entry.used.store(0);
  entry_ = -1;
  base_ = nullptr;
  damaged_ = nullptr;
}

}  // namespace mish::ipc
