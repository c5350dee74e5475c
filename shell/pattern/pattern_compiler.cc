// SPDX-License-Identifier: GPL-3.0-or-later
// From the text of a pattern to its segments and elements.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/pattern/pattern.h"

namespace mish::pattern {
namespace {

/// Bytes that may begin something special, or end it.
constexpr bool is_special(char c) {
  return c == '*' || c == '?' || c == '[' || c == '\\' || c == '+' || c == '@' || c == '!';
}
constexpr bool is_group_operator(char c) { return c == '?' || c == '*' || c == '+' || c == '@' || c == '!'; }

/// The elements of a sequence while it is read: no memory is allocated for the few that patterns usually have.
class ElementList {
 public:
  void push_back(const Element& element) {
    if (more_.empty() && size_ < kInline) {
      new (inline_ + size_++ * sizeof(Element)) Element(element);
      return;
    }
    if (more_.empty()) more_.assign(data(), data() + size_);
    more_.push_back(element);
    size_ = more_.size();
  }
  bool empty() const { return size_ == 0; }
  const Element& back() const { return data()[size_ - 1]; }
  std::span<const Element> copy_to(Arena& arena) const {
    return arena.copy_span(std::span<const Element>(data(), size_));
  }

 private:
  static constexpr size_t kInline = 12;
  const Element* data() const {
    return more_.empty() ? std::launder(reinterpret_cast<const Element*>(inline_)) : more_.data();
  }
  alignas(Element) std::byte inline_[kInline * sizeof(Element)];  // raw: not even set to zero
  size_t size_ = 0;
  std::vector<Element> more_;
};

/// Whether every character of `text` is valid, so that comparing bytes is comparing characters.
bool is_valid_text(std::string_view text) {
  if (!is_multibyte_locale()) return true;
  for (size_t at = 0; at < text.size();) {
    Character character = decode(text, at);
    if (character.code >= kInvalidByte) return false;
    at += character.length;
  }
  return true;
}

}  // namespace

class PatternCompiler {
 public:
  PatternCompiler(std::string_view text, std::string_view quoted, const PatternOptions& options, Arena& arena)
      : pattern_{text, quoted}, options_(options), arena_(arena) {}

  Pattern compile() {
    bool is_bytewise = !options_.ignore_case && is_valid_text(pattern_.text);
    if (is_bytewise && !has_special()) return Pattern::literal(pattern_.text);
    by_character_ = !is_bytewise;
    if (size_t last = pattern_.text.rfind(']'); last != std::string_view::npos) last_bracket_ = last;
    if (options_.extglob) match_parentheses();
    ElementList elements;
    parse_sequence(0, pattern_.size(), elements);
    return finish(elements);
  }

 private:
  bool has_special() const {
    for (size_t at = 0; at < pattern_.size(); ++at) {
      if (is_special(pattern_.text[at]) && !pattern_.is_quoted(at)) return true;
    }
    return false;
  }

  /// Finds for the opening parenthesis of each group its closing one, in one pass: the groups of `@(@(@(` cost no more.
  void match_parentheses() {
    if (pattern_.text.find('(') == std::string_view::npos) return;
    closing_.assign(pattern_.size(), 0);
    std::vector<size_t> open;
    for (size_t at = 0; at < pattern_.size(); ++at) {
      if (pattern_.is_quoted(at)) continue;
      char c = pattern_.text[at];
      if (c == '\\') {
        ++at;
      } else if (c == '[') {
        if (size_t end = end_of_bracket(at); end != 0) at = end - 1;
      } else if (c == '(' && (!open.empty() || (at > 0 && is_group_operator(pattern_.text[at - 1])))) {
        open.push_back(at);  // within a group (x) pairs up too, without being one
      } else if (c == ')' && !open.empty()) {
        closing_[open.back()] = at;
        open.pop_back();
      }
    }
  }

  bool is_group_at(size_t at, size_t end) const {
    return !closing_.empty() && is_group_operator(pattern_.text[at]) && at + 1 < end &&
           pattern_.is_active(at + 1, '(') && closing_[at + 1] != 0 && !stack_is_low();
  }

