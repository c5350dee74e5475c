// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/builtins/fake_services.h"
#include "tests/support/temporary_directory.h"

namespace mish::builtins {
namespace {

class DirectoryBuiltins : public BuiltinTest {
 protected:
  DirectoryBuiltins() {
    for (const char* each : {"a", "a/b", "c"}) EXPECT_EQ(mkdir(each, 0777), 0);
    EXPECT_EQ(symlink("a/b", "link"), 0);
    state.directory.initialise(root);
    state.variables.assign(names::PWD, root);
  }
  tests::TemporaryWorkingDirectory directory;
  const std::string& root = directory.path();
};

TEST_F(DirectoryBuiltins, CdSetsPwdAndOldpwd) {
  EXPECT_EQ(status({"cd", "a"}), 0);
  EXPECT_EQ(get("PWD"), root + "/a");
  EXPECT_EQ(get("OLDPWD"), root);
  EXPECT_EQ(out, "");
  EXPECT_EQ(status({"cd", "-"}), 0);
  EXPECT_EQ(out, root + "\n");
  EXPECT_EQ(get("OLDPWD"), root + "/a");
}

TEST_F(DirectoryBuiltins, CdToNowhere) {
  EXPECT_EQ(status({"cd", "nope"}), 1);
  EXPECT_EQ(err, "mish: test: cd: nope: No such file or directory\n");
  EXPECT_EQ(get("PWD"), root);
  EXPECT_EQ(status({"cd", "a", "c"}), 1);
  EXPECT_EQ(status({"cd", "-Z"}), 2);
  EXPECT_EQ(status({"cd", "-"}), 1);
  state.variables.unset(names::HOME);
  EXPECT_EQ(status({"cd"}), 1);
}

TEST_F(DirectoryBuiltins, LogicalAndPhysical) {
  run({"cd", "link"});
  EXPECT_EQ(get("PWD"), root + "/link");
  run({"pwd", "-P"});
  EXPECT_EQ(out, root + "/a/b\n");
  run({"pwd"});
  EXPECT_EQ(out, root + "/link\n");
  run({"cd", "-P", "."});
  EXPECT_EQ(get("PWD"), root + "/a/b");
}

TEST_F(DirectoryBuiltins, CdpathIsSearchedAndTold) {
  state.variables.assign(names::CDPATH, root + "/a:" + root);
  EXPECT_EQ(status({"cd", "b"}), 0);
  EXPECT_EQ(out, root + "/a/b\n");
  EXPECT_EQ(status({"cd", "./b"}), 1);
  state.variables.assign(names::CDPATH, "");
  EXPECT_EQ(status({"cd", ".."}), 0);
  EXPECT_EQ(out, "");
}

TEST_F(DirectoryBuiltins, Stack) {
  EXPECT_EQ(status({"pushd", "a"}), 0);
  EXPECT_EQ(out, root + "/a " + root + "\n");
  run({"pushd", "../c"});
  EXPECT_EQ(out, root + "/c " + root + "/a " + root + "\n");
  run({"dirs", "-v"});
  EXPECT_EQ(out, " 0  " + root + "/c\n 1  " + root + "/a\n 2  " + root + "\n");
  run({"pushd", "+1"});
  EXPECT_EQ(get("PWD"), root + "/a");
  run({"popd"});
  EXPECT_EQ(get("PWD"), root);
  EXPECT_EQ(out, root + " " + root + "/c\n");
  EXPECT_EQ(status({"popd", "+5"}), 1);
  run({"popd", "+1"});
  EXPECT_EQ(status({"popd"}), 1);
  state.variables.assign(names::HOME, root);
  run({"dirs"});
  EXPECT_EQ(out, "~\n");
  run({"dirs", "-l"});
  EXPECT_EQ(out, root + "\n");
}

}  // namespace
}  // namespace mish::builtins
