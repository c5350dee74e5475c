// SPDX-License-Identifier: GPL-3.0-or-later
// Paths that name a descriptor of whoever opens them: /dev/stdout, /dev/fd/3, /proc/self/fd/1, or links to these. The
// shell opens files for commands whose descriptors are still a plan, or exist in memory only; there such a path means
// the descriptor of the command. Decides nothing about redirections.
#ifndef MISH_SHELL_PROCESS_DESCRIPTOR_PATH_H_
#define MISH_SHELL_PROCESS_DESCRIPTOR_PATH_H_

#include "shell/base/fd.h"
#include "shell/base/result.h"

namespace mish::process {

/// open(2) with O_CLOEXEC of a path that leads over no magic link (proc(5)); with ELOOP when it does. Costs no more
/// than open(2). Where the system cannot tell (before Linux 5.6, or forbidden), paths below /dev and /proc count as
/// such.
Result<UniqueFd> open_ordinary(const char* path, int flags);

/// The number of the descriptor of the opener that `path` names, or -1. /proc/PID/fd/N names that of a given process.
int named_descriptor(const char* path);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_DESCRIPTOR_PATH_H_
