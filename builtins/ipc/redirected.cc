// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/redirected.h"

#include <unistd.h>

#include "shell/state/status.h"

namespace mish::builtins {

RedirectedFd::RedirectedFd(int target, int source) : target_(target) {
  if (Result<UniqueFd> saved = duplicate_above_9(target); saved.ok()) saved_ = std::move(*saved);
  dup2(source, target);
}

RedirectedFd::~RedirectedFd() {
  if (saved_)
    dup2(saved_.get(), target_);
  else
    close(target_);
}

namespace {
/// All of a file in memory, from its start.
Result<void> read_back(const UniqueFd& file, std::string& out) {
  if (lseek(file.get(), 0, SEEK_SET) < 0) return Errno::last();
  return read_all(file.get(), out);
}
}  // namespace

Result<CommandResult> run_captured(api::BuiltinContext& context, api::Args words, std::string_view input) {
  Result<UniqueFd> in = memory_file(input);
  if (!in.ok()) return in.error();
  Result<UniqueFd> error = memory_file({});
  if (!error.ok()) return error.error();
  CommandResult result;
  context.err.flush();
  {
    RedirectedFd standard_input(0, in->get());
    RedirectedFd standard_error(2, error->get());
    try {
      result.completion = context.services.capture_command(words, result.output);
    } catch (const state::ShellError& shell_error) {
      // An error in one call must not end the server: it is this call's status.
      context.services.report(shell_error.message());
      result.completion = api::Completion::of(shell_error.status());
    }
    context.err.flush();
  }
  off_t used = lseek(in->get(), 0, SEEK_CUR);
  result.input_used = used > 0 ? static_cast<uint64_t>(used) : 0;
  if (Result<void> r = read_back(*error, result.error); !r.ok()) return r.error();
  return result;
}

}  // namespace mish::builtins
