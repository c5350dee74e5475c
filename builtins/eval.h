// SPDX-License-Identifier: GPL-3.0-or-later
// Builtins that run commands: eval, the dot utility, command, builtin, exec (XCU 2.15, command). How commands are run
// is the shell's business (ShellServices); here are operands, options and the search for dot scripts.
#ifndef MISH_BUILTINS_EVAL_H_
#define MISH_BUILTINS_EVAL_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU eval.
Completion run_eval(BuiltinContext& context, Args args);
/// XCU dot; also `source`.
Completion run_dot(BuiltinContext& context, Args args);
/// XCU command, with -v and -V.
Completion run_command(BuiltinContext& context, Args args);
/// Runs a builtin though a function has its name.
Completion run_builtin(BuiltinContext& context, Args args);
/// XCU exec, with bash's -a -c -l.
Completion run_exec(BuiltinContext& context, Args args);

inline constexpr std::string_view kDotHelp =
    R"(Run the commands of a file in this shell.
The file is looked for in the directories of PATH when its name has no slash; it needs to be readable, not executable.
With arguments, they are the positional parameters while the file runs.

Exit status: that of the last command run, 0 if none; non-zero when the file cannot be read.)";

inline constexpr Builtin kEvalRows[] = {
    {".", run_dot, BuiltinKind::Special, 0, ". filename [argument ...]", kDotHelp},
    {"builtin", run_builtin, BuiltinKind::Extension, 0, "builtin [name [argument ...]]",
     R"(Run a builtin, even if a function has the same name.
Exit status: that of the builtin; 1 if there is no builtin NAME.)"},
    {"command", run_command, BuiltinKind::Intrinsic, 0, "command [-p] [-vV] [name [argument ...]]",
     R"(Run a command, looking past functions; or say where a name leads.
A special builtin run this way has no special consequences: its errors do not end the shell.

  -p  search the system's own PATH instead of the variable
  -v  print the path or the definition that NAME leads to, for scripts
  -V  the same for people

Exit status: that of the command; 127 if it is not found, 126 if it cannot be executed. With -v and -V: 0 if NAME is
found.)"},
    {"eval", run_eval, BuiltinKind::Special, 0, "eval [argument ...]",
     R"(Run arguments as a command.
The arguments are joined with spaces and executed as if they had been read from the script.

Exit status: that of the command, 0 if there is none.)"},
    {"exec", run_exec, BuiltinKind::Special, 0, "exec [-cl] [-a name] [command [argument ...]]",
     R"(Replace the shell with a command, or make redirections permanent.
Without a command the redirections given with exec stay in force in this shell.

  -a NAME  the command sees NAME as its own name (argv[0])
  -c       with an empty environment
  -l       as a login program: a dash is put before its name

Exit status: 127 if the command is not found, 126 if it cannot be executed; the shell exits then, unless it is
interactive or execfail is set.)"},
    {"source", run_dot, BuiltinKind::Special, 0, "source filename [argument ...]", kDotHelp},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_EVAL_H_
