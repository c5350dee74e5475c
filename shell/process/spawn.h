// SPDX-License-Identifier: GPL-3.0-or-later
// Starts an external utility (XCU 2.9.1.6) at a cost that does not depend on the size of the shell: the child borrows
// the shell's memory until it execs (clone with VM and VFORK), and so can report the errno of exec exactly. The search
// for the utility and what to do on ENOEXEC are the caller's.
#ifndef MISH_SHELL_PROCESS_SPAWN_H_
#define MISH_SHELL_PROCESS_SPAWN_H_

#include <sys/types.h>

#include <cstdint>

#include "shell/base/result.h"
#include "shell/process/child.h"
#include "shell/process/fd_plan.h"
#include "shell/process/terminal.h"

namespace mish::process {

struct SpawnRequest {
  const char* path = nullptr;          // of the executable, not searched
  char* const* argv = nullptr;         // ends with a null pointer
  char* const* envp = nullptr;         // likewise
  const FdPlan* plan = nullptr;        // redirections and pipes; may be null
  pid_t process_group = kShellsGroup;  // or kNewGroup, or a group to join
  Terminal* terminal = nullptr;        // not null: the child's group becomes the foreground group before exec
  bool is_asynchronous = false;        // without job control: SIGINT and SIGQUIT ignored (XCU 2.11)
};

enum class SpawnStage : uint8_t { Started, Fork, Descriptors, Exec };

struct SpawnResult {
  pid_t pid = -1;                          // -1: not started; then the failed child is reaped already
  int error = 0;                           // errno of the stage that failed
  SpawnStage stage = SpawnStage::Started;  // where it failed
  bool ok() const { return pid > 0; }
};

/// Starts the utility. The plan's descriptors stay open in the shell (clear() the plan afterwards). The caller has
/// flushed all outputs. stage Exec: error is that of execve(2): ENOENT (also: interpreter missing), ENOEXEC, EACCES,
/// E2BIG, ENOTDIR, ELOOP, ETXTBSY, ...
SpawnResult spawn(const SpawnRequest& request);

/// execve(2) in this process with the dispositions and the mask a child would get (`exec`, last command of a shell).
/// Returns only on failure, with everything as before. The plan, if any, must have been applied. Outputs are flushed.
Errno replace_process(const char* path, char* const* argv, char* const* envp);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_SPAWN_H_
