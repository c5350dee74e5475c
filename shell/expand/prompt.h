// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts PS0 PS1 PS2 RPS1 and ${v@P}: the backslash escapes of bash, then parameter, command and arithmetic expansion,
// once (promptvars). What an escape stands for is data: it is never expanded, and control characters in it are shown as
// escapes, so that the name of a directory cannot run a command or take over the terminal. In POSIX mode ! is the
// history number (XCU sh, PS1).
#ifndef MISH_SHELL_EXPAND_PROMPT_H_
#define MISH_SHELL_EXPAND_PROMPT_H_

#include <string>
#include <string_view>

#include "shell/expand/expander.h"
#include "shell/state/shell_state.h"

namespace mish::expand {

/// Brackets around what takes no columns, in an expanded prompt (\[ and \]); Readline's.
inline constexpr char kInvisibleBegin = '\001';
inline constexpr char kInvisibleEnd = '\002';

class PromptRenderer {
 public:
  PromptRenderer(state::ShellState& state, Expander& expander) : state_(state), expander_(expander) {}

  /// The text of a prompt from the value of its variable. `job_count`: of listed jobs (\j). Errors of expansion show
  /// the value as it is.
  std::string expand(std::string_view value, size_t job_count);
  /// How many commands were entered in this session (\#).
  void set_command_number(int64_t number) { command_number_ = number; }

 private:
  std::string decode(std::string_view value);
  void decode_escape(std::string_view value, size_t& at, std::string& out);
  void put_value(std::string_view text, std::string& out) const;
  std::string working_directory(bool last_component) const;
  std::string time(const char* format) const;

  state::ShellState& state_;
  Expander& expander_;
  size_t job_count_ = 0;
  int64_t command_number_ = 1;
};

/// `text` without the invisible brackets alone: where no line editor takes them out.
std::string without_brackets(std::string_view text);
/// `text` without what is between the invisible brackets, for measuring and for terminals that draw nothing.
std::string visible_text(std::string_view text);

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_PROMPT_H_
