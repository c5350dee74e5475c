// SPDX-License-Identifier: GPL-3.0-or-later
// Remembered locations of utilities (XCU 2.9.1.4, hash), by Name; forgotten when PATH changes.
#ifndef MISH_SHELL_STATE_COMMAND_HASH_H_
#define MISH_SHELL_STATE_COMMAND_HASH_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/base/name.h"

namespace mish::state {

class CommandHash {
 public:
  struct Entry {
    std::string path;
    uint32_t hits = 0;
    bool is_fixed = false;  // hash -p
  };
  Entry* find(Name name);
  void remember(Name name, std::string_view path, bool is_fixed = false);
  bool forget(Name name);
  void clear();
  std::vector<Name> sorted_names() const;

 private:
  std::vector<std::pair<Name, Entry>> entries_;  // small; sorted by Name
};

/// Looks `name` up in the directories of `path_list` (a PATH value; an empty element is the current directory): the first
/// executable regular file. Empty when there is none; `found_unexecutable` is set when a file of that name without
/// permission was met (status 126 instead of 127).
std::string search_path(std::string_view name, std::string_view path_list, bool* found_unexecutable = nullptr);
/// All of them, for `type -a`.
std::vector<std::string> search_path_all(std::string_view name, std::string_view path_list);
/// PATH when the variable is unset: the system's (confstr(3)); also that of `command -p`.
std::string default_path();

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_COMMAND_HASH_H_
