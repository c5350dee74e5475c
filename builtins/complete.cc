// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/complete.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "builtins/candidates.h"
#include "shell/api/frontend.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/quoting.h"

namespace mish::builtins {

namespace {

/// Where specifications live: with the front end, or in a script by themselves (libraries define them there, too).
CompletionStore& store_of(BuiltinContext& context) {
  static CompletionStore without_frontend;
  return context.frontend != nullptr ? context.frontend->completions() : without_frontend;
}

constexpr std::string_view kOptions[] = {"bashdefault", "default", "dirnames", "filenames",
                                         "noquote",     "nosort",  "nospace",  "plusdirs"};

struct LetterAction {
  char letter;
  std::string_view action;
};
constexpr LetterAction kLetters[] = {{'a', "alias"},   {'b', "builtin"}, {'c', "command"}, {'d', "directory"},
                                     {'e', "export"},  {'f', "file"},    {'g', "group"},   {'j', "job"},
                                     {'k', "keyword"}, {'s', "service"}, {'u', "user"},    {'v', "variable"}};

struct Request {
  CompletionSpec spec;
  bool prints = false, removes = false;
  bool for_default = false, for_empty = false, for_initial = false;
  bool ends_with_nul = false;
};

bool is_known_option(std::string_view name) {
  return std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions);
}

void add_action(CompletionSpec& spec, std::string_view action) {
  if (!spec.actions.empty()) spec.actions += '\n';
  spec.actions += action;
}

void switch_option(std::vector<std::string>& options, std::string_view name, bool on) {
  auto it = std::find(options.begin(), options.end(), name);
  if (on && it == options.end()) options.emplace_back(name);
  if (!on && it != options.end()) options.erase(it);
}

/// Fills `request` from the options; false when an option was wrong (`completion` tells).
bool parse(BuiltinContext& context, OptionParser& parser, Request& request, Completion& completion) {
  while (char letter = parser.next()) {
    if (parser.failed()) {
      completion = parser.completion();
      return false;
    }
    std::string_view argument = parser.argument();
    CompletionSpec& spec = request.spec;
    switch (letter) {
      case 'p': request.prints = true; break;
      case 'r': request.removes = true; break;
      case 'D': request.for_default = true; break;
      case 'E': request.for_empty = true; break;
      case 'I': request.for_initial = true; break;
      case '0': request.ends_with_nul = true; break;
      case 'o':
        if (!is_known_option(argument)) {
          completion = context.failure(fmt::format("{}: invalid option name", argument), state::kUsageError);
          return false;
        }
        switch_option(spec.options, argument, true);
        break;
      case 'A':
        if (!is_completion_action(argument)) {
          completion = context.failure(fmt::format("{}: invalid action name", argument), state::kUsageError);
          return false;
        }
        add_action(spec, argument);
        break;
      case 'G': spec.glob = argument; break;
      case 'W': spec.words = argument; break;
      case 'F': spec.function = argument; break;
      case 'C': spec.command = argument; break;
      case 'X': spec.filter = argument; break;
      case 'P': spec.prefix = argument; break;
      case 'S': spec.suffix = argument; break;
      default:
        for (const LetterAction& row : kLetters) {
          if (row.letter == letter) add_action(spec, row.action);
        }
    }
  }
  return true;
}

/// `complete ... NAME` as it can be read back.
void print_spec(Output& out, const CompletionSpec& spec, std::string_view name) {
  out.write("complete");
  for (std::string_view option : kOptions) {
    if (std::find(spec.options.begin(), spec.options.end(), option) != spec.options.end()) out.print(" -o {}", option);
  }
  size_t at = 0;
  while (at < spec.actions.size()) {
    size_t end = std::min(spec.actions.find('\n', at), spec.actions.size());
    std::string_view action = std::string_view(spec.actions).substr(at, end - at);
    const LetterAction* row = std::find_if(std::begin(kLetters), std::end(kLetters),
                                           [&](const LetterAction& letter) { return letter.action == action; });
    if (row != std::end(kLetters))
      out.print(" -{}", row->letter);
    else
      out.print(" -A {}", action);
    at = end + 1;
  }
  auto print = [&](char letter, const std::string& value) {
    if (!value.empty()) out.print(" -{} {}", letter, quote_single(value));
  };
  print('G', spec.glob);
  print('W', spec.words);
  print('P', spec.prefix);
  print('S', spec.suffix);
  print('X', spec.filter);
  print('C', spec.command);
  if (!spec.function.empty()) out.print(" -F {}", quote(spec.function));
  out.print(" {}\n", name);
}

std::string print_name(std::string_view name) { return name.empty() ? "''" : quote(name); }

Completion print_specs(BuiltinContext& context, CompletionStore& store, const Request& request, Args names) {
  int status = 0;
  bool all = names.empty() && !request.for_default && !request.for_empty && !request.for_initial;
  auto print_special = [&](const std::optional<CompletionSpec>& spec, bool wanted, std::string_view letter) {
    if (spec.has_value() && (wanted || all))
      print_spec(context.out, *spec, letter);
    else if (wanted)
      status = 1;
  };
  if (all) {
    for (const auto& [name, spec] : store.specs) print_spec(context.out, spec, print_name(name));
  }
  print_special(store.default_spec, request.for_default, "-D");
  print_special(store.empty_spec, request.for_empty, "-E");
  print_special(store.initial_spec, request.for_initial, "-I");
  for (std::string_view name : names) {
    auto it = store.specs.find(name);
    if (it != store.specs.end()) {
      print_spec(context.out, it->second, print_name(name));
    } else {
      context.error("{}: no completion specification", name);
      status = 1;
    }
  }
  return Completion::of(status);
}

Completion remove_specs(BuiltinContext& context, CompletionStore& store, const Request& request, Args names) {
  bool special = request.for_default || request.for_empty || request.for_initial;
  if (names.empty() && !special) {
    store.specs.clear();
    store.default_spec.reset();
    store.empty_spec.reset();
    store.initial_spec.reset();
    return Completion::of(0);
  }
  if (request.for_default) store.default_spec.reset();
  if (request.for_empty) store.empty_spec.reset();
  if (request.for_initial) store.initial_spec.reset();
  int status = 0;
  for (std::string_view name : names) {
    auto it = store.specs.find(name);
    if (it != store.specs.end()) {
      store.specs.erase(it);
    } else {
      context.error("{}: no completion specification", name);
      status = 1;
    }
  }
  return Completion::of(status);
}

/// The front end copies what it runs before it runs it, so a function may replace its own specification.
void define(CompletionStore& store, const Request& request, Args names) {
  if (request.for_default) store.default_spec = request.spec;
  if (request.for_empty) store.empty_spec = request.spec;
  if (request.for_initial) store.initial_spec = request.spec;
  if (request.for_default || request.for_empty || request.for_initial) return;  // whatever names there are
  for (std::string_view name : names) store.specs.insert_or_assign(std::string(name), request.spec);
}

}  // namespace

