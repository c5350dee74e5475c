// SPDX-License-Identifier: GPL-3.0-or-later
// The one table of variables with behaviour: computed when read (RANDOM, SECONDS, LINENO, FUNCNAME …) or acting when
// assigned (PATH, IFS, LC_*, OPTIND …).
#ifndef MISH_SHELL_STATE_SPECIAL_VARIABLES_H_
#define MISH_SHELL_STATE_SPECIAL_VARIABLES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/name.h"

namespace mish::state {

struct Frame;
struct ShellState;
struct Variable;

struct SpecialVariable {
  Name name;
  /// Puts the current value into `variable` before it is read; null: it is an ordinary value.
  void (*refresh)(ShellState& state, Variable& variable);
  /// Called after an assignment or unset, and after a scope or roll-back changed it; null: nothing to do.
  void (*assigned)(ShellState& state, const Variable& variable);
  bool in_posix_mode;                // whether it has its behaviour in POSIX mode too
  uint16_t attributes = 0;           // from the start: attribute::ReadOnly, attribute::Integer
  bool is_listed_when_read = false;  // bash: `set` shows it only once somebody has asked for it
};

/// File of the code that runs in `frame`, as BASH_SOURCE and `caller` tell it; what came in through -c or the standard
/// input has names of its own (bash).
std::string_view source_of(const ShellState& state, const Frame& frame);
/// Null when `name` is an ordinary variable.
const SpecialVariable* find_special(Name name);
/// Whether `special` behaves specially in the mode the shell is in.
bool is_in_effect(const SpecialVariable& special, const ShellState& state);
/// Marks them in the table (nothing is computed before it is read) and gives IFS, OPTIND and PS4 their initial values.
/// Call once, after the mode (posix) is known and the environment was imported. PATH, PWD, HOME, PS1 and PS2 are
/// start-up's business; so is SHLVL, see count_shell_level().
void install_special_variables(ShellState& state);
/// Increments SHLVL in the environment's fashion (bash): not a number counts as 0.
void count_shell_level(ShellState& state);
/// Takes that back, before the shell becomes another program that may be a shell (bash).
void uncount_shell_level(ShellState& state);
/// checkwinsize (bash): LINES and COLUMNS become the size of the terminal, in characters, but when they are readonly.
void note_window_size(ShellState& state, int rows, int columns);

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_SPECIAL_VARIABLES_H_
