// SPDX-License-Identifier: GPL-3.0-or-later
// Bracket expressions (XBD 9.3.5, XCU 2.14.1): the set of characters they match, and how they are read. A backslash or
// quoting makes a character of the expression literal.
#ifndef MISH_SHELL_PATTERN_BRACKET_H_
#define MISH_SHELL_PATTERN_BRACKET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/arena.h"

namespace mish::pattern {

/// Pattern text with, for each byte, whether it was quoted (`quoted` is empty when nothing was).
struct MarkedText {
  std::string_view text;
  std::string_view quoted;

  size_t size() const { return text.size(); }
  bool is_quoted(size_t at) const { return !quoted.empty() && quoted[at] != 0; }
  /// Whether the byte `c` stands at `at` and is not quoted.
  bool is_active(size_t at, char c) const { return at < text.size() && text[at] == c && !is_quoted(at); }
};

/// The characters a bracket expression matches. Lives in an arena.
class CharacterSet {
 public:
  bool contains(char32_t code) const;

 private:
  friend class BracketParser;
  bool has(char32_t code) const;
  bool is_in_range(char32_t code) const;

  struct Range {
    char32_t first, last;
  };
  uint64_t low_[4] = {};           // codes below 256 (in UTF-8: below 128, the others are looked up in what follows)
  std::span<const Range> ranges_;  // without regard to case all of them, the ASCII ones too
  std::span<const std::string_view> classes_;
  bool is_negated_ = false;
  bool ignores_case_ = false;
};

/// Reads the bracket expression whose `[` is at text[at]. Returns the offset after its `]`, or 0 when there is no
/// closing bracket (the `[` is an ordinary character then). `set`, if not null, receives the set, made in `arena`.
size_t parse_bracket(const MarkedText& pattern, size_t at, bool ignore_case, Arena* arena, const CharacterSet** set);

}  // namespace mish::pattern

#endif  // MISH_SHELL_PATTERN_BRACKET_H_
