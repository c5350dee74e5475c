// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/port.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "ipc/socket_diag.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

constexpr uint32_t kMagic = 0x3174504d;  // "MPt1"
constexpr uint64_t kSmallestSection = 64 * 1024;
constexpr uint64_t kLargestSection = 16 * 1024 * 1024;

enum PacketKind : uint8_t { kInline = 1, kSectionPiece = 2, kRelease = 3, kCancel = 4 };
enum PacketFlag : uint8_t { kMore = 1 };

struct PacketHeader {
  uint32_t magic;
  uint8_t kind;
  uint8_t flags;
  uint16_t reserved;
  uint64_t length;  // of the piece in the packet or in the section
};
static_assert(sizeof(PacketHeader) == 16);

Error garbled() { return {Status::Damaged, EPROTO, "the other side does not speak the protocol of ports"}; }
Error gone() { return {Status::Closed, EPIPE, "the other side has closed"}; }

Error socket_error(int code) { return code == EPIPE || code == ECONNRESET ? gone() : error_from_errno(code); }

std::string file_of(const ObjectName& name) { return "port=" + name.file(); }

/// The socket's address through the open directory: short enough for sun_path, and no symbolic link in between.
struct SocketAddress {
  sockaddr_un address{};
  SocketAddress(const ObjectDirectory& directory, const ObjectName& name) {
    address.sun_family = AF_UNIX;
    std::string path = fmt::format("/proc/self/fd/{}/{}", directory.fd(), file_of(name));
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size() + 1, sizeof address.sun_path - 1));
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

UniqueFd new_socket(int flags = 0) { return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0)); }

/// Whether a process listens at the address. Asked with a socket of another type: the kernel refuses it with EPROTOTYPE
/// when there is a listener, before the listener hears of it, so that no server sees a client that is none.
bool is_served(const SocketAddress& address) {
  UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return connect(probe.get(), address.get(), sizeof address.address) == 0 || errno == EPROTOTYPE || errno == EACCES;
}

ConnectionPort::Info info_of(const ObjectDirectory& directory, const ObjectName& name, const struct stat& status) {
  ConnectionPort::Info info;
  info.name = name.text();
  info.uid = status.st_uid;
  info.mode = status.st_mode & 0777;
  info.changed = status.st_mtime;
  info.file = status.st_ino;
  info.device = static_cast<uint32_t>(major(status.st_dev) << 20 | minor(status.st_dev));
  info.is_alive = is_served(SocketAddress(directory, name));
  return info;
}

/// Fills in the servers of those that are alive.
void find_servers(std::span<ConnectionPort::Info> ports) {
  if (std::none_of(ports.begin(), ports.end(), [](const auto& port) { return port.is_alive; })) return;
  std::vector<UnixSocket> sockets = list_unix_sockets();
  std::vector<uint64_t> inodes(ports.size(), 0);
  for (const UnixSocket& socket : sockets) {
    for (size_t i = 0; socket.is_listening && i < ports.size(); ++i) {
      if (ports[i].is_alive && ports[i].file == socket.file && ports[i].device == socket.device) {
        inodes[i] = socket.inode;
      }
    }
  }
  std::vector<pid_t> servers = holders_of_sockets(inodes);
  for (size_t i = 0; i < ports.size(); ++i) ports[i].server = inodes[i] != 0 ? servers[i] : 0;
}

/// Sleeps until something new is in the directory; also looks up now and then, since a server binds its name a moment
/// before it listens.
class ArrivalWatch {
 public:
  explicit ArrivalWatch(const ObjectDirectory& directory) : fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    std::string path = fmt::format("/proc/self/fd/{}", directory.fd());
    (void)inotify_add_watch(fd_.get(), path.c_str(), IN_CREATE | IN_MOVED_TO);
  }
  WaitResult wait(const Wait& limit) {
    constexpr int64_t kLook = 50'000'000;
    Wait slice = limit;
    slice.deadline = std::min<Deadline>(limit.deadline, monotonic_ns() + kLook);
    WaitResult result = wait_for_fd(fd_.get(), POLLIN, slice);
    char events[4096];
    (void)read_some(fd_.get(), events, sizeof events);
    bool is_over = result == WaitResult::TimedOut && limit.remaining_ns() == 0;
    return is_over || result == WaitResult::Interrupted ? result : WaitResult::Ready;
  }

 private:
  UniqueFd fd_;
};

}  // namespace

