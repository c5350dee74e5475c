// SPDX-License-Identifier: GPL-3.0-or-later
// kill (XCU kill): sends signals to processes, process groups and jobs; with -q a value with them (sigqueue(3)). Lists
// signals, which trap -l does through the same function.
#ifndef MISH_BUILTINS_KILL_H_
#define MISH_BUILTINS_KILL_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU kill.
Completion run_kill(BuiltinContext& context, Args args);

/// All signals: in POSIX mode their names in one line, else a table of numbers and names.
void list_signals(BuiltinContext& context);

inline constexpr Builtin kKillRows[] = {
    {"kill", run_kill, BuiltinKind::Intrinsic, 0,
     "kill [-s sigspec | -n signum | -sigspec] [-q value] pid | jobspec ... or kill -l [sigspec ...]",
     R"(Send a signal to processes or jobs.
A PID is a process; 0 is the shell's process group, -N the process group N, %JOB a job. The signal is TERM unless given.
  -s NAME, -NAME   the signal by name, with or without SIG; 0 only asks whether the process exists
  -n N, -N         the signal by number
  -q VALUE         send the number VALUE with it (sigqueue)
  -l [SIG ...]     list the signals; or the name of a number or of an exit status, the number of a name
  -L               as -l

Exit status: 0 if the signal was sent to every one, 1 if not, 2 for wrong usage.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_KILL_H_
