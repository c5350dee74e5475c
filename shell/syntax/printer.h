// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes back to text that parses to the same nodes: `type`, `declare -f`, job table lines, BASH_COMMAND, and tests.
#ifndef MISH_SHELL_SYNTAX_PRINTER_H_
#define MISH_SHELL_SYNTAX_PRINTER_H_

#include <string>

#include "shell/syntax/command.h"

namespace mish::syntax {

/// On one line, as the job table shows a command: `a | b && { c; d; }`. Here-documents as `<<EOF` without the body.
std::string print_command_line(const Command& command);
/// The same, but of `for`, `select` and `case` only what comes before the body, as bash's BASH_COMMAND has it.
std::string print_command_head(const Command& command);
/// Indented by four spaces over several lines, here-documents with bodies, as bash's `declare -f` prints a body.
std::string print_command(const Command& command);
/// `name () \n{ \n    body\n}` as `declare -f` and `type` print it.
std::string print_function(const FunctionDefinition& function);
std::string print_word(const Word& word);
std::string print_assignment(const Assignment& assignment);
std::string print_redirection(const Redirection& redirection);
/// Structure dump for tests: one S-expression, see tests/shell/syntax.
std::string dump(const Command* command);

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_PRINTER_H_