CommunicationPort::CommunicationPort(UniqueFd socket)
    : socket_(std::move(socket)), peer_(peer_credentials(socket_.get())) {}

CommunicationPort::~CommunicationPort() {
  drop(outgoing_);
  drop(incoming_);
}

CommunicationPort::CommunicationPort(CommunicationPort&& other) noexcept
    : socket_(std::move(other.socket_)),
      peer_(other.peer_),
      statistics_(other.statistics_),
      outgoing_(std::exchange(other.outgoing_, {})),
      incoming_(std::exchange(other.incoming_, {})),
      partial_(std::move(other.partial_)),
      inbox_(std::move(other.inbox_)),
      is_at_end_(other.is_at_end_),
      owes_cancel_(other.owes_cancel_) {}

CommunicationPort& CommunicationPort::operator=(CommunicationPort&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(peer_, other.peer_);
  std::swap(statistics_, other.statistics_);
  std::swap(outgoing_, other.outgoing_);
  std::swap(incoming_, other.incoming_);
  std::swap(partial_, other.partial_);
  std::swap(inbox_, other.inbox_);
  std::swap(is_at_end_, other.is_at_end_);
  std::swap(owes_cancel_, other.owes_cancel_);
  return *this;
}

void CommunicationPort::drop(Section& section) {
  if (section.memory != nullptr) munmap(section.memory, section.size);
  section = {};
}

Outcome<CommunicationPort> CommunicationPort::connect(const ObjectName& name, const Wait& wait) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(name.user());
  if (!directory) return directory.error();
  UniqueFd fd = new_socket();
  if (!fd) return error_from_errno(errno);
  SocketAddress address(*directory, name);
  std::optional<WaitTimer> timer;
  std::optional<ArrivalWatch> arrivals;
  int refusals = 0;  // more than one look at a name that is bound and not listening yet: then it is dead
  for (;;) {
    if (::connect(fd.get(), address.get(), sizeof address.address) == 0) return CommunicationPort(std::move(fd));
    bool is_absent = errno == ENOENT || (errno == ECONNREFUSED && ++refusals <= 2);
    if (is_absent && !wait.is_nowait() && !wait.is_forever()) {
      if (!arrivals) {
        arrivals.emplace(*directory);  // and look again: it may have come before the watch
      } else if (WaitResult result = arrivals->wait(wait); result != WaitResult::Ready) {
        return wait_error(result, wait, {});
      }
      continue;
    }
    if (errno == ENOENT) return Error{Status::NoObject, ENOENT, "no such port"};
    if (errno == ECONNREFUSED) return Error{Status::Closed, ECONNREFUSED, "the server of this port is dead"};
    if (errno != EINTR) return error_from_errno(errno);
    if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
    if (!wait.is_nowait() && wait.remaining_ns() == 0) return wait_error(WaitResult::TimedOut, wait, {});
    if (!timer) timer.emplace(wait);
  }
}

