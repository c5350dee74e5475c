// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a command of this shell with other standard descriptors, and puts the old ones back whatever happens.
#ifndef MISH_BUILTINS_IPC_REDIRECTED_H_
#define MISH_BUILTINS_IPC_REDIRECTED_H_

#include <string>
#include <string_view>

#include "shell/api/services.h"
#include "shell/base/fd.h"

namespace mish::builtins {

/// While it lives descriptor `target` (0, 1 or 2) is a copy of `source`.
class RedirectedFd {
 public:
  RedirectedFd(int target, int source);
  ~RedirectedFd();
  RedirectedFd(const RedirectedFd&) = delete;
  RedirectedFd& operator=(const RedirectedFd&) = delete;

 private:
  int target_;
  UniqueFd saved_;
};

struct CommandResult {
  api::Completion completion;
  std::string output, error;
  uint64_t input_used = 0;  // bytes of the input that were read
};

/// Runs `words` in this shell with `input` on standard input, capturing standard output and standard error. An error of
/// the shell language (or `exit`) inside is told in the completion and ends nothing.
Result<CommandResult> run_captured(api::BuiltinContext& context, api::Args words, std::string_view input);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_REDIRECTED_H_
