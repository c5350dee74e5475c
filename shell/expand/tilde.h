// SPDX-License-Identifier: GPL-3.0-or-later
// Tilde expansion (XCU 2.6.1). Where a tilde-prefix may stand was decided by the parser.
#ifndef MISH_SHELL_EXPAND_TILDE_H_
#define MISH_SHELL_EXPAND_TILDE_H_

#include <optional>
#include <string>
#include <string_view>

#include "shell/state/shell_state.h"

namespace mish::expand {

/// What the tilde-prefix `~login` stands for: HOME when `login` is empty, the home directory of the user; outside POSIX
/// mode also ~+ and ~- (PWD, OLDPWD) and ~N ~+N ~-N (directory stack). nullopt when it stands for itself: HOME unset
/// and no entry for the user, unknown user.
std::optional<std::string> expand_tilde(state::ShellState& state, std::string_view login);

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_TILDE_H_
