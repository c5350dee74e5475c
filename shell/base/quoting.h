// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a string so that the shell reads it back.
#ifndef MISH_SHELL_BASE_QUOTING_H_
#define MISH_SHELL_BASE_QUOTING_H_

#include <string>
#include <string_view>

namespace mish {

/// `text` as one word of shell input. Unchanged when it needs no quotes; in single quotes otherwise (a ' becomes '\'');
/// in $'...' when it holds control characters or invalid multibyte sequences and `ansi_c` allows it.
std::string quote(std::string_view text, bool ansi_c = true);
/// Always in single quotes, as `export -p`, `trap` and `set` print values in POSIX mode.
std::string quote_single(std::string_view text);
/// Always in $'...'.
std::string quote_ansi_c(std::string_view text);
/// With a backslash before each character that needs it, as bash's printf %q writes printable text ('' when empty).
std::string quote_backslash(std::string_view text);
/// In double quotes with \ before " \ $ `, as `declare -p` prints values; $'...' when it holds control characters.
std::string quote_double(std::string_view text);
/// Whether quote() would change `text`.
bool needs_quoting(std::string_view text);
/// A JSON string literal with its quotes; invalid UTF-8 becomes U+FFFD.
std::string quote_json(std::string_view text);
/// For messages and tables on a terminal: control characters and invalid bytes as visible escapes (\n, \x1b, \377).
std::string printable(std::string_view text);

}  // namespace mish

#endif  // MISH_SHELL_BASE_QUOTING_H_
