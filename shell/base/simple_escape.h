// SPDX-License-Identifier: GPL-3.0-or-later
// The escapes of one letter: the part that $'...' (XCU 2.2.4), ${x@E}, echo and printf have in common.
#ifndef MISH_SHELL_BASE_SIMPLE_ESCAPE_H_
#define MISH_SHELL_BASE_SIMPLE_ESCAPE_H_

namespace mish {

/// The byte that a backslash and `c` stand for in $'...', where nothing more belongs to the escape; 0 when `c` is no
/// such letter.
constexpr char simple_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'e':
    case 'E': return '\033';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\':
    case '\'':
    case '"':
    case '?': return c;
    default: return '\0';
  }
}

}  // namespace mish

#endif  // MISH_SHELL_BASE_SIMPLE_ESCAPE_H_
