// SPDX-License-Identifier: GPL-3.0-or-later
// What the system grants and counts: ulimit, umask, times (XCU ulimit, umask, times).
#ifndef MISH_BUILTINS_LIMITS_H_
#define MISH_BUILTINS_LIMITS_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU ulimit, with all limits of the system.
Completion run_ulimit(BuiltinContext& context, Args args);
/// XCU umask.
Completion run_umask(BuiltinContext& context, Args args);
/// XCU times.
Completion run_times(BuiltinContext& context, Args args);

inline constexpr Builtin kLimitsRows[] = {
    {"times", run_times, BuiltinKind::Special, builtin_flag::Contained, "times",
     R"(Print the processor time used so far.
The first line is that of the shell, the second that of its children; each has user and system time.

Exit status: 0.)"},
    {"ulimit", run_ulimit, BuiltinKind::Intrinsic, 0, "ulimit [-SH] [-a | -cdefilmnpqrstuvxR [limit]] ...",
     R"(Show or set limits of what the shell and the commands it starts may use.
LIMIT is a number, unlimited, soft or hard (the present ones); without it the limit is printed. Without a letter: -f.
  -S soft, -H hard limit (setting: both unless one is given; showing: soft)   -a all
  -c core file, -f file size, in 1024 bytes (512 in POSIX mode)   -d data, -l locked, -m resident, -s stack, -v virtual
  memory, in 1024 bytes   -n open files   -u processes   -t seconds of CPU time   -x file locks   -i pending signals
  -q bytes in message queues   -e nice, -r real-time priority   -R microseconds of real-time CPU   -p pipe size (fixed)

Exit status: 0, 1 if a limit cannot be read or set, 2 for wrong usage.)"},
    {"umask", run_umask, BuiltinKind::Intrinsic, 0, "umask [-p] [-S] [mask]",
     R"(Show or set the permissions that new files do not get.
MASK is octal, or symbolic as for chmod: then it names the permissions that are granted (u=rwx,g=rx,o=).
  -S   print it symbolically
  -p   print it as a command

Exit status: 0, or 1 if the mask is invalid.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_LIMITS_H_
