// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/inventory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "ipc/mailbox.h"
#include "ipc/message_queue.h"
#include "ipc/object_name.h"
#include "ipc/port.h"
#include "ipc/semaphore.h"
#include "ipc/shared_memory.h"
#include "ipc/socket_diag.h"
#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

ObjectInfo object(std::string_view kind, std::string_view api, std::string name, uid_t uid, mode_t mode) {
  ObjectInfo info;
  info.kind = kind;
  info.api = api;
  info.name = std::move(name);
  info.uid = uid;
  info.mode = mode;
  info.direction = "both";
  return info;
}

std::string sysv_name(const KernelName& name) {
  return name.api == Api::SystemV ? fmt::format("id:{}", name.id) : name.text();
}

void add_segments(std::vector<ObjectInfo>& out) {
  for (const SegmentInfo& s : SharedMemory::list()) {
    ObjectInfo info = object("shm", api_name(s.name.api), sysv_name(s.name), s.uid, s.mode);
    info.used = static_cast<int64_t>(s.resident);
    info.capacity = static_cast<int64_t>(s.size);
    info.users = s.attached;
    info.is_stale = s.attached == 0 && s.creator != 0 && kill(s.creator, 0) != 0 && errno == ESRCH;
    info.changed = s.changed;
    out.push_back(std::move(info));
  }
}

void add_queues(std::vector<ObjectInfo>& out, std::string& note) {
  for (const QueueInfo& q : MessageQueue::list(note)) {
    ObjectInfo info = object("mq", api_name(q.name.api), sysv_name(q.name), q.uid, q.mode);
    info.used = q.messages;
    info.capacity = q.name.api == Api::SystemV ? -1 : q.capacity;
    info.changed = q.changed;
    out.push_back(std::move(info));
  }
}

void add_semaphores(std::vector<ObjectInfo>& out) {
  for (const SemaphoreInfo& s : Semaphore::list()) {
    ObjectInfo info = object("sem", api_name(s.name.api), sysv_name(s.name), s.uid, s.mode);
    info.used = s.value;
    info.changed = s.changed;
    out.push_back(std::move(info));
  }
}

void add_mailboxes(std::vector<ObjectInfo>& out) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return;
  Outcome<std::vector<MailboxInfo>> boxes = Mailbox::list(*directory);
  if (!boxes) return;
  for (const MailboxInfo& box : *boxes) {
    ObjectInfo info = object("mbox", "mish", box.name, box.user, box.config.mode);
    info.used = static_cast<int64_t>(box.messages);
    info.capacity = box.config.capacity == kUnbounded ? -1 : static_cast<int64_t>(box.config.capacity);
    info.users = static_cast<int64_t>(std::count_if(box.participants.begin(), box.participants.end(),
                                                    [](const Participant& p) { return p.is_alive; }));
    info.is_stale = box.condition == Status::Done && !box.config.keep && !box.is_owner_alive;
    out.push_back(std::move(info));
  }
}

void add_ports(std::vector<ObjectInfo>& out) {
  for (const ConnectionPort::Info& port : ConnectionPort::list()) {
    ObjectInfo info = object("port", "mish", port.name, port.uid, port.mode);
    info.is_stale = !port.is_alive;
    info.users = port.is_alive ? 1 : 0;
    info.changed = port.changed;
    out.push_back(std::move(info));
  }
}

void add_sockets(std::vector<ObjectInfo>& out) {
  std::set<std::string> seen;
  for (const LocalSocket& socket : list_local_sockets()) {
    if (!socket.is_listening || socket.path.find("/port=") != std::string::npos || !seen.insert(socket.path).second)
      continue;
    struct stat status {};
    bool has_file = socket.path[0] != '@' && stat(socket.path.c_str(), &status) == 0;
    std::string scheme = socket.type == "seqpacket" ? "seqpacket:" : "unix:";
    ObjectInfo info = object("socket", "unix", scheme + socket.path, has_file ? status.st_uid : 0,
                             has_file ? status.st_mode & 0777 : 0777);
    info.changed = has_file ? status.st_mtime : 0;
    out.push_back(std::move(info));
  }
}

