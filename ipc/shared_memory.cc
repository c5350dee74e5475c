// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/shared_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "ipc/fault_guard.h"
#include "ipc/object_name.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

constexpr char kShmDirectory[] = "/dev/shm";

Error truncated() { return {Status::Damaged, 0, "the segment was cut short by somebody else"}; }

Error error_of(int code, std::string_view object = "shared memory object") {
  if (code == ENOENT || code == EIDRM) return {Status::NoObject, code, fmt::format("no such {}", object)};
  if (code == EEXIST) return {Status::Exists, code, fmt::format("this {} exists already", object)};
  if (code == ELOOP) return {Status::NotPermitted, code, "is a symbolic link, which is never followed"};
  return error_from_errno(code);
}

Error no_space(uint64_t wanted, int fd) {
  struct statvfs fs {};
  if ((fd >= 0 ? fstatvfs(fd, &fs) : statvfs(kShmDirectory, &fs)) != 0) return error_from_errno(ENOSPC);
  return {Status::TooBig, ENOSPC,
          fmt::format("no space: {} bytes wanted, {} free of {}; remove what is not needed", wanted,
                      size_text(fs.f_bavail * fs.f_frsize), size_text(fs.f_blocks * fs.f_frsize))};
}

/// Sets the memory aside, so that no later access can fail.
int reserve(int fd, uint64_t size) {
  struct statvfs fs {};
  struct stat info {};
  if (fstatvfs(fd, &fs) == 0 && fstat(fd, &info) == 0 && fs.f_blocks != 0) {
    uint64_t have = static_cast<uint64_t>(info.st_blocks) * 512;
    if (size > have && size - have > fs.f_bavail * fs.f_frsize) return ENOSPC;
  }
  for (;;) {
    int code = size == 0 ? 0 : posix_fallocate(fd, 0, static_cast<off_t>(size));
    if (code != EINTR) return code;
  }
}

/// Makes the segment `size` bytes long. An errno, 0 on success.
int give_size(int fd, uint64_t size) {
  return ftruncate(fd, static_cast<off_t>(size)) == 0 ? reserve(fd, size) : errno;
}

Error size_error(int code, uint64_t size, int fd) {
  return code == ENOSPC || code == EFBIG || code == EINVAL ? no_space(size, fd) : error_of(code);
}

/// Name of the file in the user's directory that remembers a mapped file.
std::string registration(const KernelName& name) { return "map=" + name.name; }

/// The path a name was mapped to, if any.
std::optional<std::string> mapped_path(const KernelName& name) {
  if (name.api != Api::Posix || !is_object_name(name.name)) return std::nullopt;
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return std::nullopt;
  UniqueFd fd(openat(directory->fd(), registration(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string path;
  if (!fd || !read_all(fd.get(), path).ok() || path.empty()) return std::nullopt;
  return path;
}

/// Id of a System V segment; -1 with errno.
int find_sysv(const KernelName& name) { return name.id >= 0 ? name.id : shmget(name.key, 0, 0); }

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

SegmentInfo info_of_file(const KernelName& name, const struct stat& status) {
  SegmentInfo info;
  info.name = name;
  info.size = static_cast<uint64_t>(status.st_size);
  info.resident = static_cast<uint64_t>(status.st_blocks) * 512;
  info.mode = status.st_mode & 07777;
  info.uid = status.st_uid;
  info.gid = status.st_gid;
  info.changed = status.st_mtime;
  return info;
}

void list_posix(std::vector<SegmentInfo>& out) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(kShmDirectory), closedir);
  if (dir == nullptr) return;
  while (dirent* entry = readdir(dir.get())) {
    std::string_view file = entry->d_name;
    struct stat status {};
    if (file.starts_with("sem.") || fstatat(dirfd(dir.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    KernelName name;
    name.name = file;
    out.push_back(info_of_file(name, status));
  }
}

void list_mapped_files(std::vector<SegmentInfo>& out) {
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory->path().c_str()), closedir);
  if (dir == nullptr) return;
  while (dirent* entry = readdir(dir.get())) {
    std::string_view file = entry->d_name;
    if (!file.starts_with("map=")) continue;
    KernelName name;
    name.name = file.substr(4);
    std::optional<std::string> path = mapped_path(name);
    struct stat status {};
    if (!path || ::stat(path->c_str(), &status) != 0) continue;
    name.api = Api::File;
    out.push_back(info_of_file(name, status));
  }
}

void list_sysv(std::vector<SegmentInfo>& out) {
  std::string text;
  Result<UniqueFd> fd = open_file("/proc/sysvipc/shm", O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return;
  size_t at = text.find('\n');
  while (at != std::string::npos && at + 1 < text.size()) {
    long long key = 0;
    int id = 0;
    unsigned mode = 0;
    unsigned long long size = 0, resident = 0;
    int creator = 0, last = 0;
    long attached = 0;
    unsigned uid = 0, gid = 0;
    long long changed = 0;
    int n = sscanf(text.c_str() + at + 1, "%lld %d %o %llu %d %d %ld %u %u %*u %*u %*d %*d %lld %llu", &key, &id, &mode,
                   &size, &creator, &last, &attached, &uid, &gid, &changed, &resident);
    at = text.find('\n', at + 1);
    if (n < 10) continue;
    SegmentInfo info;
    info.name.api = Api::SystemV;
    info.name.key = static_cast<key_t>(key);
    info.name.id = id;
    info.size = size;
    info.resident = resident;
    info.mode = mode & 0777;
    info.is_removed = (mode & 01000) != 0;
    info.uid = uid;
    info.gid = gid;
    info.creator = creator;
    info.last_user = last;
    info.attached = attached;
    info.changed = static_cast<time_t>(changed);
    out.push_back(info);
  }
}

}  // namespace

SharedMemory::~SharedMemory() { unmap(); }

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::move(other.fd_)),
      map_(std::exchange(other.map_, nullptr)),
      mapped_(std::exchange(other.mapped_, 0)),
      is_writable_(other.is_writable_) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  name_ = std::move(other.name_);
  fd_ = std::move(other.fd_);
  map_ = std::exchange(other.map_, nullptr);
  mapped_ = std::exchange(other.mapped_, 0);
  is_writable_ = other.is_writable_;
  return *this;
}

