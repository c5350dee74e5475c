// SPDX-License-Identifier: GPL-3.0-or-later
// "Did you mean": the command whose name comes nearest to one that was not found.
#ifndef MISH_SHELL_INTERACTIVE_DID_YOU_MEAN_H_
#define MISH_SHELL_INTERACTIVE_DID_YOU_MEAN_H_

#include <string>
#include <string_view>
#include <vector>

namespace mish::interactive {

/// The name of `names` that is nearest to `word`: at most one edit away for words of up to four letters, two for longer
/// ones, the first of equals. Empty if there is none, or if `word` has fewer than two letters.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_DID_YOU_MEAN_H_
