// SPDX-License-Identifier: GPL-3.0-or-later
// The candidates of a completion specification: actions, patterns, word lists, functions and commands, filtered and
// decorated. Knows nothing of the line editor.
#ifndef MISH_BUILTINS_CANDIDATES_H_
#define MISH_BUILTINS_CANDIDATES_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/api/builtin.h"
#include "shell/api/frontend.h"

namespace mish::builtins {

/// Status of a completion function that loaded a new specification and wants it to be used (bash).
inline constexpr int kRetryCompletion = 124;

struct Candidates {
  std::vector<std::string> words;
  int status = 0;  // of the function of -F
};

/// All candidates of `spec` for `word`. The function of -F finds COMP_WORDS and so on as the caller has set them.
Candidates generate_candidates(api::BuiltinContext& context, const api::CompletionSpec& spec, std::string_view word);

/// Whether `name` is an action of complete -A.
bool is_completion_action(std::string_view name);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_CANDIDATES_H_
