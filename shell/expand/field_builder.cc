// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/field_builder.h"

#include <algorithm>
#include <array>

#include "shell/base/locale.h"

namespace mish::expand {

using state::FieldSeparators;
using state::Option;

namespace {

constexpr bool is_pattern_character(char c) {
  return c == '*' || c == '?' || c == '[' || c == '+' || c == '@' || c == '!';
}

constexpr auto kPatternCharacters = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 128; ++c) table[c] = is_pattern_character(static_cast<char>(c));
  return table;
}();

/// Length of the separator at text[at] whose class is not kNone; 0 if it is none after all (a byte within a character).
size_t separator_length(const FieldSeparators& separators, std::string_view text, size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return 1;
  size_t length = character_length(text, at);
  return separators.text.find(text.substr(at, length)) != std::string::npos ? length : 0;
}

}  // namespace

FieldBuilder::FieldBuilder(Expander& expander, Mode mode, FieldList* fields, bool globs)
    : expander_(expander),
      fields_(fields),
      mode_(mode),
      globs_(globs && !expander.state_.is_on(Option::NoGlob)),
      tracks_quotes_(globs_ || mode == Mode::Pattern) {}

/// Makes room for `more` bytes and a NUL. Only the unfinished field moves: finished ones stay where they are.
void FieldBuilder::grow(size_t more) {
  constexpr size_t kFirst = 64, kLargestChunk = 64 * 1024;
  size_t used = length();
  size_t previous = static_cast<size_t>(limit_ - field_);
  size_t wanted = std::max({used * 2, used + more + 1, std::min(previous * 2, kLargestChunk), kFirst});
  char* fresh = static_cast<char*>(expander_.state_.scratch.allocate(wanted, 1));
  if (used != 0) std::memcpy(fresh, field_, used);
  field_ = fresh;
  cursor_ = fresh + used;
  limit_ = fresh + wanted;
}

void FieldBuilder::note_quoted(size_t size) {
  size_t begin = length();
  if (!quoted_.empty() && quoted_.back().end == begin) {
    quoted_.back().end += size;
  } else {
    quoted_.push_back({begin, begin + size});
  }
}

void FieldBuilder::note_pattern(std::string_view text) {
  if (may_match_) return;
  for (char c : text) {
    if (kPatternCharacters[static_cast<unsigned char>(c)]) {
      may_match_ = true;
      return;
    }
  }
}

std::string_view FieldBuilder::marks() {
  if (quoted_.empty()) return {};
  char* marks = static_cast<char*>(expander_.state_.scratch.allocate(length(), 1));
  std::memset(marks, 0, length());
  for (size_t i = 0; i < quoted_.size(); ++i)
    std::memset(marks + quoted_[i].begin, 1, quoted_[i].end - quoted_[i].begin);
  return {marks, length()};
}

std::string_view FieldBuilder::finish_text() {
  if (cursor_ == limit_) grow(0);
  *cursor_ = '\0';
  return {field_, length()};
}

void FieldBuilder::end_field() {
  if (cursor_ == limit_) grow(0);
  *cursor_ = '\0';
  std::string_view field(field_, length());
  if (may_match_) {
    expander_.expand_pathname(field, marks(), *fields_);
  } else {
    fields_->push_back(field);
  }
  field_ = ++cursor_;
  is_present_ = may_match_ = false;
  quoted_.clear();
}

void FieldBuilder::separate(bool is_blank) {
  if (in_field()) {
    end_field();
    after_blank_ = is_blank;
  } else if (!is_blank) {
    // An empty field ends here, unless white space before this separator has ended a field already.
    if (!after_blank_) end_field();
    after_blank_ = false;
  }
}

void FieldBuilder::add_split(std::string_view text) {
  const FieldSeparators& separators = expander_.state_.separators;
  const uint8_t* classes = separators.byte_class;
  for (size_t at = 0; at < text.size();) {
    size_t start = at;
    while (at < text.size() && classes[static_cast<unsigned char>(text[at])] == FieldSeparators::kNone) {
      at += separators.has_high_bytes ? character_length(text, at) : 1;
    }
    size_t length = at < text.size() ? separator_length(separators, text, at) : 0;
    if (at < text.size() && length == 0) at += character_length(text, at);
    if (at > start) add_literal(text.substr(start, at - start));
    if (length != 0) {
      separate(classes[static_cast<unsigned char>(text[at])] == FieldSeparators::kWhitespace);
      at += length;
    }
  }
}

/// Ends the field of an unquoted list item; empty ones vanish.
void FieldBuilder::end_item() {
  if (in_field()) end_field();
  after_blank_ = false;
}

void FieldBuilder::add_list(std::span<const std::string_view> items, bool joins, bool quoted) {
  const FieldSeparators& separators = expander_.state_.separators;
  bool is_joined = mode_ != Mode::Fields || (joins && quoted);
  if (!is_joined) {
    // bash splits the items joined by the first separator: an empty one is a field if that is no white space.
    const bool splits_joined = !quoted && separators.first_length != 0 && !expander_.state_.is_posix();
    std::string_view glue = std::string_view(separators.text).substr(0, separators.first_length);
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) splits_joined ? add_split(glue) : quoted ? end_field() : end_item();
      add(items[i], quoted);
    }
    return;
  }
  std::string_view glue = joins ? std::string_view(separators.text).substr(0, separators.first_length) : " ";
  if (quoted && joins) is_present_ = true;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) add(glue, quoted);
    add(items[i], quoted);
  }
}

}  // namespace mish::expand
