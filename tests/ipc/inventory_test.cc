// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/inventory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/benchmark.h"
#include "ipc/port.h"
#include "ipc/semaphore.h"
#include "ipc/shared_memory.h"
#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

using testing::unique_key;
using testing::unique_name;

const ObjectInfo* find_object(const std::vector<ObjectInfo>& objects, std::string_view kind, const std::string& name) {
  auto found = std::find_if(objects.begin(), objects.end(),
                            [&](const ObjectInfo& o) { return o.kind == kind && o.name == name; });
  return found == objects.end() ? nullptr : &*found;
}

TEST(Inventory, ListsObjectsOfEveryMaker) {
  KernelName shm = *posix_name(unique_name("shm"));
  KernelName sem = *posix_name(unique_name("sem"));
  ASSERT_TRUE(SharedMemory::create(shm, 100, {}).ok());
  ASSERT_TRUE(Semaphore::create(sem, 3, {}).ok());
  std::string note;
  std::vector<ObjectInfo> all = list_objects({}, note);
  const ObjectInfo* segment = find_object(all, "shm", shm.name);
  const ObjectInfo* semaphore = find_object(all, "sem", sem.name);
  ASSERT_NE(segment, nullptr);
  ASSERT_NE(semaphore, nullptr);
  EXPECT_EQ(segment->capacity, 100);
  EXPECT_EQ(segment->mode, 0600u);
  EXPECT_EQ(semaphore->used, 3);
  EXPECT_EQ(find_object(list_objects({{"sem"}}, note), "shm", shm.name), nullptr);
  (void)SharedMemory::remove(shm);
  (void)Semaphore::remove(sem);
}

TEST(Inventory, DeadServersPortIsGarbageALiveOnesIsNot) {
  ObjectName name = *ObjectName::parse(unique_name("gc"));
  Outcome<ConnectionPort> port = ConnectionPort::listen(name, 0600);
  ASSERT_TRUE(port.ok());
  auto is_garbage = [&] {
    std::vector<Garbage> found = find_garbage(false);
    return std::any_of(found.begin(), found.end(), [&](const Garbage& g) { return g.name == name.text(); });
  };
  EXPECT_FALSE(is_garbage());
  close(port->release());  // as if the server had been killed
  EXPECT_TRUE(is_garbage());
  EXPECT_TRUE(collect({"port", name.text(), "", {}}).ok());
  EXPECT_FALSE(is_garbage());
}

TEST(Inventory, ForeignSegmentOfADeadCreatorIsGarbage) {
  KernelName name = *sysv_key(unique_key());
  int id = -1;
  int status = testing::in_child([&] { return SharedMemory::create(name, 64, {}).ok() ? 0 : 1; });
  ASSERT_EQ(status, 0);
  for (const SegmentInfo& s : SharedMemory::list()) {
    if (s.name.api == Api::SystemV && s.name.key == name.key) id = s.name.id;
  }
  std::string text = "id:" + std::to_string(id);
  std::vector<Garbage> found = find_garbage(true);
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const Garbage& g) { return g.name == text; }));
  (void)SharedMemory::remove(name);
}

TEST(Inventory, BothEndsOfASocketAreOneObject) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  int channel[2];
  ASSERT_EQ(pipe(channel), 0);
  pid_t child = fork();
  if (child == 0) {
    close(pair[0]);
    close(channel[1]);
    char byte;
    _exit(read(channel[0], &byte, 1) == 0 ? 0 : 1);
  }
  close(pair[1]);
  close(channel[0]);
  std::string object;
  size_t users = 0;
  for (const Sharing& s : list_sharing(2)) {
    if (s.pid == child && s.object.rfind("socket ", 0) == 0) object = s.object;
  }
  for (const Sharing& s : list_sharing(2)) users += s.object == object && (s.pid == child || s.pid == getpid()) ? 1 : 0;
  EXPECT_EQ(users, 2u) << object;
  close(channel[1]);
  waitpid(child, nullptr, 0);
  close(pair[0]);
}

TEST(Benchmark, MeasuresEveryMechanism) {
  BenchmarkPlan plan;
  plan.sizes = {64};
  plan.time_ns = 100'000;
  plan.fork_process = fork;
  for (std::string_view mechanism : benchmark_mechanisms()) {
    Outcome<std::vector<BenchmarkResult>> results = measure(mechanism, plan);
    ASSERT_TRUE(results.ok());
    EXPECT_GT(results->front().round_trip_ns, 0) << mechanism;
  }
  EXPECT_EQ(measure("telepathy", plan).status(), Status::Usage);
}

}  // namespace
}  // namespace mish::ipc
