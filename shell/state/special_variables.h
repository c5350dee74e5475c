// SPDX-License-Identifier: GPL-3.0-or-later
// The one table of variables with behaviour: computed when read (RANDOM, SECONDS, LINENO, FUNCNAME …) or acting when
// assigned (PATH, IFS, LC_*, OPTIND, POSIXLY_CORRECT …).
#ifndef MISH_SHELL_STATE_SPECIAL_VARIABLES_H_
#define MISH_SHELL_STATE_SPECIAL_VARIABLES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/name.h"

namespace mish::state {

struct ShellState;
struct Variable;

struct SpecialVariable {
  Name name;
  /// Puts the current value into `variable` before it is read; null: it is an ordinary value.
  void (*refresh)(ShellState& state, Variable& variable);
  /// Called after an assignment or unset, and after a roll-back changed it; null: nothing to do.
  void (*assigned)(ShellState& state, const Variable& variable);
  bool in_posix_mode;  // whether it has its behaviour in POSIX mode too
};

std::span<const SpecialVariable> special_variables();
const SpecialVariable* find_special(Name name);
/// Marks them in the table and gives them their initial values (not PATH, IFS, PWD … which start-up sets).
void install_special_variables(ShellState& state);

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_SPECIAL_VARIABLES_H_
