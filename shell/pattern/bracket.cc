// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/pattern/bracket.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "shell/base/locale.h"
#include "shell/base/text.h"

namespace mish::pattern {
namespace {

/// The standard classes over ASCII, as bit sets made at compile time: a class costs nothing to put into a set.
struct AsciiClass {
  std::string_view name;
  uint64_t bits[2];
};

template <typename Predicate>
constexpr AsciiClass ascii_class(std::string_view name, Predicate is_in) {
  AsciiClass result{name, {0, 0}};
  for (unsigned c = 0; c < 128; ++c) {
    if (is_in(static_cast<char>(c))) result.bits[c >> 6] |= uint64_t(1) << (c & 63);
  }
  return result;
}

constexpr bool is_graphic(char c) { return c > ' ' && c < 0x7f; }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }

constexpr std::array kAsciiClasses = {
    ascii_class("alpha", is_alpha),
    ascii_class("digit", is_digit),
    ascii_class("alnum", is_alnum),
    ascii_class("space", is_space),
    ascii_class("blank", is_blank),
    ascii_class("upper", [](char c) { return c >= 'A' && c <= 'Z'; }),
    ascii_class("lower", [](char c) { return c >= 'a' && c <= 'z'; }),
    ascii_class("punct", [](char c) { return is_graphic(c) && !is_alnum(c); }),
    ascii_class("print", [](char c) { return c >= ' ' && c < 0x7f; }),
    ascii_class("graph", is_graphic),
    ascii_class("cntrl", [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
    ascii_class("xdigit", [](char c) { return hex_value(c) >= 0; }),
    ascii_class("word", [](char c) { return is_name_char(c); }),  // as in bash and ksh
    ascii_class("ascii", [](char c) { return c >= 0; }),          // as in bash
};

/// Names of collating elements in the portable character set (XBD 6.1) that are not the character itself.
constexpr std::pair<std::string_view, char> kCollatingNames[] = {
    {"NUL", 0},
    {"alert", '\a'},
    {"backspace", '\b'},
    {"tab", '\t'},
    {"newline", '\n'},
    {"vertical-tab", '\v'},
    {"form-feed", '\f'},
    {"carriage-return", '\r'},
    {"space", ' '},
    {"exclamation-mark", '!'},
    {"quotation-mark", '"'},
    {"number-sign", '#'},
    {"dollar-sign", '$'},
    {"percent-sign", '%'},
    {"ampersand", '&'},
    {"apostrophe", '\''},
    {"left-parenthesis", '('},
    {"right-parenthesis", ')'},
    {"asterisk", '*'},
    {"plus-sign", '+'},
    {"comma", ','},
    {"hyphen", '-'},
    {"hyphen-minus", '-'},
    {"period", '.'},
    {"full-stop", '.'},
    {"slash", '/'},
    {"solidus", '/'},
    {"zero", '0'},
    {"one", '1'},
    {"two", '2'},
    {"three", '3'},
    {"four", '4'},
    {"five", '5'},
    {"six", '6'},
    {"seven", '7'},
    {"eight", '8'},
    {"nine", '9'},
    {"colon", ':'},
    {"semicolon", ';'},
    {"less-than-sign", '<'},
    {"equals-sign", '='},
    {"greater-than-sign", '>'},
    {"question-mark", '?'},
    {"commercial-at", '@'},
    {"left-square-bracket", '['},
    {"backslash", '\\'},
    {"reverse-solidus", '\\'},
    {"right-square-bracket", ']'},
    {"circumflex", '^'},
    {"circumflex-accent", '^'},
    {"underscore", '_'},
    {"low-line", '_'},
    {"grave-accent", '`'},
    {"left-brace", '{'},
    {"left-curly-bracket", '{'},
    {"vertical-line", '|'},
    {"right-brace", '}'},
    {"right-curly-bracket", '}'},
    {"tilde", '~'},
    {"DEL", 0x7f},
};

/// The character a collating symbol or equivalence class names, nullopt if it names none here.
std::optional<char32_t> collating_element(std::string_view name) {
  if (name.empty()) return std::nullopt;
  if (Character character = decode(name, 0); character.length == name.size()) return character.code;
  for (const auto& [known, c] : kCollatingNames) {
    if (known == name) return static_cast<unsigned char>(c);
  }
  return std::nullopt;
}

}  // namespace

bool CharacterSet::has(char32_t code) const {
  if (code < 0x80 || (code < 0x100 && !is_multibyte_locale())) return (low_[code >> 6] >> (code & 63) & 1) != 0;
  if (is_in_range(code)) return true;
  return std::ranges::any_of(classes_, [&](std::string_view name) { return is_in_class(code, name); });
}

bool CharacterSet::is_in_range(char32_t code) const {
  return std::ranges::any_of(ranges_, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

bool CharacterSet::contains(char32_t code) const {
  // bash: [[:upper:]] stays what it is.
  bool found = has(code) || (ignores_case_ && (is_in_range(to_lower(code)) || is_in_range(to_upper(code))));
  return found != is_negated_;
}

/// One pass over the expression; collects the set only when one is wanted.
class BracketParser {
 public:
  BracketParser(const MarkedText& pattern, size_t at, bool ignore_case, bool collects)
      : pattern_(pattern), at_(at), collects_(collects) {
    set_.ignores_case_ = ignore_case;
  }

  /// Offset after the closing bracket, 0 if there is none.
  size_t parse() {
    ++at_;
    if (pattern_.is_active(at_, '!') || pattern_.is_active(at_, '^')) {
      set_.is_negated_ = true;
      ++at_;
    }
    for (bool is_first = true;; is_first = false) {
      if (at_ >= pattern_.size()) return 0;
      if (pattern_.is_active(at_, ']') && !is_first) return at_ + 1;
      parse_item();
    }
  }

  const CharacterSet* finish(Arena& arena) {
    set_.ranges_ = arena.copy_span(ranges_);
    set_.classes_ = arena.copy_span(classes_);
    return new (arena.allocate(sizeof(CharacterSet), alignof(CharacterSet))) CharacterSet(set_);
  }

 private:
  /// A single character, a range, or a class.
  void parse_item() {
    if (pattern_.is_active(at_, '[') && parse_class()) return;
    std::optional<char32_t> first = parse_endpoint();
    // A hyphen before the closing bracket stands for itself.
    bool is_range = pattern_.is_active(at_, '-') && at_ + 1 < pattern_.size() && !pattern_.is_active(at_ + 1, ']');
    if (!is_range) {
      if (first) add_range(*first, *first);
      return;
    }
    ++at_;
    std::optional<char32_t> last = parse_endpoint();
    if (first && last) add_range(*first, *last);
  }

  /// [:class:] and [=x=]. False (nothing consumed) if this is neither.
  bool parse_class() {
    char kind = at_ + 1 < pattern_.size() ? pattern_.text[at_ + 1] : '\0';
    if ((kind != ':' && kind != '=') || pattern_.is_quoted(at_ + 1)) return false;
    std::string_view name;
    size_t end = find_class_end(kind, name);
    if (end == 0) return false;
    at_ = end;
    if (!collects_) return true;
    if (kind == ':') {
      add_class(name);
    } else if (auto code = collating_element(name)) {
      add_range(*code, *code);
    }
    return true;
  }

  /// A character, perhaps escaped, or a collating symbol. nullopt for a symbol that names nothing.
  std::optional<char32_t> parse_endpoint() {
    if (pattern_.is_active(at_, '[') && pattern_.is_active(at_ + 1, '.')) {
      std::string_view name;
      if (size_t end = find_class_end('.', name); end != 0) {
        at_ = end;
        return collating_element(name);
      }
    }
    if (pattern_.is_active(at_, '\\') && at_ + 1 < pattern_.size()) ++at_;
    Character character = decode(pattern_.text, at_);
    at_ += character.length;
    return character.code;
  }

  /// With `[` at at_ and `kind` after it: offset after `kind` `]`, and the name between. 0 if it does not end.
  size_t find_class_end(char kind, std::string_view& name) const {
    const char closing[2] = {kind, ']'};
    size_t end = pattern_.text.find(std::string_view(closing, 2), at_ + 2);
    if (end == std::string_view::npos) return 0;
    name = pattern_.text.substr(at_ + 2, end - at_ - 2);
    // [:] and [:x]...:] are no classes: a class name has only letters, digits and hyphens.
    if (kind == ':' &&
        !std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; })) {
      return 0;
    }
    return end + 2;
  }

  void add_range(char32_t first, char32_t last) {
    if (!collects_ || first > last) return;
    for (char32_t code = first; code <= last && code < 0x100; ++code)
      set_.low_[code >> 6] |= uint64_t(1) << (code & 63);
    if (last >= 0x80 || set_.ignores_case_) ranges_.push_back({first, last});
  }

  void add_class(std::string_view name) {
    bool is_known = false;
    for (const AsciiClass& known : kAsciiClasses) {
      if (known.name != name) continue;
      set_.low_[0] |= known.bits[0];
      set_.low_[1] |= known.bits[1];
      is_known = true;
    }
    if (name == "word") name = "alnum";
    char32_t limit = is_multibyte_locale() ? 0x80 : 0x100;
    for (char32_t code = is_known ? 0x80 : 0; code < limit; ++code) {
      if (is_in_class(code, name)) set_.low_[code >> 6] |= uint64_t(1) << (code & 63);
    }
    if (is_multibyte_locale()) classes_.push_back(name);
  }

  const MarkedText& pattern_;
  size_t at_;
  bool collects_;
  CharacterSet set_;
  std::vector<CharacterSet::Range> ranges_;
  std::vector<std::string_view> classes_;
};

size_t parse_bracket(const MarkedText& pattern, size_t at, bool ignore_case, Arena* arena, const CharacterSet** set) {
  BracketParser parser(pattern, at, ignore_case, set != nullptr);
  size_t end = parser.parse();
  if (end != 0 && set != nullptr) *set = parser.finish(*arena);
  return end;
}

}  // namespace mish::pattern
