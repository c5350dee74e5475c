// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/tilde.h"

#include <pwd.h>
#include <unistd.h>

#include <climits>
#include <vector>

#include "shell/base/text.h"

namespace mish::expand {
namespace {

/// Calls getpwnam_r or getpwuid_r with a buffer that is large enough.
template <typename Lookup>
std::optional<std::string> home_from_database(Lookup lookup) {
  std::vector<char> buffer(1024);
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    int error = lookup(&entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && buffer.size() < (size_t(1) << 20)) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (error != 0 || found == nullptr || found->pw_dir == nullptr) return std::nullopt;
    return std::string(found->pw_dir);
  }
}

std::optional<std::string> set_text(std::string_view text) {
  if (text.data() == nullptr) return std::nullopt;
  return std::string(text);
}

/// ~N, ~+N, ~-N: an entry of the directory stack, 0 being the working directory.
std::optional<std::string> stack_entry(state::ShellState& state, std::string_view text) {
  bool from_bottom = text[0] == '-';
  std::optional<int64_t> number = parse_integer(text[0] == '+' || from_bottom ? text.substr(1) : text);
  if (!number || *number < 0) return std::nullopt;
  const std::vector<std::string>& entries = state.directory_stack.entries;
  int64_t count = static_cast<int64_t>(entries.size()) + 1;
  int64_t at = from_bottom ? count - 1 - *number : *number;
  if (at < 0 || at >= count) return std::nullopt;
  return at == 0 ? state.directory.logical() : entries[static_cast<size_t>(at - 1)];
}

}  // namespace

std::optional<std::string> expand_tilde(state::ShellState& state, std::string_view login) {
  if (login.empty()) {
    if (auto home = set_text(state.variables.text_or_null(names::HOME))) return home;
    return home_from_database([](passwd* entry, char* buffer, size_t size, passwd** found) {
      return getpwuid_r(getuid(), entry, buffer, size, found);
    });
  }
  if (!state.is_posix()) {
    if (login == "+") return set_text(state.variables.text_or_null(names::PWD));
    if (login == "-") return set_text(state.variables.text_or_null(names::OLDPWD));
    bool is_number = is_digit(login[0]) || ((login[0] == '+' || login[0] == '-') && is_digit(login[1]));
    if (is_number) return stack_entry(state, login);
  }
  if (login.size() > LOGIN_NAME_MAX) return std::nullopt;  // some name services abort on what cannot be a name
  std::string name(login);
  return home_from_database([&name](passwd* entry, char* buffer, size_t size, passwd** found) {
    return getpwnam_r(name.c_str(), entry, buffer, size, found);
  });
}

}  // namespace mish::expand
