// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/descriptor_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/support/temporary_directory.h"

namespace mish::process {
namespace {

class DescriptorPathTest : public testing::Test {
 protected:
  std::string at(const char* name) const { return directory_.path() + name; }

  tests::TemporaryDirectory directory_;
};

TEST_F(DescriptorPathTest, NamesOfDescriptors) {
  EXPECT_EQ(named_descriptor("/dev/stdin"), 0);
  EXPECT_EQ(named_descriptor("/dev/stdout"), 1);
  EXPECT_EQ(named_descriptor("/dev/stderr"), 2);
  EXPECT_EQ(named_descriptor("/dev/fd/17"), 17);
  EXPECT_EQ(named_descriptor("/proc/self/fd/1"), 1);
  EXPECT_EQ(named_descriptor("//dev/./../dev/stdout"), 1);
}

TEST_F(DescriptorPathTest, LinksAreFollowed) {
  ASSERT_EQ(symlink("/dev/stdout", at("/link").c_str()), 0);
  ASSERT_EQ(symlink("link", at("/chain").c_str()), 0);
  ASSERT_EQ(symlink("loop", at("/loop").c_str()), 0);
  EXPECT_EQ(named_descriptor(at("/link").c_str()), 1);
  EXPECT_EQ(named_descriptor(at("/chain").c_str()), 1);
  EXPECT_EQ(named_descriptor(at("/loop").c_str()), -1);
}

TEST_F(DescriptorPathTest, OtherPathsNameNone) {
  EXPECT_EQ(named_descriptor("/dev/null"), -1);
  EXPECT_EQ(named_descriptor("/proc/self/exe"), -1);
  EXPECT_EQ(named_descriptor("/proc/self/fd/x"), -1);
  EXPECT_EQ(named_descriptor("/nowhere/at/all"), -1);
  EXPECT_EQ(named_descriptor(at("/missing").c_str()), -1);
  // That of a process given by its number, even this one: whoever opens it gets the same.
  EXPECT_EQ(named_descriptor(("/proc/" + std::to_string(getpid()) + "/fd/1").c_str()), -1);
}

TEST_F(DescriptorPathTest, OrdinaryFilesAreOpened) {
  Result<UniqueFd> made = open_ordinary(at("/file").c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  ASSERT_TRUE(made.ok());
  EXPECT_NE(fcntl(made->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(open_ordinary("/dev/null", O_WRONLY).ok() || open_ordinary("/dev/null", O_WRONLY).code() == ELOOP);
  EXPECT_EQ(open_ordinary(at("/missing").c_str(), O_RDONLY).code(), ENOENT);
}

TEST_F(DescriptorPathTest, MagicLinksAreRefused) {
  EXPECT_EQ(open_ordinary("/dev/stdout", O_WRONLY).code(), ELOOP);
  EXPECT_EQ(open_ordinary("/proc/self/fd/0", O_RDONLY).code(), ELOOP);
}

}  // namespace
}  // namespace mish::process
