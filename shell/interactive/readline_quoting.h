// SPDX-License-Identifier: GPL-3.0-or-later
// Quoting of file names for Readline's completion: what the shell would take for something else gets a backslash, and a
// word that was begun with a quote goes on inside it. Plain text functions; Readline's hooks are made of them.
#ifndef MISH_SHELL_INTERACTIVE_READLINE_QUOTING_H_
#define MISH_SHELL_INTERACTIVE_READLINE_QUOTING_H_

#include <string>
#include <string_view>

namespace mish::interactive {

/// The characters a file name needs quoting for.
inline constexpr char kQuotedInFilenames[] = " \t\n\\\"'@<>=;|&()#$`?*[!:{~";

/// `name` as it is to be inserted after an opening `quote` ('\0': none): backslashes before what the shell would take
/// for something else, inside quotes only before what ends them. A leading ~user stays as it is.
std::string quote_filename(std::string_view name, char quote);

/// `text` without its quotes and backslashes; `quote` is the one it begins inside of, '\0' if none.
std::string remove_quotes(std::string_view text, char quote);

/// Whether the character at `at` of `text` is quoted by a backslash or stands inside quotes.
bool is_quoted_at(std::string_view text, size_t at);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_READLINE_QUOTING_H_
