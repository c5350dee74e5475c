// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/semaphore.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <utility>

#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

constexpr int64_t kSlice = 1'000'000'000;

Error error_of(int code) {
  if (code == ENOENT || code == EIDRM) return {Status::NoObject, code, "no such semaphore"};
  if (code == EEXIST) return {Status::Exists, code, "this semaphore exists already"};
  if (code == ERANGE || code == EOVERFLOW) return {Status::TooBig, code, "the value would become too big"};
  if (code == ELOOP) return {Status::NotPermitted, code, "is a symbolic link, which is never followed"};
  if (code == ENOSPC) return {Status::TooBig, code, "no space left for semaphores; remove what is not needed"};
  return error_from_errno(code);
}

/// The file behind a POSIX semaphore (glibc: /dev/shm/sem.NAME).
std::string posix_file(const KernelName& name) { return "/dev/shm/sem." + name.name; }

/// The argument of semctl(2), which the caller has to define.
union SemaphoreArgument {
  int val;
  struct semid_ds* buf;
};

int find_sysv(const KernelName& name) { return name.id >= 0 ? name.id : semget(name.key, 0, 0); }

SemaphoreInfo sysv_info(int id, const struct semid_ds& status) {
  SemaphoreInfo info;
  info.name.api = Api::SystemV;
  info.name.key = status.sem_perm.__key;
  info.name.id = id;
  info.count = static_cast<int>(status.sem_nsems);
  info.value = semctl(id, 0, GETVAL);
  info.waiting = semctl(id, 0, GETNCNT);
  info.last_user = semctl(id, 0, GETPID);
  info.mode = status.sem_perm.mode & 0777;
  info.uid = status.sem_perm.uid;
  info.gid = status.sem_perm.gid;
  info.changed = std::max(status.sem_ctime, status.sem_otime);
  return info;
}

SemaphoreInfo posix_info(const KernelName& name, sem_t* semaphore) {
  SemaphoreInfo info;
  info.name = name;
  int value = 0;
  if (semaphore != nullptr) sem_getvalue(semaphore, &value);
  info.value = value;
  struct stat status {};
  if (stat(posix_file(name).c_str(), &status) == 0) {
    info.mode = status.st_mode & 0777;
    info.uid = status.st_uid;
    info.gid = status.st_gid;
    info.changed = status.st_mtime;
  }
  return info;
}

}  // namespace

Semaphore::~Semaphore() {
  if (posix_ != nullptr) sem_close(posix_);
}
Semaphore::Semaphore(Semaphore&& other) noexcept
    : name_(std::move(other.name_)), posix_(std::exchange(other.posix_, nullptr)) {}
Semaphore& Semaphore::operator=(Semaphore&& other) noexcept {
  if (this == &other) return *this;
  if (posix_ != nullptr) sem_close(posix_);
  name_ = std::move(other.name_);
  posix_ = std::exchange(other.posix_, nullptr);
  return *this;
}

Outcome<Semaphore> Semaphore::create(const KernelName& name, unsigned value, const CreateOptions& options) {
  if (value > (name.api == Api::SystemV ? 32767u : static_cast<unsigned>(SEM_VALUE_MAX))) {
    return Error{Status::Usage, EINVAL, "the count is too big"};
  }
  Semaphore out;
  out.name_ = name;
  mode_t mode = options.mode.value_or(0600);
  if (name.api == Api::SystemV) {
    int id = semget(name.key, 1, IPC_CREAT | IPC_EXCL | static_cast<int>(mode));
    if (id < 0 && errno == EEXIST && options.may_exist) return open(name);
    if (id < 0) return error_of(errno);
    SemaphoreArgument argument{.val = static_cast<int>(value)};
    if (semctl(id, 0, SETVAL, argument) != 0) {
      Error error = error_of(errno);
      semctl(id, 0, IPC_RMID);
      return error;
    }
    out.name_.id = id;
    return out;
  }
  std::string path = name.posix_path();
  sem_t* semaphore = sem_open(path.c_str(), O_CREAT | O_EXCL, mode, value);
  if (semaphore == SEM_FAILED && errno == EEXIST && options.may_exist) return open(name);
  if (semaphore == SEM_FAILED) return errno == ENOENT ? error_from_errno(errno, "/dev/shm") : error_of(errno);
  out.posix_ = semaphore;
  if (options.mode) chmod(posix_file(name).c_str(), mode);  // sem_open masks it with umask
  return out;
}