  /// Elements of the text from `at` to `end`.
  void parse_sequence(size_t at, size_t end, ElementList& out) {
    size_t run = at;        // where the literal run that is being read begins
    std::string unescaped;  // what precedes the run, when escapes were dropped from it
    auto flush = [&](size_t until) {
      std::string_view literal = pattern_.text.substr(run, until - run);
      if (!unescaped.empty()) {
        literal = arena_.copy(unescaped.append(literal));
        unescaped.clear();
      }
      if (!literal.empty()) add_literal(literal, out);
    };
    while (at < end) {
      char c = pattern_.text[at];
      if (!is_special(c) || pattern_.is_quoted(at)) {
        ++at;
        continue;
      }
      size_t next = at;
      Element element;
      if (is_group_at(at, end)) {
        next = closing_[at + 1] + 1;
        element.kind = Element::Kind::Group;
        element.group = parse_group(at);
        has_groups_ = true;
      } else if (c == '*') {
        next = at + 1;
        element.kind = Element::Kind::Star;
      } else if (c == '?') {
        next = at + 1;
        element.kind = Element::Kind::AnyCharacter;
      } else if (c == '[') {
        next = parse_set(at, end, element);
      } else if (c == '\\' && at + 1 < end) {
        unescaped += pattern_.text.substr(run, at - run);
        run = at + 1;  // the backslash is dropped, what follows is literal whatever it is
        at += 1 + character_length(pattern_.text, at + 1);
        continue;
      }
      if (next == at) {  // nothing special after all
        ++at;
        continue;
      }
      flush(at);
      bool repeats_star = element.kind == Element::Kind::Star && !out.empty() && out.back().kind == element.kind;
      if (!repeats_star) out.push_back(element);
      run = at = next;
    }
    flush(end);
  }

  size_t parse_set(size_t at, size_t end, Element& element) {
    if (at >= last_bracket_) return at;
    element.kind = Element::Kind::Set;
    size_t next = parse_bracket(pattern_, at, options_.ignore_case, &arena_, &element.set);
    return next != 0 && next <= end ? next : at;
  }

  /// The offset after the bracket expression at `at`, 0 if there is none.
  size_t end_of_bracket(size_t at) const {
    return at < last_bracket_ ? parse_bracket(pattern_, at, false, nullptr, nullptr) : 0;
  }

  const Group* parse_group(size_t at) {
    std::vector<std::span<const Element>> alternatives;
    size_t end = closing_[at + 1];
    size_t begin = at + 2;
    for (size_t i = begin; i <= end; i = next_in_group(i, end)) {
      if (i != end && !pattern_.is_active(i, '|')) continue;
      ElementList elements;
      parse_sequence(begin, i, elements);
      alternatives.push_back(elements.copy_to(arena_));
      begin = i + 1;
    }
    return arena_.make<Group>(Group{pattern_.text[at], arena_.copy_span(alternatives)});
  }

  /// The offset after the character, escape, bracket expression or inner group at `at`.
  size_t next_in_group(size_t at, size_t end) const {
    if (at >= end || pattern_.is_quoted(at)) return at + 1;
    if (pattern_.text[at] == '\\') return std::min(at + 2, end);
    if (pattern_.text[at] == '(' && closing_[at] != 0) return closing_[at] + 1;
    if (pattern_.text[at] == '[') {
      size_t after = end_of_bracket(at);
      if (after != 0 && after <= end) return after;
    }
    return at + 1;
  }

  void add_literal(std::string_view text, ElementList& out) {
    if (!by_character_) {
      Element element;
      element.literal = text;
      out.push_back(element);
      return;
    }
    for (size_t at = 0; at < text.size();) {
      Character character = decode(text, at);
      Element element;
      element.kind = Element::Kind::Character;
      element.ignores_case = options_.ignore_case;
      element.code = options_.ignore_case ? to_lower(character.code) : character.code;
      element.literal = text.substr(at, character.length);
      out.push_back(element);
      at += character.length;
    }
  }

