// SPDX-License-Identifier: GPL-3.0-or-later
// What expansion asks of its owner: to run a command substitution, to open a process substitution. Implemented by the
// shell, faked in tests.
#ifndef MISH_SHELL_EXPAND_HOOKS_H_
#define MISH_SHELL_EXPAND_HOOKS_H_

#include <string>
#include <string_view>

#include "shell/syntax/word.h"

namespace mish::expand {

class ExpansionHooks {
 public:
  virtual ~ExpansionHooks() = default;
  /// Runs the body in a subshell environment, appends its standard output to `out` as it was written, NUL bytes and
  /// trailing newlines included (the expander strips them). Returns the exit status, which is also what `$?` of an
  /// assignment without command name becomes.
  virtual int run_command_substitution(const syntax::CommandSubstitution& substitution, std::string& out) = 0;
  /// Starts the command and returns a path (/dev/fd/N) that stays open until the current command is done. Throws
  /// ShellError when it cannot be started.
  virtual std::string open_process_substitution(const syntax::ProcessSubstitution& substitution) = 0;
  /// `text` as a prompt string (${v@P}): escapes decoded. Without a renderer of prompts it stays as it is.
  virtual std::string render_prompt(std::string_view text) { return std::string(text); }
  /// Writes a diagnostic that is no error (e.g. "ignored null byte in input").
  virtual void warn(std::string_view message) = 0;
};

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_HOOKS_H_