Outcome<ObjectName> mailbox_name(const std::string& text, const ProcessIdentity& owner) {
  return text.starts_with("@") ? ObjectName::direct(owner, geteuid()) : ObjectName::parse(text);
}

bool process_is_gone(pid_t pid) { return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH; }

/// Entries of our directory that remember something else: mapped files and locks.
void add_leftovers(std::vector<Garbage>& out) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return;
  Directory dir(opendir(directory->path().c_str()), closedir);
  std::vector<SegmentInfo> segments = SharedMemory::list();
  while (dirent* entry = dir != nullptr ? readdir(dir.get()) : nullptr) {
    std::string_view file = entry->d_name;
    if (file.starts_with("map=")) {
      bool is_listed = std::any_of(segments.begin(), segments.end(), [&](const SegmentInfo& s) {
        return s.name.api == Api::File && s.name.name == file.substr(4);
      });
      if (!is_listed) out.push_back({"map", std::string(file.substr(4)), "its file is gone"});
    } else if (file.starts_with("lock=shm-")) {
      bool is_used = std::any_of(segments.begin(), segments.end(), [&](const SegmentInfo& s) {
        return s.name.api == Api::SystemV && std::to_string(s.name.id) == file.substr(9);
      });
      if (!is_used) out.push_back({"lock", std::string(file), "its segment is gone"});
    }
  }
}

Outcome<void> remove_entry(const std::string& file) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return directory.error();
  if (unlinkat(directory->fd(), file.c_str(), 0) != 0) return error_from_errno(errno);
  return {};
}

/// inode -> peer's inode of all connected local sockets.
std::map<uint64_t, uint64_t> socket_peers() {
  std::map<uint64_t, uint64_t> peers;
  for (const UnixSocket& socket : list_unix_sockets()) {
    if (socket.peer != 0) peers[socket.inode] = socket.peer;
  }
  return peers;
}

/// inode -> name of the files in a directory.
std::map<uint64_t, std::string> names_in(const std::string& path) {
  std::map<uint64_t, std::string> names;
  Directory dir(opendir(path.c_str()), closedir);
  while (dirent* entry = dir != nullptr ? readdir(dir.get()) : nullptr) names[entry->d_ino] = entry->d_name;
  return names;
}

/// The objects behind files: of /dev/shm and of our own directory.
class ObjectNames {
 public:
  ObjectNames() : shared_memory_(names_in(std::string(kSharedMemory))) {
    Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
    if (!directory) return;
    own_directory_ = directory->path() + "/";
    own_objects_ = names_in(own_directory_);
  }

  /// The object behind a path of /dev/shm or of our own directory; "" for an ordinary file.
  std::string object_of_path(std::string_view path, uint64_t inode) const {
    if (size_t at = path.find(" (deleted)"); at != std::string_view::npos) path = path.substr(0, at);
    if (!own_directory_.empty() && path.starts_with(own_directory_)) {
      std::string_view file = name_of(path.substr(own_directory_.size()), inode, own_objects_);
      if (file.find('=') != std::string_view::npos) return {};
      return fmt::format("mbox {}", file);
    }
    if (path.starts_with(kSharedMemory)) {
      std::string_view file = name_of(path.substr(kSharedMemory.size()), inode, shared_memory_);
      if (file.starts_with("sem.")) return fmt::format("sem {}", file.substr(4));
      return fmt::format("shm {}", file);
    }
    if (path.starts_with("/SYSV")) return fmt::format("shm key:0x{}", path.substr(5));
    if (path.starts_with("/memfd:")) return fmt::format("memfd {}", path.substr(7));
    return {};
  }
  /// The same for a line of /proc/PID/maps: "from-to rwxs offset device inode   path".
  std::string object_of_mapping(std::string_view line) const {
    size_t slash = line.find('/');
    if (slash == std::string_view::npos) return {};
    uint64_t inode = strtoull(line.data() + line.rfind(' ', line.find_last_not_of(' ', slash - 1)) + 1, nullptr, 10);
    return object_of_path(line.substr(slash), inode);
  }

 private:
  static constexpr std::string_view kSharedMemory = "/dev/shm/";

