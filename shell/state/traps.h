// SPDX-License-Identifier: GPL-3.0-or-later
// Trap actions per condition and what they were when the subshell was entered (so that `trap` in a subshell can still
// print them, XCU trap). Plain data: exec/trap_runner runs them, process/signals knows the dispositions.
#ifndef MISH_SHELL_STATE_TRAPS_H_
#define MISH_SHELL_STATE_TRAPS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shell/state/copy_on_write.h"

namespace mish::state {

/// Condition numbers: 0 = EXIT, 1..64 signals, then the shell's own.
using Condition = int;
inline constexpr Condition kTrapExit = 0;
inline constexpr Condition kTrapErr = 65;
inline constexpr Condition kTrapDebug = 66;
inline constexpr Condition kTrapReturn = 67;
inline constexpr Condition kConditionCount = 68;

struct TrapAction {
  enum class Kind : uint8_t { Default, Ignore, Command };
  Kind kind = Kind::Default;
  std::string command;
  bool is_set() const { return kind != Kind::Default; }
};

/// `trap 'action' mbox:NAME`: runs when a message arrives in the mailbox.
struct ArrivalTrap {
  std::string object;  // "mbox:NAME"
  TrapAction action;
};

/// Copies share the actions until one changes them.
class TrapTable {
 public:
  const TrapAction& action(Condition condition) const { return actions_.read()[static_cast<size_t>(condition)]; }
  void set(Condition condition, TrapAction action);
  bool any_set() const { return set_count_ != 0; }
  bool is_command(Condition c) const { return set_count_ != 0 && action(c).kind == TrapAction::Kind::Command; }

  std::vector<ArrivalTrap>& arrivals() { return arrivals_; }
  const std::vector<ArrivalTrap>& arrivals() const { return arrivals_; }

  /// Entering a subshell: commands are reset to default (ignored ones stay ignored), but remembered for printing until
  /// the first trap is set there. `keeps_error` (errtrace) and `keeps_debug` (functrace, also of RETURN) let theirs
  /// stay.
  void enter_subshell(bool keeps_error = false, bool keeps_debug = false);
  /// What `trap` without operands prints: the inherited table while nothing was changed since enter_subshell().
  const TrapAction& printable(Condition condition) const;
  const std::vector<ArrivalTrap>& printable_arrivals() const {
    return shows_inherited_ ? inherited_arrivals_ : arrivals_;
  }

 private:
  using Actions = std::array<TrapAction, kConditionCount>;
  CopyOnWrite<Actions> actions_;
  CopyOnWrite<Actions> inherited_;
  bool shows_inherited_ = false;
  std::vector<ArrivalTrap> arrivals_;
  std::vector<ArrivalTrap> inherited_arrivals_;
  int set_count_ = 0;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_TRAPS_H_
