// SPDX-License-Identifier: GPL-3.0-or-later
// Starts a command with limits, a nice value, cascading termination or detached, waits for it, and tells how it ended:
// the parent's side of the textbook's process life.
#ifndef MISH_BUILTINS_IPC_SUPERVISED_H_
#define MISH_BUILTINS_IPC_SUPERVISED_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/status.h"
#include "shell/api/services.h"
#include "shell/process/wait.h"

namespace mish::builtins {

/// Limits of a spawned process and its descendants; 0 = none.
struct SpawnLimits {
  uint64_t memory = 0;  // bytes resident, of the whole tree
  uint64_t cpu_seconds = 0;
  int64_t time_ns = 0;  // wall clock
  uint64_t files = 0;
  uint64_t file_size = 0;
  uint64_t stack = 0;
  /// "mem=200M,cpu=10s,time=1m,files=64,fsize=1G,stack=8M".
  static ipc::Outcome<SpawnLimits> parse(std::string_view text);
};

struct SpawnPlan {
  SpawnLimits limits;
  int nice = 0;
  bool cascade = false;  // everything below it ends when it ends, or when the shell ends
};

/// How it ended.
struct EndedProcess {
  pid_t pid = 0;
  process::ProcessStatus status;
  rusage usage{};
  int64_t elapsed_ns = 0;
  std::string verdict;    // why it was ended, "" when it ended by itself
  api::Completion traps;  // of the trap actions that ran meanwhile
};

/// Starts and waits. Trap actions run meanwhile. The error of fork.
ipc::Outcome<EndedProcess> run_supervised(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan);

/// Starts it as a child of init in a session of its own; returns its pid at once.
ipc::Outcome<pid_t> start_detached(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan);

/// Signals all of `root`'s tree, children before parents, again until no new ones appear; with a signal meant to end
/// them all are stopped first, so that none escapes by forking. The number of processes.
size_t signal_tree(pid_t root, int signal_number, bool include_root);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_SUPERVISED_H_
