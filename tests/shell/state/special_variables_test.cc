// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/special_variables.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "shell/state/shell_state.h"

namespace mish::state {
namespace {

class SpecialVariables : public testing::Test {
 protected:
  SpecialVariables() { install_special_variables(state); }
  std::string get(Name name) { return std::string(state.variables.text(name)); }
  ShellState state;
};

TEST_F(SpecialVariables, RandomIsReproducibleAfterSeeding) {
  state.variables.assign(names::RANDOM, "42");
  std::string first = get(names::RANDOM);
  std::string second = get(names::RANDOM);
  EXPECT_NE(first, second);
  state.variables.assign(names::RANDOM, "42");
  EXPECT_EQ(get(names::RANDOM), first);
  EXPECT_EQ(first, "17772");
  EXPECT_EQ(second, "26794");
}

TEST_F(SpecialVariables, SecondsCountFromTheAssignment) {
  state.variables.assign(names::SECONDS, "100");
  int seconds = std::stoi(get(names::SECONDS));
  EXPECT_GE(seconds, 100);
  EXPECT_LT(seconds, 110);
}

TEST_F(SpecialVariables, RollBackRestoresWhatStandsBehindThem) {
  state.variables.assign(names::SECONDS, "1000");
  state.variables.assign(names::RANDOM, "7");
  auto snapshot = state.variables.begin_snapshot();
  state.variables.assign(names::SECONDS, "0");
  state.variables.assign(names::RANDOM, "8");
  state.variables.unset(names::LINENO);
  state.variables.roll_back(snapshot);
  EXPECT_GE(std::stoi(get(names::SECONDS)), 1000);
  EXPECT_EQ(state.random_seed, 7u);
  state.line = 5;
  EXPECT_EQ(get(names::LINENO), "5");
}

TEST_F(SpecialVariables, UnsetTakesTheBehaviourAway) {
  state.variables.unset(names::RANDOM);
  EXPECT_EQ(state.variables.text_or_null(names::RANDOM).data(), nullptr);
  state.variables.assign(names::RANDOM, "fixed");
  EXPECT_EQ(get(names::RANDOM), "fixed");
}

TEST_F(SpecialVariables, CallStackIsShown) {
  state.calls.top().source_name = "script";
  EXPECT_EQ(state.variables.text_or_null(names::FUNCNAME).data(), nullptr);
  FrameGuard f(state.calls, {FrameKind::Function, false, NameTable::intern("f"), "script", 7, 0, {}});
  FrameGuard eval(state.calls, {FrameKind::Eval, false, kNoName, "script", 2, 0, {}});
  FrameGuard g(state.calls, {FrameKind::Function, false, NameTable::intern("g"), "lib", 3, 0, {}});
  EXPECT_EQ(get(names::FUNCNAME), "g");
  const IndexedArray& functions = *state.variables.resolve(names::FUNCNAME)->value.indexed();
  ASSERT_EQ(functions.count(), 3u);
  EXPECT_EQ(*functions.find(2), "main");
  EXPECT_EQ(get(names::BASH_LINENO), "3");
  EXPECT_EQ(get(names::BASH_SOURCE), "lib");
}

TEST_F(SpecialVariables, PipeStatusIsTheLastStatusUnlessThereWasAPipeline) {
  state.last_status = 3;
  EXPECT_EQ(get(names::PIPESTATUS), "3");
  state.pipe_statuses = {1, 0, 2};
  EXPECT_EQ(state.variables.resolve(names::PIPESTATUS)->value.indexed()->count(), 3u);
  EXPECT_EQ(get(names::PIPESTATUS), "1");
}

TEST_F(SpecialVariables, ConstantsAreReadOnly) {
  EXPECT_EQ(get(names::UID), std::to_string(getuid()));
  EXPECT_EQ(get(names::PPID), std::to_string(getppid()));
  EXPECT_THROW(state.variables.assign(names::PPID, "1"), ShellError);
  EXPECT_EQ(get(names::BASH_VERSION), "5.2.15(1)-release");
}

TEST(SpecialVariablesInPosixMode, AreOrdinary) {
  ShellState state;
  state.options.set(Option::Posix, true);
  install_special_variables(state);
  EXPECT_EQ(state.variables.text_or_null(names::RANDOM).data(), nullptr);
  EXPECT_EQ(state.variables.text_or_null(names::BASH_VERSION).data(), nullptr);
  state.variables.assign(names::UID, "me");
  EXPECT_EQ(state.variables.text(names::UID), "me");
  EXPECT_EQ(state.variables.text(names::PPID), std::to_string(getppid()));
}

TEST(SpecialVariablesInPosixMode, ShellLevel) {
  ShellState state;
  state.variables.assign(names::SHLVL, "4");
  count_shell_level(state);
  EXPECT_EQ(state.variables.text(names::SHLVL), "5");
  state.variables.assign(names::SHLVL, "nonsense");
  count_shell_level(state);
  EXPECT_EQ(state.variables.text(names::SHLVL), "1");
}

}  // namespace
}  // namespace mish::state
