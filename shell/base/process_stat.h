// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel says of one process in a single line, read without allocating: whether it lives and when it started.
// Together the two tell a process from a later one that was given the same number. `proc` shows the rest of the line.
#ifndef MISH_SHELL_BASE_PROCESS_STAT_H_
#define MISH_SHELL_BASE_PROCESS_STAT_H_

#include <sys/types.h>

#include <cstdint>

#include "shell/base/result.h"

namespace mish {

struct ProcessStat {
  char state = '?';          // R, S, D, T, Z ... as in ps(1)
  pid_t parent = 0;          // process ID
  unsigned flags = 0;        // PF_* of the kernel
  uint64_t start_ticks = 0;  // clock ticks (sysconf(_SC_CLK_TCK)) from the start of the system to that of the process

  /// Whether it is a zombie or on its way there: it will not run any more of its program.
  bool is_ending() const;
  /// Whether it was forked and has not called exec since.
  bool has_not_called_exec() const;
};

/// Reads /proc/PID/stat (proc(5)). Error: ESRCH when there is no such process, or /proc is not mounted.
Result<ProcessStat> read_process_stat(pid_t pid);

}  // namespace mish

#endif  // MISH_SHELL_BASE_PROCESS_STAT_H_
