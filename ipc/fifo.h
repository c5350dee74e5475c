// SPDX-License-Identifier: GPL-3.0-or-later
// Named pipes: made, looked at without opening them (opening would let a blocked writer or reader go), removed.
#ifndef MISH_IPC_FIFO_H_
#define MISH_IPC_FIFO_H_

#include <sys/types.h>

#include <ctime>
#include <string>
#include <vector>

#include "ipc/status.h"

namespace mish::ipc {

struct FifoInfo {
  std::string path;
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  time_t changed = 0;
  std::vector<pid_t> readers, writers;  // processes that have it open, as far as we may look; both = in both
};

/// mkfifo(3) with exactly this mode.
Outcome<void> create_fifo(const std::string& path, mode_t mode);
/// NoObject when there is nothing; Usage when it is no FIFO.
Outcome<FifoInfo> stat_fifo(const std::string& path);
/// The FIFOs in a directory, by name, without readers and writers.
Outcome<std::vector<FifoInfo>> list_fifos(const std::string& directory);
/// unlink(2), but only of a FIFO.
Outcome<void> remove_fifo(const std::string& path);

}  // namespace mish::ipc

#endif  // MISH_IPC_FIFO_H_
