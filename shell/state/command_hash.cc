// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/command_hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "shell/base/retry.h"

namespace mish::state {

namespace {

template <typename Entries>
auto position_of(Entries& entries, Name name) {
  return std::lower_bound(entries.begin(), entries.end(), name,
                          [](const auto& entry, Name wanted) { return entry.first < wanted; });
}

enum class Candidate { Missing, NotExecutable, Executable };

Candidate examine(const std::string& path) {
  // stat(2) first: access(2), which has to change identities, costs twice as much, and most candidates do not exist.
  struct stat status;
  if (retry_interrupted([&] { return stat(path.c_str(), &status); }) != 0) return Candidate::Missing;
  if (S_ISDIR(status.st_mode)) return Candidate::Missing;
  return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? Candidate::Executable : Candidate::NotExecutable;
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

std::string search_path(std::string_view name, std::string_view path_list, bool* found_unexecutable) {
  std::string found;
  for_each_candidate(name, path_list, [&](const std::string& path) {
    Candidate candidate = examine(path);
    if (candidate == Candidate::Executable) found = path;
    if (candidate == Candidate::NotExecutable && found_unexecutable != nullptr) *found_unexecutable = true;
    return candidate != Candidate::Executable;
  });
  return found;
}

std::vector<std::string> search_path_all(std::string_view name, std::string_view path_list) {
  std::vector<std::string> found;
  for_each_candidate(name, path_list, [&](const std::string& path) {
    if (examine(path) == Candidate::Executable && std::find(found.begin(), found.end(), path) == found.end()) {
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
