// SPDX-License-Identifier: GPL-3.0-or-later
// Invocation (XCU sh): options and operands, privileges, the environment, login and rc files, where commands come from.
// Everything a shell does before its first command and after its last.
#ifndef MISH_SHELL_STARTUP_H_
#define MISH_SHELL_STARTUP_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/api/services.h"
#include "shell/exec/shell.h"
#include "shell/state/options.h"

namespace mish {

/// The command line, taken apart.
struct Invocation {
  enum class Action : uint8_t { Run, PrintHelp, PrintVersion, Fail };
  Action action = Action::Run;
  std::string error;                                    // Fail: what is wrong
  std::vector<std::pair<state::Option, bool>> options;  // in the order given
  std::vector<std::string_view> operands;               // after the options: [command] [$0] arguments
  std::string_view rc_file;                             // --rcfile
  bool has_command = false;                             // -c
  bool reads_standard_input = false;                    // -s
  bool is_interactive = false;                          // -i
  bool is_login = false;                                // -l, --login, argv[0] beginning with -
  bool is_posix = false;                                // --posix, -o posix, called as sh
  bool is_private = false;                              // --private
  bool no_rc = false;
  bool no_profile = false;
  bool no_editing = false;        // --noediting
  bool keeps_privileges = false;  // -p
};

/// Takes the command line apart. Nothing is reported or changed.
Invocation parse_invocation(int argc, char* const* argv);

/// Makes the front end of an interactive shell.
using FrontendFactory = std::unique_ptr<api::Frontend> (*)(exec::Shell& shell, bool is_private);

/// Runs the shell as `invocation` says and returns its exit status. `environ` is the environment of the process;
/// `make_frontend` may be null: then a plain prompt serves.
int start(exec::Shell& shell, const Invocation& invocation, char* const* argv, char** environment,
          FrontendFactory make_frontend);

/// The texts of --help and --version.
std::string help_text();
std::string version_text();

}  // namespace mish

#endif  // MISH_SHELL_STARTUP_H_
