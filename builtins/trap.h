// SPDX-License-Identifier: GPL-3.0-or-later
// trap (XCU trap): sets, resets and prints the actions of conditions. Knows how they are written and read back; when
// they run is exec/trap_runner's.
#ifndef MISH_BUILTINS_TRAP_H_
#define MISH_BUILTINS_TRAP_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU trap.
Completion run_trap(BuiltinContext& context, Args args);

inline constexpr Builtin kTrapRows[] = {
    {"trap", run_trap, BuiltinKind::Special, 0, "trap [-lpP] [[action] condition ...]",
     R"(Run a command when a signal arrives or something else happens.
ACTION is run when a CONDITION occurs; '' ignores it, - restores the default, as does leaving ACTION out. A condition is
a signal by name or number; EXIT (0): the shell ends; DEBUG: before each command; ERR: a command failed, where `set -e`
would end the shell; RETURN: a function or a sourced file returned; mbox:NAME: a message arrives in the mailbox.
Without operands the actions are printed as commands that set them again.
  -p [CONDITION ...]  print the actions of these conditions
  -P CONDITION ...    print the bare actions
  -l                  list the signals
Signals ignored when a script started cannot be trapped.

Exit status: 0, 1 if a condition is unknown, 2 for wrong usage.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_TRAP_H_
