// SPDX-License-Identifier: GPL-3.0-or-later
// The envp array of children, rebuilt only when an exported variable or function changed; and import at start-up.
#ifndef MISH_SHELL_STATE_ENVIRONMENT_H_
#define MISH_SHELL_STATE_ENVIRONMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mish::state {

struct ShellState;

class Environment {
 public:
  /// NULL-terminated array of NAME=value for the program at `path`, which outside POSIX mode `_` names (bash). Valid
  /// until the next call or the next change of an exported variable.
  char* const* envp(ShellState& state, std::string_view path);

  /// Imports environ(7) as exported variables. Values are inert text. Entries whose name is no identifier are kept and
  /// passed on to children untouched. Functions (BASH_FUNC_name%%) are handed to `import_function` unless null.
  /// IFS, OPTIND, PPID and the like are not taken (reliability.md).
  void import(ShellState& state, char** environ,
              void (*import_function)(ShellState&, const char* name, const char* text));

 private:
  void rebuild(ShellState& state);

  std::vector<std::string> foreign_;  // entries that are no variables
  std::string bytes_;
  std::vector<char*> pointers_;  // the last but one is `_` or null
  std::string underscore_;
  uint32_t variable_generation_ = 0;
  uint32_t function_generation_ = 0;
  bool has_computed_ = false;  // a variable is exported whose value changes with nothing assigned (SHELLOPTS, RANDOM)
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_ENVIRONMENT_H_
