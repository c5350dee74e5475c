// SPDX-License-Identifier: GPL-3.0-or-later
// Every object of interprocess communication this user can see, our own and those of other programs: /dev/shm, mqueue,
// /proc/sysvipc, local sockets; which processes share which; and the removal of what nobody can ever use again.
#ifndef MISH_IPC_INVENTORY_H_
#define MISH_IPC_INVENTORY_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/kernel_name.h"
#include "ipc/owner.h"
#include "ipc/status.h"

namespace mish::ipc {

/// One object in the words of the textbook's questions about links: who owns it, how much it holds, how many use it,
/// in which directions.
struct ObjectInfo {
  std::string_view kind;  // shm mq mbox sem port socket
  std::string_view api;   // posix sysv file mish unix
  std::string name;       // as the noun takes it
  uid_t uid = 0;
  mode_t mode = 0;
  int64_t used = -1;           // shm: bytes in memory; mq, mbox: messages; sem: value; -1 not counted
  int64_t capacity = -1;       // shm: bytes; mq, mbox: messages; -1 unlimited or not counted
  int64_t users = -1;          // processes attached now, -1 unknown
  std::string_view direction;  // both, one
  bool is_stale = false;       // nobody can use it any more
  time_t changed = 0;
};

/// Kinds to list; all when none is named.
struct InventoryFilter {
  std::vector<std::string> kinds;
  bool wants(std::string_view kind) const;
};

/// By kind, then name. `note`: see MessageQueue::list.
std::vector<ObjectInfo> list_objects(const InventoryFilter& filter, std::string& note);

/// A local socket with a name, from /proc/net/unix.
struct LocalSocket {
  std::string path;
  std::string_view type;  // stream datagram seqpacket
  bool is_listening = false;
  uint64_t inode = 0;
  uint64_t uses = 0;
};
std::vector<LocalSocket> list_local_sockets();

/// Something that may be collected, and why.
struct Garbage {
  std::string kind;
  std::string name;
  std::string reason;
  ProcessIdentity owner = {};  // of a direct mailbox, which has no name
};
/// What nobody can ever use again: ports whose server is dead, mapped names whose file is gone, abandoned mailboxes,
/// locks of segments that are gone. With `foreign` also System V segments of this user that nobody has attached and
/// whose creator is dead.
std::vector<Garbage> find_garbage(bool foreign);
/// Removes one of them. Fails as the noun's rm does.
Outcome<void> collect(const Garbage& garbage);

/// Which process uses which object how.
struct Sharing {
  pid_t pid = 0;
  std::string process;  // short name
  std::string object;   // "shm OS", "mbox jobs", "pipe 123", "fifo /tmp/f", "mq q"
  bool reads = false, writes = false;
};
/// Every object that at least `least` processes use, as far as this user may look; by object, then pid. Anonymous pipes
/// count as objects, inherited terminals do not. For sockets both ends are one object.
std::vector<Sharing> list_sharing(size_t least);

/// The object that a process has mapped at an address, as list_sharing() calls it: "mbox jobs", "sem pool"; "" for
/// other memory.
std::string object_mapped_at(pid_t pid, uint64_t address);

}  // namespace mish::ipc

#endif  // MISH_IPC_INVENTORY_H_