void SharedMemory::unmap() {
  if (map_ == nullptr) return;
  if (name_.api == Api::SystemV)
    shmdt(map_);
  else
    munmap(map_, mapped_);
  map_ = nullptr;
  mapped_ = 0;
}

Outcome<SharedMemory> SharedMemory::create(const KernelName& name, uint64_t size, const CreateOptions& options) {
  mode_t mode = options.mode.value_or(0600);
  SharedMemory out;
  out.name_ = name;
  out.is_writable_ = true;
  if (size == 0) return Error{Status::Usage, EINVAL, "a segment has at least one byte"};
  if (name.api == Api::SystemV) {
    int flags = IPC_CREAT | (options.may_exist ? 0 : IPC_EXCL) | static_cast<int>(mode);
    int id = shmget(name.key, size, flags);
    if (id < 0 && (errno == ENOSPC || errno == EINVAL)) {
      return Error{Status::TooBig, errno,
                   "beyond the limits of the system: size or number of System V segments (see ipc limits)"};
    }
    if (id < 0) return errno == ENOMEM ? no_space(size, -1) : error_of(errno);
    void* at = shmat(id, nullptr, 0);
    if (at == reinterpret_cast<void*>(-1)) return error_of(errno);
    out.map_ = static_cast<std::byte*>(at);
    out.name_.id = id;
    struct shmid_ds status {};
    out.mapped_ = shmctl(id, IPC_STAT, &status) == 0 ? status.shm_segsz : size;
    return out;
  }
  if (mapped_path(name)) return Error{Status::Exists, EEXIST, "this name stands for a mapped file"};
  std::string path = name.posix_path();
  for (;;) {
    int fd = shm_open(path.c_str(), O_RDWR, 0);
    if (fd < 0 && errno != ENOENT) return error_of(options.may_exist ? errno : EEXIST);
    if (fd >= 0) {
      out.fd_.reset(fd);
      if (!options.may_exist) return error_of(EEXIST);
      struct stat status {};
      if (fstat(fd, &status) != 0) return error_of(errno);
      if (status.st_size != 0) return out;
      if (int code = give_size(fd, size); code != 0) return size_error(code, size, fd);  // half made by another program
      return out;
    }
    // Made without a name, which it gets when it is whole: nobody meets a segment without its bytes.
    out.fd_.reset(::open(kShmDirectory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
    if (!out.fd_) return error_from_errno(errno, kShmDirectory);
    fd = out.fd_.get();
    if (int code = give_size(fd, size); code != 0) return size_error(code, size, fd);
    // The mode is masked with umask; who asks for a mode means it.
    if (options.mode) fchmod(fd, mode);
    if (give_name(fd, AT_FDCWD, kShmDirectory + path)) return out;
    if (errno == ENOENT) return error_from_errno(errno, "without /proc");
    if (errno != EEXIST || !options.may_exist) return error_of(errno);
  }
}

Outcome<SharedMemory> SharedMemory::open(const KernelName& name, Access access) {
  SharedMemory out;
  out.name_ = name;
  out.is_writable_ = access == Access::ReadWrite;
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    if (id < 0) return error_of(errno);
    struct shmid_ds status {};
    if (shmctl(id, IPC_STAT, &status) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
    void* at = shmat(id, nullptr, out.is_writable_ ? 0 : SHM_RDONLY);
    if (at == reinterpret_cast<void*>(-1)) return error_of(errno == EINVAL ? ENOENT : errno);
    out.name_.id = id;
    out.map_ = static_cast<std::byte*>(at);
    out.mapped_ = status.shm_segsz;
    return out;
  }
  int flags = (out.is_writable_ ? O_RDWR : O_RDONLY) | O_CLOEXEC;
  if (std::optional<std::string> path = mapped_path(name)) {
    out.name_.api = Api::File;
    out.fd_.reset(::open(path->c_str(), flags));
    if (!out.fd_) return error_from_errno(errno, *path);
    return out;
  }
  out.fd_.reset(shm_open(name.posix_path().c_str(), flags, 0));
  if (!out.fd_) return error_of(errno);
  struct stat status {};
  if (fstat(out.fd_.get(), &status) != 0) return error_of(errno);
  if (!S_ISREG(status.st_mode)) return Error{Status::NoObject, ENOENT, "no shared memory object, but a directory"};
  return out;
}

Outcome<void> SharedMemory::map_file(const KernelName& name, const std::string& path,
                                     std::optional<uint64_t> create_size) {
  if (!is_object_name(name.name)) return Error{Status::Usage, EINVAL, "a name is 1 to 63 of A-Z a-z 0-9 _ . -"};
  if (file_exists(std::string(kShmDirectory) + name.posix_path())) {
    return Error{Status::Exists, EEXIST, "a shared memory object has this name"};
  }
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | (create_size ? O_CREAT : 0), 0666));
  if (!file && errno == EACCES && !create_size) file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return error_from_errno(errno, path);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return error_from_errno(errno, path);
  if (!S_ISREG(status.st_mode)) return Error{Status::Usage, EINVAL, path + ": only a regular file can be mapped"};
  if (create_size && static_cast<uint64_t>(status.st_size) < *create_size) {
    int code = ftruncate(file.get(), static_cast<off_t>(*create_size)) == 0 ? reserve(file.get(), *create_size) : errno;
    if (code != 0) return code == ENOSPC ? no_space(*create_size, file.get()) : error_from_errno(code, path);
  }
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) == nullptr) return error_from_errno(errno, path);
  Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
  if (!directory) return directory.error();
  UniqueFd entry(openat(directory->fd(), registration(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!entry)
    return errno == EEXIST ? Error{Status::Exists, EEXIST, "this name stands for a mapped file already"}
                           : error_from_errno(errno);
  if (Result<void> r = write_all(entry.get(), resolved); !r.ok()) {
    unlinkat(directory->fd(), registration(name).c_str(), 0);
    return error_from_errno(r.code());
  }
  return {};
}

Outcome<void> SharedMemory::remove(const KernelName& name) {
  if (name.api == Api::SystemV) {
    int id = find_sysv(name);
    if (id < 0 || shmctl(id, IPC_RMID, nullptr) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
    return {};
  }
  if (mapped_path(name)) {
    Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
    if (!directory) return directory.error();
    if (unlinkat(directory->fd(), registration(name).c_str(), 0) != 0) return error_of(errno);
    return {};
  }
  if (shm_unlink(name.posix_path().c_str()) != 0) return error_of(errno == EISDIR ? ENOENT : errno);
  return {};
}

std::vector<SegmentInfo> SharedMemory::list() {
  std::vector<SegmentInfo> out;
  list_posix(out);
  list_mapped_files(out);
  list_sysv(out);
  std::sort(out.begin(), out.end(), [](const SegmentInfo& a, const SegmentInfo& b) {
    if (a.name.api != b.name.api) return a.name.api < b.name.api;
    if (a.name.api == Api::SystemV) return a.name.id < b.name.id;
    return a.name.name < b.name.name;
  });
  return out;
}

Outcome<SegmentInfo> SharedMemory::stat() const {
  if (name_.api != Api::SystemV) {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) return error_of(errno);
    return info_of_file(name_, status);
  }
  struct shmid_ds status {};
  if (shmctl(name_.id, IPC_STAT, &status) != 0) return error_of(errno == EINVAL ? ENOENT : errno);
  SegmentInfo info;
  info.name = name_;
  info.name.key = status.shm_perm.__key;
  info.size = status.shm_segsz;
  info.resident = status.shm_segsz;
  info.mode = status.shm_perm.mode & 0777;
  info.is_removed = (status.shm_perm.mode & SHM_DEST) != 0;
  info.uid = status.shm_perm.uid;
  info.gid = status.shm_perm.gid;
  info.creator = status.shm_cpid;
  info.last_user = status.shm_lpid;
  info.attached = static_cast<long>(status.shm_nattch) - (map_ != nullptr ? 1 : 0);  // without this look itself
  info.changed = status.shm_ctime;
  return info;
}

Outcome<uint64_t> SharedMemory::size() const {
  if (name_.api == Api::SystemV) return mapped_;
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) return error_of(errno);
  return static_cast<uint64_t>(status.st_size);
}

