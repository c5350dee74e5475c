// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/echo.h"

#include "builtins/escape.h"

namespace mish::builtins {

namespace {

struct EchoOptions {
  bool newline = true;
  bool escapes = false;
};

/// Whether `text` is an option of echo: - and nothing but n, e, E. Anything else is an operand.
bool take_option(std::string_view text, EchoOptions& options) {
  if (text.size() < 2 || text[0] != '-') return false;
  EchoOptions changed = options;
  for (char c : text.substr(1)) {
    if (c == 'n') {
      changed.newline = false;
    } else if (c == 'e') {
      changed.escapes = true;
    } else if (c == 'E') {
      changed.escapes = false;
    } else {
      return false;
    }
  }
  options = changed;
  return true;
}

}  // namespace

Completion run_echo(BuiltinContext& context, Args args) {
  Output& out = context.out;
  EchoOptions options;
  bool is_posix = context.state.is_posix();
  bool is_xpg = context.state.is_on(state::Option::XpgEcho);
  options.escapes = is_posix || is_xpg;
  size_t first = 0;
  if (is_posix) {
    if (!is_xpg && !args.empty() && args[0] == "-n") {
      options.newline = false;
      first = 1;
    }
  } else {
    while (first < args.size() && take_option(args[first], options)) ++first;
  }
  EscapeStyle style = is_posix ? EscapeStyle::PosixEcho : EscapeStyle::Echo;
  for (size_t i = first; i < args.size(); ++i) {
    if (i != first) out.put(' ');
    if (!options.escapes) {
      out.write(args[i]);
    } else if (!put_escaped(args[i], style, out)) {
      return Completion::of(state::kSuccess);
    }
  }
  if (options.newline) out.put('\n');
  return Completion::of(state::kSuccess);
}

}  // namespace mish::builtins
