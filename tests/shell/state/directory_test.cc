// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace mish::state {
namespace {

class Directory : public testing::Test {
 protected:
  Directory() {
    char name[] = "/tmp/mish-directory-XXXXXX";
    root_ = mkdtemp(name);
    EXPECT_EQ(chdir(root_.c_str()), 0);
    EXPECT_EQ(mkdir("real", 0777), 0);
    EXPECT_EQ(mkdir("real/sub", 0777), 0);
    EXPECT_EQ(symlink("real/sub", "link"), 0);
  }
  ~Directory() override {
    EXPECT_EQ(chdir("/"), 0);
    unlink((root_ + "/link").c_str());
    rmdir((root_ + "/real/sub").c_str());
    rmdir((root_ + "/real").c_str());
    rmdir(root_.c_str());
  }
  std::string root_;
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
