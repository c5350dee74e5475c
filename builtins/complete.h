// SPDX-License-Identifier: GPL-3.0-or-later
// complete, compgen, compopt: programmable completion as in bash. The front end asks `compgen -0` for the candidates of
// a specification, so that a script and the Tab key see the same ones.
#ifndef MISH_BUILTINS_COMPLETE_H_
#define MISH_BUILTINS_COMPLETE_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// Defines, prints and removes specifications.
Completion run_complete(BuiltinContext& context, Args args);
/// Writes the candidates of a specification for a word.
Completion run_compgen(BuiltinContext& context, Args args);
/// Changes the options of the completion that is running, or of specifications.
Completion run_compopt(BuiltinContext& context, Args args);

inline constexpr Builtin kCompleteRows[] = {
    {"compgen", run_compgen, BuiltinKind::Extension, 0,
     "compgen [-abcdefgjksuv0] [-o option] [-A action] [-G pattern] [-W words] [-F function] [-C command] [-X filter] "
     "[-P prefix] [-S suffix] [word]",
     R"(Write the possible completions of WORD, one a line.
The options are those of `complete`; -0 ends each completion with a NUL byte instead of a newline.

Exit status: 0 if there are any, 1 if not; 124 if the function of -F asked for another try.)"},
    {"complete", run_complete, BuiltinKind::Extension, 0,
     "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G pattern] [-W words] [-F function] [-C command] "
     "[-X filter] [-P prefix] [-S suffix] [name ...]",
     R"(Say how the arguments of commands are completed.
  -p, -r   print, remove the specifications of the names, or all
  -D -E -I  for commands without a specification, for an empty line, for the command word
  -o OPTION  bashdefault default dirnames filenames noquote nosort nospace plusdirs
  -A ACTION  alias arrayvar binding builtin command directory disabled enabled export file function group helptopic
             hostname ipc job keyword running service setopt shopt signal stopped user variable;
             -a -b -c -d -e -f -g -j -k -s -u -v are short for the commonest
  -G PATTERN  pathnames;  -W WORDS  words, split at IFS and expanded
  -F FUNCTION  called with command, word and word before; leaves the candidates in COMPREPLY
  -C COMMAND  its output, one candidate a line
  -X FILTER  drops what matches (! keeps only that, & is the word);  -P -S  put before, after

Exit status: 0, unless an option is wrong or there is no such specification.)"},
    {"compopt", run_compopt, BuiltinKind::Extension, 0, "compopt [-o option] [+o option] [-DEI] [name ...]",
     R"(Change completion options.
Without names, of the completion that is running; with names, of their specifications. -o turns on, +o turns off.

Exit status: 0, unless an option is wrong, no completion is running, or a name has no specification.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_COMPLETE_H_
