// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/hints.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/base/text.h"

namespace mish::syntax {

namespace {

// What other languages write for it.
bool is_foreign_spelling(std::string_view word, std::string_view wanted) {
  if (wanted == "fi") return word == "endif" || word == "end" || word == "elseif" || word == "elsif" || word == "elsf";
  if (wanted == "done")
    return word == "od" || word == "end" || word == "enddo" || word == "endwhile" || word == "endfor";
  if (wanted == "esac") return word == "endcase" || word == "end" || word == "endsw";
  return false;
}

std::string_view correction(std::string_view word, std::string_view wanted) {
  return word == "elseif" || word == "elsif" || word == "elsf" ? "elif" : wanted;
}

bool is_letter_run(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c); });
}

}  // namespace

std::string find_misspelling(std::string_view text, uint32_t first_line, std::string_view wanted) {
  constexpr size_t kFarthest = 256 * 1024;
  text = text.substr(0, kFarthest);
  uint32_t line = first_line;
  bool at_command = true;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (!is_alpha(c)) {
      if (!is_blank(c)) at_command = c == '\n' || c == ';' || c == '&' || c == '|';
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool near = wanted.size() > 2 && is_letter_run(word) && word != wanted && edit_distance(word, wanted, 1) <= 1;
    if (at_command && (near || is_foreign_spelling(word, wanted))) {
      return fmt::format("; did you mean `{}' instead of `{}' in line {}?", correction(word, wanted), word, line);
    }
    // Behind these words a command may begin.
    at_command = word == "then" || word == "do" || word == "else" || word == "if" || word == "while" || word == "elif";
    i = end;
  }
  return {};
}

std::string_view opener_of(std::string_view closer) {
  if (closer == "fi" || closer == "then" || closer == "elif" || closer == "else") return "if";
  if (closer == "done" || closer == "do") return "while', `until' or `for";
  if (closer == "esac" || closer == ";;" || closer == ";&" || closer == ";;&") return "case";
  if (closer == "}") return "{";
  if (closer == ")") return "(";
  return {};
}

}  // namespace mish::syntax
