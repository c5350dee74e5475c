// SPDX-License-Identifier: GPL-3.0-or-later
// The editor of a script: a history list that begins empty, and Readline's key bindings without a terminal. Made when a
// builtin first asks for it; other scripts pay nothing.
#ifndef MISH_SHELL_INTERACTIVE_SCRIPT_EDITOR_H_
#define MISH_SHELL_INTERACTIVE_SCRIPT_EDITOR_H_

#include <string>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/interactive/history.h"
#include "shell/interactive/readline_bindings.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

class ScriptEditor final : public api::Editor {
 public:
  explicit ScriptEditor(state::ShellState& state) : history_(state, false, History::Times::WhenFormatted) {}

  api::HistoryStore& history() override { return history_; }
  int bind(const std::vector<std::string>& arguments, std::string& out, std::string& error) override {
    return bindings_.run(arguments, out, error);
  }

 private:
  History history_;
  Bindings bindings_;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_SCRIPT_EDITOR_H_
