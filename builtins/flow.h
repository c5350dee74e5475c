// SPDX-License-Identifier: GPL-3.0-or-later
// break, continue, return, exit and the commands that only have a status: `:`, true, false (XCU 2.15, true, false).
#ifndef MISH_BUILTINS_FLOW_H_
#define MISH_BUILTINS_FLOW_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU break. Leaves the n innermost loops, or all there are.
Completion run_break(BuiltinContext& context, Args args);
/// XCU continue.
Completion run_continue(BuiltinContext& context, Args args);
/// XCU return. An error outside functions and dot scripts.
Completion run_return(BuiltinContext& context, Args args);
/// XCU exit. An interactive shell with stopped jobs warns once instead.
Completion run_exit(BuiltinContext& context, Args args);
/// As exit, but only of a login shell.
Completion run_logout(BuiltinContext& context, Args args);
/// XCU colon, true.
Completion run_true(BuiltinContext& context, Args args);
/// XCU false.
Completion run_false(BuiltinContext& context, Args args);

inline constexpr Builtin kFlowRows[] = {
    {":", run_true, BuiltinKind::Special, builtin_flag::Contained | builtin_flag::PureOutput, ": [argument ...]",
     R"(Do nothing, successfully.
The arguments are expanded and redirections are performed; nothing else happens.

Exit status: 0.)"},
    {"break", run_break, BuiltinKind::Special, builtin_flag::Contained, "break [n]",
     R"(Leave a for, while, until or select loop.
With N, leave the N innermost loops, or all of them when there are fewer.

Exit status: 0, unless N is not a number greater than 0.)"},
    {"continue", run_continue, BuiltinKind::Special, builtin_flag::Contained, "continue [n]",
     R"(Begin the next iteration of a loop.
With N, of the N-th enclosing loop, or of the outermost one when there are fewer.

Exit status: 0, unless N is not a number greater than 0.)"},
    {"exit", run_exit, BuiltinKind::Special, builtin_flag::Contained, "exit [n]",
     R"(Leave the shell.
The exit status is N, or that of the last command when N is not given. The EXIT trap runs before the end. An
interactive shell that has stopped jobs warns first; a second `exit` right after the warning is obeyed.)"},
    {"false", run_false, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput, "false",
     R"(Do nothing, unsuccessfully.
Exit status: 1.)"},
    {"logout", run_logout, BuiltinKind::Extension, builtin_flag::Contained, "logout [n]",
     R"(Leave a login shell.
As `exit`; an error in a shell that is not a login shell.)"},
    {"return", run_return, BuiltinKind::Special, builtin_flag::Contained, "return [n]",
     R"(Return from a function or from a script run by `.`.
The status is N, or that of the last command when N is not given.

Exit status: N, or non-zero when there is nothing to return from.)"},
    {"true", run_true, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput, "true",
     R"(Do nothing, successfully.
Exit status: 0.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_FLOW_H_
