// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of set -x (XCU set, -x): PS4 expanded, then the words quoted so that the shell reads them back. Written to
// standard error, or to the descriptor in BASH_XTRACEFD.
#ifndef MISH_SHELL_EXEC_XTRACE_H_
#define MISH_SHELL_EXEC_XTRACE_H_

#include <span>
#include <string>
#include <string_view>

#include "shell/exec/context.h"

namespace mish::exec {

/// Traces a simple command: its assignments as `name=value` texts already quoted, and its fields.
void trace_command(ExecutionContext& context, std::string_view assignments, std::span<const std::string_view> fields);
/// Traces `for NAME in WORDS` and `select NAME in WORDS` as they are written: `loop` is the word.
void trace_loop(ExecutionContext& context, std::string_view loop, Name variable, bool has_in,
                std::span<const syntax::Word* const> words);
/// Traces a line whose text is ready: `[[ ... ]]`, `(( ... ))`, `case`.
void trace_text(ExecutionContext& context, std::string_view text);
/// `name=value`, `name[subscript]+=value`, the value quoted; for trace_command().
std::string traced_assignment(const syntax::Assignment& assignment, std::string_view value);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_XTRACE_H_
