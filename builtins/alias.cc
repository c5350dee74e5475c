// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/alias.h"

#include "shell/api/option_parser.h"
#include "shell/base/quoting.h"

namespace mish::builtins {

namespace {

// Characters that would end a word or quote something: such a name could never be met by the parser.
bool is_valid_alias_name(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view(" \t\n\"'\\$`/;&|<>()\0", 17)) == std::string_view::npos;
}

void print_alias(BuiltinContext& context, std::string_view name, std::string_view value, bool reusable) {
  // POSIX wants name=value only; bash prints commands.
  if (!context.state.is_posix() || reusable) context.out.write(name.starts_with('-') ? "alias -- " : "alias ");
  context.out.write(format_alias(name, value));
  context.out.put('\n');
}

}  // namespace

std::string format_alias(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + quote_single(value);
}

Completion run_alias(BuiltinContext& context, Args args) {
  state::AliasTable& aliases = context.state.aliases;
  bool print_all = false;
  OptionParser options(context, args, "p");
  for (char letter; (letter = options.next()) != 0;) {
    if (letter != 'p') return options.completion();
    print_all = true;
  }
  args = options.operands();
  if (args.empty() || print_all) {
    for (const auto& [name, value] : aliases.all()) print_alias(context, name, value, print_all);
  }
  int status = 0;
  for (std::string_view operand : args) {
    size_t equals = operand.find('=', 1);
    if (equals != std::string_view::npos) {
      std::string_view name = operand.substr(0, equals);
      if (is_valid_alias_name(name)) {
        aliases.set(name, operand.substr(equals + 1));
        context.state.bump_generation();
      } else {
        context.error("{}: invalid alias name", name);
        status = 1;
      }
    } else if (const std::string* value = aliases.find_alias(operand)) {
      print_alias(context, operand, *value, false);
    } else {
      context.error("{}: not found", operand);
      status = 1;
    }
  }
  return Completion::of(status);
}

Completion run_unalias(BuiltinContext& context, Args args) {
  bool all = false;
  OptionParser options(context, args, "a");
  for (char letter; (letter = options.next()) != 0;) {
    if (letter != 'a') return options.completion();
    all = true;
  }
  args = options.operands();
  if (all || !args.empty()) context.state.bump_generation();
  if (all) {
    context.state.aliases.clear();
    return Completion::of(0);
  }
  if (args.empty()) return context.usage_error("operand missing");
  int status = 0;
  for (std::string_view name : args) {
    if (context.state.aliases.remove(name)) continue;
    context.error("{}: not found", name);
    status = 1;
  }
  return Completion::of(status);
}

}  // namespace mish::builtins
