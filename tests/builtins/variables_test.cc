// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

namespace attribute = state::attribute;
using state::Flow;

class VariableBuiltins : public BuiltinTest {};

TEST_F(VariableBuiltins, ExportAssignsAndPrints) {
  EXPECT_EQ(status({"export", "x=a b", "y"}), 0);
  EXPECT_TRUE(state.variables.attributes(n("x")) & attribute::Exported);
  run({"export", "-p"});
  EXPECT_EQ(out, "declare -x x=\"a b\"\ndeclare -x y\n");
  use_posix_mode();
  run({"export", "-p"});
  EXPECT_EQ(out, "export x='a b'\nexport y\n");
  EXPECT_EQ(run({"export", "1x=2"}).flow, Flow::Exit);
}

TEST_F(VariableBuiltins, ExportNTakesItBack) {
  run({"export", "x=1"});
  run({"export", "-n", "x=2"});
  EXPECT_FALSE(state.variables.attributes(n("x")) & attribute::Exported);
  EXPECT_EQ(get("x"), "2");
}

TEST_F(VariableBuiltins, ReadonlyRefusesFurtherValues) {
  EXPECT_EQ(status({"readonly", "r=1"}), 0);
  EXPECT_EQ(status({"readonly", "r"}), 0);
  EXPECT_EQ(status({"readonly", "r=2"}), 1);
  EXPECT_EQ(get("r"), "1");
  EXPECT_EQ(status({"unset", "r"}), 1);
  use_posix_mode();
  EXPECT_THROW(run({"export", "r=2"}), state::ShellError);
  EXPECT_EQ(run({"unset", "r"}).flow, Flow::Exit);
}

TEST_F(VariableBuiltins, UnsetPrefersVariables) {
  state.functions.define(n("both"), {});
  state.variables.assign(n("both"), "1");
  EXPECT_EQ(status({"unset", "both"}), 0);
  EXPECT_EQ(get("both"), "<unset>");
  EXPECT_NE(state.functions.find(n("both")), nullptr);
  run({"unset", "both"});
  EXPECT_EQ(state.functions.find(n("both")), nullptr);
  EXPECT_EQ(status({"unset", "never-there"}), 0);
  EXPECT_EQ(status({"unset", "-v", "never-there"}), 1);
  EXPECT_EQ(status({"unset", "-f", "never-there"}), 0);
}

TEST_F(VariableBuiltins, UnsetOfElements) {
  state.variables.assign_indexed(n("a"), {"x", "y", "z"});
  EXPECT_EQ(status({"unset", "a[1]", "a[-1]"}), 0);
  EXPECT_EQ(state.variables.find(n("a"))->value.indexed()->count(), 1u);
}

TEST_F(VariableBuiltins, ShiftChecksItsCount) {
  std::string_view words[] = {"a", "b", "c"};
  state.positional.assign(words);
  EXPECT_EQ(status({"shift"}), 0);
  EXPECT_EQ(state.positional.at(1), "b");
  EXPECT_EQ(status({"shift", "3"}), 1);
  EXPECT_EQ(state.positional.count(), 2u);
  EXPECT_EQ(status({"shift", "2"}), 0);
  EXPECT_EQ(status({"shift", "x"}), 1);
}

TEST_F(VariableBuiltins, LetEvaluates) {
  EXPECT_EQ(status({"let", "x = 2 + 3", "x - 5"}), 1);
  EXPECT_EQ(get("x"), "5");
  EXPECT_EQ(status({"let", "1"}), 0);
}

class DeclareBuiltins : public BuiltinTest {
 protected:
  void enter_function() {
    state.calls.push(frame_of(state::FrameKind::Function, n("f")));
    state.variables.push_scope();
  }
  void leave_function() {
    state.variables.pop_scope();
    state.calls.pop();
  }
};

TEST_F(DeclareBuiltins, PrintsWhatCanBeReadBack) {
  run({"declare", "-i", "i=3"});
  run({"declare", "-r", "r=a\"b$c"});
  run({"declare", "plain=1"});
  run({"declare", "-x", "-u", "up=abc"});
  EXPECT_EQ(status({"declare", "-p", "i", "r", "plain", "up"}), 0);
  EXPECT_EQ(out,
            "declare -i i=\"3\"\n"
            "declare -r r=\"a\\\"b\\$c\"\n"
            "declare -- plain=\"1\"\n"
            "declare -xu up=\"ABC\"\n");
  EXPECT_EQ(status({"declare", "-p", "missing"}), 1);
}

TEST_F(DeclareBuiltins, ArraysOfBothKinds) {
  EXPECT_EQ(status({"declare", "-a", "a"}), 0);
  EXPECT_EQ(status({"declare", "-A", "m"}), 0);
  run({"declare", "-p", "a", "m"});
  EXPECT_EQ(out, "declare -a a\ndeclare -A m\n");
  EXPECT_EQ(status({"declare", "a[2]=x", "m[some key]=y"}), 0);
  run({"declare", "-p", "a", "m"});
  EXPECT_EQ(out, "declare -a a=([2]=\"x\")\ndeclare -A m=([\"some key\"]=\"y\" )\n");
  EXPECT_EQ(status({"declare", "-A", "a"}), 1);
  EXPECT_EQ(status({"declare", "-a", "m"}), 1);
}

