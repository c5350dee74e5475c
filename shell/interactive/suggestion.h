// SPDX-License-Identifier: GPL-3.0-or-later
// Suggestions from history: the newest command that begins as the line does, first among those entered in the working
// directory, then among all, other sessions' included.
#ifndef MISH_SHELL_INTERACTIVE_SUGGESTION_H_
#define MISH_SHELL_INTERACTIVE_SUGGESTION_H_

#include <string>
#include <string_view>

#include "shell/interactive/history.h"

namespace mish::interactive {

class Suggestions {
 public:
  explicit Suggestions(const History& history) : history_(history) {}

  /// What would complete `text`; empty if nothing does. Remembers the last answer while it still fits.
  const std::string& find(std::string_view text, std::string_view directory);

 private:
  const History& history_;
  std::string text_, directory_, answer_, command_;
  uint64_t generation_ = 0;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_SUGGESTION_H_
