// SPDX-License-Identifier: GPL-3.0-or-later
// The contract of a builtin: entry point, kind, flags, usage; and the context it is called with.
#ifndef MISH_SHELL_API_BUILTIN_H_
#define MISH_SHELL_API_BUILTIN_H_

#include <fmt/core.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shell/base/output.h"
#include "shell/state/shell_state.h"
#include "shell/state/status.h"
#include "shell/syntax/command.h"

namespace mish::process {
class JobTable;
}

namespace mish::api {

class Frontend;
class ShellServices;

using state::Completion;
/// Operands of a builtin: argv[1..], each NUL-terminated, in the scratch arena.
using Args = std::span<const std::string_view>;

enum class BuiltinKind : uint8_t {
  Special,    // XCU 2.15
  Intrinsic,  // XCU 1.7: found without PATH search
  Utility,    // a utility that is also built in
  Extension,  // not in the standard: not a builtin in POSIX mode unless `in_posix_mode`
};

namespace builtin_flag {
inline constexpr uint16_t Declaration = 1 << 0;  // assignment operands expand like assignments
inline constexpr uint16_t Contained =
    1 << 1;  // touches nothing but ShellState and its output: may run in an in-process subshell
inline constexpr uint16_t PureOutput =
    1 << 2;  // Contained, and does not even read input: may be a pipeline stage without a process
inline constexpr uint16_t InPosixMode = 1 << 3;  // Extension that exists in POSIX mode too (local, ...)
inline constexpr uint16_t ReadsInput = 1 << 4;   // reads descriptor 0 (read, mapfile)
inline constexpr uint16_t Disabled = 1 << 5;     // default state of enable -n
}  // namespace builtin_flag

/// What a builtin sees. Built once per call on the stack: cheap, all references.
struct BuiltinContext {
  state::ShellState& state;
  process::JobTable& jobs;
  ShellServices& services;
  Frontend* frontend;  // null in scripts
  Output& out;
  Output& err;
  std::string_view name;    // as called
  bool is_special = false;  // XCU 2.8.1 consequences apply (special builtin, not by way of `command`)
  const syntax::SimpleCommand* command = nullptr;  // what is running; null when called indirectly

  /// `mish: FILE: line N: NAME: MESSAGE` on err (descriptor 2).
  void error(std::string_view message);
  template <typename... T>
  void error(fmt::format_string<T...> format, T&&... args) {
    error(std::string_view(fmt::vformat(format, fmt::make_format_args(args...))));
  }
  /// Reports and returns a usage error (status 2) with the synopsis; see failure().
  Completion usage_error(std::string_view message);
  /// A failure of the builtin: the message and `status`. In POSIX mode the failure of a special builtin ends a shell
  /// that is not interactive (XCU 2.8.1); a failure without that consequence is error() and Completion::of().
  Completion failure(std::string_view message, int status = state::kFailure);
  /// As failure(), for operands too many: in the bash language the rest of the command line is abandoned.
  Completion too_many_arguments();
  /// The consequence alone, the message having been written.
  Completion failed(int status) const;
};

using BuiltinFunction = Completion (*)(BuiltinContext& context, Args args);

struct Builtin {
  std::string_view name;
  BuiltinFunction function;
  BuiltinKind kind;
  uint16_t flags;
  std::string_view synopsis;  // "cd [-L|-P] [directory]"
  std::string_view help;      // several lines; the first is the summary
  bool has(uint16_t flag) const { return (flags & flag) != 0; }
};

/// The table of all builtins, sorted by name (builtins/table.cc); main hands it to the shell.
using BuiltinTable = std::span<const Builtin>;

}  // namespace mish::api

#endif  // MISH_SHELL_API_BUILTIN_H_
