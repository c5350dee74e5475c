// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/message_queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/mount.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "shell/base/text.h"

namespace mish::ipc {

namespace {

Error error_of(int code) {
  if (code == ENOENT || code == EIDRM) return {Status::NoObject, code, "no such message queue"};
  if (code == EEXIST) return {Status::Exists, code, "this message queue exists already"};
  return error_from_errno(code);
}

long limit(const char* name) {
  std::string text;
  Result<UniqueFd> fd = open_file(fmt::format("/proc/sys/fs/mqueue/{}", name).c_str(), O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return 0;
  return static_cast<long>(parse_integer(trim_blanks(std::string_view(text).substr(0, text.find('\n')))).value_or(0));
}

Error beyond_limits(int code) {
  return {Status::TooBig, code,
          fmt::format(
              "beyond the limits of the system: {} messages of {} bytes a queue, {} queues (see /proc/sys/fs/mqueue "
              "and ulimit -q)",
              limit("msg_max"), limit("msgsize_max"), limit("queues_max"))};
}

/// Id of a System V queue; -1 with errno.
int find_sysv(const KernelName& name) { return name.id >= 0 ? name.id : msgget(name.key, 0); }

/// The directory of the POSIX queues: where it is mounted, or, for root, a mount of our own that nobody else sees.
UniqueFd queue_directory() {
  UniqueFd fd(open("/dev/mqueue", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat inside {};
  struct stat above {};
  if (fd && fstat(fd.get(), &inside) == 0 && stat("/dev", &above) == 0 && inside.st_dev != above.st_dev) return fd;
  fd.reset();
#ifdef SYS_fsopen
  UniqueFd context(static_cast<int>(syscall(SYS_fsopen, "mqueue", FSOPEN_CLOEXEC)));
  if (!context || syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return fd;
  UniqueFd mount(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  if (mount) fd.reset(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
#endif
  return fd;
}

QueueInfo posix_info(const KernelName& name, mqd_t queue) {
  QueueInfo info;
  info.name = name;
  struct mq_attr attributes {};
  if (mq_getattr(queue, &attributes) == 0) {
    info.messages = attributes.mq_curmsgs;
    info.capacity = attributes.mq_maxmsg;
    info.message_size = attributes.mq_msgsize;
  }
  struct stat status {};
  if (fstat(queue, &status) == 0) {
    info.mode = status.st_mode & 0777;
    info.uid = status.st_uid;
    info.gid = status.st_gid;
    info.changed = status.st_ctime;
  }
  // Reading the descriptor gives "QSIZE:… NOTIFY:… SIGNO:… NOTIFY_PID:…".
  char text[256];
  ssize_t n = pread(queue, text, sizeof text - 1, 0);
  if (n > 0) {
    text[n] = '\0';
    if (const char* at = strstr(text, "NOTIFY_PID:")) info.notifies = atoi(at + 11);
    if (const char* at = strstr(text, "QSIZE:")) info.bytes = strtoull(at + 6, nullptr, 10);
  }
  return info;
}

void list_posix(std::vector<QueueInfo>& out, std::string& note) {
  UniqueFd directory = queue_directory();
  if (!directory) {
    note = "POSIX queues are not shown: mount them with 'mount -t mqueue none /dev/mqueue'";
    return;
  }
  std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(dup(directory.get())), closedir);
  if (dir == nullptr) return;
  while (dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    KernelName name;
    name.name = entry->d_name;
    UniqueFd queue(mq_open(name.posix_path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (queue) {
      out.push_back(posix_info(name, queue.get()));
      continue;
    }
    QueueInfo info;
    info.name = name;
    struct stat status {};
    if (fstatat(directory.get(), entry->d_name, &status, 0) != 0) continue;
    info.mode = status.st_mode & 0777;
    info.uid = status.st_uid;
    info.gid = status.st_gid;
    out.push_back(info);
  }
}

QueueInfo sysv_info(int id, const struct msqid_ds& status) {
  QueueInfo info;
  info.name.api = Api::SystemV;
  info.name.key = status.msg_perm.__key;
  info.name.id = id;
  info.messages = static_cast<long>(status.msg_qnum);
  info.bytes = status.__msg_cbytes;
  info.bytes_limit = status.msg_qbytes;
  info.message_size = static_cast<long>(status.msg_qbytes);
  info.mode = status.msg_perm.mode & 0777;
  info.uid = status.msg_perm.uid;
  info.gid = status.msg_perm.gid;
  info.last_sender = status.msg_lspid;
  info.last_receiver = status.msg_lrpid;
  info.changed = status.msg_ctime;
  return info;
}

void list_sysv(std::vector<QueueInfo>& out) {
  std::string text;
  Result<UniqueFd> fd = open_file("/proc/sysvipc/msg", O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return;
  for (size_t at = text.find('\n'); at != std::string::npos && at + 1 < text.size(); at = text.find('\n', at + 1)) {
    QueueInfo info;
    info.name.api = Api::SystemV;
    long long key = 0;
    unsigned mode = 0, uid = 0, gid = 0;
    unsigned long long bytes = 0, messages = 0;
    int sender = 0, receiver = 0;
    if (sscanf(text.c_str() + at + 1, "%lld %d %o %llu %llu %d %d %u %u", &key, &info.name.id, &mode, &bytes, &messages,
               &sender, &receiver, &uid, &gid) != 9) {
      continue;
    }
    struct msqid_ds status {};
    if (msgctl(info.name.id, IPC_STAT, &status) == 0) {
      out.push_back(sysv_info(info.name.id, status));
      continue;
    }
    info.name.key = static_cast<key_t>(key);
    info.mode = mode & 0777;
    info.bytes = bytes;
    info.messages = static_cast<long>(messages);
    info.last_sender = sender;
    info.last_receiver = receiver;
    info.uid = uid;
    info.gid = gid;
    out.push_back(info);
  }
}

/// Whether the call is to be tried again after EINTR; the error otherwise.
std::optional<Error> after_interruption(const Wait& wait) {
  if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
  if (!wait.is_nowait() && wait.remaining_ns() == 0) return wait_error(WaitResult::TimedOut, wait, {});
  return std::nullopt;
}

}  // namespace

Outcome<MessageQueue> MessageQueue::create(const KernelName& name, const CreateOptions& options) {
  MessageQueue out;
  out.name_ = name;
  mode_t mode = options.mode.value_or(0600);
  if (name.api == Api::SystemV) {
    int id = msgget(name.key, IPC_CREAT | (options.may_exist ? 0 : IPC_EXCL) | static_cast<int>(mode));
    if (id < 0 && errno == ENOSPC) {
      return Error{Status::TooBig, errno,
                   "beyond the limits of the system: number of System V queues (see ipc limits)"};
    }
    if (id < 0) return error_of(errno);
    out.name_.id = id;
    return out;
  }
  struct mq_attr attributes {};
  attributes.mq_maxmsg = options.capacity.value_or(limit("msg_default"));
  attributes.mq_msgsize = options.message_size.value_or(limit("msgsize_default"));
  if (attributes.mq_maxmsg <= 0) attributes.mq_maxmsg = 10;
  if (attributes.mq_msgsize <= 0) attributes.mq_msgsize = 8192;
  int flags = O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC;
  std::string path = name.posix_path();
  int fd = mq_open(path.c_str(), flags | O_EXCL, mode, &attributes);
  bool is_new = fd >= 0;
  if (fd < 0 && errno == EEXIST && options.may_exist) fd = mq_open(path.c_str(), flags, mode, &attributes);
  if (fd < 0) {
    int code = errno;
    return code == EINVAL || code == ENOSPC || code == EMFILE || code == ENOMEM ? beyond_limits(code) : error_of(code);
  }
  out.fd_.reset(fd);
  if (is_new && options.mode) fchmod(fd, mode);
  if (mq_getattr(fd, &attributes) == 0) out.message_size_ = static_cast<size_t>(attributes.mq_msgsize);
  return out;
}

Outcome<MessageQueue> MessageQueue::open(const KernelName& name) {
  MessageQueue out;
  out.name_ = name;
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    struct msqid_ds status {};
    if (id < 0) return error_of(errno);
    if (msgctl(id, IPC_STAT, &status) != 0 && errno != EACCES) return error_of(errno == EINVAL ? ENOENT : errno);
    out.name_.id = id;
    return out;
  }
  // Whoever may only send or only receive gets what he may.
  for (int access : {O_RDWR, O_RDONLY, O_WRONLY}) {
    out.fd_.reset(mq_open(name.posix_path().c_str(), access | O_NONBLOCK | O_CLOEXEC));
    if (out.fd_ || errno != EACCES) break;
  }
  if (!out.fd_) return error_of(errno);
  struct mq_attr attributes {};
  if (mq_getattr(out.fd_.get(), &attributes) == 0) out.message_size_ = static_cast<size_t>(attributes.mq_msgsize);
  return out;
}

Outcome<void> MessageQueue::remove(const KernelName& name) {
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    if (id < 0 || msgctl(id, IPC_RMID, nullptr) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
    return {};
  }
  if (mq_unlink(name.posix_path().c_str()) != 0) return error_of(errno);
  return {};
}

std::vector<QueueInfo> MessageQueue::list(std::string& note) {
  std::vector<QueueInfo> out;
  list_posix(out, note);
  std::sort(out.begin(), out.end(), [](const QueueInfo& a, const QueueInfo& b) { return a.name.name < b.name.name; });
  list_sysv(out);
  return out;
}

Outcome<void> MessageQueue::send(std::string_view bytes, long kind, const Wait& wait) {
  if (name_.api == Api::SystemV) return send_sysv(bytes, kind, wait);
  if (kind < 0 || kind > 32767) return Error{Status::Usage, EINVAL, "a priority is 0 to 32767"};
  return send_posix(bytes, static_cast<unsigned>(kind), wait);
}

Outcome<QueueMessage> MessageQueue::receive(long kind, bool except, const Wait& wait) {
  if (name_.api == Api::SystemV) return receive_sysv(kind, except, wait);
  if (kind != 0) return Error{Status::Usage, EINVAL, "only System V queues receive by type"};
  return receive_posix(wait);
}

Outcome<void> MessageQueue::send_posix(std::string_view bytes, unsigned priority, const Wait& wait) {
  for (;;) {
    if (mq_send(fd_.get(), bytes.data(), bytes.size(), priority) == 0) return {};
    if (errno == EINTR) continue;
    if (errno == EMSGSIZE) {
      return Error{
          Status::TooBig, EMSGSIZE,
          fmt::format("{} bytes are too many: the queue takes messages of up to {}", bytes.size(), message_size_)};
    }
    if (errno == EBADF) return Error{Status::NotPermitted, EACCES, "this queue may only be read"};
    if (errno != EAGAIN) return error_of(errno);
    WaitResult result = wait_for_fd(fd_.get(), POLLOUT, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "the queue is full");
  }
}

Outcome<QueueMessage> MessageQueue::receive_posix(const Wait& wait) {
  QueueMessage out;
  out.bytes.resize(std::max<size_t>(message_size_, 1));
  for (;;) {
    unsigned priority = 0;
    ssize_t n = mq_receive(fd_.get(), out.bytes.data(), out.bytes.size(), &priority);
    if (n >= 0) {
      out.bytes.resize(static_cast<size_t>(n));
      out.kind = priority;
      return out;
    }
    if (errno == EINTR) continue;
    if (errno == EBADF) return Error{Status::NotPermitted, EACCES, "this queue may only be written"};
    if (errno != EAGAIN) return error_of(errno);
    WaitResult result = wait_for_fd(fd_.get(), POLLIN, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "the queue is empty");
  }
}

namespace {
/// struct msgbuf with room for any message.
struct SystemVMessage {
  std::unique_ptr<char[]> memory;
  explicit SystemVMessage(size_t size) : memory(new char[sizeof(long) + size]) {}
  void set_type(long type) { std::memcpy(memory.get(), &type, sizeof type); }
  long type() const {
    long type = 0;
    std::memcpy(&type, memory.get(), sizeof type);
    return type;
  }
  char* text() { return memory.get() + sizeof(long); }
};
}  // namespace

Outcome<void> MessageQueue::send_sysv(std::string_view bytes, long type, const Wait& wait) {
  if (type <= 0) return Error{Status::Usage, EINVAL, "a message type is 1 or more"};
  SystemVMessage message(bytes.size());
  message.set_type(type);
  if (!bytes.empty()) std::memcpy(message.text(), bytes.data(), bytes.size());
  std::optional<WaitTimer> timer;
  int flags = IPC_NOWAIT;  // first without waiting: most sends find room, and need no timer
  for (;;) {
    if (msgsnd(name_.id, message.memory.get(), bytes.size(), flags) == 0) return {};
    if (errno == EINVAL) {
      return Error{Status::TooBig, EINVAL,
                   fmt::format("{} bytes are more than a System V queue takes, or it is gone", bytes.size())};
    }
    if (errno == EAGAIN && wait.is_nowait()) return Error{Status::WouldBlock, EAGAIN, "the queue is full"};
    if (errno != EAGAIN && errno != EINTR) return error_of(errno);
    if (std::optional<Error> error = after_interruption(wait)) return *error;
    if (!timer && !wait.is_nowait()) {
      timer.emplace(wait);
      flags = 0;
    }
  }
}

Outcome<QueueMessage> MessageQueue::receive_sysv(long type, bool except, const Wait& wait) {
  struct msqid_ds status {};
  size_t room = msgctl(name_.id, IPC_STAT, &status) == 0 ? status.msg_qbytes : 16384;
  std::optional<WaitTimer> timer;
  int flags = IPC_NOWAIT;
#ifdef MSG_EXCEPT
  if (except) flags |= MSG_EXCEPT;
#endif
  SystemVMessage message(room);
  for (;;) {
    ssize_t n = msgrcv(name_.id, message.memory.get(), room, type, flags);
    if (n >= 0) return QueueMessage{std::string(message.text(), static_cast<size_t>(n)), message.type()};
    if (errno == E2BIG) {
      room *= 2;
      message = SystemVMessage(room);
      continue;
    }
    if (errno == ENOMSG && wait.is_nowait()) return Error{Status::WouldBlock, ENOMSG, "the queue is empty"};
    if (errno != ENOMSG && errno != EINTR) return error_of(errno == EINVAL ? ENOENT : errno);
    if (std::optional<Error> error = after_interruption(wait)) return *error;
    if (!timer && !wait.is_nowait()) {
      timer.emplace(wait);
      flags &= ~IPC_NOWAIT;
    }
  }
}

Outcome<QueueInfo> MessageQueue::stat() const {
  if (name_.api != Api::SystemV) return posix_info(name_, fd_.get());
  struct msqid_ds status {};
  if (msgctl(name_.id, IPC_STAT, &status) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
  return sysv_info(name_.id, status);
}

Outcome<void> MessageQueue::notify(int signal_number) {
  if (name_.api == Api::SystemV) return Error{Status::Usage, EINVAL, "only POSIX queues notify"};
  struct sigevent event {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal_number;
  if (mq_notify(fd_.get(), signal_number == 0 ? nullptr : &event) == 0) return {};
  if (errno == EBUSY) return Error{Status::NotPermitted, EBUSY, "another process waits for the notification already"};
  return error_of(errno);
}

}  // namespace mish::ipc
