// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluation of [[ ... ]] and the matching of patterns for `case`. Regular expressions and patterns are compiled once and
// kept while they are used.
#ifndef MISH_SHELL_EXEC_CONDITIONAL_H_
#define MISH_SHELL_EXEC_CONDITIONAL_H_

#include <string_view>

#include "shell/exec/context.h"

namespace mish::exec {

/// Status of [[ root ]]: 0 true, 1 false, 2 when an operand is an error (a bad regular expression). Sets BASH_REMATCH.
/// Throws ShellError for expansion errors.
int evaluate_condition(ExecutionContext& context, const syntax::ConditionNode& root);

/// Whether `subject` as a whole matches `pattern` (XCU 2.14.1), nocasematch honoured outside POSIX mode.
bool matches_pattern(ExecutionContext& context, const syntax::Word& pattern, std::string_view subject);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_CONDITIONAL_H_
