// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/limits.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "shell/api/option_parser.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/process/usage.h"

namespace mish::builtins {
namespace {

// --- ulimit --------------------------------------------------------------------------------------------------------

struct Limit {
  char letter;
  int resource;         // RLIMIT_*, or kPipeSize
  unsigned unit;        // bytes (or whatever the system counts) of one unit shown
  unsigned posix_unit;  // the same in POSIX mode
  std::string_view name;
  std::string_view unit_name;
};

constexpr int kPipeSize = -1;

/// In the order of `ulimit -a`.
constexpr Limit kLimits[] = {
    {'R', RLIMIT_RTTIME, 1, 1, "real-time non-blocking time", "microseconds"},
    {'c', RLIMIT_CORE, 1024, 512, "core file size", "blocks"},
    {'d', RLIMIT_DATA, 1024, 1024, "data seg size", "kbytes"},
    {'e', RLIMIT_NICE, 1, 1, "scheduling priority", ""},
    {'f', RLIMIT_FSIZE, 1024, 512, "file size", "blocks"},
    {'i', RLIMIT_SIGPENDING, 1, 1, "pending signals", ""},
    {'l', RLIMIT_MEMLOCK, 1024, 1024, "max locked memory", "kbytes"},
    {'m', RLIMIT_RSS, 1024, 1024, "max memory size", "kbytes"},
    {'n', RLIMIT_NOFILE, 1, 1, "open files", ""},
    {'p', kPipeSize, 512, 512, "pipe size", "512 bytes"},
    {'q', RLIMIT_MSGQUEUE, 1, 1, "POSIX message queues", "bytes"},
    {'r', RLIMIT_RTPRIO, 1, 1, "real-time priority", ""},
    {'s', RLIMIT_STACK, 1024, 1024, "stack size", "kbytes"},
    {'t', RLIMIT_CPU, 1, 1, "cpu time", "seconds"},
    {'u', RLIMIT_NPROC, 1, 1, "max user processes", ""},
    {'v', RLIMIT_AS, 1024, 1024, "virtual memory", "kbytes"},
    {'x', RLIMIT_LOCKS, 1, 1, "file locks", ""},
};

const Limit* find_limit(char letter) {
  for (const Limit& limit : kLimits) {
    if (limit.letter == letter) return &limit;
  }
  return nullptr;
}

struct LimitRequest {
  const Limit* limit;
  std::optional<std::string_view> value;
};

struct UlimitOptions {
  bool soft = false;
  bool hard = false;
  bool all = false;
  std::vector<LimitRequest> requests;
};

class Ulimit {
 public:
  Ulimit(BuiltinContext& context, const UlimitOptions& options) : context_(context), options_(options) {}

  bool print(const Limit& limit, bool with_name) {
    struct rlimit values = {};
    if (!read(limit, values)) return false;
    if (with_name) {
      std::string unit = limit.unit_name.empty() ? fmt::format("(-{})", limit.letter)
                                                 : fmt::format("({}, -{})", limit.unit_name, limit.letter);
      context_.out.print("{:<20}{:>20} ", limit.name, unit);
    }
    rlim_t value = options_.hard && !options_.soft ? values.rlim_max : values.rlim_cur;
    if (value == RLIM_INFINITY) {
      context_.out.write("unlimited\n");
    } else {
      context_.out.print("{}\n", value / unit_of(limit));
    }
    return true;
  }

  bool set(const Limit& limit, std::string_view text) {
    struct rlimit values = {};
    if (!read(limit, values)) return false;
    rlim_t value = 0;
    if (!parse(limit, text, values, value)) return false;
    bool both = options_.soft == options_.hard;
    if (both || options_.soft) values.rlim_cur = value;
    if (both || options_.hard) values.rlim_max = value;
    // A hard limit below the soft one would be refused as invalid, where only a permission is missing.
    if (limit.resource == kPipeSize || setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &values) != 0) {
      int error = limit.resource == kPipeSize ? EINVAL : errno;
      context_.error("{}: cannot modify limit: {}", limit.name, strerror(error));
      return false;
    }
    if (limit.resource == RLIMIT_STACK) StackGuard::initialise();
    return true;
  }

 private:
  unsigned unit_of(const Limit& limit) const { return context_.state.is_posix() ? limit.posix_unit : limit.unit; }

  bool read(const Limit& limit, struct rlimit& values) {
    if (limit.resource == kPipeSize) {
      values.rlim_cur = values.rlim_max = PIPE_BUF;
      return true;
    }
    if (getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &values) == 0) return true;
    context_.error("{}: cannot get limit: {}", limit.name, strerror(errno));
    return false;
  }

