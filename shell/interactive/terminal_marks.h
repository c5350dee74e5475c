// SPDX-License-Identifier: GPL-3.0-or-later
// Which terminals understand the marks of a shell: OSC 7 (working directory) and OSC 133 (prompt, command, status).
// Others would show them as garbage or ignore them; nothing is sent there.
#ifndef MISH_SHELL_INTERACTIVE_TERMINAL_MARKS_H_
#define MISH_SHELL_INTERACTIVE_TERMINAL_MARKS_H_

#include <string>
#include <string_view>

#include "shell/state/variables.h"

namespace mish::interactive {

/// Whether the terminal tells by its variables that it knows OSC 7 and OSC 133.
bool terminal_knows_marks(const state::VariableTable& variables);

/// file://HOST/PATH with what is no plain character as %XX.
std::string directory_url(std::string_view path);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_TERMINAL_MARKS_H_