Outcome<void> SharedMemory::resize(uint64_t size) {
  if (name_.api == Api::SystemV) return Error{Status::Usage, EINVAL, "a System V segment has a fixed size"};
  if (size == 0) return Error{Status::Usage, EINVAL, "a segment has at least one byte"};
  Outcome<uint64_t> old = this->size();
  if (!old) return old.error();
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return errno == EINVAL || errno == EFBIG ? no_space(size, fd_.get()) : error_of(errno);
  }
  if (int code = reserve(fd_.get(), size); code != 0) {
    Error error = code == ENOSPC ? no_space(size, fd_.get()) : error_of(code);
    if (ftruncate(fd_.get(), static_cast<off_t>(*old)) != 0) return error_of(errno);
    return error;
  }
  unmap();
  return {};
}

Outcome<void> SharedMemory::change_mode(mode_t mode) {
  if (name_.api != Api::SystemV) {
    if (fchmod(fd_.get(), mode) != 0) return error_of(errno);
    return {};
  }
  struct shmid_ds status {};
  if (shmctl(name_.id, IPC_STAT, &status) != 0) return error_of(errno);
  status.shm_perm.mode = static_cast<unsigned short>((status.shm_perm.mode & ~0777u) | mode);
  if (shmctl(name_.id, IPC_SET, &status) != 0) return error_of(errno);
  return {};
}