  bool parse(const Limit& limit, std::string_view text, const struct rlimit& values, rlim_t& value) {
    if (text == "unlimited") {
      value = RLIM_INFINITY;
    } else if (text == "hard") {
      value = values.rlim_max;
    } else if (text == "soft") {
      value = values.rlim_cur;
    } else {
      auto number = is_digit(text.empty() ? 'x' : text[0]) ? parse_integer(text) : std::nullopt;
      if (!number) {
        context_.error("{}: invalid number", text);
        return false;
      }
      if (__builtin_mul_overflow(static_cast<rlim_t>(*number), unit_of(limit), &value) || value == RLIM_INFINITY) {
        context_.error("{}: limit out of range", text);
        return false;
      }
    }
    return true;
  }

  BuiltinContext& context_;
  const UlimitOptions& options_;
};

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-' && !is_digit(word[1]); }

/// `-n 100 -c`, `-nc`, `-SHa`: a letter may be followed by a word that is no option, its value.
bool parse_ulimit(BuiltinContext& context, Args args, UlimitOptions& options, Completion& failed) {
  size_t i = 0;
  for (; i < args.size() && is_option(args[i]); ++i) {
    if (args[i] == "--") {
      ++i;
      break;
    }
    bool names_limit = false;
    for (size_t at = 1; at < args[i].size(); ++at) {
      const char letter = args[i][at];
      if (names_limit && is_digit(letter)) {  // -n100
        options.requests.back().value = args[i].substr(at);
        names_limit = false;
        break;
      }
      const Limit* limit = find_limit(letter);
      names_limit = limit != nullptr;
      if (limit != nullptr) {
        options.requests.push_back({limit, std::nullopt});
      } else if (letter == 'S') {
        options.soft = true;
      } else if (letter == 'H') {
        options.hard = true;
      } else if (letter == 'a') {
        options.all = true;
      } else {
        failed = context.usage_error(fmt::format("-{}: invalid option", letter));
        return false;
      }
    }
    if (names_limit && i + 1 < args.size() && !is_option(args[i + 1])) options.requests.back().value = args[++i];
  }
  if (i < args.size()) {
    if (options.requests.empty() && !options.all) options.requests.push_back({find_limit('f'), std::nullopt});
    bool has_value = options.all || options.requests.back().value.has_value();
    if (has_value || i + 1 < args.size()) {
      failed = context.usage_error("too many arguments");
      return false;
    }
    options.requests.back().value = args[i];
  }
  if (options.requests.empty() && !options.all) options.requests.push_back({find_limit('f'), std::nullopt});
  return true;
}

// --- umask ---------------------------------------------------------------------------------------------------------

constexpr mode_t kAllPermissions = 0777;

/// "u=rwx,g=rx,o=rx" of the permissions that are granted.
std::string symbolic_mask(mode_t mask) {
  mode_t granted = ~mask & kAllPermissions;
  std::string out;
  for (int shift : {6, 3, 0}) {
    if (!out.empty()) out += ',';
    out += shift == 6 ? "u=" : shift == 3 ? "g=" : "o=";
    mode_t bits = granted >> shift;
    if ((bits & 4) != 0) out += 'r';
    if ((bits & 2) != 0) out += 'w';
    if ((bits & 1) != 0) out += 'x';
  }
  return out;
}

/// One symbolic mode after another (XCU chmod), applied to the permissions granted.
class SymbolicMode {
 public:
  SymbolicMode(std::string_view text, mode_t granted) : text_(text), original_(granted), granted_(granted) {}

  /// Whether the text is valid; `bad` is its first wrong character, 0 at the end.
  bool apply(char& bad) {
    do {
      if (!apply_clause()) {
        bad = at_ < text_.size() ? text_[at_] : '\0';
        return false;
      }
    } while (at_ < text_.size() && text_[at_++] == ',');
    return at_ == text_.size();
  }

