// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/api/builtin.h"

#include "shell/api/services.h"
#include "shell/base/diagnostic.h"

namespace mish::api {

void BuiltinContext::error(std::string_view message) {
  // What the builtin wrote so far comes first where both go to the same place.
  out.flush();
  err.write(format_diagnostic(state.shell_name, services.location(), fmt::format("{}: {}", name, message)));
  err.flush();
}

Completion BuiltinContext::usage_error(std::string_view message) {
  error(message);
  if (const Builtin* builtin = services.find_builtin(name); builtin != nullptr && !builtin->synopsis.empty()) {
    err.print("usage: {}\n", builtin->synopsis);
    err.flush();
  }
  return failed(state::kUsageError);
}

Completion BuiltinContext::failure(std::string_view message, int status) {
  error(message);
  return failed(status);
}

Completion BuiltinContext::too_many_arguments() {
  if (state.is_posix()) return failure("too many arguments");
  error("too many arguments");
  return {state::kFailure, state::Flow::Interrupt, 0};
}

Completion BuiltinContext::failed(int status) const {
  bool ends_shell = is_special && state.is_posix() && !services.is_interactive();
  if (is_special && status == state::kFailure) status = state.error_status();
  return {status, ends_shell ? state::Flow::Exit : state::Flow::Normal, 0};
}

}  // namespace mish::api