Outcome<void> CommunicationPort::send_packet(uint8_t kind, uint8_t flags, std::string_view bytes, uint64_t length,
                                             int attached, const Wait& wait) {
  PacketHeader header{kMagic, kind, flags, 0, length};
  iovec parts[2] = {{&header, sizeof header}, {const_cast<char*>(bytes.data()), bytes.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = bytes.empty() ? 1 : 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (attached >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &attached, sizeof attached);
  }
  for (;;) {
    if (sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return socket_error(errno);
    WaitResult result = wait_for_fd(socket_.get(), POLLOUT, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "the other side has no room");
  }
}

Outcome<void> CommunicationPort::send(std::string_view message, const Wait& wait) {
  if (message.size() > kPortMessageLimit) return Error{Status::TooBig, EMSGSIZE, "the message is too long for a port"};
  if (owes_cancel_) {
    if (Outcome<void> cancelled = send_packet(kCancel, 0, {}, 0, -1, wait); !cancelled) return cancelled;
    owes_cancel_ = false;
  }
  Outcome<void> sent = message.size() <= kInlineLimit ? send_packet(kInline, 0, message, message.size(), -1, wait)
                                                      : send_by_section(message, wait);
  if (!sent) return sent;
  ++(message.size() <= kInlineLimit ? statistics_.sent_copied : statistics_.sent_by_section);
  statistics_.sent_bytes += message.size();
  return {};
}

/// A section of at least `size` bytes; its descriptor when it is new (the caller passes it on and closes it), else -1.
Outcome<int> CommunicationPort::prepare_section(uint64_t size) {
  if (outgoing_.size >= size) return -1;
  uint64_t rounded = std::max(std::bit_ceil(size), kSmallestSection);
  UniqueFd fd(memfd_create("mish-port", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), static_cast<off_t>(rounded)) != 0) return error_from_errno(errno);
  int code = posix_fallocate(fd.get(), 0, static_cast<off_t>(rounded));
  if (code != 0 && code != EINTR) return error_from_errno(code);
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return error_from_errno(errno);
  void* at = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return error_from_errno(errno);
  drop(outgoing_);
  outgoing_ = {static_cast<std::byte*>(at), rounded, false};
  statistics_.send_section = rounded;
  return fd.release();
}

Outcome<void> CommunicationPort::send_by_section(std::string_view message, const Wait& wait) {
  bool is_begun = false;
  Outcome<void> sent;
  while (sent && !message.empty()) {
    while (sent && outgoing_.is_busy) sent = take_packet(wait);
    if (!sent) break;
    std::string_view piece = message.substr(0, kLargestSection);
    Outcome<int> made = prepare_section(piece.size());
    if (!made) {
      sent = made.error();
      break;
    }
    UniqueFd attached(*made);
    std::memcpy(outgoing_.memory, piece.data(), piece.size());
    message.remove_prefix(piece.size());
    outgoing_.is_busy = true;
    sent = send_packet(kSectionPiece, message.empty() ? 0 : kMore, {}, piece.size(), attached.get(), wait);
    if (!sent) {
      if (attached) drop(outgoing_);  // the peer never saw it
      outgoing_.is_busy = false;
      break;
    }
    is_begun = true;
  }
  // The peer must not take the next message for the rest of this one; he is told now or before that.
  if (!sent && is_begun) owes_cancel_ = !send_packet(kCancel, 0, {}, 0, -1, Wait::none());
  return sent;
}

void CommunicationPort::append_piece(std::string_view bytes, bool is_last, bool by_section) {
  partial_.append(bytes);
  if (!is_last) return;
  statistics_.received_bytes += partial_.size();
  ++(by_section ? statistics_.received_by_section : statistics_.received_copied);
  inbox_.push_back(std::move(partial_));
  partial_.clear();
}

/// Maps a section the peer sent along, after checking that he cannot cut it short.
Outcome<void> CommunicationPort::take_section_piece(uint64_t length, UniqueFd attached) {
  if (attached) {
    struct stat status {};
    int seals = fcntl(attached.get(), F_GET_SEALS);
    if (fstat(attached.get(), &status) != 0 || seals < 0 || (seals & F_SEAL_SHRINK) == 0 || status.st_size <= 0) {
      return garbled();
    }
    auto size = static_cast<uint64_t>(status.st_size);
    void* at = mmap(nullptr, size, PROT_READ, MAP_SHARED, attached.get(), 0);
    if (at == MAP_FAILED) return error_from_errno(errno);
    drop(incoming_);
    incoming_ = {static_cast<std::byte*>(at), size, false};
    statistics_.receive_section = size;
  }
  if (incoming_.memory == nullptr || length > incoming_.size) return garbled();
  return {};
}

Outcome<void> CommunicationPort::take_packet(const Wait& wait) {
  if (is_at_end_) return gone();
  PacketHeader header{};
  char bytes[kInlineLimit];
  iovec parts[2] = {{&header, sizeof header}, {bytes, sizeof bytes}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t n = 0;
  for (;;) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    n = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n >= 0) break;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      is_at_end_ = true;
      return socket_error(errno);
    }
    WaitResult result = wait_for_fd(socket_.get(), POLLIN, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "nothing has arrived");
  }
  UniqueFd attached;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    attached.reset(fd);
  }
  if (n == 0) {
    is_at_end_ = true;
    return gone();
  }
  if (n < static_cast<ssize_t>(sizeof header) || header.magic != kMagic || (message.msg_flags & MSG_TRUNC) != 0) {
    return garbled();
  }
  size_t inline_size = static_cast<size_t>(n) - sizeof header;
  bool is_last = (header.flags & kMore) == 0;
  switch (header.kind) {
    case kInline:
      if (header.length != inline_size) return garbled();
      append_piece({bytes, inline_size}, is_last, false);
      return {};
    case kRelease: outgoing_.is_busy = false; return {};
    case kCancel: partial_.clear(); return {};
    case kSectionPiece: {
      if (inline_size != 0 || partial_.size() + header.length > kPortMessageLimit) return garbled();
      if (Outcome<void> mapped = take_section_piece(header.length, std::move(attached)); !mapped) return mapped;
      append_piece({reinterpret_cast<const char*>(incoming_.memory), header.length}, is_last, true);
      Outcome<void> released = send_packet(kRelease, 0, {}, 0, -1, Wait::forever());
      // A peer that has sent its last message and gone needs no release.
      return released.status() == Status::Closed ? Outcome<void>() : released;
    }
  }
  return garbled();
}

