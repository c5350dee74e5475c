// SPDX-License-Identifier: GPL-3.0-or-later
// Backslash escapes as echo and printf understand them (XCU echo, printf); $'...' of the language is the lexer's.
#ifndef MISH_BUILTINS_ESCAPE_H_
#define MISH_BUILTINS_ESCAPE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shell/base/output.h"

namespace mish::builtins {

enum class EscapeStyle : uint8_t {
  Echo,          // echo -e: \0ooo \xHH \uHHHH \e, \c stops
  PosixEcho,     // echo in POSIX mode: \0ooo and \ooo, \e, \c stops; no \x
  Argument,      // %b: \0ooo and \ooo, \c stops
  PrintfFormat,  // the format of printf: \ooo, \" \' \?, no \c
};

enum class EscapeOutcome : uint8_t { Done, Stop, MissingHexDigit };

/// Writes what the escape at text[at] (a backslash) stands for and moves `at` behind it. What is no escape is written
/// as it stands. Stop: it was \c, nothing more is to be written. MissingHexDigit: \x, \u or \U without a digit, written
/// as it stands.
EscapeOutcome put_escape(std::string_view text, size_t& at, EscapeStyle style, Output& out);

/// Writes `text` with its escapes replaced; false when \c stopped it.
bool put_escaped(std::string_view text, EscapeStyle style, Output& out);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_ESCAPE_H_
