// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/fd_plan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "shell/base/private_fd.h"
#include "shell/process/wait.h"

namespace mish::process {
namespace {

UniqueFd text_file(std::string_view text) {
  auto file = memory_file(text);
  EXPECT_TRUE(file.ok());
  return std::move(*file);
}

std::string content(int fd) {
  lseek(fd, 0, SEEK_SET);
  std::string text;
  EXPECT_TRUE(read_all(fd, text).ok());
  return text;
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

/// Each test works on descriptors 40.. that nobody else uses.
constexpr int kA = 40;
constexpr int kB = 41;

TEST(FdPlan, AdoptedFileIsTheUsersAfterwards) {
  FdPlan plan;
  ASSERT_TRUE(plan.adopt(text_file("a"), kA).ok());
  EXPECT_TRUE(plan.is_user_open(kA));
  EXPECT_FALSE(is_open(kA));
  SavedFds saved;
  ASSERT_TRUE(plan.apply_here(&saved).ok());
  EXPECT_TRUE(is_user_fd(kA));
  EXPECT_EQ(content(kA), "a");
  saved.restore();
  EXPECT_FALSE(is_open(kA));
}

TEST(FdPlan, RestoresWhatWasThereBefore) {
  UniqueFd old = text_file("old");
  dup2(old.get(), kA);
  {
    FdPlan plan;
    ASSERT_TRUE(plan.adopt(text_file("new"), kA).ok());
    plan.close(kA);
    plan.duplicate(old.get(), kB);
    SavedFds saved;
    ASSERT_TRUE(plan.apply_here(&saved).ok());
    EXPECT_FALSE(is_open(kA));
    EXPECT_TRUE(is_open(kB));
  }
  EXPECT_EQ(content(kA), "old");
  EXPECT_FALSE(is_open(kB));
  close(kA);
}

TEST(FdPlan, OrderMatters) {
  // 41>&40 40>new: 41 is the old file.
  UniqueFd old = text_file("old");
  dup2(old.get(), kA);
  FdPlan plan;
  plan.duplicate(kA, kB);
  ASSERT_TRUE(plan.adopt(text_file("new"), kA).ok());
  EXPECT_EQ(plan.resolve(kB), kA);
  SavedFds saved;
  ASSERT_TRUE(plan.apply_here(&saved).ok());
  EXPECT_EQ(content(kB), "old");
  EXPECT_EQ(content(kA), "new");
  saved.restore();
  close(kA);
}

TEST(FdPlan, PrivateDescriptorsAreNotTheUsers) {
  FdPlan plan;
  UniqueFd file = text_file("x");
  EXPECT_FALSE(plan.is_user_open(file.get()));
  EXPECT_FALSE(plan.is_user_open(99));
  EXPECT_TRUE(plan.is_user_open(1));
  plan.close(1);
  EXPECT_FALSE(plan.is_user_open(1));
}

TEST(FdPlan, FileOpenedAtAnEarlierTargetIsMoved) {
  // The second file happens to be opened at the number the first is meant for.
  FdPlan plan;
  UniqueFd first = text_file("first");
  UniqueFd second = text_file("second");
  int number = second.get();
  ASSERT_TRUE(plan.adopt(std::move(first), number).ok());
  ASSERT_TRUE(plan.adopt(std::move(second), kB).ok());
  SavedFds saved;
  ASSERT_TRUE(plan.apply_here(&saved).ok());
  EXPECT_EQ(content(number), "first");
  EXPECT_EQ(content(kB), "second");
}

TEST(FdPlan, FileOpenedAtItsOwnTarget) {
  FdPlan plan;
  UniqueFd file = text_file("here");
  int number = file.get();
  ASSERT_TRUE(plan.adopt(std::move(file), number).ok());
  SavedFds saved;
  ASSERT_TRUE(plan.apply_here(&saved).ok());
  EXPECT_TRUE(is_user_fd(number));
  saved.restore();
  EXPECT_FALSE(is_open(number));
}

TEST(FdPlan, KeepMakesItPermanent) {
  UniqueFd old = text_file("old");
  dup2(old.get(), kA);
  FdPlan plan;
  ASSERT_TRUE(plan.adopt(text_file("new"), kA).ok());
  SavedFds saved;
  ASSERT_TRUE(plan.apply_here(&saved).ok());
  saved.keep();
  EXPECT_EQ(content(kA), "new");
  close(kA);
}

TEST(FdPlan, ClearClosesWhatItOwns) {
  FdPlan plan;
  UniqueFd file = text_file("x");
  int number = file.get();
  ASSERT_TRUE(plan.adopt(std::move(file), kA).ok());
  plan.clear();
  EXPECT_FALSE(is_open(number));
  EXPECT_TRUE(plan.empty());
}

TEST(FdPlan, ProtectedDescriptorMakesWay) {
  UniqueFd script = text_file("script");
  ASSERT_GE(dup3(script.get(), kA, O_CLOEXEC), 0);
  script.reset();
  PrivateFd kept(UniqueFd{kA});
  FdPlan plan;
  ASSERT_TRUE(plan.adopt(text_file("user"), kA).ok());
  ASSERT_TRUE(plan.apply_here(nullptr).ok());
  EXPECT_NE(kept.get(), kA);
  EXPECT_EQ(content(kept.get()), "script");
  EXPECT_EQ(content(kA), "user");
  close(kA);
}

TEST(FdPlan, SavedCopyMakesWay) {
  UniqueFd old = text_file("old");
  dup2(old.get(), 3);
  FdPlan outer;
  ASSERT_TRUE(outer.adopt(text_file("new"), 3).ok());
  SavedFds saved;
  ASSERT_TRUE(outer.apply_here(&saved).ok());
  // The user asks for the very numbers where the copy may be.
  for (int number = kFirstPrivateFd; number < kFirstPrivateFd + 6; ++number) {
    if (is_user_fd(number)) continue;
    FdPlan inner;
    ASSERT_TRUE(inner.adopt(text_file("inner"), number).ok());
    ASSERT_TRUE(inner.apply_here(nullptr).ok());
  }
  saved.restore();
  EXPECT_EQ(content(3), "old");
  for (int number = kFirstPrivateFd; number < kFirstPrivateFd + 6; ++number) close(number);
  close(3);
}

TEST(FdPlan, NumberTheShellNeedsIsRefused) {
  UniqueFd own = std::move(*move_above_9(text_file("own")));
  FdPlan plan;
  plan.duplicate(STDERR_FILENO, own.get());
  EXPECT_EQ(plan.apply_here(nullptr).code(), EBUSY);
  EXPECT_EQ(content(own.get()), "own");
}

TEST(FdPlan, ChildWithoutStandardDescriptors) {
  pid_t pid = fork();
  if (pid == 0) {
    close(0);
    close(1);
    FdPlan plan;
    auto file = memory_file("text");  // lands on 0
    if (!file || !plan.adopt(std::move(*file), 1) || is_user_fd(0)) _exit(1);
    if (!plan.apply_in_child()) _exit(2);
    char c = 0;
    lseek(1, 0, SEEK_SET);
    _exit(read(1, &c, 1) == 1 && c == 't' && is_user_fd(1) ? 0 : 3);
  }
  EXPECT_EQ(wait_for_pid(pid), ProcessStatus::exited(0));
}

TEST(FdPlan, BadSourceFails) {
  FdPlan plan;
  plan.duplicate(99, kA);
  SavedFds saved;
  EXPECT_EQ(plan.apply_here(&saved).code(), EBADF);
}

}  // namespace
}  // namespace mish::process
