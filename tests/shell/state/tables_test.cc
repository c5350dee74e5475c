// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "shell/state/aliases.h"
#include "shell/state/command_hash.h"
#include "shell/state/file_test.h"
#include "shell/state/functions.h"
#include "shell/state/positional.h"
#include "shell/state/shell_state.h"
#include "shell/state/traps.h"
#include "tests/support/temporary_directory.h"

namespace mish::state {
namespace {

TEST(AliasTable, CopiesShareUntilChanged) {
  AliasTable aliases;
  aliases.set("ll", "ls -l");
  AliasTable copy = aliases;
  copy.set("ll", "ls -la");
  EXPECT_EQ(*aliases.find_alias("ll"), "ls -l");
  EXPECT_EQ(*copy.find_alias("ll"), "ls -la");
  EXPECT_TRUE(copy.remove("ll"));
  EXPECT_FALSE(copy.remove("ll"));
  EXPECT_TRUE(aliases.has_aliases());
}

TEST(PositionalParameters, AssignFromThemselves) {
  PositionalParameters positional;
  std::string_view words[] = {"a", "b", "c"};
  positional.assign(words);
  PositionalParameters saved = positional;
  EXPECT_TRUE(positional.shift(1));
  positional.assign(positional.all());
  EXPECT_EQ(positional.count(), 2u);
  EXPECT_EQ(positional.at(1), "b");
  EXPECT_EQ(positional.at(3).data(), nullptr);
  EXPECT_FALSE(positional.shift(3));
  EXPECT_EQ(saved.count(), 3u);
}

TEST(TrapTable, SubshellShowsInheritedActionsUntilItSetsOne) {
  TrapTable traps;
  traps.set(kTrapExit, {TrapAction::Kind::Command, "echo bye"});
  traps.set(2, {TrapAction::Kind::Ignore, ""});
  TrapTable outer = traps;
  traps.enter_subshell();
  EXPECT_FALSE(traps.is_command(kTrapExit));
  EXPECT_EQ(traps.action(2).kind, TrapAction::Kind::Ignore);
  EXPECT_EQ(traps.printable(kTrapExit).command, "echo bye");
  traps.set(15, {TrapAction::Kind::Command, ":"});
  EXPECT_EQ(traps.printable(kTrapExit).kind, TrapAction::Kind::Default);
  EXPECT_TRUE(outer.is_command(kTrapExit));
}

TEST(FunctionTable, RollBackRestoresDefinitions) {
  FunctionTable functions;
  Name f = NameTable::intern("f");
  Function first;
  first.source_name = "one";
  functions.define(f, first);
  size_t snapshot = functions.begin_snapshot();
  Function second;
  second.source_name = "two";
  functions.define(f, second);
  functions.define(NameTable::intern("g"), second);
  EXPECT_TRUE(functions.roll_back(snapshot));
  EXPECT_EQ(functions.find(f)->source_name, "one");
  EXPECT_EQ(functions.find(NameTable::intern("g")), nullptr);
}

TEST(FunctionTable, ReadOnlyFunctionsStay) {
  FunctionTable functions;
  Name f = NameTable::intern("f");
  functions.define(f, {});
  functions.find_mutable(f)->is_readonly = true;
  EXPECT_FALSE(functions.define(f, {}));
  EXPECT_FALSE(functions.unset(f));
}

class PathSearch : public testing::Test {
 protected:
  PathSearch() {
    for (const char* directory : {"/a", "/b", "/b/tool2"}) mkdir((root_ + directory).c_str(), 0777);
    make("/a/tool", 0644);
    make("/b/tool", 0755);
    path_ = root_ + "/a:" + root_ + "/b";
  }
  void make(const char* name, mode_t mode) {
    std::ofstream(root_ + name) << "#!/bin/sh\n";
    chmod((root_ + name).c_str(), mode);
  }
  tests::TemporaryDirectory directory_;
  const std::string& root_ = directory_.path();
  std::string path_;
};

TEST_F(PathSearch, SkipsWhatCannotBeExecuted) {
  SearchTrouble trouble;
  EXPECT_EQ(search_path("tool", path_, &trouble), root_ + "/b/tool");
  EXPECT_TRUE(trouble.is_unexecutable);
  EXPECT_EQ(trouble.error, 0);
  EXPECT_EQ(search_path("tool2", path_), "");
  EXPECT_EQ(search_path_all("tool", path_ + ":" + root_ + "/b").size(), 1u);
}

TEST_F(PathSearch, EmptyElementIsTheCurrentDirectory) {
  ASSERT_EQ(chdir((root_ + "/b").c_str()), 0);
  EXPECT_EQ(search_path("tool", "/nowhere::/else"), "./tool");
  EXPECT_EQ(search_path("tool", ""), "./tool");
  ASSERT_EQ(chdir("/"), 0);
}

TEST(FileTest, Primaries) {
  ShellState state;
  EXPECT_TRUE(*evaluate_unary(state, 'd', "/"));
  EXPECT_FALSE(*evaluate_unary(state, 'f', "/"));
  EXPECT_TRUE(*evaluate_unary(state, 'z', ""));
  EXPECT_FALSE(*evaluate_unary(state, 'o', "errexit"));
  state.variables.assign(NameTable::intern("set_one"), "");
  EXPECT_TRUE(*evaluate_unary(state, 'v', "set_one"));
  EXPECT_FALSE(*evaluate_unary(state, 'v', "unset_one"));
  EXPECT_FALSE(*evaluate_unary(state, 't', "99999999999"));
  EXPECT_TRUE(is_unary_primary("-f"));
  EXPECT_FALSE(is_unary_primary("-q"));
  EXPECT_TRUE(is_binary_primary("-nt"));
  EXPECT_TRUE(*compare_files("-ef", "/", "/."));
  EXPECT_TRUE(*compare_files("-nt", "/", "/nonexistent"));
}

}  // namespace
}  // namespace mish::state
