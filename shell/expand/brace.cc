// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/brace.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/base/stack_guard.h"
#include "shell/state/status.h"

namespace mish::expand {

using syntax::BraceExpansion;
using syntax::PartKind;
using syntax::WordPart;

namespace {

// Gigabytes of words: an error at once is better than an hour of them.
constexpr uint64_t kMostWords = uint64_t(1) << 25;

/// From one number or character of the range to the next, without its sign.
uint64_t step_of(const BraceExpansion& range) {
  if (range.step == 0) return 1;
  return range.step < 0 ? 0 - static_cast<uint64_t>(range.step) : static_cast<uint64_t>(range.step);
}

/// How many numbers or characters follow the first one of the range.
uint64_t count_items(const BraceExpansion& range) {
  uint64_t distance = range.first <= range.last ? static_cast<uint64_t>(range.last) - static_cast<uint64_t>(range.first)
                                                : static_cast<uint64_t>(range.first) - static_cast<uint64_t>(range.last);
  return distance / step_of(range);
}

/// How many words `parts` stands for, or some number above kMostWords.
uint64_t count_words(std::span<const WordPart> parts) {
  if (stack_is_low()) throw state::ShellError(state::ShellError::Kind::Fatal, "braces are nested too deeply");
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

}  // namespace

void BraceExpander::expand(std::span<const WordPart> parts) {
  if (count_words(parts) > kMostWords) {
    throw state::ShellError(state::ShellError::Kind::Fatal, "the braces make too many words");
  }
  expand_from(parts, nullptr);
}

void BraceExpander::expand_from(std::span<const WordPart> parts, const Rest* rest) {
  if (stack_is_low()) throw state::ShellError(state::ShellError::Kind::Fatal, "braces are nested too deeply");
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
    produce(word_);
  }
  word_.resize(size);
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
    item.quoted = range.is_character_range;  // {Z..a} passes through [ \ ] ^: none of them is special
    item.text = arena_.copy({text.data(), text.size()});
    word_.push_back(item);
    expand_from(after, rest);
    word_.resize(size);
    if (i == items) return;
  }
}

}  // namespace mish::expand
