// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/variables.h"

#include <gtest/gtest.h>

#include <string>

#include "shell/state/shell_state.h"
#include "shell/state/special_variables.h"

namespace mish::state {
namespace {

class Variables : public testing::Test {
 protected:
  Name n(const char* text) { return NameTable::intern(text); }
  std::string get(const char* name) {
    std::string_view text = variables.text_or_null(n(name));
    return text.data() == nullptr ? "<unset>" : std::string(text);
  }
  void set(const char* name, const char* text) { variables.assign(n(name), text); }

  ShellState state;
  VariableTable& variables = state.variables;
};

TEST_F(Variables, UnsetAndEmptyDiffer) {
  EXPECT_EQ(get("x"), "<unset>");
  set("x", "");
  EXPECT_EQ(get("x"), "");
  EXPECT_TRUE(variables.unset(n("x")));
  EXPECT_EQ(get("x"), "<unset>");
}

TEST_F(Variables, ReadOnlyCannotBeAssignedOrUnset) {
  set("x", "1");
  variables.add_attributes(n("x"), attribute::ReadOnly);
  try {
    set("x", "2");
    FAIL();
  } catch (const ShellError& error) {
    EXPECT_EQ(error.kind(), ShellError::Kind::Assignment);
    EXPECT_EQ(error.message(), "x: is read only");
  }
  EXPECT_FALSE(variables.unset(n("x")));
  EXPECT_EQ(get("x"), "1");
}

TEST_F(Variables, LocalsComeBack) {
  set("x", "outer");
  variables.push_scope();
  EXPECT_TRUE(variables.declare_local(n("x")));
  EXPECT_EQ(get("x"), "<unset>");
  set("x", "inner");
  EXPECT_TRUE(variables.declare_local(n("x")));
  EXPECT_EQ(get("x"), "inner");
  EXPECT_EQ(variables.locals(), std::vector<Name>{n("x")});
  variables.pop_scope();
  EXPECT_EQ(get("x"), "outer");
  EXPECT_FALSE(variables.declare_local(n("x")));
}

TEST_F(Variables, UnsetOfOwnLocalLeavesItLocal) {
  set("x", "outer");
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "inner");
  variables.unset(n("x"));
  EXPECT_EQ(get("x"), "<unset>");
  set("x", "again");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "outer");
}

TEST_F(Variables, UnsetOfCallersLocalUncoversTheOuterOne) {
  set("x", "global");
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "callers");
  variables.push_scope();
  variables.unset(n("x"));
  EXPECT_EQ(get("x"), "global");
  set("x", "handed up");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "handed up");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "handed up");
}

TEST_F(Variables, UncoveringInASnapshotIsUndone) {
  set("x", "global");
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "callers");
  auto snapshot = variables.begin_snapshot();
  variables.push_scope();
  variables.unset(n("x"));
  EXPECT_EQ(get("x"), "global");
  set("x", "changed");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "changed");
  variables.roll_back(snapshot);
  EXPECT_EQ(get("x"), "callers");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "global");
}

TEST_F(Variables, SnapshotsNestAndRollBack) {
  set("x", "0");
  set("y", "0");
  auto outer = variables.begin_snapshot();
  set("x", "1");
  auto inner = variables.begin_snapshot();
  set("x", "2");
  set("x", "3");
  set("y", "2");
  set("z", "new");
  variables.unset(n("y"));
  variables.roll_back(inner);
  EXPECT_EQ(get("x"), "1");
  EXPECT_EQ(get("y"), "0");
  EXPECT_EQ(get("z"), "<unset>");
  set("y", "1");
  variables.roll_back(outer);
  EXPECT_EQ(get("x"), "0");
  EXPECT_EQ(get("y"), "0");
  auto again = variables.begin_snapshot();
  set("x", "4");
  variables.roll_back(again);
  EXPECT_EQ(get("x"), "0");
}

TEST_F(Variables, ScopeInsideASnapshotKeepsWhatTheSnapshotSaved) {
  set("x", "0");
  set("g", "0");
  auto snapshot = variables.begin_snapshot();
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "local");
  set("g", "changed in function");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "0");
  EXPECT_EQ(get("g"), "changed in function");
  set("x", "after");
  variables.roll_back(snapshot);
  EXPECT_EQ(get("x"), "0");
  EXPECT_EQ(get("g"), "0");
}

