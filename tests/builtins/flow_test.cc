// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

using state::Flow;
using state::Frame;
using state::FrameKind;

class FlowBuiltins : public BuiltinTest {};

TEST_F(FlowBuiltins, BreakLeavesAtMostTheLoopsThereAre) {
  state.calls.top().loop_depth = 2;
  api::Completion completion = run({"break", "5"});
  EXPECT_EQ(completion.flow, Flow::Break);
  EXPECT_EQ(completion.levels, 2);
  EXPECT_EQ(run({"continue"}).levels, 1);
  EXPECT_EQ(run({"break", "0"}).status, 1);
  EXPECT_EQ(run({"break", "0"}).flow, Flow::Break);
  EXPECT_EQ(run({"break", "x"}).status, 128);
  EXPECT_EQ(run({"break", "x"}).flow, Flow::Exit);
  EXPECT_EQ(run({"break", "1", "2"}).flow, Flow::Interrupt);
}

TEST_F(FlowBuiltins, BreakReachesThroughEvalButNotOutOfAFunction) {
  state.calls.top().loop_depth = 1;
  state.calls.push(frame_of(FrameKind::Eval, kNoName));
  EXPECT_EQ(run({"break"}).flow, Flow::Break);
  state.calls.push(frame_of(FrameKind::Function, n("f")));
  EXPECT_EQ(run({"break"}).flow, Flow::Normal);
  EXPECT_NE(err, "");
}

TEST_F(FlowBuiltins, ReturnNeedsSomethingToReturnFrom) {
  EXPECT_EQ(run({"return", "3"}).flow, Flow::Normal);
  EXPECT_EQ(run({"return", "3"}).status, 2);
  state.calls.push(frame_of(FrameKind::Function, n("f")));
  api::Completion completion = run({"return", "3"});
  EXPECT_EQ(completion.flow, Flow::Return);
  EXPECT_EQ(completion.status, 3);
  state.last_status = 7;
  EXPECT_EQ(run({"return"}).status, 7);
}

TEST_F(FlowBuiltins, ExitStatusIsAByte) {
  EXPECT_EQ(run({"exit", "256"}).status, 0);
  EXPECT_EQ(run({"exit", "-1"}).status, 255);
  EXPECT_EQ(run({"exit", "nonsense"}).status, 2);
  EXPECT_EQ(run({"exit", "nonsense"}).flow, Flow::Exit);
  state.last_status = 9;
  EXPECT_EQ(run({"exit"}).status, 9);
  state.trap_status = 4;
  EXPECT_EQ(run({"exit"}).status, 4);
}

TEST_F(FlowBuiltins, Constants) {
  EXPECT_EQ(status({":", "anything"}), 0);
  EXPECT_EQ(status({"true"}), 0);
  EXPECT_EQ(status({"false"}), 1);
}

class EvalBuiltins : public BuiltinTest {};

TEST_F(EvalBuiltins, EvalJoinsItsArguments) {
  run({"eval", "echo", "a  b", "", "c"});
  EXPECT_EQ(services.requests, std::vector<std::string>{"text eval: echo a  b  c"});
  EXPECT_EQ(status({"eval"}), 0);
}

TEST_F(EvalBuiltins, DotOfAMissingFileEndsAPosixShell) {
  EXPECT_EQ(run({".", "/nonexistent/file"}).flow, Flow::Normal);
  use_posix_mode();
  api::Completion completion = run({".", "/nonexistent/file"});
  EXPECT_EQ(completion.flow, Flow::Exit);
  EXPECT_EQ(completion.status, 2);
  EXPECT_EQ(err, "mish: test: .: /nonexistent/file: No such file or directory\n");
  services.interactive = true;
  EXPECT_EQ(run({".", "/nonexistent/file"}).flow, Flow::Normal);
}

TEST_F(EvalBuiltins, CommandPassesItsWordsOn) {
  run({"command", "-p", "--", "ls", "-l"});
  EXPECT_EQ(services.requests, std::vector<std::string>{"command -functions -p ls -l"});
  EXPECT_EQ(status({"command"}), 0);
}

TEST_F(EvalBuiltins, CommandVDescribes) {
  state.aliases.set("ll", "ls -l");
  EXPECT_EQ(status({"command", "-v", "ll"}), 1);
  state.options.set(state::Option::ExpandAliases, true);
  EXPECT_EQ(status({"command", "-v", "ll"}), 0);
  EXPECT_EQ(out, "alias ll='ls -l'\n");
  EXPECT_EQ(status({"command", "-v", "if"}), 0);
  EXPECT_EQ(out, "if\n");
  EXPECT_EQ(status({"command", "-V", "export"}), 0);
  EXPECT_EQ(out, "export is a shell builtin\n");
  EXPECT_EQ(status({"command", "-v", "no-such"}), 1);
  EXPECT_EQ(out, "");
  EXPECT_EQ(err, "");
  services.found.kind = api::FoundCommand::Kind::File;
  services.found.path = "/bin/ls";
  EXPECT_EQ(status({"command", "-v", "ls"}), 0);
  EXPECT_EQ(out, "/bin/ls\n");
}

TEST_F(EvalBuiltins, ExecEndsAScriptWhenItFails) {
  services.answer.status = 127;
  api::Completion completion = run({"exec", "-a", "name", "cmd", "x"});
  EXPECT_EQ(services.requests.back(), "exec name cmd x");
  EXPECT_EQ(completion.flow, Flow::Exit);
  services.interactive = true;
  EXPECT_EQ(run({"exec", "-l", "cmd"}).flow, Flow::Normal);
  EXPECT_EQ(services.requests.back(), "exec -cmd cmd");
  run({"exec"});
  EXPECT_EQ(services.requests.back(), "keep redirections");
}

}  // namespace
}  // namespace mish::builtins
