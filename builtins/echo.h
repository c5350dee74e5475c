// SPDX-License-Identifier: GPL-3.0-or-later
// echo (XCU echo). By default as in bash: -n -e -E, no escapes without -e unless xpg_echo. In POSIX mode escapes are
// always replaced (XSI) and a single leading -n, which the standard leaves to the implementation, suppresses the
// newline, as scripts written for /bin/sh expect; with xpg_echo as well, not even that.
#ifndef MISH_BUILTINS_ECHO_H_
#define MISH_BUILTINS_ECHO_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU echo.
Completion run_echo(BuiltinContext& context, Args args);

inline constexpr Builtin kEchoRows[] = {
    {"echo", run_echo, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput,
     "echo [-neE] [arg ...]",
     R"(Write the arguments, separated by spaces, and a newline.
  -n   no newline at the end
  -e   replace \a \b \c \e \f \n \r \t \v \\ \0nnn \xHH \uHHHH \UHHHHHHHH; \c ends the output
  -E   do not replace them (the default, unless `shopt -s xpg_echo`)
In POSIX mode escapes are always replaced, and only a first argument -n is an option. Use printf in scripts.

Exit status: 0, unless the output cannot be written.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_ECHO_H_