TEST_F(Variables, RollBackOutOfOpenScopes) {
  set("x", "0");
  auto snapshot = variables.begin_snapshot();
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "1");
  variables.push_scope();
  variables.declare_local(n("x"));
  variables.roll_back(snapshot);
  EXPECT_EQ(variables.scope_depth(), 0u);
  EXPECT_EQ(get("x"), "0");
}

TEST_F(Variables, PrefixAssignmentsAreTemporary) {
  set("x", "old");
  variables.push_scope(true);
  variables.save_for_scope(n("x"));
  set("x", "prefix");
  EXPECT_EQ(get("x"), "prefix");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "old");
}

TEST_F(Variables, LocalOfAPrefixedBuiltinLivesInTheFunction) {
  variables.push_scope();
  variables.push_scope(true);
  variables.save_for_scope(n("x"));
  set("x", "1");
  variables.declare_local(n("y"));
  set("y", "2");
  variables.declare_local(n("x"));
  variables.pop_scope();
  EXPECT_EQ(get("y"), "2");
  EXPECT_EQ(get("x"), "1");
  variables.pop_scope();
  EXPECT_EQ(get("y"), "<unset>");
  EXPECT_EQ(get("x"), "<unset>");
}

TEST_F(Variables, LocalTakesOverThePrefixAssignmentOfItsCall) {
  set("x", "global");
  variables.push_scope(true);
  variables.save_for_scope(n("x"));
  set("x", "prefix");
  variables.push_scope();
  variables.declare_local(n("x"));
  EXPECT_EQ(get("x"), "prefix");
  set("x", "local");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "prefix");
  variables.pop_scope();
  EXPECT_EQ(get("x"), "global");
}

TEST_F(Variables, LocalOfAnExportedVariableIsExported) {
  set("x", "1");
  variables.add_attributes(n("x"), attribute::Exported);
  variables.push_scope();
  variables.declare_local(n("x"));
  set("x", "2");
  EXPECT_TRUE(variables.attributes(n("x")) & attribute::Exported);
  ASSERT_EQ(variables.exported_names().size(), 1u);
  variables.pop_scope();
}

TEST_F(Variables, IntegerAttributeEvaluates) {
  state.evaluate_hook = [](ShellState&, std::string_view text) -> int64_t { return text == "2*3" ? 6 : 1; };
  variables.add_attributes(n("i"), attribute::Integer);
  set("i", "2*3");
  EXPECT_EQ(get("i"), "6");
  variables.append(n("i"), "2*3");
  EXPECT_EQ(get("i"), "12");
}

TEST_F(Variables, CaseAttributesConvert) {
  variables.add_attributes(n("l"), attribute::Lower);
  variables.add_attributes(n("u"), attribute::Upper);
  set("l", "MiXed");
  set("u", "MiXed");
  variables.append(n("u"), "x");
  EXPECT_EQ(get("l"), "mixed");
  EXPECT_EQ(get("u"), "MIXEDX");
}

TEST_F(Variables, NamerefsReachVariablesAndElements) {
  set("target", "1");
  variables.assign(n("ref"), "target");
  variables.add_attributes(n("ref"), attribute::Nameref);
  EXPECT_EQ(get("ref"), "1");
  set("ref", "2");
  EXPECT_EQ(get("target"), "2");
  variables.assign(n("element"), "array[1]");
  variables.add_attributes(n("element"), attribute::Nameref);
  set("element", "one");
  ASSERT_NE(variables.find(n("array"))->value.indexed(), nullptr);
  EXPECT_EQ(*variables.find(n("array"))->value.indexed()->find(1), "one");
  EXPECT_EQ(get("element"), "one");
  variables.unset(n("ref"));
  EXPECT_EQ(get("target"), "<unset>");
  variables.unset(n("ref"), false);
  EXPECT_FALSE(variables.attributes(n("ref")) & attribute::Nameref);
}

