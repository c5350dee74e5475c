// SPDX-License-Identifier: GPL-3.0-or-later
// Where and what: the one form of every message of the shell, `mish: file: line N: message`.
#ifndef MISH_SHELL_BASE_DIAGNOSTIC_H_
#define MISH_SHELL_BASE_DIAGNOSTIC_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mish {

/// A place in a script. Lines and columns count from 1; column 0 = unknown. The name is borrowed.
struct Location {
  std::string_view source;  // script path, "-c", "stdin", or function/dot-script name
  uint32_t line = 0;
  uint32_t column = 0;
};

/// "mish: FILE: line N: MESSAGE\n"; file and line are left out when unknown (interactive).
/// `shell` is the name the shell was invoked by; "bash" is left out, too, where a file is known, as bash does.
std::string format_diagnostic(std::string_view shell, const Location& where, std::string_view message);

/// "FILE:LINE:COLUMN: syntax error: MESSAGE\n", then the source line and a caret under the column.
std::string format_syntax_error(const Location& where, std::string_view message, std::string_view source_line);

}  // namespace mish

#endif  // MISH_SHELL_BASE_DIAGNOSTIC_H_
