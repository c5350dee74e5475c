// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/trap.h"

#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "builtins/ipc/arrivals.h"
#include "builtins/kill.h"
#include "builtins/listing.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/process/signals.h"

namespace mish::builtins {
namespace {

using state::Condition;
using state::TrapAction;

struct NamedCondition {
  std::string_view name;
  Condition condition;
};

/// The conditions that are no signals.
constexpr NamedCondition kOwnConditions[] = {
    {"EXIT", state::kTrapExit},
    {"ERR", state::kTrapErr},
    {"DEBUG", state::kTrapDebug},
    {"RETURN", state::kTrapReturn},
};

constexpr std::string_view kMailboxPrefix = "mbox:";

std::optional<Condition> find_condition(std::string_view text) {
  if (text == "0") return state::kTrapExit;
  for (const NamedCondition& own : kOwnConditions) {
    if (equals_without_case(text, own.name)) return own.condition;
  }
  return process::parse_signal(text);
}

/// As the standard writes it, or in the bash language with SIG.
std::string condition_name(const state::ShellState& state, Condition condition) {
  for (const NamedCondition& own : kOwnConditions) {
    if (own.condition == condition) return std::string(own.name);
  }
  return fmt::format("{}{}", state.is_posix() ? "" : "SIG", process::signal_name(condition));
}

bool is_condition(Condition condition) {
  bool is_signal = condition >= 1 && condition <= process::kMaxSignal;
  return !is_signal || !process::signal_name(condition).empty();
}

/// What is in force, or what the parent's was while a subshell has set none of its own. Signals ignored since the start
/// count as ignored.
TrapAction printable_action(BuiltinContext& context, Condition condition) {
  TrapAction action = context.state.traps.printable(condition);
  if (!action.is_set() && context.services.is_ignored_at_entry(condition)) action.kind = TrapAction::Kind::Ignore;
  return action;
}

std::string action_text(const TrapAction& action, bool posix) {
  switch (action.kind) {
    case TrapAction::Kind::Default: return "-";
    case TrapAction::Kind::Ignore: return "''";
    case TrapAction::Kind::Command:
      return posix ? quote_for_posix_listing(action.command) : quote_single(action.command);
  }
  return "-";
}

/// Prints the trap as a command. Default actions only `with_default`.
void print_condition(BuiltinContext& context, Condition condition, bool with_default) {
  TrapAction action = printable_action(context, condition);
  if (!action.is_set() && !with_default) return;
  context.out.print("trap -- {} {}\n", action_text(action, context.state.is_posix()),
                    condition_name(context.state, condition));
}

void print_arrival(BuiltinContext& context, const state::ArrivalTrap& arrival) {
  context.out.print("trap -- {} {}\n", action_text(arrival.action, context.state.is_posix()), arrival.object);
}

void print_all(BuiltinContext& context, bool with_default) {
  for (Condition condition = 0; condition < state::kConditionCount; ++condition) {
    if (!is_condition(condition)) continue;
    if (condition == arrival_signal() && !context.state.traps.printable_arrivals().empty()) continue;
    bool is_own = condition > process::kMaxSignal;
    // KILL and STOP cannot be set again; the shell's own conditions are not the standard's.
    bool show_default = with_default && condition != SIGKILL && condition != SIGSTOP && !is_own;
    print_condition(context, condition, show_default);
  }
  for (const state::ArrivalTrap& arrival : context.state.traps.printable_arrivals()) print_arrival(context, arrival);
}

bool is_mailbox(const state::ShellState& state, std::string_view name) {
  return !state.is_posix() && name.starts_with(kMailboxPrefix);
}

Completion print_conditions(BuiltinContext& context, Args names, bool bare) {
  int status = state::kSuccess;
  for (std::string_view name : names) {
    if (is_mailbox(context.state, name)) {
      for (const state::ArrivalTrap& arrival : context.state.traps.printable_arrivals()) {
        if (arrival.object != name) continue;
        if (bare)
          context.out.print("{}\n", arrival.action.command);
        else
          print_arrival(context, arrival);
      }
      continue;
    }
    auto condition = find_condition(name);
    if (!condition) {
      context.error("{}: invalid signal specification", name);
      status = state::kFailure;
      continue;
    }
    if (!bare) {
      print_condition(context, *condition, context.state.is_posix());
      continue;
    }
    TrapAction action = printable_action(context, *condition);
    if (action.is_set()) context.out.print("{}\n", action.command);
  }
  return Completion::of(status);
}

int set_arrival(BuiltinContext& context, std::string_view object, const TrapAction& action) {
  auto& arrivals = context.state.traps.arrivals();
  std::erase_if(arrivals, [object](const state::ArrivalTrap& arrival) { return arrival.object == object; });
  if (action.is_set()) arrivals.push_back({std::string(object), action});
  int status = watch_arrivals(context);
  if (status != state::kSuccess && action.is_set()) arrivals.pop_back();
  return status;
}

Completion set_conditions(BuiltinContext& context, const TrapAction& action, Args names) {
  int status = state::kSuccess;
  for (std::string_view name : names) {
    if (is_mailbox(context.state, name)) {
      if (int failed = set_arrival(context, name, action); failed != state::kSuccess) status = failed;
      continue;
    }
    auto condition = find_condition(name);
    if (!condition) {
      // XCU trap: an invalid signal name does not end the shell.
      context.error("{}: invalid signal specification", name);
      status = state::kFailure;
      continue;
    }
    if (Result<void> set = context.services.set_trap(*condition, action); !set) {
      context.error("{}: {}", name, set.error().message());
      status = state::kFailure;
    }
  }
  return Completion::of(status);
}

bool is_unsigned_integer(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

Completion run_trap(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "lpP");
  bool lists = false;
  bool prints = false;
  bool bare = false;
  // `trap - INT`: a lone minus is the action, which the parser takes as an operand.
  while (char letter = parser.next()) {
    switch (letter) {
      case 'l': lists = true; break;
      case 'p': prints = true; break;
      case 'P': bare = true; break;
      default: return parser.completion();
    }
  }
  Args operands = parser.operands();
  if (lists) {
    list_signals(context);
    return Completion::of(state::kSuccess);
  }
  if (bare && operands.empty()) return context.usage_error("-P: option requires a condition");
  if ((prints || bare) && !operands.empty()) return print_conditions(context, operands, bare);
  if (operands.empty()) {
    print_all(context, prints && context.state.is_posix());
    return Completion::of(state::kSuccess);
  }
  // An unsigned integer in the place of the action is a condition to be reset, as is a single operand.
  if (is_unsigned_integer(operands[0])) return set_conditions(context, {}, operands);
  if (operands.size() == 1) {
    if (!find_condition(operands[0]) && !operands[0].starts_with(kMailboxPrefix)) {
      return context.usage_error(fmt::format("{}: condition missing", operands[0]));
    }
    return set_conditions(context, {}, operands);
  }
  TrapAction action;
  if (operands[0].empty()) {
    action.kind = TrapAction::Kind::Ignore;
  } else if (operands[0] != "-") {
    action.kind = TrapAction::Kind::Command;
    action.command = operands[0];
  }
  return set_conditions(context, action, operands.subspan(1));
}

}  // namespace mish::builtins
