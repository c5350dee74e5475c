// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/traps.h"

#include <utility>

namespace mish::state {

void TrapTable::set(Condition condition, TrapAction action) {
  shows_inherited_ = false;
  inherited_.reset();
  inherited_arrivals_.clear();
  bool was_set = actions_.read()[static_cast<size_t>(condition)].is_set();
  bool is_set = action.is_set();
  if (!was_set && !is_set) return;
  actions_.write()[static_cast<size_t>(condition)] = std::move(action);
  set_count_ += static_cast<int>(is_set) - static_cast<int>(was_set);
}

void TrapTable::enter_subshell(bool keeps_error, bool keeps_debug) {
  if (set_count_ == 0) return;  // then there are no arrivals either: they come by a signal
  // Of nested subshells the innermost table that was changed is the one to print.
  if (!shows_inherited_) {
    inherited_ = actions_;
    inherited_arrivals_ = std::move(arrivals_);
  }
  arrivals_.clear();
  shows_inherited_ = true;
  set_count_ = 0;
  Actions& actions = actions_.write();
  for (Condition condition = 0; condition < kConditionCount; ++condition) {
    TrapAction& action = actions[static_cast<size_t>(condition)];
    bool stays =
        condition == kTrapErr ? keeps_error : (condition == kTrapDebug || condition == kTrapReturn) && keeps_debug;
    if (action.kind == TrapAction::Kind::Command && !stays) action = TrapAction{};
    if (action.is_set()) ++set_count_;
  }
}

const TrapAction& TrapTable::printable(Condition condition) const {
  return shows_inherited_ ? inherited_.read()[static_cast<size_t>(condition)] : action(condition);
}

}  // namespace mish::state
