// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/descriptor_path.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "shell/base/text.h"

namespace mish::process {

namespace {

constexpr int kMostLinks = 40;  // as many as the kernel follows

// Not in the headers of every C library we build against; the kernel's ABI (openat2(2)).
constexpr long kOpenat2 = 437;
constexpr uint64_t kNoMagicLinks = 0x02;
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};

bool is_below_special(std::string_view path) { return path.starts_with("/dev/") || path.starts_with("/proc/"); }

/// "/proc/PID/fd" of this process, or of its thread.
bool is_own_directory(std::string_view real) {
  char self[32];
  ssize_t length = readlink("/proc/self", self, sizeof self);
  if (length <= 0 || !real.starts_with("/proc/") || !real.ends_with("/fd")) return false;
  std::string_view owner = real.substr(6);
  owner = owner.substr(0, owner.find('/'));
  return owner == std::string_view(self, static_cast<size_t>(length));
}

/// Whether a directory is given by the number of a process: then it is that one's, whoever opens.
bool is_numbered(std::string_view directory) {
  return directory.starts_with("/proc/") && directory.size() > 6 && is_digit(directory[6]);
}

}  // namespace

Result<UniqueFd> open_ordinary(const char* path, int flags) {
  OpenHow how{static_cast<uint64_t>(flags | O_CLOEXEC), (flags & O_CREAT) != 0 ? 0666u : 0u, kNoMagicLinks};
  long fd = syscall(kOpenat2, AT_FDCWD, path, &how, sizeof how);
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  bool is_unknown = errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == E2BIG;
  if (!is_unknown) return Errno::last();
  if (is_below_special(path)) return Errno(ELOOP);
  fd = ::open(path, flags | O_CLOEXEC, 0666);
  return fd >= 0 ? Result<UniqueFd>(UniqueFd(static_cast<int>(fd))) : Errno::last();
}

int named_descriptor(const char* path) {
  std::string at(path);
  for (int links = 0; links < kMostLinks; ++links) {
    size_t slash = at.rfind('/');
    std::string directory = slash == std::string::npos ? "." : at.substr(0, slash + 1);
    std::string base = slash == std::string::npos ? at : at.substr(slash + 1);
    char real[PATH_MAX];
    if (is_numbered(directory) || realpath(directory.c_str(), real) == nullptr) return -1;
    if (is_own_directory(real)) {
      std::optional<int64_t> number = parse_integer(base);
      return number && *number >= 0 && *number <= INT_MAX ? static_cast<int>(*number) : -1;
    }
    std::string place = std::string(real) + '/' + base;
    char target[PATH_MAX];
    ssize_t length = readlink(place.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target)) return -1;
    at.assign(target, static_cast<size_t>(length));
    if (at[0] != '/') at = std::string(real) + '/' + at;
  }
  return -1;
}

}  // namespace mish::process
