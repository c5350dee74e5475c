// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "shell/base/fd.h"
#include "shell/base/retry.h"

namespace mish::state {

namespace {

// Whether the environment's PWD may be believed: absolute, no . or .. component, the directory we are in.
bool names_current_directory(const std::string& path) {
  if (path.empty() || path[0] != '/') return false;
  for (size_t start = 0; start < path.size();) {
    size_t end = std::min(path.find('/', start), path.size());
    std::string_view component(path.data() + start, end - start);
    if (component == "." || component == "..") return false;
    start = end + 1;
  }
  struct stat named, current;
  return retry_interrupted([&] { return stat(path.c_str(), &named); }) == 0 &&
         retry_interrupted([&] { return stat(".", &current); }) == 0 && named.st_dev == current.st_dev &&
         named.st_ino == current.st_ino;
}

// chdir(2) for paths of any length: a path beyond PATH_MAX is walked in pieces, and undone when that fails.
Result<void> change_directory(const std::string& path) {
  if (retry_interrupted([&] { return chdir(path.c_str()); }) == 0) return {};
  if (errno != ENAMETOOLONG || path.size() < PATH_MAX) return Errno::last();
  UniqueFd before(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  size_t start = 0;
  if (path[0] == '/') {
    if (chdir("/") != 0) return Errno::last();
    start = path.find_first_not_of('/');
  }
  while (start < path.size()) {
    size_t end = path.size();
    if (end - start >= PATH_MAX) {
      end = path.rfind('/', start + PATH_MAX - 1);
      if (end == std::string::npos || end <= start) end = std::min(path.find('/', start), path.size());
    }
    if (chdir(path.substr(start, end - start).c_str()) != 0) {
      Errno error = Errno::last();
      if (before.get() >= 0 && fchdir(before.get()) != 0) return Errno::last();
      return error;
    }
    start = std::min(path.find_first_not_of('/', end), path.size());
  }
  return {};
}

}  // namespace

void WorkingDirectory::initialise(std::string_view pwd) {
  initial_ = pwd;
  logical_.clear();
}

const std::string& WorkingDirectory::logical() {
  if (!logical_.empty()) return logical_;
  if (names_current_directory(initial_)) {
    logical_ = initial_;
  } else if (Result<std::string> current = physical(); current.ok()) {
    logical_ = std::move(*current);
  }
  return logical_;
}

Result<std::string> WorkingDirectory::physical() {
  char* current = getcwd(nullptr, 0);  // NOLINT: glibc allocates
  if (current == nullptr) return Errno::last();
  std::string path(current);
  std::free(current);
  if (path.empty() || path[0] != '/') return Errno(ENOENT);  // "(unreachable)/..."
  return path;
}

std::string WorkingDirectory::normalise(std::string_view base, std::string_view path) {
  std::string joined;
  if (path.empty() || path[0] != '/') {
    joined = base;
    if (joined.empty() || joined.back() != '/') joined += '/';
  }
  joined += path;
  // Exactly two leading slashes may mean something else (XBD 4.16); they are kept.
  std::string out =
      joined.size() >= 2 && joined[0] == '/' && joined[1] == '/' && (joined.size() == 2 || joined[2] != '/') ? "//"
                                                                                                             : "/";
  const size_t root = out.size();
  for (size_t start = 0; start < joined.size();) {
    size_t end = std::min(joined.find('/', start), joined.size());
    std::string_view component(joined.data() + start, end - start);
    start = end + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      if (out.size() == root) continue;
      struct stat status;
      if (retry_interrupted([&] { return stat(out.c_str(), &status); }) != 0 || !S_ISDIR(status.st_mode)) return {};
      size_t slash = out.rfind('/');
      out.resize(std::max(slash, root));
      continue;
    }
    if (out.size() > root) out += '/';
    out += component;
  }
  return out;
}

Result<void> WorkingDirectory::change_physically(std::string_view path) {
  Result<void> changed = change_directory(std::string(path));
  if (!changed.ok()) return changed;
  Result<std::string> current = physical();
  initial_.clear();
  logical_ = current.ok() ? *current : std::string();
  return {};
}

Result<void> WorkingDirectory::change(std::string_view path, bool is_physical) {
  if (is_physical) return change_physically(path);
  const std::string& base = logical();
  const bool is_relative = path.empty() || path[0] != '/';
  if (base.empty() && is_relative) return change_physically(path);  // the current directory is gone or unreadable
  errno = 0;
  std::string target = normalise(base, path);
  if (target.empty()) {
    Errno error(errno != 0 ? errno : ENOTDIR);
    // Out of a directory that was removed, as from every other shell.
    if (is_relative && change_physically(path).ok()) return {};
    return error;
  }
  Result<void> changed = change_directory(target);
  if (!changed.ok()) {
    // A path further down still leads on when the way to the current directory is closed or was renamed; where that is
    // the system knows.
    const bool is_below = is_relative && ("/" + std::string(path) + "/").find("/../") == std::string::npos;
    const bool has_lost_way = changed.code() == ENOENT || changed.code() == EACCES || changed.code() == ENAMETOOLONG;
    if (is_below && has_lost_way && change_physically(path).ok()) return {};
    return changed;
  }
  logical_ = std::move(target);
  return {};
}

}  // namespace mish::state
