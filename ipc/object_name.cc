// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/object_name.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>

#include "shell/base/text.h"

namespace mish::ipc {
namespace {

constexpr size_t kMaxName = 63;
constexpr std::string_view kNameRule = "is not a name: use 1 to 63 letters, digits, '_', '.' or '-'";

/// The uid of a login name or a decimal number.
std::optional<uid_t> find_user(std::string_view text) {
  if (auto number = parse_integer(text); number && *number >= 0 && *number <= 0xfffffffeLL) {
    return static_cast<uid_t>(*number);
  }
  if (text.size() > LOGIN_NAME_MAX) return {};  // some name services abort on what cannot be a name
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(std::string(text).c_str(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_uid;
}

bool is_safe(const struct stat& info, uid_t user) { return info.st_uid == user && (info.st_mode & 022) == 0; }

}  // namespace

bool is_object_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || text == "." || text == "..") return false;
  for (char c : text) {
    if (!is_name_char(c) && c != '.' && c != '-') return false;
  }
  return true;
}

Outcome<ObjectName> ObjectName::parse(std::string_view text) {
  ObjectName name;
  name.text_ = text;
  name.user_ = geteuid();
  std::string_view file = text;
  if (size_t colon = text.find(':'); colon != std::string_view::npos) {
    auto user = find_user(text.substr(0, colon));
    if (!user) return {Status::Usage, fmt::format("no such user: {}", text.substr(0, colon))};
    name.user_ = *user;
    file = text.substr(colon + 1);
  }
  if (!is_object_name(file)) return {Status::Usage, std::string(kNameRule)};
  name.file_ = file;
  return name;
}

Outcome<ObjectName> ObjectName::direct(const ProcessIdentity& process) {
  struct stat info {};
  if (stat(fmt::format("/proc/{}", process.pid).c_str(), &info) != 0) {
    return {Status::NoObject, "no such process", ESRCH};
  }
  return direct(process, info.st_uid);
}

ObjectName ObjectName::direct(const ProcessIdentity& process, uid_t user) {
  ObjectName name;
  name.file_ = fmt::format("@{}-{}", process.pid, process.start_time);
  name.text_ = fmt::format("@{}", process.pid);
  name.user_ = user;
  return name;
}

Outcome<ObjectDirectory> ObjectDirectory::of_user(uid_t user) {
  const char* chosen = getenv("MISH_IPC_DIR");
  std::string path = chosen != nullptr && *chosen != '\0' ? chosen : fmt::format("/dev/shm/mish-{}", user);
  // To look whether the last one is still the one of that name costs less than to open it again. A child may have
  // closed what it inherited.
  thread_local ObjectDirectory last;
  thread_local uint32_t generation = 0;
  if (generation == fork_generation() && last.is_still(path, user)) return last;
  Outcome<ObjectDirectory> opened = at(path, user);
  if (opened) {
    last = *opened;
    generation = fork_generation();
  }
  return opened;
}

Outcome<ObjectDirectory> ObjectDirectory::at(const std::string& path, uid_t user) {
  Outcome<ObjectDirectory> opened = open(path, user);
  if (!opened && opened.error().error_number == ENOENT && user == geteuid()) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return error_from_errno(errno, path);
    opened = open(path, user);
  }
  return opened;
}

Outcome<ObjectDirectory> ObjectDirectory::open(const std::string& path, uid_t user) {
  auto low = open_file(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // That of another user lets us pass but not read (allow_passage).
  if (!low && low.code() == EACCES) low = open_file(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!low) {
    if (low.code() == ENOTDIR) return {Status::NotPermitted, path + " is not a directory of ours", ENOTDIR};
    return error_from_errno(low.code(), path);
  }
  struct stat info {};
  if (fstat(low->get(), &info) != 0) return error_from_errno(errno, path);
  if (!is_safe(info, user)) {
    return {Status::NotPermitted, path + " belongs to somebody else or is writable by others", EACCES};
  }
  auto high = move_above_9(std::move(*low));
  if (!high) return error_from_errno(high.code(), path);
  ObjectDirectory directory;
  directory.opened_ = std::make_shared<const Opened>(Opened{std::move(*high), path, info.st_dev, info.st_ino});
  return directory;
}

/// Whether this is what open() would open.
bool ObjectDirectory::is_still(const std::string& path, uid_t user) const {
  struct stat info {};
  return opened_ != nullptr && opened_->path == path && lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_dev == opened_->device && info.st_ino == opened_->inode && is_safe(info, user);
}

ObjectDirectory::Space ObjectDirectory::space() const {
  struct statvfs info {};
  if (fstatvfs(fd(), &info) != 0) return {};
  return {static_cast<unsigned long long>(info.f_blocks) * info.f_frsize,
          static_cast<unsigned long long>(info.f_bavail) * info.f_frsize};
}

Outcome<void> ObjectDirectory::allow_passage() const {
  if (fchmod(fd(), 0711) != 0) return error_from_errno(errno, path());
  return {};
}

bool give_name(int fd, int directory, const std::string& path) {
  if (linkat(fd, "", directory, path.c_str(), AT_EMPTY_PATH) == 0) return true;
  if (errno != ENOENT && errno != EPERM) return false;
  const std::string nameless = fmt::format("/proc/self/fd/{}", fd);
  return linkat(AT_FDCWD, nameless.c_str(), directory, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

}  // namespace mish::ipc
