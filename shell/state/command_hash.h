// SPDX-License-Identifier: GPL-3.0-or-later
// Remembered locations of utilities (XCU 2.9.1.4, hash), by Name; forgotten when PATH changes.
#ifndef MISH_SHELL_STATE_COMMAND_HASH_H_
#define MISH_SHELL_STATE_COMMAND_HASH_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/base/name.h"
#include "shell/state/copy_on_write.h"

namespace mish::state {

/// Copies share the entries until one changes them.
class CommandHash {
 public:
  struct Entry {
    std::string path;
    uint32_t hits = 0;
    bool is_fixed = false;  // hash -p
  };
  /// Null if the name is not remembered.
  const Entry* find(Name name) const;
  /// Counts a use, for `hash` without operands.
  void count_hit(Name name);
  void remember(Name name, std::string_view path, bool is_fixed = false);
  /// False when it was not remembered.
  bool forget(Name name);
  void clear();
  bool empty() const { return entries_.read().empty(); }
  std::vector<Name> sorted_names() const;

 private:
  using Entries = std::vector<std::pair<Name, Entry>>;  // sorted by Name
  CopyOnWrite<Entries> entries_;
};

/// What a search met on its way.
struct SearchTrouble {
  bool is_unexecutable = false;  // a file of that name without permission (status 126 instead of 127)
  int error = 0;                 // of the first place that could not be looked at: whether the name is there is unknown
  std::string path;              // that place
  /// "/dir/name: Input/output error"
  std::string sentence() const;
};

/// Looks `name` up in the directories of `path_list` (a PATH value; an empty element is the current directory): the
/// first executable regular file. Empty when there is none. `trouble`, unless null, tells what was passed over.
std::string search_path(std::string_view name, std::string_view path_list, SearchTrouble* trouble = nullptr);
/// All of them, for `type -a`.
std::vector<std::string> search_path_all(std::string_view name, std::string_view path_list,
                                         SearchTrouble* trouble = nullptr);
/// PATH when the variable is unset: the system's (confstr(3)); also that of `command -p`.
std::string default_path();

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_COMMAND_HASH_H_