Outcome<Semaphore> Semaphore::open(const KernelName& name) {
  Semaphore out;
  out.name_ = name;
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    if (id < 0) return error_of(errno);
    out.name_.id = id;
    if (semctl(id, 0, GETVAL) < 0) return error_of(errno == EINVAL ? ENOENT : errno);
    return out;
  }
  struct stat status {};
  bool is_there = ::lstat(posix_file(name).c_str(), &status) == 0;
  if (is_there && S_ISLNK(status.st_mode)) return error_of(ELOOP);
  if (is_there && static_cast<size_t>(status.st_size) < sizeof(sem_t)) {
    return Error{Status::Damaged, 0, "the file is too short to be a semaphore"};  // touching it would be SIGBUS
  }
  sem_t* semaphore = sem_open(name.posix_path().c_str(), 0);
  if (semaphore == SEM_FAILED) return error_of(errno);
  out.posix_ = semaphore;
  return out;
}

Outcome<void> Semaphore::remove(const KernelName& name) {
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    if (id < 0 || semctl(id, 0, IPC_RMID) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
    return {};
  }
  if (sem_unlink(name.posix_path().c_str()) != 0) return error_of(errno);
  return {};
}

std::vector<SemaphoreInfo> Semaphore::list() {
  std::vector<SemaphoreInfo> out;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir("/dev/shm"), closedir);
  while (dirent* entry = dir != nullptr ? readdir(dir.get()) : nullptr) {
    if (!std::string_view(entry->d_name).starts_with("sem.")) continue;
    KernelName name;
    name.name = entry->d_name + 4;
    Outcome<Semaphore> semaphore = open(name);
    out.push_back(posix_info(name, semaphore ? semaphore->posix_ : nullptr));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name.name < b.name.name; });
  std::string text;
  Result<UniqueFd> fd = open_file("/proc/sysvipc/sem", O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return out;
  for (size_t at = text.find('\n'); at != std::string::npos && at + 1 < text.size(); at = text.find('\n', at + 1)) {
    long long key = 0;
    int id = 0, count = 0;
    unsigned mode = 0, uid = 0, gid = 0;
    if (sscanf(text.c_str() + at + 1, "%lld %d %o %d %u %u", &key, &id, &mode, &count, &uid, &gid) != 6) continue;
    struct semid_ds status {};
    SemaphoreArgument argument{.buf = &status};
    if (semctl(id, 0, IPC_STAT, argument) == 0) {
      out.push_back(sysv_info(id, status));
      continue;
    }
    SemaphoreInfo info;
    info.name.api = Api::SystemV;
    info.name.key = static_cast<key_t>(key);
    info.name.id = id;
    info.count = count;
    info.mode = mode & 0777;
    info.uid = uid;
    info.gid = gid;
    out.push_back(info);
  }
  return out;
}

Outcome<void> Semaphore::take(const Wait& wait, bool undo) {
  return name_.api == Api::SystemV ? operate_sysv(-1, wait, undo) : take_posix(wait);
}

Outcome<void> Semaphore::take_posix(const Wait& wait) {
  for (;;) {
    if (sem_trywait(posix_) == 0) return {};
    if (errno != EAGAIN && errno != EINTR) return error_of(errno);
    if (wait.is_nowait()) return Error{Status::WouldBlock, EAGAIN, "the semaphore is taken"};
    if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
    int64_t left = wait.remaining_ns();
    if (left == 0) return wait_error(WaitResult::TimedOut, wait, {});
    // Sliced: a signal just before the call would otherwise be seen only when somebody posts.
    timespec limit = realtime_after(std::min(left, kSlice));
    if (sem_timedwait(posix_, &limit) == 0) return {};
    if (errno != ETIMEDOUT && errno != EINTR) return error_of(errno);
  }
}

Outcome<void> Semaphore::operate_sysv(short amount, const Wait& wait, bool undo) {
  sembuf operation{.sem_num = 0, .sem_op = amount, .sem_flg = static_cast<short>(undo ? SEM_UNDO : 0)};
  for (;;) {
    int64_t left = std::min(wait.remaining_ns(), kSlice);
    timespec limit{.tv_sec = left / kSlice, .tv_nsec = left % kSlice};
    if (wait.is_nowait()) operation.sem_flg |= IPC_NOWAIT;
    if (semtimedop(name_.id, &operation, 1, &limit) == 0) return {};
    if (errno == EAGAIN && wait.is_nowait()) return Error{Status::WouldBlock, EAGAIN, "the semaphore is taken"};
    if (errno != EAGAIN && errno != EINTR) return error_of(errno == EINVAL ? ENOENT : errno);
    if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
    if (wait.remaining_ns() == 0) return wait_error(WaitResult::TimedOut, wait, {});
  }
}

Outcome<void> Semaphore::post(bool undo) {
  if (name_.api == Api::SystemV) return operate_sysv(1, Wait::forever(), undo);
  if (sem_post(posix_) != 0) return error_of(errno);
  return {};
}

Outcome<SemaphoreInfo> Semaphore::stat() const {
  if (name_.api != Api::SystemV) return posix_info(name_, posix_);
  struct semid_ds status {};
  SemaphoreArgument argument{.buf = &status};
  if (semctl(name_.id, 0, IPC_STAT, argument) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
  return sysv_info(name_.id, status);
}

}  // namespace mish::ipc
