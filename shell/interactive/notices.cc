// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/notices.h"

#include <sys/ioctl.h>
#include <time.h>

#include "shell/base/text.h"
#include "shell/expand/expander.h"
#include "shell/process/signals.h"
#include "shell/state/special_variables.h"

namespace mish::interactive {

WindowSize window_size(int fd) {
  WindowSize size;
  struct winsize window = {};
  if (ioctl(fd, TIOCGWINSZ, &window) == 0) {
    if (window.ws_row > 0) size.rows = window.ws_row;
    if (window.ws_col > 0) size.columns = window.ws_col;
  }
  return size;
}

std::string Notices::jobs() {
  process::take_child_change();
  jobs_.reap();
  return jobs_.has_notices() ? jobs_.take_notices() : std::string();
}

void Notices::check_mail_file(const std::string& path, const std::string& message, std::string& out) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    mail_files_.erase(path);
    return;
  }
  auto [it, is_first] = mail_files_.try_emplace(path);
  MailFile& known = it->second;
  bool has_grown = status.st_size > known.size &&
                   (status.st_mtim.tv_sec != known.modified.tv_sec || status.st_mtim.tv_nsec != known.modified.tv_nsec);
  known.size = status.st_size;
  known.modified = status.st_mtim;
  if (is_first || !has_grown) return;
  out += message.empty() ? "You have new mail in " + path : message;
  out += '\n';
}

std::string Notices::mail() {
  const state::VariableTable& variables = state_.variables;
  std::string_view path = variables.text(names::MAILPATH);
  bool has_path = variables.is_set(names::MAILPATH);
  if (!has_path) path = variables.text(names::MAIL);
  if (path.empty()) return {};
  int64_t interval =
      variables.is_set(names::MAILCHECK) ? parse_integer(variables.text(names::MAILCHECK)).value_or(-1) : 600;
  if (interval < 0) return {};
  int64_t now = ::time(nullptr);
  if (now < next_mail_check_) return {};
  next_mail_check_ = now + interval;
  std::string out;
  std::string list(path);
  if (!has_path) {
    check_mail_file(list, "You have new mail.", out);
    return out;
  }
  size_t at = 0;
  while (at <= list.size()) {
    size_t end = at;
    while (end < list.size() && list[end] != ':') end += list[end] == '\\' && end + 1 < list.size() ? 2 : 1;
    std::string entry = list.substr(at, end - at);
    at = end + 1;
    // MAILPATH: file%message (XCU), file?message (bash).
    size_t mark = entry.find_first_of("%?");
    std::string message = mark == std::string::npos ? std::string() : entry.substr(mark + 1);
    if (!message.empty()) {
      try {
        message = services_.expander().expand_text(message);
      } catch (const state::ShellError&) {
        // Shown as it is.
      }
    }
    if (!entry.empty()) check_mail_file(entry.substr(0, mark), message, out);
  }
  return out;
}

void Notices::update_window_size(int fd) {
  if (!state_.is_on(state::Option::CheckWinSize)) return;
  WindowSize size = window_size(fd);
  state::note_window_size(state_, size.rows, size.columns);
}

}  // namespace mish::interactive
