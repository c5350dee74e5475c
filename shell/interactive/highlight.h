// SPDX-License-Identifier: GPL-3.0-or-later
// Colours of the line being edited. What a command word is, is asked of the running shell (aliases, functions,
// builtins, PATH); whether the line can be parsed, of its parser.
#ifndef MISH_SHELL_INTERACTIVE_HIGHLIGHT_H_
#define MISH_SHELL_INTERACTIVE_HIGHLIGHT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shell/api/services.h"
#include "shell/interactive/renderer.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

class Highlighter {
 public:
  Highlighter(state::ShellState& state, api::ShellServices& services) : state_(state), services_(services) {}

  /// A style for each byte of `text`. Remembers the last answer.
  const std::vector<Style>& highlight(std::string_view text);
  /// Forgets what is known of commands: call before each prompt.
  void forget_commands() { commands_.clear(); }

 private:
  class Scan;
  Style command_style(const std::string& word);

  state::ShellState& state_;
  api::ShellServices& services_;
  std::unordered_map<std::string, Style> commands_;
  std::string last_text_;
  std::vector<Style> styles_;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_HIGHLIGHT_H_
