// SPDX-License-Identifier: GPL-3.0-or-later
// Command search (XCU 2.9.1.4): special builtin, function, builtin, PATH. What is found for a literal name is
// remembered in its node as long as command_generation does not change; locations of files are remembered by Name in
// the hash.
#ifndef MISH_SHELL_EXEC_COMMAND_SEARCH_H_
#define MISH_SHELL_EXEC_COMMAND_SEARCH_H_

#include <bitset>
#include <string>
#include <string_view>

#include "shell/api/builtin.h"
#include "shell/api/services.h"
#include "shell/exec/context.h"
#include "shell/state/functions.h"

namespace mish::exec {

/// Where a command name leads.
struct Target {
  enum class Kind : uint8_t { NotFound, Unexecutable, SpecialBuiltin, Function, Builtin, File };
  Kind kind = Kind::NotFound;
  const api::Builtin* builtin = nullptr;
  Name function = kNoName;
  bool is_builtin() const { return kind == Kind::SpecialBuiltin || kind == Kind::Builtin; }
};

class CommandSearch {
 public:
  explicit CommandSearch(ExecutionContext& context) : context_(context) {}

  /// Where `name` leads now. Files are not looked for: whatever is no builtin and no function is Kind::File.
  Target classify(std::string_view name, bool skip_functions = false) const;
  /// As classify() for the first word of `command`, which must be literal: remembered in the node.
  Target classify(const syntax::SimpleCommand& command) {
    if (command.cache_generation == context_.state.command_generation) [[likely]]
      return unpack(command);
    return remember(command);
  }

  /// The file that `name` is, in `path`: itself when it holds a slash, otherwise from the hash or PATH. Returns 0,
  /// or why there is none, with the name or place to say it of in `path`: ENOENT (no such command), EACCES (not
  /// executable), or what kept it from looking.
  int find_file(std::string_view name, std::string& path, bool default_path = false);
  /// Forgets the remembered location of `name`, which proved to be wrong.
  void forget(std::string_view name);

  /// Looks up, and so remembers, the utilities that literal names in `body` call (set -h).
  void locate_utilities(const syntax::Command& body);

  /// For type, command -v, hash.
  api::FoundCommand describe(std::string_view name, const api::RunOptions& options);

  /// Null if there is no such builtin, or none in POSIX mode, or it is disabled (unless `even_disabled`).
  const api::Builtin* find_builtin(std::string_view name, bool even_disabled = false) const;
  bool enable(std::string_view name, bool on);
  bool is_enabled(const api::Builtin& builtin) const;

 private:
  Target unpack(const syntax::SimpleCommand& command) const;
  Target remember(const syntax::SimpleCommand& command);

  ExecutionContext& context_;
  std::bitset<512> disabled_;  // by position in the table
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_COMMAND_SEARCH_H_
