// SPDX-License-Identifier: GPL-3.0-or-later
// Traps on arrival: `trap 'action' mbox:NAME`. The doorbell of the mailboxes raises a signal of the shell's own, whose
// action, like that of any trap, runs at the next safe point: it looks at the mailboxes and runs what is due.
#ifndef MISH_BUILTINS_IPC_ARRIVALS_H_
#define MISH_BUILTINS_IPC_ARRIVALS_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

/// The signal of the doorbell (SIGRTMAX-2). `trap` does not print its action.
int arrival_signal();

/// To be called when the arrival traps have changed: has the doorbell rung for each mailbox that is named. Reports and
/// returns a status other than 0 for a mailbox that cannot be opened.
int watch_arrivals(api::BuiltinContext& context);

/// Runs the actions of all mailboxes that have news, once for each message as long as the action takes messages out.
api::Completion deliver_arrivals(api::BuiltinContext& context);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_ARRIVALS_H_
