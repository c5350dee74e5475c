// SPDX-License-Identifier: GPL-3.0-or-later
// declare, typeset, local: attributes and scopes of variables, and what variables and functions there are.
#ifndef MISH_BUILTINS_DECLARE_H_
#define MISH_BUILTINS_DECLARE_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// Attributes of variables and functions; inside a function the variables become local (bash).
Completion run_declare(BuiltinContext& context, Args args);
/// Variables of the running function. An error outside functions.
Completion run_local(BuiltinContext& context, Args args);

inline constexpr std::string_view kDeclareHelp =
    R"(Set or print values and attributes of variables.
Inside a function the variables are local to it. Without names, all variables are printed that have the attributes
asked for. `+' instead of `-' takes an attribute away.

  -a  indexed array            -A  associative array
  -i  integer: values are arithmetic expressions
  -l  values become lower case -u  values become upper case
  -c  values get a capital letter
  -n  reference to the variable whose name is the value
  -r  read only                -x  exported
  -t  traced (functions)       -g  global, even inside a function
  -I  a local variable inherits value and attributes
  -f  functions with their definitions
  -F  functions, names only
  -p  print in a form that can be read back

Exit status: 0, unless a name is not valid, not found or read only.)";

inline constexpr Builtin kDeclareRows[] = {
    {"declare", run_declare, BuiltinKind::Extension, builtin_flag::Contained | builtin_flag::Declaration,
     "declare [-aAcfFgiIlnprtux] [name[=value] ...]", kDeclareHelp},
    {"local", run_local, BuiltinKind::Extension,
     builtin_flag::Contained | builtin_flag::Declaration | builtin_flag::InPosixMode,
     "local [option] [name[=value] ...]",
     R"(Make variables local to a function.
They are seen by the function and what it calls, and their old selves come back when it returns. The options are those
of `declare'. Without names, the local variables are printed. `local -' does the same for the options of `set'.

Exit status: 0, unless a name is not valid or read only, or no function is running.)"},
    {"typeset", run_declare, BuiltinKind::Extension, builtin_flag::Contained | builtin_flag::Declaration,
     "typeset [-aAcfFgiIlnprtux] [name[=value] ...]", kDeclareHelp},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_DECLARE_H_
