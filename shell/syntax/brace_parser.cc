// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/brace_parser.h"

#include <algorithm>
#include <cstring>

#include "shell/base/stack_guard.h"
#include "shell/base/text.h"

namespace mish::syntax {

namespace {

struct Place {
  size_t part = 0;
  size_t offset = 0;
};

struct Marker {
  Place place;
  char character;    // { , }
  size_t match = 0;  // of a valid {: index of its }
  bool is_valid = false;
  bool is_range = false;
  size_t next_comma = 0;  // of a { or a comma: index of the next comma of the same expression, 0 if none
};

class BraceParser {
 public:
  BraceParser(Arena& arena, std::span<const WordPart> parts) : arena_(arena), parts_(parts) {}

  bool find();
  void build(Place from, Place to, size_t marker, size_t marker_end, std::vector<WordPart>& out);
  size_t marker_count() const { return markers_.size(); }
  bool too_deep() const { return too_deep_; }

 private:
  void collect();
  bool match_range(const Marker& open, const Marker& close) const;
  void copy(Place from, Place to, std::vector<WordPart>& out) const;
  WordPart make_expression(size_t open);
  const Word* make_alternative(Place from, Place to, size_t marker, size_t marker_end);

  Arena& arena_;
  std::span<const WordPart> parts_;
  std::vector<Marker> markers_;
  bool too_deep_ = false;
};

void BraceParser::collect() {
  for (size_t i = 0; i < parts_.size(); ++i) {
    const WordPart& part = parts_[i];
    if (part.kind != PartKind::Literal || part.quoted) continue;
    for (size_t k = 0; k < part.text.size(); ++k) {
      const char c = part.text[k];
      if (c == '{' || c == ',' || c == '}') markers_.push_back({{i, k}, c});
    }
  }
}

// {1..9}, {a..e..2}: the text between the braces, all of it unquoted and in one part.
std::string_view range_text(std::span<const WordPart> parts, Place open, Place close) {
  if (open.part != close.part) return {};
  return parts[open.part].text.substr(open.offset + 1, close.offset - open.offset - 1);
}

struct Range {
  bool is_character = false;
  int64_t first = 0, last = 0, step = 1;
  uint8_t width = 0;
};

bool has_leading_zero(std::string_view number) {
  if (!number.empty() && (number[0] == '-' || number[0] == '+')) number.remove_prefix(1);
  return number.size() > 1 && number[0] == '0';
}

bool parse_range(std::string_view text, Range& range) {
  size_t dots = text.find("..");
  if (dots == std::string_view::npos || dots == 0) return false;
  std::string_view first = text.substr(0, dots);
  std::string_view last = text.substr(dots + 2);
  std::string_view step;
  if (size_t more = last.find(".."); more != std::string_view::npos) {
    step = last.substr(more + 2);
    last = last.substr(0, more);
    auto value = parse_integer(step);
    if (!value) return false;
    range.step = *value;
  }
  auto a = parse_integer(first);
  auto b = parse_integer(last);
  if (a && b) {
    range.first = *a;
    range.last = *b;
    if (has_leading_zero(first) || has_leading_zero(last)) {
      range.width = static_cast<uint8_t>(std::min<size_t>(std::max(first.size(), last.size()), 255));
    }
  } else if (first.size() == 1 && last.size() == 1 && is_alpha(first[0]) && is_alpha(last[0])) {
    range.is_character = true;
    range.first = static_cast<unsigned char>(first[0]);
    range.last = static_cast<unsigned char>(last[0]);
  } else {
    return false;
  }
  // The step counts towards the end whatever its sign.
  if (range.step == 0 || range.step == INT64_MIN) range.step = 1;
  if ((range.step > 0) != (range.first <= range.last)) range.step = -range.step;
  return true;
}

bool BraceParser::match_range(const Marker& open, const Marker& close) const {
  Range range;
  return parse_range(range_text(parts_, open.place, close.place), range);
}

// Pairs the braces with a stack, innermost first; an unmatched { stays text. Linear in the number of markers.
bool BraceParser::find() {
  collect();
  struct Open {
    size_t marker;
    size_t last_comma;
  };
  std::vector<Open> stack;
  bool found = false;
  for (size_t i = 0; i < markers_.size(); ++i) {
    Marker& marker = markers_[i];
    if (marker.character == '{') {
      stack.push_back({i, i});
    } else if (stack.empty()) {
      continue;
    } else if (marker.character == ',') {
      markers_[stack.back().last_comma].next_comma = i;
      stack.back().last_comma = i;
    } else {
      Marker& open = markers_[stack.back().marker];
      const bool has_comma = stack.back().last_comma != stack.back().marker;
      stack.pop_back();
      open.match = i;
      open.is_range = !has_comma && match_range(open, marker);
      open.is_valid = has_comma || open.is_range;
      found = found || open.is_valid;
    }
  }
  return found;
}

void BraceParser::copy(Place from, Place to, std::vector<WordPart>& out) const {
  for (size_t i = from.part; i < parts_.size() && i <= to.part; ++i) {
    if (i == to.part && to.offset == 0) break;
    WordPart part = parts_[i];
    if (part.kind == PartKind::Literal) {
      const size_t begin = i == from.part ? from.offset : 0;
      const size_t end = i == to.part ? to.offset : part.text.size();
      const bool was_empty = part.text.empty();
      part.text = part.text.substr(begin, end - begin);
      if (part.text.empty() && !was_empty) continue;
    }
    out.push_back(part);
  }
}

const Word* BraceParser::make_alternative(Place from, Place to, size_t marker, size_t marker_end) {
  std::vector<WordPart> parts;
  build(from, to, marker, marker_end, parts);
  Word* word = arena_.make<Word>();
  word->parts = arena_.copy_span(parts);
  for (const WordPart& part : parts) word->has_quotes = word->has_quotes || part.quoted;
  set_word_flags(*word, arena_, has_pattern_characters(parts));
  return word;
}

WordPart BraceParser::make_expression(size_t open) {
  BraceExpansion* brace = arena_.make<BraceExpansion>();
  const Marker& first = markers_[open];
  const Marker& last = markers_[first.match];
  WordPart part;
  part.kind = PartKind::Brace;
  part.line = parts_[first.place.part].line;
  part.brace = brace;
  if (first.is_range) {
    Range range;
    brace->text = range_text(parts_, first.place, last.place);
    parse_range(brace->text, range);
    brace->is_range = true;
    brace->is_character_range = range.is_character;
    brace->first = range.first;
    brace->last = range.last;
    brace->step = range.step;
    brace->width = range.width;
    return part;
  }
  std::vector<const Word*> alternatives;
  size_t begin = open;
  for (;;) {
    const size_t comma = markers_[begin].next_comma;
    const size_t end = comma == 0 ? first.match : comma;
    const Place from{markers_[begin].place.part, markers_[begin].place.offset + 1};
    alternatives.push_back(make_alternative(from, markers_[end].place, begin + 1, end));
    if (comma == 0) break;
    begin = comma;
  }
  brace->alternatives = arena_.copy_span(alternatives);
  return part;
}

void BraceParser::build(Place from, Place to, size_t marker, size_t marker_end, std::vector<WordPart>& out) {
  if (stack_is_low()) {
    too_deep_ = true;
    return;
  }
  while (marker < marker_end) {
    const Marker& open = markers_[marker];
    if (!open.is_valid) {
      ++marker;
      continue;
    }
    copy(from, open.place, out);
    out.push_back(make_expression(marker));
    const Place close = markers_[open.match].place;
    from = {close.part, close.offset + 1};
    marker = open.match + 1;
  }
  copy(from, to, out);
}

}  // namespace

bool parse_braces(Arena& arena, std::span<const WordPart> parts, std::vector<WordPart>& out, bool& too_deep) {
  BraceParser parser(arena, parts);
  if (!parser.find()) return false;
  std::vector<WordPart> result;
  parser.build({0, 0}, {parts.size(), 0}, 0, parser.marker_count(), result);
  too_deep = too_deep || parser.too_deep();
  out = std::move(result);
  return true;
}

bool has_pattern_characters(std::span<const WordPart> parts) {
  bool bracket = false;
  for (const WordPart& part : parts) {
    if (part.kind != PartKind::Literal || part.quoted) continue;
    for (size_t i = 0; i < part.text.size(); ++i) {
      const char c = part.text[i];
      if (c == '*' || c == '?') return true;
      if (c == '(' && i != 0 && std::strchr("@+!", part.text[i - 1]) != nullptr) return true;
      if (c == '[') bracket = true;
      if (c == ']' && bracket) return true;
    }
  }
  return false;
}

void set_word_flags(Word& word, Arena& arena, bool has_pattern) {
  bool literal = !has_pattern;
  size_t length = 0;
  for (const WordPart& part : word.parts) {
    switch (part.kind) {
      case PartKind::Literal: length += part.text.size(); break;
      case PartKind::Tilde:
        literal = false;
        word.has_tilde = true;
        break;
      case PartKind::Brace:
        literal = false;
        word.may_brace = true;
        for (const Word* alternative : part.brace->alternatives) {
          word.may_split = word.may_split || alternative->may_split;
          word.may_glob = word.may_glob || alternative->may_glob;
        }
        break;
      case PartKind::ProcessSubstitution: literal = false; break;
      case PartKind::Parameter:
      case PartKind::CommandSubstitution:
      case PartKind::Arithmetic:
        literal = false;
        if (!part.quoted) word.may_split = word.may_glob = true;
        break;
    }
  }
  word.may_glob = word.may_glob || has_pattern;
  word.is_single_parameter = word.parts.size() == 1 && word.parts[0].kind == PartKind::Parameter;
  word.is_literal = literal;
  if (!literal) return;
  if (word.parts.size() == 1) {
    // The text of a lone part is made by Arena::copy, so it has its NUL already, unless it is a slice.
    const std::string_view text = word.parts[0].text;
    if (text.data() != nullptr && text.data()[text.size()] == '\0') {
      word.literal = text;
      return;
    }
  }
  char* out = static_cast<char*>(arena.allocate(length + 1, 1));
  word.literal = {out, length};
  for (const WordPart& part : word.parts) {
    if (!part.text.empty()) std::memcpy(out, part.text.data(), part.text.size());
    out += part.text.size();
  }
  *out = '\0';
}

}  // namespace mish::syntax
