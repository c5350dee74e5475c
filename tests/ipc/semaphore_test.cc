// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/semaphore.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

using testing::in_child;
using testing::unique_key;
using testing::unique_name;

TEST(PosixSemaphore, CountsDownAndUp) {
  KernelName name = *posix_name(unique_name("sem"));
  Outcome<Semaphore> made = Semaphore::create(name, 1, {});
  ASSERT_TRUE(made.ok()) << made.error().sentence;
  EXPECT_TRUE(made->take(Wait::none()).ok());
  EXPECT_EQ(made->take(Wait::none()).status(), Status::WouldBlock);
  EXPECT_EQ(made->take(Wait::for_ns(5'000'000)).status(), Status::TimedOut);
  EXPECT_TRUE(made->post().ok());
  EXPECT_EQ(made->stat()->value, 1);
  EXPECT_EQ(made->stat()->mode, 0600u);
  EXPECT_EQ(Semaphore::create(name, 1, {}).status(), Status::Exists);
  EXPECT_TRUE(Semaphore::remove(name).ok());
  EXPECT_EQ(Semaphore::open(name).status(), Status::NoObject);
}

TEST(PosixSemaphore, PostWakesAnotherProcess) {
  KernelName name = *posix_name(unique_name("sem"));
  Outcome<Semaphore> made = Semaphore::create(name, 0, {});
  ASSERT_TRUE(made.ok());
  pid_t child = fork();
  if (child == 0) _exit(Semaphore::open(name)->post().ok() ? 0 : 1);
  EXPECT_TRUE(made->take(Wait::for_ns(5'000'000'000)).ok());
  waitpid(child, nullptr, 0);
  (void)Semaphore::remove(name);
}

TEST(PosixSemaphore, TruncatedFileIsDamage) {
  KernelName name = *posix_name(unique_name("sem"));
  std::string path = "/dev/shm/sem." + name.name;
  close(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_EQ(Semaphore::open(name).status(), Status::Damaged);
  (void)Semaphore::remove(name);
}

TEST(SystemVSemaphore, UndoGivesBackWhenTheHolderIsKilled) {
  KernelName name = *sysv_key(unique_key());
  Outcome<Semaphore> made = Semaphore::create(name, 1, {});
  ASSERT_TRUE(made.ok()) << made.error().sentence;
  int status = in_child([&] {
    Outcome<Semaphore> mine = Semaphore::open(name);
    if (!mine->take(Wait::none(), true).ok()) return 1;
    raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(status, 128 + SIGKILL);
  EXPECT_EQ(made->stat()->value, 1);
  EXPECT_TRUE(made->take(Wait::none()).ok());
  EXPECT_EQ(made->take(Wait::none()).status(), Status::WouldBlock);
  EXPECT_TRUE(Semaphore::remove(name).ok());
}

}  // namespace
}  // namespace mish::ipc