Completion run_complete(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:");
  Request request;
  Completion completion;
  if (!parse(context, parser, request, completion)) return completion;
  Args names = parser.operands();
  CompletionStore& store = store_of(context);
  if (request.removes) return remove_specs(context, store, request, names);
  if (request.prints || args.empty()) return print_specs(context, store, request, names);
  if (names.empty() && !request.for_default && !request.for_empty && !request.for_initial) {
    return context.usage_error("a command name is needed");
  }
  define(store, request, names);
  return Completion::of(0);
}

Completion run_compgen(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "abcdefgjksuv0o:A:G:W:F:C:X:P:S:");
  Request request;
  Completion completion;
  if (!parse(context, parser, request, completion)) return completion;
  Args operands = parser.operands();
  std::string_view word = operands.empty() ? std::string_view("", 0) : operands[0];
  Candidates candidates = generate_candidates(context, request.spec, word);
  if (candidates.status == kRetryCompletion) return Completion::of(kRetryCompletion);
  for (const std::string& candidate : candidates.words) {
    context.out.write(candidate);
    context.out.put(request.ends_with_nul ? '\0' : '\n');
  }
  return Completion::of(candidates.words.empty() ? 1 : 0);
}

Completion run_compopt(BuiltinContext& context, Args args) {
  OptionParser parser(context, args, "o:DEI", true);
  CompletionStore& store = store_of(context);
  std::vector<std::pair<std::string, bool>> changes;
  std::vector<std::pair<CompletionSpec*, std::string_view>> targets;
  bool names_given = false;
  auto target = [&](std::optional<CompletionSpec>& spec, std::string_view option) {
    names_given = true;
    if (spec.has_value()) targets.emplace_back(&*spec, option);
  };
  while (char letter = parser.next()) {
    if (parser.failed()) return parser.completion();
    switch (letter) {
      case 'D': target(store.default_spec, "-D"); break;
      case 'E': target(store.empty_spec, "-E"); break;
      case 'I': target(store.initial_spec, "-I"); break;
      default:
        if (!is_known_option(parser.argument())) {
          return context.failure(fmt::format("{}: invalid option name", parser.argument()), state::kUsageError);
        }
        changes.emplace_back(parser.argument(), !parser.is_plus());
    }
  }
  int status = 0;
  for (std::string_view name : parser.operands()) {
    names_given = true;
    auto it = store.specs.find(name);
    if (it != store.specs.end()) {
      targets.emplace_back(&it->second, name);
    } else {
      context.error("{}: no completion specification", name);
      status = 1;
    }
  }
  if (!names_given) {
    if (store.current == nullptr) return context.failure("not currently executing completion function");
    targets.emplace_back(store.current, std::string_view());
  }
  for (const auto& [spec, name] : targets) {
    for (const auto& [option, on] : changes) switch_option(spec->options, option, on);
    if (!changes.empty()) continue;
    context.out.write("compopt");
    for (std::string_view option : kOptions) {
      bool on = std::find(spec->options.begin(), spec->options.end(), option) != spec->options.end();
      context.out.print(" {}o {}", on ? '-' : '+', option);
    }
    if (!name.empty()) context.out.print(" {}", name);
    context.out.put('\n');
  }
  return Completion::of(status);
}

}  // namespace mish::builtins
