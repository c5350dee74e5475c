// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/object_name.h"

#include <fcntl.h>
#include <fmt/core.h>
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
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(std::string(text).c_str(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_uid;
}

Outcome<UniqueFd> open_checked(const std::string& path, uid_t user) {
  auto opened = open_file(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!opened) {
    if (opened.code() == ENOTDIR) return {Status::NotPermitted, path + " is not a directory of ours", ENOTDIR};
    return error_from_errno(opened.code(), path);
  }
  struct stat info {};
  if (fstat(opened->get(), &info) != 0) return error_from_errno(errno, path);
  if (info.st_uid != user || (info.st_mode & 022) != 0) {
    return {Status::NotPermitted, path + " belongs to somebody else or is writable by others", EACCES};
  }
  auto high = move_above_9(std::move(*opened));
  if (!high) return error_from_errno(high.code(), path);
  return std::move(*high);
}

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
  if (chosen != nullptr && *chosen != '\0') return at(chosen, user);
  return at(fmt::format("/dev/shm/mish-{}", user), user);
}

Outcome<ObjectDirectory> ObjectDirectory::at(const std::string& path, uid_t user) {
  ObjectDirectory directory;
  directory.path_ = path;
  auto opened = open_checked(path, user);
  if (!opened && opened.error().error_number == ENOENT && user == geteuid()) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return error_from_errno(errno, path);
    opened = open_checked(path, user);
  }
  if (!opened) return opened.error();
  directory.fd_ = std::move(*opened);
  return directory;
}

ObjectDirectory::Space ObjectDirectory::space() const {
  struct statvfs info {};
  if (fstatvfs(fd_.get(), &info) != 0) return {};
  return {static_cast<unsigned long long>(info.f_blocks) * info.f_frsize,
          static_cast<unsigned long long>(info.f_bavail) * info.f_frsize};
}

Outcome<ObjectDirectory> ObjectDirectory::duplicate() const {
  auto copy = duplicate_above_9(fd_.get());
  if (!copy) return error_from_errno(copy.code(), path_);
  ObjectDirectory directory;
  directory.fd_ = std::move(*copy);
  directory.path_ = path_;
  return directory;
}

Outcome<void> ObjectDirectory::allow_passage() const {
  if (fchmod(fd_.get(), 0711) != 0) return error_from_errno(errno, path_);
  return {};
}

}  // namespace mish::ipc
