// SPDX-License-Identifier: GPL-3.0-or-later
// "Did you mean": finds the misspelled reserved word behind a syntax error. Only looked at when an error is reported.
#ifndef MISH_SHELL_SYNTAX_HINTS_H_
#define MISH_SHELL_SYNTAX_HINTS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mish::syntax {

/// A word at the beginning of a command in `text` (which starts in line `first_line`) that was probably meant to be the
/// reserved word `wanted`: "; did you mean `then' instead of `than' in line 2?". Empty if there is none.
std::string find_misspelling(std::string_view text, uint32_t first_line, std::string_view wanted);

/// What the lone closing word `closer` belongs to ("if" for "fi"), empty if it closes nothing.
std::string_view opener_of(std::string_view closer);

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_HINTS_H_
