// SPDX-License-Identifier: GPL-3.0-or-later
// Everything a subshell environment inherits (XCU 2.13), in one plain struct.
#ifndef MISH_SHELL_STATE_SHELL_STATE_H_
#define MISH_SHELL_STATE_SHELL_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "shell/base/arena.h"
#include "shell/state/aliases.h"
#include "shell/state/call_stack.h"
#include "shell/state/command_hash.h"
#include "shell/state/directory.h"
#include "shell/state/environment.h"
#include "shell/state/functions.h"
#include "shell/state/options.h"
#include "shell/state/positional.h"
#include "shell/state/traps.h"
#include "shell/state/variables.h"

namespace mish::state {

/// IFS, classified once per assignment (XCU 2.6.5).
struct FieldSeparators {
  enum : uint8_t { kNone = 0, kWhitespace = 1, kOther = 2, kMultibyteLead = 3 };
  uint8_t byte_class[256] = {};
  std::string text = " \t\n";    // the value, default when unset
  bool is_null = false;          // IFS='' : no splitting
  bool is_default = true;        // space, tab, newline (or unset)
  bool has_high_bytes = false;   // some separator is not ASCII: text must be looked at character by character
  bool splits_integers = false;  // a digit or '-' is a separator: integers must be scanned too
  char first = ' ';              // first byte for "$*" (see first_length)
  uint8_t first_length = 1;      // bytes of the first character, 0 when IFS is null
};

/// State of the getopts builtin between calls.
struct GetoptsState {
  int64_t index = 1;  // OPTIND last seen
  size_t offset = 0;  // within a cluster of options
};

struct ShellState {
  ShellState();

  VariableTable variables;
  FunctionTable functions;
  AliasTable aliases;
  OptionSet options;
  PositionalParameters positional;
  TrapTable traps;
  WorkingDirectory directory;
  DirectoryStack directory_stack;
  CommandHash hash;
  CallStack calls;
  Environment environment;
  FieldSeparators separators;
  GetoptsState getopts;

  std::string shell_name = "mish";  // how messages call the shell: basename of argv[0]
  std::string zero = "mish";        // $0
  std::string command_string;       // of -c, BASH_EXECUTION_STRING
  int last_status = 0;              // $?
  int status_before_return = 0;     // $? when `return` was called: what the RETURN action sees
  int trap_status = -1;        // $? before the trap action that runs: what `exit` without operand means there; else -1
  uint32_t line = 0;           // LINENO of the command that runs
  pid_t shell_pid = 0;         // $$, the same in subshells
  pid_t parent_pid = 0;        // $PPID: that at the start, whatever becomes of it; the same in subshells
  pid_t last_background = 0;   // $!, 0 = unset
  int prompts_to_warning = 0;  // `exit` warned of stopped jobs, or `jobs` showed them: obeyed while this is not 0
  int subshell_depth = 0;      // BASH_SUBSHELL
  int substitution_depth = 0;  // of command substitutions, shown by xtrace
  int in_process_subshells = 0;  // how many of them are rolled back rather than forked
  uint32_t random_seed = 0;
  int random_seed_depth = -1;   // subshell_depth of who set it; -1: nobody
  int64_t seconds_base_ns = 0;  // SECONDS = (monotonic - base) / 1e9; 0 = not read yet: the start of the process
  int64_t line_offset = 0;      // LINENO = line + offset (set by assigning LINENO)
  int64_t history_number = 1;   // HISTCMD, kept by the front end
  std::string last_argument;    // $_ in the default mode: the last field of the last simple command
  const syntax::Command* current_command = nullptr;  // what runs, for BASH_COMMAND; stays put while a trap action runs
  /// Statuses of the last pipeline of several commands (or negated) for PIPESTATUS. Cleared by every other command:
  /// PIPESTATUS is then just last_status.
  std::vector<int> pipe_statuses;
  uint32_t command_generation =
      1;  // grows when the meaning of a command name may have changed (function, PATH, hash, enable, posix)
  Arena scratch{4 * 1024};  // fields, argv, paths of the commands that run

  /// Arithmetic for declare -i and subscripts behind namerefs; set by the owner of the Expander, which it finds through
  /// `hook_owner`. Null: plain integers only. Throws ShellError.
  int64_t (*evaluate_hook)(ShellState& state, std::string_view expression) = nullptr;
  /// What the subscript of a nameref expands to; lives in the scratch arena. Null: itself. Throws ShellError.
  std::string_view (*subscript_hook)(ShellState& state, std::string_view subscript) = nullptr;
  void* hook_owner = nullptr;

  bool is_on(Option option) const { return options.is_on(option); }
  bool is_posix() const { return options.is_on(Option::Posix); }
  /// Status of a shell error (XCU 2.8.1): "greater than zero" for the standard; as sh the 2 that scripts written for
  /// dash and the BSD shells know, else bash's 1.
  int error_status() const { return is_posix() ? kUsageError : kFailure; }
  /// Status that `error` leaves in this shell. An assignment to a readonly variable is 1 in every mode.
  int status_of(const ShellError& error) const {
    bool is_plain = error.status() == kFailure && error.kind() != ShellError::Kind::Assignment;
    return is_plain ? error_status() : error.status();
  }
  void bump_generation() { ++command_generation; }
};

/// How long `exit` is obeyed after it warned of stopped jobs: at the prompt that comes, not at the next.
inline constexpr int kPromptsToWarning = 2;
/// The shell shows its prompt for a new command.
inline void count_prompt(ShellState& state) {
  if (state.prompts_to_warning > 0) --state.prompts_to_warning;
}

/// Recomputes state.separators from IFS.
void update_separators(ShellState& state);

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_SHELL_STATE_H_