Outcome<std::string> CommunicationPort::receive(const Wait& wait) {
  while (inbox_.empty()) {
    if (Outcome<void> taken = take_packet(wait); !taken) return taken.error();
  }
  std::string message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

bool CommunicationPort::is_ready() {
  while (inbox_.empty()) {
    Outcome<void> taken = take_packet(Wait::none());
    if (!taken) return taken.status() != Status::WouldBlock;
  }
  return true;
}

namespace {
Result<void> move_socket(PrivateFd& socket) {
  Result<UniqueFd> moved = mish::move_above_9(socket.release());
  if (!moved.ok()) return moved.error();
  socket = std::move(*moved);
  return {};
}
}  // namespace

Result<void> CommunicationPort::move_above_9() { return move_socket(socket_); }
Result<void> ConnectionPort::move_above_9() { return move_socket(socket_); }

Outcome<ConnectionPort> ConnectionPort::listen(const ObjectName& name, mode_t mode) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(name.user());
  if (!directory) return directory.error();
  // Under the directory's lock, so that two servers do not both find a dead name and replace each other.
  UniqueFd lock(openat(directory->fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || flock(lock.get(), LOCK_EX) != 0) return error_from_errno(errno);
  SocketAddress address(*directory, name);
  struct stat status {};
  if (fstatat(directory->fd(), file_of(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISSOCK(status.st_mode) && info_of(*directory, name, status).is_alive) {
      return Error{Status::Exists, EEXIST, "a server has this port already"};
    }
    unlinkat(directory->fd(), file_of(name).c_str(), 0);
  }
  UniqueFd fd = new_socket();
  if (!fd || bind(fd.get(), address.get(), sizeof address.address) != 0) return error_from_errno(errno);
  fchmodat(directory->fd(), file_of(name).c_str(), mode, 0);
  if ((mode & 0077) != 0) {
    if (Outcome<void> open_door = directory->allow_passage(); !open_door) return open_door.error();
  }
  if (::listen(fd.get(), 128) != 0) return error_from_errno(errno);
  return ConnectionPort(name, std::move(fd));
}

ConnectionPort::ConnectionPort(ConnectionPort&& other) noexcept
    : name_(std::move(other.name_)), socket_(std::move(other.socket_)), maker_(std::exchange(other.maker_, 0)) {}

ConnectionPort::~ConnectionPort() {
  if (maker_ == getpid() && socket_) (void)remove(name_);
}

int ConnectionPort::release() {
  maker_ = 0;
  return socket_.release().release();
}

Outcome<CommunicationPort> ConnectionPort::accept(const Wait& wait) {
  Outcome<Accepted> accepted = accept_from(socket_.get(), wait);
  if (!accepted) return accepted.error();
  return CommunicationPort(std::move(accepted->fd));
}

std::vector<ConnectionPort::Info> ConnectionPort::list() {
  std::vector<Info> out;
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return out;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory->path().c_str()), closedir);
  if (dir == nullptr) return out;
  while (dirent* entry = readdir(dir.get())) {
    struct stat status {};
    if (!std::string_view(entry->d_name).starts_with("port=") ||
        fstatat(directory->fd(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    Outcome<ObjectName> name = ObjectName::parse(entry->d_name + 5);
    if (name) out.push_back(info_of(*directory, *name, status));
  }
  std::sort(out.begin(), out.end(), [](const Info& a, const Info& b) { return a.name < b.name; });
  find_servers(out);
  return out;
}

Outcome<ConnectionPort::Info> ConnectionPort::stat(const ObjectName& name) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(name.user());
  if (!directory) return directory.error();
  struct stat status {};
  if (fstatat(directory->fd(), file_of(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{Status::NoObject, errno, "no such port"};
  }
  Info info = info_of(*directory, name, status);
  find_servers({&info, 1});
  return info;
}

Outcome<void> ConnectionPort::remove(const ObjectName& name) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(name.user());
  if (!directory) return directory.error();
  if (unlinkat(directory->fd(), file_of(name).c_str(), 0) != 0) {
    return errno == ENOENT ? Error{Status::NoObject, ENOENT, "no such port"} : error_from_errno(errno);
  }
  return {};
}

Outcome<PortServer::Event> PortServer::next(const Wait& wait) {
  for (;;) {
    if (!pending_.empty()) {
      Event event = std::move(pending_.front());
      pending_.pop_front();
      return event;
    }
    std::vector<pollfd> entries{{.fd = port_.fd(), .events = POLLIN, .revents = 0}};
    for (const Connection& c : connections_) entries.push_back({.fd = c.port.fd(), .events = POLLIN, .revents = 0});
    WaitResult result = wait_for_fds(entries, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "nothing has arrived");
    for (size_t i = connections_.size(); i-- > 0;) {
      if (entries[i + 1].revents == 0) continue;
      Connection& c = connections_[i];
      bool is_gone = false;
      while (c.port.is_ready()) {
        Outcome<std::string> message = c.port.receive(Wait::none());
        if (!message) {
          is_gone = message.status() != Status::WouldBlock;
          break;
        }
        pending_.push_back({Event::Kind::Message, c.number, std::move(*message)});
      }
      if (!is_gone) continue;
      pending_.push_back({Event::Kind::Disconnected, c.number, {}});
      connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (entries[0].revents == 0) continue;
    Outcome<CommunicationPort> accepted = port_.accept(Wait::none());
    if (!accepted) {
      if (accepted.status() == Status::WouldBlock) continue;
      return accepted.error();
    }
    connections_.push_back({++last_number_, std::move(*accepted)});
    pending_.push_back({Event::Kind::Connected, last_number_, {}});
  }
}

CommunicationPort* PortServer::connection(uint64_t number) {
  for (Connection& c : connections_) {
    if (c.number == number) return &c.port;
  }
  return nullptr;
}

}  // namespace mish::ipc
