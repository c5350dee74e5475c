// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/fifo.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

FifoInfo info_of(const std::string& path, const struct stat& status) {
  FifoInfo info;
  info.path = path;
  info.mode = status.st_mode & 07777;
  info.uid = status.st_uid;
  info.gid = status.st_gid;
  info.changed = status.st_mtime;
  return info;
}

/// How descriptor `fd` of `pid` was opened: O_RDONLY, O_WRONLY, O_RDWR; -1 unknown.
int access_of(pid_t pid, const char* fd) {
  std::string text;
  Result<UniqueFd> file = open_file(fmt::format("/proc/{}/fdinfo/{}", pid, fd).c_str(), O_RDONLY);
  if (!file.ok() || !read_all(file->get(), text).ok()) return -1;
  size_t at = text.find("flags:");
  return at == std::string::npos ? -1 : static_cast<int>(strtol(text.c_str() + at + 6, nullptr, 8)) & O_ACCMODE;
}

/// Adds `pid` to readers and writers as its descriptors say.
void add_users(pid_t pid, const struct stat& fifo, FifoInfo& info) {
  Directory dir(opendir(fmt::format("/proc/{}/fd", pid).c_str()), closedir);
  if (dir == nullptr) return;
  bool reads = false, writes = false;
  while (dirent* entry = readdir(dir.get())) {
    struct stat status {};
    if (entry->d_name[0] == '.' || fstatat(dirfd(dir.get()), entry->d_name, &status, 0) != 0) continue;
    if (status.st_dev != fifo.st_dev || status.st_ino != fifo.st_ino) continue;
    int access = access_of(pid, entry->d_name);
    reads = reads || access == O_RDONLY || access == O_RDWR;
    writes = writes || access == O_WRONLY || access == O_RDWR;
  }
  if (reads) info.readers.push_back(pid);
  if (writes) info.writers.push_back(pid);
}

Outcome<struct stat> look_at(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? Error{Status::NoObject, errno, "no such FIFO"}
                                               : error_from_errno(errno);
  }
  if (!S_ISFIFO(status.st_mode)) return Error{Status::Usage, EINVAL, "this is no FIFO"};
  return status;
}

}  // namespace

Outcome<void> create_fifo(const std::string& path, mode_t mode) {
  if (mkfifo(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return Error{Status::Exists, EEXIST, "this file exists already"};
    return error_from_errno(errno);
  }
  chmod(path.c_str(), mode);
  return {};
}

Outcome<FifoInfo> stat_fifo(const std::string& path) {
  Outcome<struct stat> status = look_at(path);
  if (!status) return status.error();
  FifoInfo info = info_of(path, *status);
  Directory proc(opendir("/proc"), closedir);
  while (dirent* entry = proc != nullptr ? readdir(proc.get()) : nullptr) {
    if (auto pid = parse_integer(entry->d_name)) add_users(static_cast<pid_t>(*pid), *status, info);
  }
  return info;
}

Outcome<std::vector<FifoInfo>> list_fifos(const std::string& directory) {
  Directory dir(opendir(directory.c_str()), closedir);
  if (dir == nullptr) return error_from_errno(errno);
  std::vector<FifoInfo> out;
  while (dirent* entry = readdir(dir.get())) {
    struct stat status {};
    if (fstatat(dirfd(dir.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISFIFO(status.st_mode))
      continue;
    out.push_back(info_of(directory == "." ? entry->d_name : directory + "/" + entry->d_name, status));
  }
  std::sort(out.begin(), out.end(), [](const FifoInfo& a, const FifoInfo& b) { return a.path < b.path; });
  return out;
}

Outcome<void> remove_fifo(const std::string& path) {
  Outcome<struct stat> status = look_at(path);
  if (!status) return status.error();
  if (unlink(path.c_str()) != 0) return error_from_errno(errno);
  return {};
}

}  // namespace mish::ipc
