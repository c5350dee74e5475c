// SPDX-License-Identifier: GPL-3.0-or-later
// Readline's own history list, which Up and its searches walk through, kept equal to the shell's history. Readline's
// list is a copy; the truth is History.
#ifndef MISH_SHELL_INTERACTIVE_READLINE_HISTORY_H_
#define MISH_SHELL_INTERACTIVE_READLINE_HISTORY_H_

#include <cstddef>
#include <cstdint>

#include "shell/interactive/history.h"

namespace mish::interactive {

class ReadlineHistory {
 public:
  /// `history` is borrowed and has been loaded: what it holds now came from earlier sessions.
  explicit ReadlineHistory(const History& history);

  /// Number of the first command of this session.
  int64_t session_begin() const { return session_begin_; }
  bool is_filled() const { return generation_ != 0; }

  /// Brings Readline's list up to date: what was loaded, other sessions' commands, this session's. So Up goes through
  /// the own commands first, and a search finds all. One command more costs one command; anything else the whole list.
  void synchronise();

 private:
  bool has_one_more() const;

  const History& history_;
  int64_t session_begin_;
  // What the list was made of; generation 0: nothing yet.
  uint64_t generation_ = 0;
  size_t count_ = 0;
  size_t others_ = 0;
  int64_t first_number_ = 0;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_READLINE_HISTORY_H_