  Pattern finish(const ElementList& parsed) {
    Pattern pattern;
    std::span<const Element> elements = parsed.copy_to(arena_);
    bool is_one_literal = elements.size() == 1 && elements[0].kind == Element::Kind::Literal;
    if (elements.empty() || is_one_literal) {
      return Pattern::literal(is_one_literal ? elements[0].literal : std::string_view("", 0));
    }
    if (has_groups_) {
      pattern.shape_ = Pattern::Shape::Groups;
      pattern.elements_ = elements;
      auto* first = static_cast<uint64_t*>(arena_.allocate(4 * sizeof(uint64_t), alignof(uint64_t)));
      std::memset(first, 0, 4 * sizeof(uint64_t));
      pattern.may_be_empty_ = collect_first_bytes(elements, first);
      pattern.first_bytes_ = first;
      return pattern;
    }
    pattern.shape_ = Pattern::Shape::Segments;
    size_t stars = static_cast<size_t>(std::count_if(elements.begin(), elements.end(), is_star));
    std::span<Segment> segments = arena_.make_span<Segment>(stars + 1);
    auto begin = elements.begin();
    for (Segment& segment : segments) {
      auto end = std::find_if(begin, elements.end(), is_star);
      segment.elements = std::span<const Element>(begin, end);
      segment.characters = count_segment(segment);
      begin = end == elements.end() ? end : end + 1;
    }
    pattern.segments_ = segments;
    return pattern;
  }

  static bool is_star(const Element& element) { return element.kind == Element::Kind::Star; }

  static uint32_t count_segment(const Segment& segment) {
    size_t count = 0;
    for (const Element& element : segment.elements) {
      count += element.kind == Element::Kind::Literal ? count_characters(element.literal) : 1;
    }
    return static_cast<uint32_t>(count);
  }

  /// Adds the bytes a match of `elements` can begin with; returns whether the match can be empty.
  static bool collect_first_bytes(std::span<const Element> elements, uint64_t* first) {
    auto add = [first](unsigned byte) { first[byte >> 6] |= uint64_t(1) << (byte & 63); };
    auto add_all = [first] { std::memset(first, 0xFF, 4 * sizeof(uint64_t)); };
    for (const Element& element : elements) {
      switch (element.kind) {
        case Element::Kind::Literal: add(static_cast<unsigned char>(element.literal[0])); return false;
        case Element::Kind::Set:
          for (unsigned byte = 0; byte < 0x80; ++byte) {
            if (element.set->contains(byte)) add(byte);
          }
          for (unsigned byte = 0x80; byte < 0x100; ++byte) add(byte);
          return false;
        case Element::Kind::AnyCharacter:
        case Element::Kind::Character: add_all(); return false;
        case Element::Kind::Star: add_all(); break;
        case Element::Kind::Group:
          if (element.group->op == '!') {
            add_all();
            break;
          }
          bool may_be_empty = element.group->op == '?' || element.group->op == '*';
          for (std::span<const Element> alternative : element.group->alternatives) {
            if (collect_first_bytes(alternative, first)) may_be_empty = true;
          }
          if (!may_be_empty) return false;
          break;
      }
    }
    return true;
  }

  MarkedText pattern_;
  const PatternOptions& options_;
  Arena& arena_;
  bool by_character_ = false;
  bool has_groups_ = false;
  size_t last_bracket_ = 0;      // offset of the last `]`: from there on `[` is literal, found out without a scan
  std::vector<size_t> closing_;  // for the `(` of a group: offset of its `)`
};

Pattern Pattern::compile(std::string_view text, std::string_view quoted, const PatternOptions& options, Arena& arena) {
  return PatternCompiler(text, quoted, options, arena).compile();
}

Pattern Pattern::literal(std::string_view text) {
  Pattern pattern;
  pattern.literal_ = text;
  return pattern;
}

bool has_special_characters(std::string_view text, std::string_view quoted, bool extglob) {
  MarkedText marked{text, quoted};
  // Where the last closing characters stand: beyond them nothing can open, and nothing is scanned in vain.
  size_t last_bracket = kNoMatch, last_parenthesis = kNoMatch;
  auto is_before_last = [&text](size_t at, char c, size_t& last) {
    if (last == kNoMatch) last = text.rfind(c) == std::string_view::npos ? 0 : text.rfind(c);
    return at < last;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (!is_special(c) || marked.is_quoted(at)) continue;
    if (c == '*' || c == '?') return true;
    if (c == '\\') {
      ++at;
    } else if (c == '[') {
      if (!is_before_last(at, ']', last_bracket)) continue;
      const size_t end = parse_bracket(marked, at, false, nullptr, nullptr);
      if (end != 0 && text.substr(at, end - at).find('/') == std::string_view::npos) return true;
    } else if (extglob && marked.is_active(at + 1, '(') && is_before_last(at, ')', last_parenthesis)) {
      return true;
    }
  }
  return false;
}

}  // namespace mish::pattern
