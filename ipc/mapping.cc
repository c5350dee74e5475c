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

// The seat: a place for one mapping at a time, right behind a page that stays reserved. With a neighbour so near, the
// kernel keeps the page tables of the place when a mapping there ends, and the next one, which a script that makes and
// removes mailboxes brings at once, spares the making of new ones. Only a process that maps a second time has a seat.
constexpr size_t kSpanOfATable = size_t{2} << 20;
constexpr size_t kRoomForOthers = size_t{1} << 30;  // above it: the kernel maps from the top down
std::atomic<bool> g_is_seat_taken{false};
char* g_seat = nullptr;     // under g_is_seat_taken
bool g_has_mapped = false;  // likewise

/// Reserves the page before a stretch of free addresses; null when there is no such stretch.
char* make_seat(size_t length) {
  size_t room = length + kRoomForOthers + kSpanOfATable;
  void* found = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return nullptr;
  auto* start = static_cast<char*>(found);
  size_t lead = kSpanOfATable - (reinterpret_cast<uintptr_t>(start) & (kSpanOfATable - 1));
  munmap(start, lead);
  munmap(start + lead + kPage, room - lead - kPage);
  return start + lead + kPage;
}

/// The seat, for a mapping of `length` bytes; null: none, or it is taken.
char* take_seat(size_t length) {
  if (g_is_seat_taken.exchange(true, std::memory_order_acquire)) return nullptr;
  if (g_seat == nullptr && g_has_mapped) g_seat = make_seat(length);
  g_has_mapped = true;
  if (g_seat == nullptr) g_is_seat_taken.store(false, std::memory_order_release);
  return g_seat;
}

void leave_seat() { g_is_seat_taken.store(false, std::memory_order_release); }

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
  char* seat = take_seat(length);
  int placement = seat != nullptr ? MAP_FIXED_NOREPLACE : 0;
  void* base = mmap(seat, length, protection, MAP_SHARED | MAP_NORESERVE | placement, fd, 0);
  has_seat_ = seat != nullptr && base == seat;
  if (seat != nullptr && !has_seat_) leave_seat();
  if (seat != nullptr && base == MAP_FAILED)
    base = mmap(nullptr, length, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
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
  if (has_seat_) leave_seat();
  has_seat_ = false;
  entry.used.store(0);
  entry_ = -1;
  base_ = nullptr;
  damaged_ = nullptr;
}

}  // namespace mish::ipc
