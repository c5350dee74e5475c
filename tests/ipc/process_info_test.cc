// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/process_info.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "ipc/fifo.h"
#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

/// A child that waits for a byte from its parent.
struct WaitingChild {
  int channel[2];
  pid_t pid;
  WaitingChild() {
    if (pipe(channel) != 0) abort();
    pid = fork();
    if (pid == 0) {
      char byte;
      close(channel[1]);
      _exit(read(channel[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(channel[0]);
    while (read_process(pid, Detail::Basic)->kernel_state != 'S') sched_yield();
  }
  ~WaitingChild() {
    close(channel[1]);
    waitpid(pid, nullptr, 0);
  }
};

TEST(ProcessInfo, OwnControlBlock) {
  Outcome<ProcessInfo> self = read_process(getpid(), Detail::Full);
  ASSERT_TRUE(self.ok());
  EXPECT_EQ(self->parent, getppid());
  EXPECT_EQ(self->state, ProcessState::Running);
  EXPECT_GT(self->resident, 0u);
  EXPECT_GT(self->open_files, 2);
  EXPECT_EQ(self->threads, 1);
  EXPECT_LT(self->text_start, self->text_end);
  EXPECT_GT(self->start_ticks, 0u);
}

TEST(ProcessInfo, WaitingChildNamesItsDescriptor) {
  WaitingChild child;
  Outcome<ProcessInfo> info = read_process(child.pid, Detail::Full);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(state_name(info->state), "waiting");
  ASSERT_TRUE(info->has_registers);
  EXPECT_EQ(describe_wait(*info).rfind("read on descriptor ", 0), 0u) << describe_wait(*info);
}

TEST(ProcessInfo, EndedChildIsAZombieUntilReaped) {
  pid_t pid = fork();
  if (pid == 0) _exit(3);
  siginfo_t ignored;
  waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED | WNOWAIT);
  EXPECT_EQ(read_process(pid, Detail::Basic)->state, ProcessState::Terminated);
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(read_process(pid, Detail::Basic).status(), Status::NoObject);
}

TEST(ProcessInfo, MemoryMapShowsCopyOnWrite) {
  constexpr size_t kSize = 1 << 20;
  char* block = static_cast<char*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::memset(block, 1, kSize);
  WaitingChild child;  // inherits the block; nobody has written since
  Outcome<std::vector<MemoryRegion>> map = read_memory(child.pid);
  ASSERT_TRUE(map.ok());
  uint64_t address = reinterpret_cast<uint64_t>(block);
  auto region = std::find_if(map->begin(), map->end(),
                             [&](const MemoryRegion& r) { return r.start <= address && address < r.end; });
  ASSERT_NE(region, map->end());
  EXPECT_TRUE(region->is_copy_on_write());
  EXPECT_GE(region->shared, kSize / 2);
  bool has_text = std::any_of(map->begin(), map->end(), [](const MemoryRegion& r) { return r.segment == "text"; });
  bool has_stack = std::any_of(map->begin(), map->end(), [](const MemoryRegion& r) { return r.segment == "stack"; });
  EXPECT_TRUE(has_text);
  EXPECT_TRUE(has_stack);
  munmap(block, kSize);
}

TEST(ProcessInfo, TreeGivesDescendantsBeforeTheirParents) {
  WaitingChild child;
  std::vector<pid_t> order = descendants_first(list_processes(), getpid());
  ASSERT_GE(order.size(), 2u);
  EXPECT_EQ(order.back(), getpid());
  EXPECT_NE(std::find(order.begin(), order.end(), child.pid), order.end());
}

TEST(ProcessInfo, ThreadsOfASingleThreadedProcess) {
  Outcome<std::vector<ThreadInfo>> threads = read_threads(getpid());
  ASSERT_TRUE(threads.ok());
  EXPECT_EQ(threads->size(), 1u);
  EXPECT_EQ(threads->front().tid, getpid());
}

TEST(ProcessInfo, SignalNamesGoBothWays) {
  EXPECT_EQ(signal_name(SIGUSR1), "USR1");
  EXPECT_EQ(signal_by_name("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_by_name("9"), 9);
  EXPECT_EQ(signal_by_name("NOPE"), 0);
}

TEST(Fifo, CreatedListedLookedAtRemoved) {
  std::string path = ::testing::TempDir() + testing::unique_name("fifo");
  ASSERT_TRUE(create_fifo(path, 0600).ok());
  EXPECT_EQ(create_fifo(path, 0600).status(), Status::Exists);
  Outcome<FifoInfo> info = stat_fifo(path);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->readers.empty());
  int both = open(path.c_str(), O_RDWR);
  info = stat_fifo(path);
  EXPECT_EQ(info->readers, std::vector<pid_t>{getpid()});
  EXPECT_EQ(info->writers, std::vector<pid_t>{getpid()});
  close(both);
  EXPECT_TRUE(remove_fifo(path).ok());
  EXPECT_EQ(stat_fifo(path).status(), Status::NoObject);
  EXPECT_EQ(remove_fifo("/etc/passwd").status(), Status::Usage);
}

}  // namespace
}  // namespace mish::ipc
