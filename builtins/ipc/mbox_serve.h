// SPDX-License-Identifier: GPL-3.0-or-later
// mbox serve: a work queue in one line.
#ifndef MISH_BUILTINS_IPC_MBOX_SERVE_H_
#define MISH_BUILTINS_IPC_MBOX_SERVE_H_

#include "builtins/ipc/verbs.h"

namespace mish::builtins {

inline constexpr OptionRow kServeOptions[] = {
    {"jobs", 'j', "N", "number of workers (default 1)"},
    {"retries", 0, "R", "how often a failing handler is tried again (default 2)"},
    {"worker", 0, "", ""},  // be one of the workers: for serve itself, so help does not tell
};

/// N worker processes receive under lease, run the handler with the message on standard input and in $MESSAGE, and
/// acknowledge when it succeeds. A worker that dies is replaced, its message delivered again. A message whose handler
/// fails too often goes to the mailbox NAME.failed. Ends when the mailbox closes.
Completion serve_mailbox(Call& call);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_MBOX_SERVE_H_