  mode_t granted() const { return granted_; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool apply_clause() {
    mode_t who = 0;
    for (;; ++at_) {
      if (peek() == 'u') {
        who |= 0700;
      } else if (peek() == 'g') {
        who |= 0070;
      } else if (peek() == 'o') {
        who |= 0007;
      } else if (peek() == 'a') {
        who |= 0777;
      } else {
        break;
      }
    }
    if (who == 0) who = kAllPermissions;
    if (!is_operator(peek())) return false;
    while (is_operator(peek())) apply_action(who);
    return at_ == text_.size() || peek() == ',';
  }

  static bool is_operator(char c) { return c == '+' || c == '-' || c == '='; }

  void apply_action(mode_t who) {
    char operation = text_[at_++];
    mode_t bits = permissions() & who;
    if (operation == '+') {
      granted_ |= bits;
    } else if (operation == '-') {
      granted_ &= ~bits;
    } else {
      granted_ = (granted_ & ~who) | bits;
    }
  }

  /// "rwx..." or a copy "u", "g", "o" of the present permissions, for all classes.
  mode_t permissions() {
    switch (peek()) {
      case 'u': ++at_; return ((granted_ >> 6) & 7) * 0111;
      case 'g': ++at_; return ((granted_ >> 3) & 7) * 0111;
      case 'o': ++at_; return (granted_ & 7) * 0111;
    }
    mode_t bits = 0;
    for (;; ++at_) {
      switch (peek()) {
        case 'r': bits |= 0444; continue;
        case 'w': bits |= 0222; continue;
        case 'x': bits |= 0111; continue;
        case 'X': bits |= (original_ & 0111) != 0 ? 0111 : 0; continue;
        case 's':
        case 't': continue;  // allowed by the grammar, without meaning in a mask
      }
      return bits;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  mode_t original_;
  mode_t granted_;
};

std::optional<mode_t> parse_octal_mask(std::string_view text) {
  mode_t mask = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mask = mask * 8 + static_cast<mode_t>(c - '0');
    if (mask > 07777) return std::nullopt;
  }
  return mask;
}

mode_t current_mask() {
  mode_t mask = umask(0);
  umask(mask);
  return mask;
}

bool set_mask(BuiltinContext& context, std::string_view text) {
  if (!text.empty() && is_digit(text[0])) {
    auto mask = parse_octal_mask(text);
    if (!mask) {
      context.error("{}: octal number out of range", text);
      return false;
    }
    umask(*mask & kAllPermissions);
    return true;
  }
  mode_t mask = current_mask();
  SymbolicMode mode(text, ~mask & kAllPermissions);
  char bad = '\0';
  if (!mode.apply(bad)) {
    if (bad == '\0') {
      context.error("`{}': invalid symbolic mode", text);
    } else {
      context.error("`{}': invalid symbolic mode character", bad);
    }
    return false;
  }
  umask(~mode.granted() & kAllPermissions);
  return true;
}

}  // namespace

Completion run_ulimit(BuiltinContext& context, Args args) {
  UlimitOptions options;
  Completion failed;
  if (!parse_ulimit(context, args, options, failed)) return failed;
  Ulimit ulimit(context, options);
  bool is_good = true;
  if (options.all) {
    for (const Limit& limit : kLimits) is_good = ulimit.print(limit, true) && is_good;
    return Completion::of(is_good ? state::kSuccess : state::kFailure);
  }
  for (const LimitRequest& request : options.requests) {
    bool done = request.value.has_value() ? ulimit.set(*request.limit, *request.value)
                                          : ulimit.print(*request.limit, options.requests.size() > 1);
    if (!done) return Completion::of(state::kFailure);
  }
  return Completion::of(state::kSuccess);
}

Completion run_umask(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "Sp");
  bool symbolic = false;
  bool as_command = false;
  while (char letter = parser.next()) {
    switch (letter) {
      case 'S': symbolic = true; break;
      case 'p': as_command = true; break;
      default: return parser.completion();
    }
  }
  Args operands = parser.operands();
  if (!operands.empty()) {
    if (!set_mask(context, operands[0])) return Completion::of(state::kFailure);
    // The standard has -S say nothing when a mask is set; bash prints the new one.
    if (!symbolic || context.state.is_posix()) return Completion::of(state::kSuccess);
  }
  mode_t mask = current_mask();
  std::string text = symbolic ? symbolic_mask(mask) : fmt::format("{:04o}", mask);
  if (as_command) text = fmt::format("umask {}{}", symbolic ? "-S " : "", text);
  context.out.print("{}\n", text);
  return Completion::of(state::kSuccess);
}

Completion run_times(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "");
  if (parser.next() != 0) return parser.completion();
  const int digits = context.state.is_posix() ? 6 : 3;  // XCU times: "%dm%fs"
  for (const process::Usage& usage : {process::own_usage(), process::children_usage()}) {
    context.out.print("{} {}\n", process::format_minutes(usage.user_us, digits),
                      process::format_minutes(usage.system_us, digits));
  }
  return Completion::of(state::kSuccess);
}

}  // namespace mish::builtins
