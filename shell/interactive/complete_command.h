// SPDX-License-Identifier: GPL-3.0-or-later
// Whether typed text is a complete command, asked of the parser itself: the prompt goes on with PS2 until it is.
#ifndef MISH_SHELL_INTERACTIVE_COMPLETE_COMMAND_H_
#define MISH_SHELL_INTERACTIVE_COMPLETE_COMMAND_H_

#include <string_view>

#include "shell/state/shell_state.h"

namespace mish::interactive {

/// Whether the parser, with the options and aliases of the shell, wants more lines to make complete commands of `text`.
/// False for text that is wrong: more lines would not mend it.
bool needs_more_lines(const state::ShellState& state, std::string_view text);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_COMPLETE_COMMAND_H_
