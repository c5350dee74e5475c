// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"

namespace mish {
namespace {

/// The part of a long source line that is shown: some columns on both sides of the error.
struct Excerpt {
  std::string_view text;
  size_t caret;  // byte offset of the error in `text`
};

Excerpt cut_excerpt(std::string_view line, size_t caret) {
  constexpr size_t kBefore = 100, kLength = 160;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  caret = std::min(caret, line.size());
  size_t begin = 0;
  if (line.size() > kLength && caret > kBefore) {
    begin = caret - kBefore;
    while (begin < caret && (static_cast<unsigned char>(line[begin]) & 0xC0) == 0x80) ++begin;
  }
  size_t end = std::min(line.size(), begin + kLength);
  while (end < line.size() && end > caret && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return {line.substr(begin, end - begin), caret - begin};
}

}  // namespace

std::string format_diagnostic(std::string_view shell, const Location& where, std::string_view message) {
  std::string out;
  // Programs that look at bash's messages (bats) know them without its name.
  if (shell != "bash" || where.source.empty()) {
    out += shell;
    out += ": ";
  }
  if (!where.source.empty()) {
    out += where.source;
    out += ": ";
  }
  if (where.line != 0) fmt::format_to(std::back_inserter(out), "line {}: ", where.line);
  out += message;
  out += '\n';
  return out;
}

std::string format_syntax_error(const Location& where, std::string_view message, std::string_view source_line) {
  std::string out(where.source);
  if (where.line != 0) {
    if (!out.empty()) out += ':';
    fmt::format_to(std::back_inserter(out), "{}", where.line);
    if (where.column != 0) fmt::format_to(std::back_inserter(out), ":{}", where.column);
  }
  if (!out.empty()) out += ": ";
  out += "syntax error: ";
  out += message;
  out += '\n';
  if (where.column == 0 || source_line.empty()) return out;

  Excerpt excerpt = cut_excerpt(source_line, where.column - 1);
  constexpr std::string_view kMargin = "    ";
  std::string shown;
  std::string pad;
  for (size_t at = 0; at < excerpt.text.size();) {
    size_t length = character_length(excerpt.text, at);
    std::string_view character = excerpt.text.substr(at, length);
    // A tab stays one, below it too: so the caret stands right whatever the terminal's stops are.
    std::string visible = character == "\t" ? std::string("\t") : printable(character);
    if (at < excerpt.caret) pad += character == "\t" ? visible : std::string(size_t(display_width(visible)), ' ');
    shown += visible;
    at += length;
  }
  return out.append(kMargin).append(shown).append("\n").append(kMargin).append(pad).append("^\n");
}

}  // namespace mish
