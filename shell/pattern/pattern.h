// SPDX-License-Identifier: GPL-3.0-or-later
// Pattern matching notation (XCU 2.14) with the extended patterns of ksh and bash. A pattern is compiled once into
// segments between asterisks; matching, trimming and searching are then searches for segments, never exponential and
// without backtracking. Characters are those of the locale; literal text is compared as bytes, which is exact in UTF-8.
// Periods and slashes have no special meaning here, except in matches_filename().
#ifndef MISH_SHELL_PATTERN_PATTERN_H_
#define MISH_SHELL_PATTERN_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/pattern/bracket.h"

namespace mish::pattern {

struct PatternOptions {
  bool extglob = true;       // ?( ) *( ) +( ) @( ) !( ) are special
  bool ignore_case = false;  // nocasematch, nocaseglob
  friend bool operator==(const PatternOptions&, const PatternOptions&) = default;
};

inline constexpr size_t kNoMatch = static_cast<size_t>(-1);

struct Group;

/// One step of a pattern.
struct Element {
  enum class Kind : uint8_t {
    Literal,       // the bytes `literal`
    AnyCharacter,  // ?
    Character,     // the character `code`, ignoring case or not valid UTF-8
    Set,           // bracket expression
    Star,          // *; only inside groups: elsewhere stars separate segments
    Group,         // ?( ) *( ) +( ) @( ) !( )
  };
  Kind kind = Kind::Literal;
  bool ignores_case = false;
  std::string_view literal;
  char32_t code = 0;
  union {
    const CharacterSet* set = nullptr;
    const Group* group;
  };
};

/// Extended pattern: `op`( alternatives ).
struct Group {
  char op;
  std::span<const std::span<const Element>> alternatives;
};

/// The elements between two asterisks. Each matches a fixed number of characters.
struct Segment {
  std::span<const Element> elements;
  uint32_t characters = 0;
  bool is_empty() const { return elements.empty(); }
  bool is_one_literal() const { return elements.size() == 1 && elements[0].kind == Element::Kind::Literal; }
};

/// A compiled pattern: a small value that refers to the text it was made from and to the arena; both must outlive it.
class Pattern {
 public:
  /// A range of bytes of the text searched.
  struct Match {
    size_t begin;
    size_t end;
  };

  /// Matches only the empty string.
  Pattern() = default;
  /// Compiles `text`. `quoted` is empty, or has a non-zero byte for each byte of `text` that is literal whatever it is.
  /// An unquoted backslash makes the next character literal. What is no valid special form stands for itself.
  static Pattern compile(std::string_view text, std::string_view quoted, const PatternOptions& options, Arena& arena);
  /// Matches exactly `text`.
  static Pattern literal(std::string_view text);

  /// Whether the pattern matches exactly one text, literal_text().
  bool is_literal() const { return shape_ == Shape::Literal; }
  std::string_view literal_text() const { return literal_; }

  /// Whether the whole of `text` matches.
  bool matches(std::string_view text) const {
    if (shape_ == Shape::Literal) return text == literal_;
    return matches_slow(text);
  }
  /// matches(), where a period at the start must be matched by a literal period (XCU 2.14.3).
  bool matches_filename(std::string_view text) const;

  /// ${x#pattern}, ${x##pattern}: length of the shortest or longest prefix of `text` that matches; kNoMatch if none
  /// does.
  size_t shortest_prefix(std::string_view text) const;
  size_t longest_prefix(std::string_view text) const;
  /// ${x%pattern}, ${x%%pattern}: where the shortest or longest suffix of `text` that matches begins; kNoMatch if none
  /// does.
  size_t shortest_suffix(std::string_view text) const;
  size_t longest_suffix(std::string_view text) const;
  /// The leftmost match that begins at `from` or later (a character boundary), as long as possible.
  std::optional<Match> find(std::string_view text, size_t from) const;

 private:
  friend class PatternCompiler;
  enum class Shape : uint8_t {
    Literal,   // literal_
    Segments,  // segments_, asterisks between them
    Groups,    // elements_, with groups and asterisks
  };

  bool matches_slow(std::string_view text) const;
  size_t longest_from(std::string_view text, size_t from) const;
  size_t start_of_tail(std::string_view text, size_t& tail) const;
  void ends_from(std::string_view text, size_t from, bool period_is_explicit, std::vector<size_t>& ends) const;
  bool matches_from_any(std::string_view text, std::span<const size_t> starts, bool to_end) const;
  size_t narrow(std::string_view text, std::span<const size_t> starts, bool to_end, bool is_first) const;
  size_t find_suffix(std::string_view text, bool is_longest) const;
  std::optional<Match> find_group(std::string_view text, size_t from) const;
  bool may_begin_with(std::string_view text, size_t at) const;

  Shape shape_ = Shape::Literal;
  bool may_be_empty_ = true;  // Groups
  std::string_view literal_ = {"", 0};
  std::span<const Segment> segments_;
  std::span<const Element> elements_;
  const uint64_t* first_bytes_ = nullptr;  // Groups: bytes a match can begin with (256 bits)
};

/// Whether compile() would find anything special in `text`: what decides whether pathname expansion is tried at all.
bool has_special_characters(std::string_view text, std::string_view quoted, bool extglob);

}  // namespace mish::pattern

#endif  // MISH_SHELL_PATTERN_PATTERN_H_
