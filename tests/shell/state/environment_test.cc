// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/environment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shell/state/shell_state.h"

namespace mish::state {
namespace {

// All but the path of the program, which is last.
std::vector<std::string> listed(ShellState& state) {
  std::vector<std::string> out;
  for (char* const* entry = state.environment.envp(state, "/bin/x"); *entry != nullptr; ++entry)
    out.emplace_back(*entry);
  EXPECT_EQ(out.back(), "_=/bin/x");
  out.pop_back();
  return out;
}

TEST(Environment, IsRebuiltOnlyWhenAnExportedVariableChanged) {
  ShellState state;
  Name x = NameTable::intern("x");
  state.variables.assign(x, "1");
  state.variables.add_attributes(x, attribute::Exported);
  EXPECT_EQ(listed(state), std::vector<std::string>{"x=1"});
  char* const* before = state.environment.envp(state, "/bin/x");
  state.variables.assign(NameTable::intern("y"), "2");
  EXPECT_EQ(state.environment.envp(state, "/bin/x"), before);
  state.variables.assign(x, "3");
  EXPECT_EQ(listed(state), std::vector<std::string>{"x=3"});
  state.variables.remove_attributes(x, attribute::Exported);
  EXPECT_TRUE(listed(state).empty());
}

TEST(Environment, ArraysAndUnsetVariablesAreNotPassedOn) {
  ShellState state;
  Name a = NameTable::intern("a");
  state.variables.assign_indexed(a, {"1"});
  state.variables.add_attributes(a, attribute::Exported);
  state.variables.add_attributes(NameTable::intern("nothing"), attribute::Exported);
  EXPECT_TRUE(listed(state).empty());
}

TEST(Environment, ExportComesBackWithItsScope) {
  ShellState state;
  Name x = NameTable::intern("x");
  state.variables.assign(x, "1");
  state.variables.push_scope(true);
  state.variables.save_for_scope(x);
  state.variables.assign(x, "2");
  state.variables.add_attributes(x, attribute::Exported);
  EXPECT_EQ(listed(state), std::vector<std::string>{"x=2"});
  state.variables.pop_scope();
  EXPECT_TRUE(listed(state).empty());
}

TEST(Environment, ImportKeepsForeignEntriesAndRefusesOwnVariables) {
  ShellState state;
  std::string entries[] = {"HOME=/root", "a.b=c", "IFS=x", "PPID=7", "no-equals", "EMPTY="};
  std::vector<char*> environ;
  for (std::string& entry : entries) environ.push_back(entry.data());
  environ.push_back(nullptr);
  state.environment.import(state, environ.data(), nullptr);
  EXPECT_EQ(state.variables.text(names::HOME), "/root");
  EXPECT_EQ(state.variables.text_or_null(names::IFS).data(), nullptr);
  EXPECT_EQ(listed(state), (std::vector<std::string>{"HOME=/root", "EMPTY=", "a.b=c"}));
}

TEST(Environment, NamesTheProgramOutsidePosixMode) {
  ShellState state;
  EXPECT_STREQ(state.environment.envp(state, "/bin/one")[0], "_=/bin/one");
  EXPECT_STREQ(state.environment.envp(state, "/bin/two")[0], "_=/bin/two");
  state.options.set(Option::Posix, true);
  EXPECT_EQ(state.environment.envp(state, "/bin/two")[0], nullptr);
}

TEST(Environment, AllExport) {
  ShellState state;
  state.variables.set_export_all(true);
  state.variables.assign(NameTable::intern("x"), "1");
  state.variables.set_export_all(false);
  EXPECT_EQ(listed(state), std::vector<std::string>{"x=1"});
}

}  // namespace
}  // namespace mish::state
