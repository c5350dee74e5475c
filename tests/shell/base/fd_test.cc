// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mish {
namespace {

TEST(UniqueFd, ClosesAtTheEndOfItsLife) {
  int number;
  {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.get();
    ASSERT_GE(fcntl(number, F_GETFD), 0);
  }
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(UniqueFd, MoveLeavesTheSourceClosed) {
  UniqueFd a(open("/dev/null", O_RDONLY | O_CLOEXEC));
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.is_open());
  EXPECT_TRUE(b.is_open());
}

TEST(Pipe, CarriesBytesAndIsCloseOnExec) {
  Result<Pipe> pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  EXPECT_EQ(fcntl(pipe->read_end.get(), F_GETFD), FD_CLOEXEC);
  ASSERT_TRUE(write_all(pipe->write_end.get(), "hello").ok());
  pipe->write_end.reset();
  std::string text;
  ASSERT_TRUE(read_all(pipe->read_end.get(), text).ok());
  EXPECT_EQ(text, "hello");
}

TEST(MoveAbove9, GivesAPrivateDescriptor) {
  Result<UniqueFd> fd = move_above_9(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(fd.ok());
  EXPECT_GE(fd->get(), kFirstPrivateFd);
  EXPECT_EQ(fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
}

TEST(OpenFile, FailsWithErrno) { EXPECT_EQ(open_file("/nonexistent/x", O_RDONLY).code(), ENOENT); }

TEST(MemoryFile, IsReadFromItsStart) {
  Result<UniqueFd> fd = memory_file("here\n");
  ASSERT_TRUE(fd.ok());
  std::string text;
  ASSERT_TRUE(read_all(fd->get(), text).ok());
  EXPECT_EQ(text, "here\n");
}

TEST(SetCloseOnExec, SwitchesTheFlag) {
  UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(set_close_on_exec(fd.get(), false).ok());
  EXPECT_EQ(fcntl(fd.get(), F_GETFD), 0);
  EXPECT_EQ(set_close_on_exec(-1, true).code(), EBADF);
}

}  // namespace
}  // namespace mish
