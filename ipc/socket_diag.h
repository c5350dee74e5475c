// SPDX-License-Identifier: GPL-3.0-or-later
// The local sockets of the machine as the kernel lists them, and who holds one: what is needed to look at a socket
// without connecting to it, which its server would take for a client.
#ifndef MISH_IPC_SOCKET_DIAG_H_
#define MISH_IPC_SOCKET_DIAG_H_

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <vector>

namespace mish::ipc {

/// One AF_UNIX socket; numbers are inodes, 0 where there is none.
struct UnixSocket {
  uint64_t inode = 0;
  uint64_t peer = 0;    // the socket at the other end
  uint64_t file = 0;    // the file it is bound to
  uint32_t device = 0;  // of that file, as the kernel numbers it (12 bits major, 20 bits minor)
  bool is_listening = false;
};

/// All AF_UNIX sockets of this network namespace (sock_diag(7)); empty when the kernel does not tell.
std::vector<UnixSocket> list_unix_sockets();

/// The processes that hold the sockets with these inodes, one for each, in order; 0 where none is found or it may not
/// be looked at. Of several holders the one with the lowest pid. Reads /proc/PID/fd of all processes.
std::vector<pid_t> holders_of_sockets(std::span<const uint64_t> inodes);

}  // namespace mish::ipc

#endif  // MISH_IPC_SOCKET_DIAG_H_