TEST_F(Variables, NamerefLoopIsAnError) {
  variables.assign(n("a"), "b");
  variables.assign(n("b"), "a");
  variables.add_attributes(n("a"), attribute::Nameref);
  variables.add_attributes(n("b"), attribute::Nameref);
  EXPECT_THROW(variables.text(n("a")), ShellError);
}

TEST_F(Variables, ArraysCountFromTheEnd) {
  variables.assign_indexed(n("a"), {"x", "y", "z"});
  variables.assign_element(n("a"), -1, "last");
  EXPECT_EQ(*variables.find(n("a"))->value.indexed()->find(2), "last");
  EXPECT_THROW(variables.assign_element(n("a"), -4, "no"), ShellError);
  variables.unset_element(n("a"), -1);
  EXPECT_EQ(variables.find(n("a"))->value.indexed()->count(), 2u);
  set("a", "first");
  EXPECT_EQ(get("a"), "first");
  EXPECT_EQ(variables.find(n("a"))->value.indexed()->count(), 2u);
}

TEST_F(Variables, IfsFollowsScopesAndSnapshots) {
  install_special_variables(state);
  EXPECT_TRUE(state.separators.is_default);
  auto snapshot = variables.begin_snapshot();
  variables.push_scope();
  variables.declare_local(names::IFS);
  EXPECT_TRUE(state.separators.is_default);
  variables.assign(names::IFS, ":");
  EXPECT_EQ(state.separators.first, ':');
  variables.pop_scope();
  EXPECT_TRUE(state.separators.is_default);
  variables.assign(names::IFS, "");
  EXPECT_TRUE(state.separators.is_null);
  variables.roll_back(snapshot);
  EXPECT_TRUE(state.separators.is_default);
}

TEST_F(Variables, PathChangeForgetsRememberedCommands) {
  install_special_variables(state);
  state.hash.remember(n("ls"), "/bin/ls");
  uint32_t generation = state.command_generation;
  variables.push_scope(true);
  variables.save_for_scope(names::PATH);
  variables.assign(names::PATH, "/nowhere");
  EXPECT_TRUE(state.hash.empty());
  state.hash.remember(n("ls"), "/nowhere/ls");
  variables.pop_scope();
  EXPECT_TRUE(state.hash.empty());
  EXPECT_GT(state.command_generation, generation);
}

TEST_F(Variables, LocalOptindKeepsTheCallersPosition) {
  install_special_variables(state);
  variables.assign(names::OPTIND, "3");
  state.getopts.offset = 2;
  variables.push_scope();
  variables.declare_local(names::OPTIND);
  variables.assign(names::OPTIND, "1");
  EXPECT_EQ(state.getopts.offset, 0u);
  variables.pop_scope();
  EXPECT_EQ(state.getopts.index, 3);
  EXPECT_EQ(state.getopts.offset, 2u);
}

TEST_F(Variables, ManyVariables) {
  for (int i = 0; i < 100'000; ++i) {
    variables.assign_integer(NameTable::intern("many_" + std::to_string(i)), i);
  }
  EXPECT_EQ(get("many_99999"), "99999");
  EXPECT_EQ(variables.names_with_prefix("many_").size(), 100'000u);
}

class Counter final : public BoundStorage {
 public:
  explicit Counter(std::string& text) : text_(text) {}
  bool load(std::string& out) override {
    out = text_;
    return true;
  }
  bool store(std::string_view value) override {
    text_ = value;
    return true;
  }

 private:
  std::string& text_;
};

TEST_F(Variables, BoundVariablesLiveElsewhere) {
  std::string storage = "1";
  variables.bind(n("b"), std::make_unique<Counter>(storage));
  EXPECT_EQ(get("b"), "1");
  storage = "2";
  EXPECT_EQ(get("b"), "2");
  set("b", "3");
  EXPECT_EQ(storage, "3");
  variables.append(n("b"), "4");
  EXPECT_EQ(storage, "34");
  variables.unset(n("b"));
  EXPECT_EQ(get("b"), "<unset>");
  EXPECT_EQ(storage, "34");
}

}  // namespace
}  // namespace mish::state
