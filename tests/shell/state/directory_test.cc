// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "tests/support/temporary_directory.h"

namespace mish::state {
namespace {

class Directory : public testing::Test {
 protected:
  Directory() {
    EXPECT_EQ(mkdir("real", 0777), 0);
    EXPECT_EQ(mkdir("real/sub", 0777), 0);
    EXPECT_EQ(symlink("real/sub", "link"), 0);
  }
  tests::TemporaryWorkingDirectory temporary_;
  const std::string& root_ = temporary_.path();
  WorkingDirectory directory_;
};

TEST_F(Directory, BelievesPwdOnlyWhenItIsRight) {
  ASSERT_EQ(chdir("link"), 0);
  directory_.initialise(root_ + "/link");
  EXPECT_EQ(directory_.logical(), root_ + "/link");
  WorkingDirectory lied;
  lied.initialise("/usr");
  EXPECT_EQ(lied.logical(), root_ + "/real/sub");
  WorkingDirectory dotted;
  dotted.initialise(root_ + "/./link");
  EXPECT_EQ(dotted.logical(), root_ + "/real/sub");
}

TEST_F(Directory, LogicalAndPhysicalDotDot) {
  ASSERT_TRUE(directory_.change("link", false).ok());
  EXPECT_EQ(directory_.logical(), root_ + "/link");
  ASSERT_TRUE(directory_.change("..", false).ok());
  EXPECT_EQ(directory_.logical(), root_);
  ASSERT_TRUE(directory_.change("link", false).ok());
  ASSERT_TRUE(directory_.change("..", true).ok());
  EXPECT_EQ(directory_.logical(), root_ + "/real");
}

TEST_F(Directory, DotDotAfterSomethingMissingFails) {
  EXPECT_EQ(directory_.change("missing/..", false).code(), ENOENT);
  EXPECT_EQ(directory_.logical(), root_);
}

TEST_F(Directory, NormalisesWithoutTheFileSystem) {
  EXPECT_EQ(WorkingDirectory::normalise("/a/b", "./c//d/."), "/a/b/c/d");
  EXPECT_EQ(WorkingDirectory::normalise("/", "../.."), "/");
  EXPECT_EQ(WorkingDirectory::normalise("/a", "//x"), "//x");
  EXPECT_EQ(WorkingDirectory::normalise("/a", "///x"), "/x");
  EXPECT_EQ(WorkingDirectory::normalise("/usr", "../bin"), "/bin");
}

TEST_F(Directory, PathsLongerThanTheSystemTakesAreWalked) {
  std::string path = root_;
  while (path.size() < 6000) path += "/real/sub/../..";
  EXPECT_TRUE(directory_.change(path, true).ok());
  EXPECT_EQ(directory_.logical(), root_);
}

}  // namespace
}  // namespace mish::state
