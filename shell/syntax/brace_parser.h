// SPDX-License-Identifier: GPL-3.0-or-later
// Brace expressions of the bash language, found in the parts of a word when it is parsed: {a,b}, {1..9..2}, nested,
// with expansions and quotes inside. Expanding them is the expander's business.
#ifndef MISH_SHELL_SYNTAX_BRACE_PARSER_H_
#define MISH_SHELL_SYNTAX_BRACE_PARSER_H_

#include <span>
#include <vector>

#include "shell/base/arena.h"
#include "shell/syntax/word.h"

namespace mish::syntax {

/// The parts of a word with its brace expressions turned into Brace parts, in `out` (replaced). False, and `out`
/// untouched, if it has none. `too_deep` is set when the stack is nearly used up.
bool parse_braces(Arena& arena, std::span<const WordPart> parts, std::vector<WordPart>& out, bool& too_deep);

/// Sets those flags of `word` that follow from its parts. `has_pattern`: there are unquoted pattern characters.
void set_word_flags(Word& word, Arena& arena, bool has_pattern);

/// Whether unquoted literal text of `parts` holds pattern characters (with `[` only when a `]` follows).
bool has_pattern_characters(std::span<const WordPart> parts);

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_BRACE_PARSER_H_
