// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/string_operations.h"

#include <algorithm>

#include "shell/base/locale.h"
#include "shell/base/simple_escape.h"
#include "shell/base/text.h"

namespace mish::expand {

using pattern::kNoMatch;
using pattern::Pattern;
using syntax::ParameterOp;

std::string_view trim(ParameterOp op, std::string_view text, const Pattern& pattern) {
  bool is_prefix = op == ParameterOp::RemoveSmallestPrefix || op == ParameterOp::RemoveLargestPrefix;
  size_t at;
  if (is_prefix) {
    at = op == ParameterOp::RemoveSmallestPrefix ? pattern.shortest_prefix(text) : pattern.longest_prefix(text);
  } else {
    at = op == ParameterOp::RemoveSmallestSuffix ? pattern.shortest_suffix(text) : pattern.longest_suffix(text);
  }
  if (at == kNoMatch) return text;
  return is_prefix ? text.substr(at) : text.substr(0, at);
}

std::optional<std::string_view> substring(std::string_view text, int64_t offset, std::optional<int64_t> length) {
  // The number of characters is only needed to count from the end.
  if (offset < 0 || (length && *length < 0)) {
    int64_t count = static_cast<int64_t>(count_characters(text));
    if (offset < 0) offset += count;
    if (offset < 0 || offset > count) return std::string_view("", 0);
    if (length && *length < 0) {
      *length += count - offset;
      if (*length < 0) return std::nullopt;
    }
  }
  size_t begin = character_offset(text, static_cast<size_t>(offset));
  text.remove_prefix(begin);
  return length ? text.substr(0, character_offset(text, static_cast<size_t>(*length))) : text;
}

namespace {

void append_replacement(TextBuffer& out, const Replacement& replacement, std::string_view matched) {
  if (replacement.references.empty()) {
    out.append(replacement.text);
    return;
  }
  for (size_t i = 0; i < replacement.text.size(); ++i) {
    if (replacement.references[i] != 0) {
      out.append(matched);
    } else {
      out.push_back(replacement.text[i]);
    }
  }
}

std::optional<Pattern::Match> find_anchored(ParameterOp op, std::string_view text, const Pattern& pattern) {
  bool is_prefix = op == ParameterOp::ReplacePrefix;
  size_t at = is_prefix ? pattern.longest_prefix(text) : pattern.longest_suffix(text);
  if (at == kNoMatch) return std::nullopt;
  return is_prefix ? Pattern::Match{0, at} : Pattern::Match{at, text.size()};
}

}  // namespace

std::string_view replace(ParameterOp op, std::string_view text, const Pattern& pattern, const Replacement& replacement,
                         Arena& arena) {
  bool is_anchored = op == ParameterOp::ReplacePrefix || op == ParameterOp::ReplaceSuffix;
  bool is_empty_pattern = pattern.is_literal() && pattern.literal_text().empty();
  if (is_empty_pattern && !is_anchored) return text;
  std::optional<Pattern::Match> match = is_anchored ? find_anchored(op, text, pattern) : pattern.find(text, 0);
  if (!match) return text;

  TextBuffer out(arena);
  size_t done = 0;
  while (match) {
    out.append(text.substr(done, match->begin - done));
    append_replacement(out, replacement, text.substr(match->begin, match->end - match->begin));
    done = match->end;
    if (op != ParameterOp::ReplaceAll) break;
    if (match->begin == match->end && done < text.size()) {  // an empty match: go on behind the next character
      size_t length = character_length(text, done);
      out.append(text.substr(done, length));
      done += length;
    }
    if (done >= text.size()) break;
    match = pattern.find(text, done);
  }
  out.append(text.substr(done));
  return out.finish();
}

std::string_view change_case(ParameterOp op, std::string_view text, const Pattern* pattern, Arena& arena) {
  bool only_first = op == ParameterOp::UpperFirst || op == ParameterOp::LowerFirst || op == ParameterOp::ToggleFirst;
  bool to_up = op == ParameterOp::UpperFirst || op == ParameterOp::UpperAll;
  bool to_low = op == ParameterOp::LowerFirst || op == ParameterOp::LowerAll;
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    Character character = decode(text, at);
    std::string_view bytes = text.substr(at, character.length);
    if (pattern == nullptr || pattern->matches(bytes)) {
      char32_t upper = to_upper(character.code);
      char32_t changed = to_up ? upper : to_low || upper == character.code ? to_lower(character.code) : upper;
      append_character(out, changed);
    } else {
      out += bytes;
    }
    at += character.length;
    if (only_first) {
      out += text.substr(at);
      break;
    }
  }
  return arena.copy(out);
}

namespace {

/// Reads up to `limit` digits of `base` at text[at].
uint32_t read_digits(std::string_view text, size_t& at, size_t limit, int base) {
  uint32_t value = 0;
  for (; limit > 0 && at < text.size(); --limit, ++at) {
    int digit = hex_value(text[at]);
    if (digit < 0 || digit >= base) break;
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
  }
  return value;
}

}  // namespace

std::string decode_escapes(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at++];
      continue;
    }
    char c = text[at + 1];
    at += 2;
    size_t before = at;
    if (char simple = simple_escape(c)) {
      out += simple;
    } else if (c >= '0' && c <= '7') {
      --at;
      out += static_cast<char>(read_digits(text, at, 3, 8));
    } else if (c == 'x' && at < text.size() && text[at] == '{') {
      ++at;
      out += static_cast<char>(read_digits(text, at, text.size(), 16));
      if (at < text.size() && text[at] == '}') ++at;
    } else if (c == 'x') {
      uint32_t value = read_digits(text, at, 2, 16);
      at > before ? out += static_cast<char>(value) : out += "\\x";
    } else if (c == 'u' || c == 'U') {
      uint32_t value = read_digits(text, at, c == 'u' ? 4 : 8, 16);
      at > before ? append_character(out, value) : void(out.append("\\") += c);
    } else if (c == 'c' && at < text.size()) {
      out += static_cast<char>(text[at++] & 0x1f);
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace mish::expand