  /// The name of a file in a directory of objects. The kernel shows one that was complete before it got its name
  /// (O_TMPFILE) as "#inode".
  static std::string_view name_of(std::string_view file, uint64_t inode, const std::map<uint64_t, std::string>& names) {
    if (!file.starts_with('#')) return file;
    auto found = names.find(inode);
    return found != names.end() ? std::string_view(found->second) : file;
  }

  std::map<uint64_t, std::string> shared_memory_;
  std::string own_directory_;
  std::map<uint64_t, std::string> own_objects_;
};

/// The lines of a text.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    visit(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

std::string maps_of(pid_t pid) {
  std::string text;
  Result<UniqueFd> fd = open_file(fmt::format("/proc/{}/maps", pid).c_str(), O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) text.clear();
  return text;
}

/// Collects who uses what.
class SharingScan {
 public:
  SharingScan() : peers_(socket_peers()) {}

  void scan(pid_t pid) {
    std::string name;
    Result<UniqueFd> comm = open_file(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY);
    if (!comm.ok() || !read_all(comm->get(), name).ok()) return;
    while (!name.empty() && name.back() == '\n') name.pop_back();
    scan_descriptors(pid, name);
    scan_maps(pid, name);
  }

  std::vector<Sharing> take(size_t least) {
    std::map<std::string_view, size_t> counts;
    for (const auto& [key, sharing] : found_) ++counts[key.first];
    std::vector<Sharing> out;
    for (auto& [key, sharing] : found_) {
      if (counts[key.first] >= least) out.push_back(sharing);
    }
    return out;
  }

 private:
  void add(pid_t pid, const std::string& process, const std::string& name, bool reads, bool writes) {
    Sharing& sharing = found_[{name, pid}];
    sharing.pid = pid;
    sharing.process = process;
    sharing.object = name;
    sharing.reads = sharing.reads || reads;
    sharing.writes = sharing.writes || writes;
  }

  std::string object_of_descriptor(std::string_view target, const struct stat& status) const {
    if (target.starts_with("pipe:[")) return fmt::format("pipe {}", target.substr(6, target.size() - 7));
    if (target.starts_with("socket:[")) {
      uint64_t inode = strtoull(target.data() + 8, nullptr, 10);
      auto peer = peers_.find(inode);
      if (peer == peers_.end()) return {};
      return fmt::format("socket {}", std::min(inode, peer->second));
    }
    if (S_ISFIFO(status.st_mode)) return fmt::format("fifo {}", target);
    return S_ISREG(status.st_mode) ? names_.object_of_path(target, status.st_ino) : std::string();
  }

