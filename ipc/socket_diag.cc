// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/socket_diag.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish::ipc {
namespace {

constexpr uint8_t kListening = 10;  // TCP_LISTEN, which the kernel uses for local sockets too

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

UnixSocket read_socket(const nlmsghdr* header) {
  const char* body = static_cast<const char*>(NLMSG_DATA(header));
  const char* end = reinterpret_cast<const char*>(header) + header->nlmsg_len;
  unix_diag_msg message{};
  std::memcpy(&message, body, sizeof message);
  UnixSocket socket;
  socket.inode = message.udiag_ino;
  socket.is_listening = message.udiag_state == kListening;
  nlattr attribute{};
  for (body += NLMSG_ALIGN(sizeof message); body + sizeof attribute <= end; body += NLA_ALIGN(attribute.nla_len)) {
    std::memcpy(&attribute, body, sizeof attribute);
    if (attribute.nla_len < sizeof attribute) break;
    if (attribute.nla_type == UNIX_DIAG_PEER) {
      uint32_t peer = 0;
      std::memcpy(&peer, body + sizeof attribute, sizeof peer);
      socket.peer = peer;
    } else if (attribute.nla_type == UNIX_DIAG_VFS) {
      unix_diag_vfs file{};
      std::memcpy(&file, body + sizeof attribute, sizeof file);
      socket.file = file.udiag_vfs_ino;
      socket.device = file.udiag_vfs_dev;
    }
  }
  return socket;
}

}  // namespace

std::vector<UnixSocket> list_unix_sockets() {
  std::vector<UnixSocket> found;
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_states = ~0u;
  question.request.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_VFS;
  if (!fd || send(fd.get(), &question, sizeof question, 0) < 0) return found;
  constexpr size_t kRoom = 32768;
  auto buffer = std::make_unique<nlmsghdr[]>(kRoom / sizeof(nlmsghdr));
  for (;;) {
    ssize_t n = recv(fd.get(), buffer.get(), kRoom, 0);
    if (n <= 0) return found;
    auto left = static_cast<unsigned>(n);
    for (const nlmsghdr* h = buffer.get(); NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
      if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) return found;
      found.push_back(read_socket(h));
    }
  }
}

std::vector<pid_t> holders_of_sockets(std::span<const uint64_t> inodes) {
  std::vector<pid_t> holders(inodes.size(), 0);
  Directory processes(opendir("/proc"), closedir);
  while (dirent* process = processes != nullptr && !inodes.empty() ? readdir(processes.get()) : nullptr) {
    auto pid = static_cast<pid_t>(strtol(process->d_name, nullptr, 10));
    if (pid <= 0) continue;
    Directory descriptors(opendir(("/proc/" + std::to_string(pid) + "/fd").c_str()), closedir);
    while (dirent* entry = descriptors != nullptr ? readdir(descriptors.get()) : nullptr) {
      char target[64];
      ssize_t length = readlinkat(dirfd(descriptors.get()), entry->d_name, target, sizeof target - 1);
      if (length <= 0) continue;
      target[length] = '\0';
      if (!std::string_view(target).starts_with("socket:[")) continue;
      uint64_t inode = strtoull(target + 8, nullptr, 10);
      auto at = static_cast<size_t>(std::find(inodes.begin(), inodes.end(), inode) - inodes.begin());
      if (at < inodes.size() && (holders[at] == 0 || pid < holders[at])) holders[at] = pid;
    }
  }
  return holders;
}

}  // namespace mish::ipc
