// SPDX-License-Identifier: GPL-3.0-or-later
// export, readonly, unset, shift (XCU 2.15) and let.
#ifndef MISH_BUILTINS_VARIABLES_H_
#define MISH_BUILTINS_VARIABLES_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU export; with -n and -f as in bash.
Completion run_export(BuiltinContext& context, Args args);
/// XCU readonly; with -a -A -f as in bash.
Completion run_readonly(BuiltinContext& context, Args args);
/// XCU unset; with -n and array elements as in bash.
Completion run_unset(BuiltinContext& context, Args args);
/// XCU shift.
Completion run_shift(BuiltinContext& context, Args args);
/// Evaluates arithmetic expressions.
Completion run_let(BuiltinContext& context, Args args);

inline constexpr Builtin kVariablesRows[] = {
    {"export", run_export, BuiltinKind::Special, builtin_flag::Contained | builtin_flag::Declaration,
     "export [-aAfn] [name[=value] ...] or export -p",
     R"(Pass variables on to the commands that are run.
  -a  the names are those of indexed arrays
  -A  the names are those of associative arrays
  -f  the names are those of functions
  -n  do not pass them on any longer
  -p  print all exported variables in a form that can be read back

Exit status: 0, unless a name is not valid or the variable is read only.)"},
    {"let", run_let, BuiltinKind::Extension, builtin_flag::Contained, "let expression ...",
     R"(Evaluate arithmetic expressions.
Each argument is an expression as in $(( )); assignments in it are performed.

Exit status: 1 if the last expression is 0, else 0.)"},
    {"readonly", run_readonly, BuiltinKind::Special, builtin_flag::Contained | builtin_flag::Declaration,
     "readonly [-aAf] [name[=value] ...] or readonly -p",
     R"(Make variables unchangeable.
  -a  the names are those of indexed arrays
  -A  the names are those of associative arrays
  -f  the names are those of functions
  -p  print all read-only variables in a form that can be read back

Exit status: 0, unless a name is not valid or the variable is read only already and a value is given.)"},
    {"shift", run_shift, BuiltinKind::Special, builtin_flag::Contained, "shift [n]",
     R"(Drop the first N positional parameters.
$1 becomes what was $(N+1), and so on. N is 1 when not given.

Exit status: 0; 1 if there are fewer than N parameters (nothing is dropped then).)"},
    {"unset", run_unset, BuiltinKind::Special, builtin_flag::Contained, "unset [-f] [-v] [-n] [name ...]",
     R"(Remove variables or functions.
Without an option a NAME is a variable or, if there is none, a function. NAME[SUBSCRIPT] removes an array element.

  -f  functions
  -v  variables
  -n  the name reference itself, not what it refers to

Exit status: 0, unless a NAME is read only.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_VARIABLES_H_
