// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_quoting.h"

#include <algorithm>
#include <cstring>

#include "shell/base/text.h"

namespace mish::interactive {

std::string quote_filename(std::string_view name, char quote) {
  std::string out;
  if (quote != '\0') {
    out += quote;
  } else if (name.starts_with("~")) {
    size_t slash = std::min(name.find('/'), name.size());
    out += name.substr(0, slash);
    name.remove_prefix(slash);
  }
  for (char c : name) {
    if (quote == '\'' && c == '\'') {
      out += "'\\'";
    } else if (quote == '"' ? std::strchr("\"\\$`", c) != nullptr
                            : quote == '\0' && std::strchr(kQuotedInFilenames, c) != nullptr) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string remove_quotes(std::string_view text, char quote) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += c;
    }
  }
  return out;
}

bool is_quoted_at(std::string_view text, size_t at) {
  bool is_escaped = false;
  char quote = '\0';
  for (char c : text.substr(0, at)) {
    if (is_escaped)
      is_escaped = false;
    else if (c == '\\' && quote != '\'')
      is_escaped = true;
    else if (quote != '\0' && c == quote)
      quote = '\0';
    else if (quote == '\0' && (c == '\'' || c == '"'))
      quote = c;
  }
  return is_escaped || (quote != '\0' && at < text.size() && text[at] != quote);
}

}  // namespace mish::interactive
