// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluation of [[ ... ]]. Regular expressions are compiled once and kept while they are used.
#ifndef MISH_SHELL_EXEC_CONDITIONAL_H_
#define MISH_SHELL_EXEC_CONDITIONAL_H_

#include "shell/exec/context.h"

namespace mish::exec {

/// Status of [[ root ]]: 0 true, 1 false, 2 when an operand is an error (a bad regular expression). Sets BASH_REMATCH.
/// Throws ShellError for expansion errors.
int evaluate_condition(ExecutionContext& context, const syntax::ConditionNode& root);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_CONDITIONAL_H_
