// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/command_hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "shell/base/result.h"
#include "shell/base/retry.h"

namespace mish::state {

namespace {

template <typename Entries>
auto position_of(Entries& entries, Name name) {
  return std::lower_bound(entries.begin(), entries.end(), name,
                          [](const auto& entry, Name wanted) { return entry.first < wanted; });
}

enum class Candidate { Missing, NotExecutable, Executable, Unknown };

/// Whether stat(2) has said by this error that there is nothing to be had: as execvp(3) of the C libraries has it.
bool means_missing(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ELOOP:
    case ENAMETOOLONG:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT: return true;
    default: return false;
  }
}

/// Unknown: errno tells why.
Candidate examine(const std::string& path) {
  // stat(2) first: access(2), which has to change identities, costs twice as much, and most candidates do not exist.
  struct stat status;
  if (retry_interrupted([&] { return stat(path.c_str(), &status); }) != 0) {
    return means_missing(errno) ? Candidate::Missing : Candidate::Unknown;
  }
  if (S_ISDIR(status.st_mode)) return Candidate::Missing;
  auto may_execute = [&] { return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS); };
  if (retry_interrupted(may_execute) == 0) return Candidate::Executable;
  return errno == EACCES || means_missing(errno) ? Candidate::NotExecutable : Candidate::Unknown;
}

/// Notes in `trouble`, unless null, what it met instead.
bool is_executable(const std::string& path, SearchTrouble* trouble) {
  Candidate candidate = examine(path);
  if (trouble == nullptr) return candidate == Candidate::Executable;
  if (candidate == Candidate::NotExecutable) trouble->is_unexecutable = true;
  if (candidate == Candidate::Unknown && trouble->error == 0) {
    trouble->error = errno;
    trouble->path = path;
  }
  return candidate == Candidate::Executable;
}

// Calls `visit` with the path of `name` in each directory of the list until it returns false.
template <typename Visit>
void for_each_candidate(std::string_view name, std::string_view path_list, Visit visit) {
  std::string path;
  for (size_t start = 0;;) {
    size_t end = std::min(path_list.find(':', start), path_list.size());
    std::string_view directory = path_list.substr(start, end - start);
    path.assign(directory);
    if (directory.empty()) {
      path = "./";
    } else if (directory.back() != '/') {
      path += '/';
    }
    path += name;
    if (!visit(path)) return;
    if (end == path_list.size()) return;
    start = end + 1;
  }
}

}  // namespace

const CommandHash::Entry* CommandHash::find(Name name) const {
  const Entries& entries = entries_.read();
  auto it = position_of(entries, name);
  return it != entries.end() && it->first == name ? &it->second : nullptr;
}

void CommandHash::count_hit(Name name) {
  if (find(name) != nullptr) ++position_of(entries_.write(), name)->second.hits;
}

void CommandHash::remember(Name name, std::string_view path, bool is_fixed) {
  Entries& entries = entries_.write();
  auto it = position_of(entries, name);
  if (it == entries.end() || it->first != name) it = entries.insert(it, {name, {}});
  it->second = Entry{std::string(path), 0, is_fixed};
}

bool CommandHash::forget(Name name) {
  if (find(name) == nullptr) return false;
  Entries& entries = entries_.write();
  entries.erase(position_of(entries, name));
  return true;
}

void CommandHash::clear() { entries_.reset(); }

std::vector<Name> CommandHash::sorted_names() const {
  std::vector<Name> names;
  for (const auto& [name, entry] : entries_.read()) names.push_back(name);
  std::sort(names.begin(), names.end(), [](Name a, Name b) { return text(a) < text(b); });
  return names;
}

std::string SearchTrouble::sentence() const { return path + ": " + std::string(Errno(error).message()); }

std::string search_path(std::string_view name, std::string_view path_list, SearchTrouble* trouble) {
  std::string found;
  for_each_candidate(name, path_list, [&](const std::string& path) {
    if (!is_executable(path, trouble)) return true;
    found = path;
    return false;
  });
  return found;
}

std::vector<std::string> search_path_all(std::string_view name, std::string_view path_list, SearchTrouble* trouble) {
  std::vector<std::string> found;
  for_each_candidate(name, path_list, [&](const std::string& path) {
    if (is_executable(path, trouble) && std::find(found.begin(), found.end(), path) == found.end()) {
      found.push_back(path);
    }
    return true;
  });
  return found;
}

std::string default_path() {
  size_t size = confstr(_CS_PATH, nullptr, 0);
  if (size <= 1) return "/bin:/usr/bin";
  std::string path(size, '\0');
  confstr(_CS_PATH, path.data(), size);
  path.resize(size - 1);
  return path;
}

}  // namespace mish::state
