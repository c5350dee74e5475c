// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/kill.h"

#include <signal.h>
#include <sys/types.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "shell/api/services.h"
#include "shell/base/text.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"

namespace mish::builtins {
namespace {

struct KillRequest {
  int signal = SIGTERM;
  std::optional<int> value;  // -q
};

/// 0 is no signal, but may be sent.
std::optional<int> signal_operand(std::string_view text) {
  if (text == "0" || text == "EXIT") return 0;
  return process::parse_signal(text);
}

/// kill -l with operands. A number over 128 is an exit status.
Completion print_signals(BuiltinContext& context, Args specs) {
  int status = state::kSuccess;
  for (std::string_view spec : specs) {
    if (auto number = parse_integer_trimmed(spec)) {
      int64_t signal = *number > 128 ? *number - 128 : *number;
      std::string_view name;
      if (signal >= 0 && signal <= process::kMaxSignal) {
        name = signal == 0 ? "EXIT" : process::signal_name(static_cast<int>(signal));
      }
      if (!name.empty()) {
        context.out.print("{}\n", name);
        continue;
      }
    } else if (auto signal = signal_operand(spec)) {
      context.out.print("{}\n", *signal);
      continue;
    }
    context.error("{}: invalid signal specification", spec);
    status = state::kFailure;
  }
  return Completion::of(status);
}

bool send_to_job(BuiltinContext& context, std::string_view spec, const KillRequest& request) {
  process::JobLookup found = context.jobs.find(spec);
  if (found.job == nullptr) {
    bool ambiguous = found.outcome == process::JobLookup::Outcome::Ambiguous;
    context.error("{}: {}", spec, ambiguous ? "ambiguous job spec" : "no such job");
    return false;
  }
  if (request.value.has_value()) {
    union sigval value = {};
    value.sival_int = *request.value;
    if (sigqueue(found.job->last_pid(), request.signal, value) == 0) return true;
    context.error("{}: {}", spec, strerror(errno));
    return false;
  }
  auto sent = context.jobs.send_signal(*found.job, request.signal);
  if (!sent) context.error("{}: {}", spec, sent.error().message());
  return sent.ok();
}

bool send_to_process(BuiltinContext& context, std::string_view operand, const KillRequest& request) {
  auto number = parse_integer_trimmed(operand);  // "$(ps -o pid= ...)" begins with blanks
  if (!number) {
    context.error("{}: arguments must be process or job IDs", operand);
    return false;
  }
  using Limits = std::numeric_limits<pid_t>;
  int error = ESRCH;  // a number too large for a process is that of none
  if (*number >= Limits::min() + 1 && *number <= Limits::max()) {
    pid_t pid = static_cast<pid_t>(*number);
    union sigval value = {};
    value.sival_int = request.value.value_or(0);
    int result = request.value.has_value() ? sigqueue(pid, request.signal, value) : kill(pid, request.signal);
    if (result == 0) return true;
    error = errno;
  }
  context.error("({}) - {}", operand, strerror(error));
  return false;
}

/// What the options ask for; operands are left in `rest`. False when a message was written; `status` tells.
bool parse_options(BuiltinContext& context, Args args, KillRequest& request, Args& rest, Completion& failed) {
  bool has_signal = false;
  while (!args.empty() && args[0].size() > 1 && args[0][0] == '-') {
    std::string_view option = args[0];
    if (option == "--") {
      args = args.subspan(1);
      break;
    }
    std::string_view name = option.substr(1);
    std::optional<int> signal = has_signal ? std::nullopt : signal_operand(name);
    bool is_value = name[0] == 'q';
    if (has_signal && is_digit(name[0])) break;  // a process group after the signal
    if (!signal.has_value() && (name[0] == 's' || name[0] == 'n' || is_value)) {
      std::string_view argument = name.substr(1);
      if (argument.empty()) {
        if (args.size() < 2) {
          failed = context.usage_error(fmt::format("-{}: option requires an argument", name[0]));
          return false;
        }
        argument = args[1];
        args = args.subspan(1);
      }
      name = argument;
      if (is_value) {
        auto value = parse_integer(argument);
        if (!value || *value < INT32_MIN || *value > INT32_MAX) {
          failed = context.failure(fmt::format("{}: invalid value", argument));
          return false;
        }
        request.value = static_cast<int>(*value);
        args = args.subspan(1);
        continue;
      }
      signal = signal_operand(argument);
    }
    if (!signal.has_value()) {
      failed = context.failure(fmt::format("{}: invalid signal specification", name));
      return false;
    }
    request.signal = *signal;
    has_signal = true;
    args = args.subspan(1);
  }
  rest = args;
  return true;
}

}  // namespace

void list_signals(BuiltinContext& context) {
  bool is_posix = context.state.is_posix();
  int column = 0;
  for (int signal = 1; signal <= process::kMaxSignal; ++signal) {
    std::string_view name = process::signal_name(signal);
    if (name.empty()) continue;
    if (is_posix) {
      context.out.print("{}{}", column++ == 0 ? "" : " ", name);
      continue;
    }
    context.out.print("{:2}) SIG{}{}", signal, name, column == 4 ? '\n' : '\t');
    column = (column + 1) % 5;
  }
  if (column != 0) context.out.write("\n");
}

Completion run_kill(BuiltinContext& context, Args args) {
  if (!args.empty() && (args[0] == "-l" || args[0] == "-L" || args[0] == "--list")) {
    Args specs = args.subspan(1);
    if (!specs.empty() && specs[0] == "--") specs = specs.subspan(1);
    if (!specs.empty()) return print_signals(context, specs);
    list_signals(context);
    return Completion::of(state::kSuccess);
  }
  if (!args.empty() && args[0].starts_with("-l") && parse_integer(args[0].substr(2))) {
    const std::string_view number[] = {args[0].substr(2)};
    return print_signals(context, number);
  }
  KillRequest request;
  Args targets;
  Completion failed;
  if (!parse_options(context, args, request, targets, failed)) return failed;
  if (targets.empty()) return context.usage_error("missing process or job");
  // The signal may end this shell: what was written comes first.
  context.out.flush();
  int status = state::kSuccess;
  for (std::string_view target : targets) {
    bool sent =
        target.starts_with('%') ? send_to_job(context, target, request) : send_to_process(context, target, request);
    if (!sent) status = state::kFailure;
  }
  return Completion::of(status);
}

}  // namespace mish::builtins
