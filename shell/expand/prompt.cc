// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/prompt.h"

#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::expand {

namespace {

/// Counts prompts that are expanded within prompts: PS4='${PS4@P}' has no end.
class Nesting {
 public:
  Nesting() { ++depth_; }
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  static bool is_endless() { return depth_ > 16; }

 private:
  static int depth_;
};

int Nesting::depth_ = 0;

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string user_name() {
  const struct passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : "I have no name!";
}

std::string terminal_name() {
  const char* name = ttyname(STDIN_FILENO);
  std::string_view path = name != nullptr ? name : "tty";
  return std::string(path.substr(path.rfind('/') + 1));
}

/// PROMPT_DIRTRIM: only the last `kept` components, after ... (bash).
std::string trim_directory(const std::string& path, int64_t kept) {
  if (kept <= 0) return path;
  size_t begin = path[0] == '~' ? path.find('/') : 0;
  if (begin == std::string::npos) return path;
  size_t at = path.size();
  for (int64_t i = 0; i < kept; ++i) {
    size_t slash = path.rfind('/', at - 1);
    if (slash == std::string::npos || slash <= begin) return path;
    at = slash;
  }
  return path.substr(0, begin) + (begin != 0 ? "/..." : "...") + path.substr(at);
}

}  // namespace

std::string PromptRenderer::working_directory(bool last_component) const {
  std::string path(state_.variables.text(names::PWD));
  if (path.empty()) path = state_.directory.logical();
  std::string_view home = state_.variables.text(names::HOME);
  if (home.size() > 1 && path.starts_with(home) && (path.size() == home.size() || path[home.size()] == '/')) {
    path.replace(0, home.size(), "~");
  }
  if (last_component) {
    size_t slash = path.rfind('/');
    return path == "/" || slash == std::string::npos ? path : path.substr(slash + 1);
  }
  return trim_directory(path, parse_integer(state_.variables.text(names::PROMPT_DIRTRIM)).value_or(0));
}

std::string PromptRenderer::time(const char* format) const {
  activate_locale();
  time_t now = ::time(nullptr);
  struct tm fields = {};
  char buffer[256];
  if (localtime_r(&now, &fields) == nullptr) return {};
  return std::string(buffer, strftime(buffer, sizeof buffer, format, &fields));
}

/// Text that comes from outside: shown, never executed.
void PromptRenderer::put_value(std::string_view text, std::string& out) const {
  bool expands = state_.is_on(state::Option::PromptVars);
  for (char c : printable(text)) {
    if (expands && (c == '$' || c == '`' || c == '\\')) out += '\\';
    out += c;
  }
}

void PromptRenderer::decode_escape(std::string_view value, size_t& at, std::string& out) {
  char c = value[at++];
  switch (c) {
    case 'a': out += '\a'; return;
    case 'e': out += '\033'; return;
    case 'n': out += '\n'; return;
    case 'r': out += '\r'; return;
    case '[': out += kInvisibleBegin; return;
    case ']': out += kInvisibleEnd; return;
    case 'd': put_value(time("%a %b %d"), out); return;
    case 't': put_value(time("%H:%M:%S"), out); return;
    case 'T': put_value(time("%I:%M:%S"), out); return;
    case '@': put_value(time("%I:%M %p"), out); return;
    case 'A': put_value(time("%H:%M"), out); return;
    case 'D': {
      size_t close = at < value.size() && value[at] == '{' ? value.find('}', at) : std::string_view::npos;
      if (close == std::string_view::npos) {
        out += "\\D";
        return;
      }
      std::string format(value.substr(at + 1, close - at - 1));
      at = close + 1;
      put_value(time(format.empty() ? "%X" : format.c_str()), out);
      return;
    }
    case 'h': {
      std::string host = host_name();
      put_value(host.substr(0, host.find('.')), out);
      return;
    }
    case 'H': put_value(host_name(), out); return;
    case 'u': put_value(user_name(), out); return;
    case 's': put_value(state_.shell_name, out); return;
    case 'l': put_value(terminal_name(), out); return;
    case 'j': out += std::to_string(job_count_); return;
    case 'v':
    case 'V': {
      std::string version(state_.variables.text(names::MISH_VERSION));
      put_value(c == 'V' ? version : version.substr(0, version.rfind('.')), out);
      return;
    }
    case 'w': put_value(working_directory(false), out); return;
    case 'W': put_value(working_directory(true), out); return;
    case '!': out += std::to_string(state_.history_number); return;
    case '#': out += std::to_string(command_number_); return;
    case '?': out += std::to_string(state_.last_status); return;
    case '$': put_value(geteuid() == 0 ? "#" : "$", out); return;
    case '\\': out += '\\'; return;  // as in bash, what follows is quoted by it when the text is expanded
    default: break;
  }
  if (c >= '0' && c <= '7') {
    unsigned code = 0;
    --at;
    for (int i = 0; i < 3 && at < value.size() && value[at] >= '0' && value[at] <= '7'; ++i) {
      code = code * 8 + static_cast<unsigned>(value[at++] - '0');
    }
    out += static_cast<char>(code);
    return;
  }
  out += '\\';
  out += c;
}

std::string PromptRenderer::decode(std::string_view value) {
  std::string out;
  for (size_t at = 0; at < value.size();) {
    char c = value[at];
    if (c == '\\' && at + 1 < value.size()) {
      ++at;
      decode_escape(value, at, out);
    } else if (c == '!' && state_.is_posix()) {
      bool is_doubled = at + 1 < value.size() && value[at + 1] == '!';
      out += is_doubled ? "!" : std::to_string(state_.history_number);
      at += is_doubled ? 2 : 1;
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

std::string PromptRenderer::expand(std::string_view value, size_t job_count) {
  job_count_ = job_count;
  std::string decoded = decode(value);
  if (!state_.is_on(state::Option::PromptVars) || decoded.find_first_of("$`\\") == std::string::npos) return decoded;
  int status = state_.last_status;
  std::string result;
  try {
    Nesting nesting;
    if (nesting.is_endless()) return decoded;
    result = expander_.expand_text(decoded);
  } catch (const state::ShellError&) {
    result = std::string(value);
  }
  state_.last_status = status;
  return result;
}

std::string without_brackets(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == kInvisibleBegin || c == kInvisibleEnd; });
  return out;
}

std::string visible_text(std::string_view text) {
  std::string out;
  bool is_visible = true;
  for (char c : text) {
    if (c == kInvisibleBegin)
      is_visible = false;
    else if (c == kInvisibleEnd)
      is_visible = true;
    else if (is_visible)
      out += c;
  }
  return out;
}

}  // namespace mish::expand
