// SPDX-License-Identifier: GPL-3.0-or-later
// cd, pwd (XCU cd, pwd) and the directory stack: pushd, popd, dirs.
#ifndef MISH_BUILTINS_DIRECTORY_H_
#define MISH_BUILTINS_DIRECTORY_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU cd.
Completion run_cd(BuiltinContext& context, Args args);
/// XCU pwd.
Completion run_pwd(BuiltinContext& context, Args args);
/// Changes the directory and remembers the old one on the stack.
Completion run_pushd(BuiltinContext& context, Args args);
/// Goes back to the directory on top of the stack.
Completion run_popd(BuiltinContext& context, Args args);
/// Prints or clears the stack.
Completion run_dirs(BuiltinContext& context, Args args);

inline constexpr Builtin kDirectoryRows[] = {
    {"cd", run_cd, BuiltinKind::Intrinsic, 0, "cd [-L|-P [-e]] [directory]",
     R"(Change the working directory.
Without DIRECTORY, to $HOME; `cd -' goes back to $OLDPWD and prints where that is. A DIRECTORY that does not begin with
/, ./ or ../ is looked for in the directories of CDPATH first.

  -L  follow .. through the path as written (the default)
  -P  resolve symbolic links first
  -e  with -P: fail if the new directory cannot be determined

Exit status: 0 if the directory was changed.)"},
    {"dirs", run_dirs, BuiltinKind::Extension, builtin_flag::Contained | builtin_flag::PureOutput,
     "dirs [-clpv] [+n] [-n]",
     R"(Print the directory stack.
  -c  clear it
  -l  with full paths, not ~
  -p  one directory a line
  -v  the same with numbers
  +N  only the N-th directory from the left, -N from the right, counting from 0

Exit status: 0, unless N is out of range.)"},
    {"popd", run_popd, BuiltinKind::Extension, 0, "popd [-n] [+n | -n]",
     R"(Drop a directory from the stack and change to the new top.
  +N  drop the N-th from the left, -N from the right, counting from 0
  -n  do not change the directory

Exit status: 0, unless the stack is empty or the directory cannot be changed.)"},
    {"pushd", run_pushd, BuiltinKind::Extension, 0, "pushd [-n] [directory | +n | -n]",
     R"(Change the directory and keep the old one on the stack.
Without operands the two topmost directories are exchanged.

  +N  rotate the stack so that the N-th directory from the left is on top, -N from the right, counting from 0
  -n  do not change the directory

Exit status: 0, unless there is no such directory.)"},
    {"pwd", run_pwd, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput, "pwd [-L|-P]",
     R"(Print the working directory.
  -L  as it was reached, perhaps by symbolic links (the default)
  -P  without symbolic links

Exit status: 0, unless it cannot be determined.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_DIRECTORY_H_
