// SPDX-License-Identifier: GPL-3.0-or-later
// set (XCU set) and shopt: options and positional parameters. The options themselves are the table of state/options.
#ifndef MISH_BUILTINS_SET_H_
#define MISH_BUILTINS_SET_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU set.
Completion run_set(BuiltinContext& context, Args args);
/// Options of bash's shopt.
Completion run_shopt(BuiltinContext& context, Args args);

inline constexpr Builtin kSetRows[] = {
    {"set", run_set, BuiltinKind::Special, builtin_flag::Contained,
     "set [-abefhkmnptuvxBCEHPT] [-o option] [--] [argument ...]",
     R"(Set options and positional parameters, or print variables.
Without operands all variables are printed. ARGUMENTs become the positional parameters; after `--' they may begin with a
dash, and `set --' removes them all. `+' instead of `-' turns an option off.

  -a allexport   export what is assigned       -b notify      report finished jobs at once
  -e errexit     leave when a command fails    -f noglob      no pathname expansion
  -h hashall     remember command locations    -k keyword     assignments anywhere on the line
  -m monitor     job control                   -n noexec      read commands, do not run them
  -p privileged  trust nothing from outside    -t onecmd      leave after one command
  -u nounset     unset parameters are errors   -v verbose     print lines as they are read
  -x xtrace      print commands as they run    -B braceexpand {a,b} makes words
  -C noclobber   > does not overwrite          -E errtrace    functions inherit the ERR trap
  -H histexpand  ! recalls history             -P physical    cd and pwd resolve links
  -T functrace   functions inherit DEBUG and RETURN

  -o OPTION  turns on an option by its long name (also: emacs vi history ignoreeof nolog pipefail posix
             interactive-comments nonlexicalctrl forksubshell pipeverdict subreaper); alone, prints all options
  +o         alone, prints commands that restore the options

Exit status: 0, unless an option is not known.)"},
    {"shopt", run_shopt, BuiltinKind::Extension, builtin_flag::Contained, "shopt [-pqsu] [-o] [name ...]",
     R"(Turn optional behaviour on and off, or print it.
  -s  turn on        -u  turn off
  -p  print in a form that can be read back
  -q  print nothing: the status tells
  -o  the names are those of `set -o'

Exit status: 0 if all NAMEs are on (or could be changed); 1 if not.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_SET_H_
