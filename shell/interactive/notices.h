// SPDX-License-Identifier: GPL-3.0-or-later
// What a user is told before a prompt: jobs that changed, new mail (XCU sh, MAIL MAILCHECK MAILPATH), and the size of
// the window for LINES and COLUMNS.
#ifndef MISH_SHELL_INTERACTIVE_NOTICES_H_
#define MISH_SHELL_INTERACTIVE_NOTICES_H_

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>

#include "shell/api/services.h"
#include "shell/process/job.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

struct WindowSize {
  int rows = 24;
  int columns = 80;
};

/// Size of the terminal on `fd`; 24 x 80 when it does not tell.
WindowSize window_size(int fd);

class Notices {
 public:
  Notices(state::ShellState& state, api::ShellServices& services, process::JobTable& jobs)
      : state_(state), services_(services), jobs_(jobs) {}

  /// Lines about jobs that changed, reaping what is ready; empty if there are none.
  std::string jobs();
  /// Lines about mail that arrived since the last look, at most every MAILCHECK seconds.
  std::string mail();
  /// Sets LINES and COLUMNS (checkwinsize).
  void update_window_size(int fd);

 private:
  void check_mail_file(const std::string& path, const std::string& message, std::string& out);

  struct MailFile {
    off_t size = 0;
    timespec modified = {};
  };
  state::ShellState& state_;
  api::ShellServices& services_;
  process::JobTable& jobs_;
  std::map<std::string, MailFile> mail_files_;
  int64_t next_mail_check_ = 0;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_NOTICES_H_