Outcome<void> SharedMemory::check_range(uint64_t offset, uint64_t length) const {
  Outcome<uint64_t> have = size();
  if (!have) return have.error();
  if (offset > *have) {
    return Error{Status::Usage, EINVAL,
                 fmt::format("offset {} is beyond the end: the segment has {} bytes", offset, *have)};
  }
  if (length > *have - offset) {
    return Error{Status::TooBig, EMSGSIZE,
                 fmt::format("{} bytes at offset {} do not fit: the segment has {} bytes", length, offset, *have)};
  }
  return {};
}

Outcome<void> SharedMemory::write(uint64_t offset, std::string_view bytes) {
  if (Outcome<void> range = check_range(offset, bytes.size()); !range) return range;
  if (name_.api == Api::SystemV) {
    if (!guarded([&] { std::memcpy(map_ + offset, bytes.data(), bytes.size()); })) return truncated();
    return {};
  }
  while (!bytes.empty()) {
    ssize_t n = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == ENOSPC ? no_space(bytes.size(), fd_.get()) : error_of(errno);
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

Outcome<void> SharedMemory::read(uint64_t offset, uint64_t length, std::string& out) const {
  Outcome<uint64_t> have = size();
  if (!have) return have.error();
  if (Outcome<void> range = check_range(offset, 0); !range) return range;
  length = std::min(length, *have - offset);
  size_t start = out.size();
  out.resize(start + length);
  if (name_.api == Api::SystemV) {
    if (!guarded([&] { std::memcpy(out.data() + start, map_ + offset, length); })) return truncated();
    return {};
  }
  size_t done = 0;
  while (done < length) {
    ssize_t n = pread(fd_.get(), out.data() + start + done, length - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_of(errno);
    if (n == 0) break;  // cut short meanwhile
    done += static_cast<size_t>(n);
  }
  out.resize(start + done);
  return {};
}

Outcome<std::string> SharedMemory::text() const {
  constexpr uint64_t kStep = 64 * 1024;
  std::string out;
  for (uint64_t offset = 0;;) {
    size_t before = out.size();
    if (Outcome<void> r = read(offset, kStep, out); !r) return r.error();
    size_t nul = out.find('\0', before);
    if (nul != std::string::npos) {
      out.resize(nul);
      return out;
    }
    if (out.size() - before < kStep) return out;
    offset += kStep;
  }
}

Outcome<uint64_t> SharedMemory::append(std::string_view bytes) {
  Outcome<UniqueFd> held = lock(Wait::forever());
  if (!held) return held.error();
  Outcome<std::string> before = text();
  if (!before) return before.error();
  uint64_t end = before->size();
  Outcome<uint64_t> have = size();
  if (!have) return have.error();
  std::string with_end(bytes);
  if (end + bytes.size() < *have) with_end.push_back('\0');
  if (Outcome<void> r = write(end, with_end); !r) return r.error();
  return end + bytes.size();
}

Outcome<std::byte*> SharedMemory::cell(uint64_t offset, size_t size, bool needs_alignment) {
  Outcome<void> range = check_range(offset, size);
  if (!range) return range.error();
  if (needs_alignment && offset % size != 0) {
    return Error{Status::Usage, EINVAL,
                 fmt::format("offset {} is not a multiple of {}, the size of the type", offset, size)};
  }
  if (name_.api != Api::SystemV && (map_ == nullptr || offset + size > mapped_)) {
    unmap();
    Outcome<uint64_t> have = this->size();
    if (!have) return have.error();
    int protection = is_writable_ ? PROT_READ | PROT_WRITE : PROT_READ;
    void* at = mmap(nullptr, *have, protection, MAP_SHARED, fd_.get(), 0);
    if (at == MAP_FAILED) return error_of(errno);
    map_ = static_cast<std::byte*>(at);
    mapped_ = *have;
  }
  return map_ + offset;
}

template <typename Body>
Outcome<Scalar> SharedMemory::with_cell(uint64_t offset, ScalarType type, bool is_atomic, Body body) {
  Outcome<std::byte*> at = cell(offset, scalar_size(type), is_atomic);
  if (!at) return at.error();
  Scalar result{type, 0};
  if (!guarded([&] { result = body(*at); })) {
    unmap();
    return truncated();
  }
  return result;
}

Outcome<Scalar> SharedMemory::load(uint64_t offset, ScalarType type) {
  return with_cell(offset, type, false, [type](std::byte* at) { return load_scalar(type, at); });
}

Outcome<void> SharedMemory::store(uint64_t offset, const Scalar& value) {
  Outcome<Scalar> done = with_cell(offset, value.type, false, [&value](std::byte* at) {
    store_scalar(value, at);
    return value;
  });
  if (!done) return done.error();
  return {};
}

Outcome<Scalar> SharedMemory::add(uint64_t offset, const Scalar& value) {
  return with_cell(offset, value.type, true, [&value](std::byte* at) { return add_scalar(value, at); });
}

Outcome<Scalar> SharedMemory::exchange(uint64_t offset, const Scalar& expected, const Scalar& desired) {
  return with_cell(offset, expected.type, true, [&](std::byte* at) { return compare_and_swap(expected, desired, at); });
}

Outcome<UniqueFd> SharedMemory::lock(const Wait& wait, bool is_shared) const {
  UniqueFd fd;
  if (name_.api == Api::SystemV) {
    // A System V segment has no descriptor: a file of the same id stands for it.
    Outcome<ObjectDirectory> directory = ObjectDirectory::of_user(geteuid());
    if (!directory) return directory.error();
    std::string file = fmt::format("lock=shm-{}", name_.id);
    fd.reset(openat(directory->fd(), file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  } else {
    // A new open file description: locks of one description do not exclude each other.
    fd.reset(::open(fmt::format("/proc/self/fd/{}", fd_.get()).c_str(), O_RDONLY | O_CLOEXEC));
  }
  if (!fd) return error_of(errno);
  int kind = is_shared ? LOCK_SH : LOCK_EX;
  if (flock(fd.get(), kind | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return error_of(errno);
  if (wait.is_nowait()) return Error{Status::WouldBlock, EAGAIN, "somebody else holds the lock"};
  WaitTimer timer(wait);
  for (;;) {
    if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
    if (wait.remaining_ns() == 0) return wait_error(WaitResult::TimedOut, wait, {});
    if (flock(fd.get(), kind) == 0) return fd;
    if (errno != EINTR) return error_of(errno);
  }
}

}  // namespace mish::ipc
