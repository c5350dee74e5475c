// SPDX-License-Identifier: GPL-3.0-or-later
// The door of the interactive front end: main.cc makes one for an interactive shell on a terminal, and nobody else
// knows which line editor is behind it.
#ifndef MISH_SHELL_INTERACTIVE_FRONTEND_H_
#define MISH_SHELL_INTERACTIVE_FRONTEND_H_

#include <memory>

#include "shell/api/frontend.h"
#include "shell/api/services.h"
#include "shell/process/job.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

/// Makes the front end on standard input, which must be a terminal: loads the history, sets the variables of an
/// interactive shell (HISTFILE, HISTSIZE ... unless set). `is_private`: nothing is written to the history file.
/// Everything is borrowed and must outlive it.
std::unique_ptr<api::Frontend> make_frontend(state::ShellState& state, api::ShellServices& services,
                                             process::JobTable& jobs, bool is_private);

/// Makes the editor of a script: an empty history list, which nothing was read into, and Readline's key bindings.
std::unique_ptr<api::Editor> make_script_editor(state::ShellState& state);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_FRONTEND_H_