  void scan_descriptors(pid_t pid, const std::string& process) {
    Directory dir(opendir(fmt::format("/proc/{}/fd", pid).c_str()), closedir);
    while (dirent* entry = dir != nullptr ? readdir(dir.get()) : nullptr) {
      char target[1024];
      ssize_t n = entry->d_name[0] == '.' ? -1 : readlinkat(dirfd(dir.get()), entry->d_name, target, sizeof target - 1);
      struct stat status {};
      struct stat link {};
      if (n <= 0 || fstatat(dirfd(dir.get()), entry->d_name, &status, 0) != 0 ||
          fstatat(dirfd(dir.get()), entry->d_name, &link, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      target[n] = '\0';
      std::string name = object_of_descriptor({target, static_cast<size_t>(n)}, status);
      // The permissions of the link say how the descriptor was opened.
      if (!name.empty()) add(pid, process, name, (link.st_mode & S_IRUSR) != 0, (link.st_mode & S_IWUSR) != 0);
    }
  }

  void scan_maps(pid_t pid, const std::string& process) {
    for_each_line(maps_of(pid), [&](std::string_view line) {
      size_t blank = line.find(' ');
      if (blank == std::string_view::npos || blank + 4 >= line.size() || line[blank + 4] != 's') return;
      std::string name = names_.object_of_mapping(line);
      if (!name.empty()) add(pid, process, name, line[blank + 1] == 'r', line[blank + 2] == 'w');
    });
  }

  std::map<uint64_t, uint64_t> peers_;
  ObjectNames names_;
  std::map<std::pair<std::string, pid_t>, Sharing> found_;
};

}  // namespace

std::string object_mapped_at(pid_t pid, uint64_t address) {
  std::string object;
  for_each_line(maps_of(pid), [&](std::string_view line) {
    uint64_t from = 0;
    uint64_t to = 0;
    const char* end = line.data() + line.size();
    const char* dash = std::from_chars(line.data(), end, from, 16).ptr;
    if (dash == end || std::from_chars(dash + 1, end, to, 16).ec != std::errc{}) return;
    if (address >= from && address < to) object = ObjectNames().object_of_mapping(line);
  });
  return object;
}

bool InventoryFilter::wants(std::string_view kind) const {
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::vector<ObjectInfo> list_objects(const InventoryFilter& filter, std::string& note) {
  std::vector<ObjectInfo> out;
  if (filter.wants("shm")) add_segments(out);
  if (filter.wants("mq")) add_queues(out, note);
  if (filter.wants("mbox")) add_mailboxes(out);
  if (filter.wants("sem")) add_semaphores(out);
  if (filter.wants("port")) add_ports(out);
  if (filter.wants("socket")) add_sockets(out);
  return out;
}

std::vector<LocalSocket> list_local_sockets() {
  std::vector<LocalSocket> out;
  std::string text;
  Result<UniqueFd> fd = open_file("/proc/net/unix", O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return out;
  for (size_t at = text.find('\n'); at != std::string::npos && at + 1 < text.size(); at = text.find('\n', at + 1)) {
    unsigned long uses = 0, flags = 0, inode = 0;
    unsigned type = 0;
    int path_at = 0;
    // "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /path"
    if (sscanf(text.c_str() + at + 1, "%*[^:]: %lx %*x %lx %x %*x %lu %n", &uses, &flags, &type, &inode, &path_at) !=
        4) {
      continue;
    }
    const char* path = text.c_str() + at + 1 + path_at;
    size_t length = strcspn(path, "\n");
    if (length == 0 || path_at == 0 || *path == '\n') continue;
    LocalSocket socket;
    socket.path.assign(path, length);
    socket.type = type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "datagram" : "seqpacket";
    socket.is_listening = (flags & 0x10000) != 0;
    socket.inode = inode;
    socket.uses = uses;
    out.push_back(std::move(socket));
  }
  return out;
}

std::vector<Garbage> find_garbage(bool foreign) {
  std::vector<Garbage> out;
  for (const ConnectionPort::Info& port : ConnectionPort::list()) {
    if (!port.is_alive) out.push_back({"port", port.name, "its server is dead"});
  }
  add_leftovers(out);
  if (Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid())) {
    if (Outcome<std::vector<MailboxInfo>> boxes = Mailbox::list(*directory)) {
      for (const MailboxInfo& box : *boxes) {
        Outcome<ObjectName> name = mailbox_name(box.name, box.owner);
        if (name && Mailbox::is_abandoned(*name, *directory))
          out.push_back({"mbox", box.name, "its owner is dead", box.owner});
      }
    }
  }
  if (!foreign) return out;
  for (const SegmentInfo& s : SharedMemory::list()) {
    if (s.name.api == Api::SystemV && s.uid == geteuid() && s.attached == 0 && process_is_gone(s.creator)) {
      out.push_back({"shm", fmt::format("id:{}", s.name.id), "nobody has it attached and its creator is dead"});
    }
  }
  return out;
}

Outcome<void> collect(const Garbage& garbage) {
  if (garbage.kind == "map") return remove_entry("map=" + garbage.name);
  if (garbage.kind == "lock") return remove_entry(garbage.name);
  if (garbage.kind == "shm") {
    Outcome<KernelName> name = parse_kernel_name(garbage.name);
    return name ? SharedMemory::remove(*name) : name.error();
  }
  Outcome<ObjectName> name = mailbox_name(garbage.name, garbage.owner);
  if (!name) return name.error();
  return garbage.kind == "port" ? ConnectionPort::remove(*name) : Mailbox::remove(*name);
}

std::vector<Sharing> list_sharing(size_t least) {
  SharingScan scan;
  Directory proc(opendir("/proc"), closedir);
  while (dirent* entry = proc != nullptr ? readdir(proc.get()) : nullptr) {
    if (auto pid = parse_integer(entry->d_name)) scan.scan(static_cast<pid_t>(*pid));
  }
  return scan.take(least);
}

}  // namespace mish::ipc
