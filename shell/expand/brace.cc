// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/brace.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/state/status.h"

namespace mish::expand {

using syntax::BraceExpansion;
using syntax::PartKind;
using syntax::WordPart;

namespace {

// Gigabytes of words: an error at once is better than an hour of them.
constexpr uint64_t kMostWords = uint64_t(1) << 24;

/// From one number or character of the range to the next, without its sign.
uint64_t step_of(const BraceExpansion& range) {
  if (range.step == 0) return 1;
  return range.step < 0 ? 0 - static_cast<uint64_t>(range.step) : static_cast<uint64_t>(range.step);
}

/// How many numbers or characters follow the first one of the range.
uint64_t count_items(const BraceExpansion& range) {
  uint64_t distance = range.first <= range.last
                          ? static_cast<uint64_t>(range.last) - static_cast<uint64_t>(range.first)
                          : static_cast<uint64_t>(range.first) - static_cast<uint64_t>(range.last);
  return distance / step_of(range);
}

/// How many words `parts` stands for, or some number above kMostWords.
uint64_t count_words(std::span<const WordPart> parts) {
  if (stack_is_low()) throw state::ShellError(state::ShellError::Kind::Exhausted, "braces are nested too deeply");
  uint64_t words = 1;
  for (const WordPart& part : parts) {
    if (part.kind != PartKind::Brace) continue;
    uint64_t alternatives = 0;
    if (part.brace->is_range) {
      alternatives = std::min(count_items(*part.brace), kMostWords) + 1;
    } else {
      for (const syntax::Word* alternative : part.brace->alternatives) {
        alternatives = std::min(alternatives + count_words(alternative->parts), kMostWords + 1);
      }
    }
    words = std::min(words * alternatives, kMostWords + 1);
  }
  return words;
}

bool is_plain(const WordPart& part) { return part.kind == PartKind::Literal && !part.quoted; }

/// `$name`: what follows may belong to the name.
bool is_bare_name(const WordPart& part) {
  return part.kind == PartKind::Parameter && !part.quoted && !part.parameter->braces &&
         part.parameter->kind == syntax::ParameterKind::Variable && part.parameter->subscript == nullptr;
}

size_t name_size(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && is_name_char(text[size])) ++size;
  return size;
}

}  // namespace

void BraceExpander::expand(std::span<const WordPart> parts) {
  if (count_words(parts) > kMostWords) {
    throw state::ShellError(state::ShellError::Kind::Fatal, "the braces make too many words");
  }
  expand_from(parts, nullptr);
}

void BraceExpander::expand_from(std::span<const WordPart> parts, const Rest* rest) {
  if (stack_is_low()) throw state::ShellError(state::ShellError::Kind::Exhausted, "braces are nested too deeply");
  size_t size = word_.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind != PartKind::Brace) {
      word_.push_back(parts[i]);
      continue;
    }
    const BraceExpansion& brace = *parts[i].brace;
    std::span<const WordPart> after = parts.subspan(i + 1);
    if (brace.is_range) {
      expand_range(brace, after, rest);
    } else {
      Rest continued{after, rest};
      for (const syntax::Word* alternative : brace.alternatives) expand_from(alternative->parts, &continued);
    }
    word_.resize(size);
    return;
  }
  if (rest != nullptr) {
    expand_from(rest->parts, rest->next);
  } else {
    produce(needs_joining() ? join() : std::span<const WordPart>(word_));
  }
  word_.resize(size);
}

bool BraceExpander::needs_joining() const {
  if (!word_.empty() && is_plain(word_[0]) && word_[0].text.starts_with('~')) return true;
  for (size_t i = 1; i < word_.size(); ++i) {
    if (is_plain(word_[i]) && is_bare_name(word_[i - 1]) && name_size(word_[i].text) > 0) return true;
  }
  return false;
}

std::span<const WordPart> BraceExpander::join() {
  joined_.clear();
  for (WordPart part : word_) {
    if (!joined_.empty() && is_plain(part)) {
      if (is_bare_name(joined_.back())) lengthen_name(joined_.back(), part.text);
      if (part.text.empty()) continue;
      if (is_plain(joined_.back())) {
        joined_.back().text = arena_.copy(std::string(joined_.back().text).append(part.text));
        continue;
      }
    }
    joined_.push_back(part);
  }
  split_tilde();
  return joined_;
}

/// The characters of a name that `text` begins with go over to the parameter's name.
void BraceExpander::lengthen_name(WordPart& parameter, std::string_view& text) {
  size_t size = name_size(text);
  if (size == 0) return;
  auto* longer = arena_.make<syntax::ParameterExpansion>(*parameter.parameter);
  std::string name = std::string(mish::text(longer->name)).append(text.substr(0, size));
  longer->name = NameTable::intern(name);
  longer->text = arena_.copy("$" + name);
  parameter.parameter = longer;
  text.remove_prefix(size);
}

/// The tilde-prefix of a word that begins with one, unless an expansion or quotes are part of it.
void BraceExpander::split_tilde() {
  if (joined_.empty() || !is_plain(joined_[0]) || !joined_[0].text.starts_with('~')) return;
  std::string_view text = joined_[0].text;
  size_t end = std::min(text.find_first_of("/:"), text.size());
  if (end == text.size() && joined_.size() > 1) return;
  WordPart tilde = joined_[0];
  tilde.kind = PartKind::Tilde;
  tilde.text = text.substr(1, end - 1);
  joined_[0].text = text.substr(end);
  joined_.insert(joined_.begin(), tilde);
}

void BraceExpander::expand_range(const BraceExpansion& range, std::span<const WordPart> after, const Rest* rest) {
  const uint64_t step = step_of(range);
  bool is_rising = range.first <= range.last;
  const uint64_t items = count_items(range);
  size_t size = word_.size();
  for (uint64_t i = 0;; ++i) {
    uint64_t offset = i * step;
    int64_t value = static_cast<int64_t>(static_cast<uint64_t>(range.first) + (is_rising ? offset : 0 - offset));
    fmt::memory_buffer text;
    if (range.is_character_range) {
      text.push_back(static_cast<char>(value));
    } else {
      fmt::format_to(std::back_inserter(text), "{:0{}}", value, range.width);
    }
    WordPart item;
    // {Z..a} passes through [ \ ] ^: none of them is special.
    item.quoted = range.is_character_range && !is_alpha(static_cast<char>(value));
    item.text = arena_.copy({text.data(), text.size()});
    word_.push_back(item);
    expand_from(after, rest);
    word_.resize(size);
    if (i == items) return;
  }
}

}  // namespace mish::expand
