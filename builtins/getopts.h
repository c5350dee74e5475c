// SPDX-License-Identifier: GPL-3.0-or-later
// getopts (XCU getopts). Its place between calls is OPTIND and, within a cluster of options, ShellState::getopts.
#ifndef MISH_BUILTINS_GETOPTS_H_
#define MISH_BUILTINS_GETOPTS_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU getopts.
Completion run_getopts(BuiltinContext& context, Args args);

inline constexpr Builtin kGetoptsRows[] = {
    {"getopts", run_getopts, BuiltinKind::Intrinsic, builtin_flag::Contained, "getopts optstring name [argument ...]",
     R"(Take the next option from the positional parameters.
OPTSTRING lists the option letters; a letter followed by a colon takes an argument. The letter found is put into the
variable NAME, its argument into OPTARG, the index of what comes next into OPTIND. With ARGUMENTs, they are parsed
instead of the positional parameters. Set OPTIND=1 to begin again.

For an unknown option NAME is `?'. If OPTSTRING begins with a colon nothing is printed: OPTARG is then the letter, and a
missing argument makes NAME a colon. Otherwise a message is written, unless OPTERR is 0.

Exit status: 0 while there are options, 1 at their end, 2 for an error of use.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_GETOPTS_H_
