// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_history.h"

#include <algorithm>
#include <cstdio>

// Readline's headers come last: they define names of their own liking.
#include <readline/history.h>

namespace mish::interactive {

ReadlineHistory::ReadlineHistory(const History& history)
    : history_(history), session_begin_(history.first_number() + static_cast<int64_t>(history.count())) {}

bool ReadlineHistory::has_one_more() const {
  return generation_ != 0 && history_.first_number() == first_number_ && history_.others().size() == others_ &&
         history_.count() == count_ + 1;
}

void ReadlineHistory::synchronise() {
  if (history_.generation() == generation_) return;
  if (has_one_more()) {
    add_history(history_.record(history_.count() - 1).line.c_str());
  } else {
    ::clear_history();
    int64_t loaded = std::max<int64_t>(session_begin_ - history_.first_number(), 0);
    size_t begin = std::min(static_cast<size_t>(loaded), history_.count());
    for (size_t i = 0; i < begin; ++i) add_history(history_.record(i).line.c_str());
    for (const HistoryRecord& record : history_.others()) add_history(record.line.c_str());
    for (size_t i = begin; i < history_.count(); ++i) add_history(history_.record(i).line.c_str());
  }
  generation_ = history_.generation();
  count_ = history_.count();
  others_ = history_.others().size();
  first_number_ = history_.first_number();
}

}  // namespace mish::interactive