TEST_F(DeclareBuiltins, AreLocalInFunctionsUnlessGlobal) {
  state.variables.assign(n("x"), "global");
  enter_function();
  run({"declare", "x=local"});
  EXPECT_EQ(get("x"), "local");
  run({"declare", "-g", "x=changed", "y=new"});
  EXPECT_EQ(get("x"), "local");
  leave_function();
  EXPECT_EQ(get("x"), "changed");
  EXPECT_EQ(get("y"), "new");
}

TEST_F(DeclareBuiltins, LocalOnlyInFunctions) {
  EXPECT_EQ(status({"local", "x=1"}), 1);
  EXPECT_EQ(get("x"), "<unset>");
  enter_function();
  EXPECT_EQ(status({"local", "x=1", "y"}), 0);
  run({"local"});
  EXPECT_EQ(out, "declare -- x=\"1\"\ndeclare -- y\n");
  leave_function();
  EXPECT_EQ(get("x"), "<unset>");
}

TEST_F(DeclareBuiltins, LocalDashBringsTheOptionsBack) {
  enter_function();
  EXPECT_EQ(status({"local", "-"}), 0);
  run({"set", "-fu"});
  EXPECT_EQ(status({"local", "-"}), 0);
  leave_function();
  EXPECT_FALSE(state.is_on(state::Option::NoGlob));
  EXPECT_FALSE(state.is_on(state::Option::NoUnset));
  run({"set"});
  EXPECT_EQ(out.find("\n-="), std::string::npos);
}

TEST_F(DeclareBuiltins, LocalCannotHideAReadOnlyVariable) {
  run({"readonly", "x=1"});
  enter_function();
  EXPECT_EQ(status({"local", "x=2"}), 1);
  leave_function();
}

TEST_F(DeclareBuiltins, References) {
  state.variables.assign(n("target"), "1");
  EXPECT_EQ(status({"declare", "-n", "ref=target"}), 0);
  EXPECT_EQ(get("ref"), "1");
  run({"declare", "-p", "ref"});
  EXPECT_EQ(out, "declare -n ref=\"target\"\n");
  EXPECT_EQ(status({"declare", "-n", "bad=1x"}), 1);
  EXPECT_EQ(status({"declare", "-n", "self=self"}), 1);
  EXPECT_EQ(status({"declare", "+n", "ref"}), 0);
  EXPECT_EQ(get("ref"), "target");
}

class SetBuiltins : public BuiltinTest {};

TEST_F(SetBuiltins, OptionsAndParameters) {
  EXPECT_EQ(status({"set", "-eu", "-o", "pipefail", "--", "-a", "b"}), 0);
  EXPECT_TRUE(state.is_on(state::Option::ErrExit));
  EXPECT_TRUE(state.is_on(state::Option::PipeFail));
  EXPECT_EQ(state.positional.count(), 2u);
  EXPECT_EQ(state.positional.at(1), "-a");
  EXPECT_EQ(status({"set", "+e"}), 0);
  EXPECT_FALSE(state.is_on(state::Option::ErrExit));
  EXPECT_EQ(state.positional.count(), 2u);
  run({"set", "--"});
  EXPECT_EQ(state.positional.count(), 0u);
  EXPECT_EQ(status({"set", "-Z"}), 2);
  EXPECT_EQ(status({"set", "-o", "nonsense"}), 2);
}

TEST_F(SetBuiltins, DashTurnsTracingOff) {
  run({"set", "-xv"});
  run({"set", "-", "a"});
  EXPECT_FALSE(state.is_on(state::Option::XTrace));
  EXPECT_FALSE(state.is_on(state::Option::Verbose));
  EXPECT_EQ(state.positional.at(1), "a");
}

TEST_F(SetBuiltins, PrintsOptions) {
  run({"set", "-o"});
  EXPECT_NE(out.find("errexit        \toff\n"), std::string::npos);
  run({"set", "+o"});
  EXPECT_NE(out.find("set +o errexit\n"), std::string::npos);
  EXPECT_NE(out.find("set -o hashall\n"), std::string::npos);
}

TEST_F(SetBuiltins, PrintsVariablesQuoted) {
  state.variables.assign(n("zz_quoted"), "it's");
  run({"set"});
  EXPECT_NE(out.find("\nzz_quoted='it'\\''s'\n"), std::string::npos);
}

TEST_F(SetBuiltins, Shopt) {
  EXPECT_EQ(status({"shopt", "-s", "nullglob"}), 0);
  EXPECT_EQ(status({"shopt", "nullglob"}), 0);
  EXPECT_EQ(out, "nullglob       \ton\n");
  EXPECT_EQ(status({"shopt", "-q", "dotglob"}), 1);
  EXPECT_EQ(status({"shopt", "-p", "dotglob"}), 1);
  EXPECT_EQ(out, "shopt -u dotglob\n");
  EXPECT_EQ(status({"shopt", "-s", "nonsense"}), 1);
  EXPECT_EQ(status({"shopt", "-oq", "errexit"}), 1);
}

}  // namespace
}  // namespace mish::builtins
