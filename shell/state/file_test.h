// SPDX-License-Identifier: GPL-3.0-or-later
// Unary and binary primaries shared by `test` and [[ ]] (XCU test). Numbers and patterns are the callers' business.
#ifndef MISH_SHELL_STATE_FILE_TEST_H_
#define MISH_SHELL_STATE_FILE_TEST_H_

#include <string_view>

#include "shell/base/result.h"

namespace mish::state {

struct ShellState;

/// Whether `op` (e.g. "-f") is a unary primary on files, strings (-n -z), options (-o), variables (-v -R) or
/// descriptors (-t).
bool is_unary_primary(std::string_view op);
/// Whether `op` is a binary primary: = == != < > =~ -eq -ne -lt -le -gt -ge -nt -ot -ef.
bool is_binary_primary(std::string_view op);
/// Evaluates a unary primary. `operand` must be NUL-terminated. -v with a subscript is handled by the caller. Fails
/// (EIO, ENOMEM) when the system cannot tell, which is not the same as false: `[ ! -e FILE ]` would be true.
Result<bool> evaluate_unary(const ShellState& state, char op, std::string_view operand);
/// -nt -ot -ef. Fails likewise.
Result<bool> compare_files(std::string_view op, std::string_view left, std::string_view right);

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_FILE_TEST_H_
