// SPDX-License-Identifier: GPL-3.0-or-later
// Reads one complete command, executes it, again: scripts, -c strings, eval, dot scripts, trap actions, the terminal.
// The place where errors of the language that nobody decided on (XCU 2.8.1) end.
#ifndef MISH_SHELL_EXEC_READ_EVAL_LOOP_H_
#define MISH_SHELL_EXEC_READ_EVAL_LOOP_H_

#include <cstdint>
#include <string_view>

#include "shell/exec/context.h"
#include "shell/syntax/parser.h"

namespace mish::exec {

class ReadEvalLoop {
 public:
  enum class Purpose : uint8_t {
    Script,       // a script file or standard input: ends the shell
    CommandText,  // -c: ends the shell
    Terminal,     // interactive input
    File,         // dot script, start-up file
    Text,         // eval, traps, completion functions
  };

  /// `source` is borrowed. `name` is for messages; lines count from `first_line`.
  ReadEvalLoop(ExecutionContext& context, syntax::Source& source, std::string_view name, Purpose purpose,
               uint32_t first_line = 1);

  /// Runs to the end of the source, or until a command's completion leaves it. With `tail` the last command of a text
  /// may replace the process. Syntax errors are reported here: the completion then has status 2 (Exit for scripts), and
  /// within eval and dot scripts ShellError{Utility} with an empty message is thrown, because these are special
  /// builtins.
  Completion run(Tail tail = Tail::No);

 private:
  bool is_outermost() const { return purpose_ != Purpose::File && purpose_ != Purpose::Text; }
  void refresh_options();
  bool is_recorded() const;
  void record(std::string_view text);
  Completion execute(const syntax::ParseResult& parsed, Tail tail);
  Completion execute_root(const syntax::Command& root, Tail tail);
  Completion execute_guarded(const syntax::Command& command, Tail tail);
  Completion execute_inner(const syntax::Command& command, Tail tail);
  Completion execute_surviving(const syntax::Command& command);
  Completion on_syntax_error(const syntax::SyntaxError& error);
  Completion on_read_error();
  /// Whether the loop ends with `completion`; otherwise (an abandoned line) it goes on with the next command.
  bool is_final(const Completion& completion) const;

  ExecutionContext& context_;
  syntax::Source& source_;
  std::string_view name_;
  Purpose purpose_;
  syntax::ParserOptions options_;
  syntax::Parser parser_;
};

/// Reports `error` (unless its message is empty: then it was reported) and decides its consequence (XCU 2.8.1): the
/// command line is abandoned by an interactive shell and, for errors that bash survives, by a script in its mode; the
/// shell or subshell exits otherwise.
Completion consequence(ExecutionContext& context, const state::ShellError& error);

/// Whether it is Ctrl-C, not an error, that abandons the command line.
bool is_interrupt(const Completion& completion);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_READ_EVAL_LOOP_H_
