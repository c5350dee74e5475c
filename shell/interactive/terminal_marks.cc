// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/terminal_marks.h"

#include <fmt/core.h>
#include <unistd.h>

#include "shell/base/text.h"

namespace mish::interactive {

bool terminal_knows_marks(const state::VariableTable& variables) {
  auto value = [&](std::string_view name) { return variables.text(NameTable::intern(name)); };
  std::string_view term = variables.text(names::TERM);
  std::string_view program = value("TERM_PROGRAM");
  for (std::string_view known : {"WezTerm", "iTerm.app", "ghostty", "vscode"}) {
    if (program == known) return true;
  }
  for (std::string_view known : {"foot", "xterm-kitty", "xterm-ghostty", "contour"}) {
    if (term.starts_with(known)) return true;
  }
  if (parse_integer(value("VTE_VERSION")).value_or(0) >= 7600) return true;
  return !value("WT_SESSION").empty() || !value("KONSOLE_VERSION").empty();
}

std::string directory_url(std::string_view path) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  std::string url = fmt::format("file://{}", host);
  for (char c : path) {
    bool is_plain = is_name_char(c) || c == '/' || c == '.' || c == '-' || c == '~';
    if (is_plain)
      url += c;
    else
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

}  // namespace mish::interactive
