// SPDX-License-Identifier: GPL-3.0-or-later
// What runs before each primary prompt (bash manual, PROMPT_COMMAND), for whoever shows prompts.
#ifndef MISH_SHELL_API_PROMPT_COMMANDS_H_
#define MISH_SHELL_API_PROMPT_COMMANDS_H_

#include <optional>

#include "shell/api/services.h"
#include "shell/state/shell_state.h"

namespace mish::api {

/// Runs PROMPT_COMMAND, a text or an array of them. $? and PIPESTATUS are the same for each and afterwards; errors are
/// reported. Returns the status when one of them called `exit`: the shell is to end with it.
std::optional<int> run_prompt_commands(ShellServices& services, state::ShellState& state);

}  // namespace mish::api

#endif  // MISH_SHELL_API_PROMPT_COMMANDS_H_
