// SPDX-License-Identifier: GPL-3.0-or-later
// Composition: the table of builtins, the shell, the front end if it is interactive. Nothing else.
#include <unistd.h>

#include <cstdio>
#include <new>

#include "builtins/builtins.h"
#include "builtins/ipc/nouns.h"
#include "builtins/ipc/virtual_files.h"
#include "shell/exec/shell.h"
#include "shell/startup.h"
#ifdef MISH_HAS_FRONTEND
#include "shell/interactive/frontend.h"
#endif

namespace {

int print(int fd, std::string_view text, int status) {
  mish::Output output(fd);
  output.write(text);
  if (output.flush()) return status;
  perror("mish: write error");
  return mish::state::kFailure;
}

int run(int argc, char** argv) {
  mish::Invocation invocation = mish::parse_invocation(argc, argv);
  switch (invocation.action) {
    case mish::Invocation::Action::PrintHelp: return print(STDOUT_FILENO, mish::help_text(), 0);
    case mish::Invocation::Action::PrintVersion: return print(STDOUT_FILENO, mish::version_text(), 0);
    case mish::Invocation::Action::Fail:
      return print(STDERR_FILENO, "mish: " + invocation.error + "\n", mish::state::kUsageError);
    case mish::Invocation::Action::Run: break;
  }
  mish::FrontendFactory make_frontend = nullptr;
#ifdef MISH_HAS_FRONTEND
  make_frontend = [](mish::exec::Shell& shell, bool is_private) {
    return mish::interactive::make_frontend(shell.state(), shell, shell.jobs(), is_private);
  };
#endif
  // Never deleted, see main.
  auto& shell = *new mish::exec::Shell(mish::builtins::builtin_table());
#ifdef MISH_HAS_FRONTEND
  shell.set_editor_factory(mish::interactive::make_script_editor);
#endif
  shell.set_virtual_files(mish::builtins::open_virtual_file);
  return mish::start(shell, invocation, argv, environ, make_frontend);
}

}  // namespace

int main(int argc, char** argv) {
  // Nothing is torn down, the system takes everything back at once; but names that others see.
  try {
    int status = run(argc, argv);
    mish::builtins::leave_ipc();
    _exit(status);
  } catch (const std::bad_alloc&) {
    _exit(print(STDERR_FILENO, "mish: out of memory\n", mish::state::kUsageError));
  }
}
