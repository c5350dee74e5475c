// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/introspect.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "builtins/alias.h"
#include "builtins/listing.h"
#include "shell/api/option_parser.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/pattern/pattern.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/token.h"

namespace mish::builtins {

namespace {

using Kind = FoundCommand::Kind;
using state::Option;

std::string_view path_list(const BuiltinContext& context, bool default_path) {
  if (default_path) return context.state.scratch.copy(state::default_path());
  return context.state.variables.text(names::PATH);
}

// POSIX wants the path from the root; bash writes what it found.
std::string shown_path(BuiltinContext& context, const std::string& path) {
  if (!context.state.is_posix() || path.starts_with('/')) return path;
  return state::WorkingDirectory::normalise(context.state.directory.logical(), path);
}

std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::Alias: return "alias";
    case Kind::Keyword: return "keyword";
    case Kind::Function: return "function";
    case Kind::SpecialBuiltin:
    case Kind::Builtin: return "builtin";
    case Kind::File: return "file";
    case Kind::NotFound: break;
  }
  return {};
}

// Where PATH has `name`; says what it could not look at.
std::string search(BuiltinContext& context, std::string_view name) {
  state::SearchTrouble trouble;
  std::string path = state::search_path(name, path_list(context, false), &trouble);
  if (trouble.error != 0) context.error("{}", trouble.sentence());
  return path;
}

// A utility that is also a builtin has a place in PATH, which is what POSIX wants told (XCU command, -v).
std::string path_of_builtin(BuiltinContext& context, const FoundCommand& found) {
  if (!context.state.is_posix() || found.builtin == nullptr || found.builtin->kind != BuiltinKind::Utility) return {};
  return search(context, found.builtin->name);
}

void describe_short(BuiltinContext& context, std::string_view name, const FoundCommand& found) {
  switch (found.kind) {
    case Kind::Alias:
      context.out.print("alias {}\n", format_alias(name, *context.state.aliases.find_alias(name)));
      break;
    case Kind::File: context.out.print("{}\n", shown_path(context, found.path)); break;
    case Kind::Builtin: {
      std::string path = path_of_builtin(context, found);
      context.out.print("{}\n", path.empty() ? name : path);
      break;
    }
    case Kind::Keyword:
    case Kind::Function:
    case Kind::SpecialBuiltin: context.out.print("{}\n", name); break;
    case Kind::NotFound: break;
  }
}

// In POSIX mode the words of dash and ksh: a path is then the last word of its line, and a function one line.
void describe_long(BuiltinContext& context, std::string_view name, const FoundCommand& found) {
  const bool is_posix = context.state.is_posix();
  switch (found.kind) {
    case Kind::Alias:
      context.out.print(fmt::runtime(is_posix ? "{} is an alias for {}\n" : "{} is aliased to `{}'\n"), name,
                        *context.state.aliases.find_alias(name));
      break;
    case Kind::Keyword: context.out.print("{} is a shell keyword\n", name); break;
    case Kind::Function:
      context.out.print("{} is a {}function\n", name, is_posix ? "shell " : "");
      if (!is_posix) print_function(context, *context.state.functions.find(*NameTable::find(name)));
      break;
    case Kind::SpecialBuiltin: context.out.print("{} is a {}shell builtin\n", name, is_posix ? "special " : ""); break;
    case Kind::Builtin: {
      std::string path = path_of_builtin(context, found);
      context.out.print("{} is a shell builtin{}{}\n", name, path.empty() ? "" : "; as a utility it is ", path);
      break;
    }
    case Kind::File:
      if (found.is_hashed && is_posix) {
        context.out.print("{} is a tracked alias for {}\n", name, found.path);
      } else if (found.is_hashed) {
        context.out.print("{} is hashed ({})\n", name, found.path);
      } else {
        context.out.print("{} is {}\n", name, shown_path(context, found.path));
      }
      break;
    case Kind::NotFound: break;
  }
}

void describe(BuiltinContext& context, std::string_view name, const FoundCommand& found, Description style) {
  switch (style) {
    case Description::Short: describe_short(context, name, found); break;
    case Description::Long: describe_long(context, name, found); break;
    case Description::Kind: context.out.print("{}\n", kind_word(found.kind)); break;
    case Description::Path:
      if (found.kind == Kind::File) context.out.print("{}\n", shown_path(context, found.path));
      break;
    case Description::None: break;
  }
}

bool sees_aliases(BuiltinContext& context) {
  return context.state.is_posix() || context.state.is_on(Option::ExpandAliases) || context.services.is_interactive();
}

FoundCommand find_one(BuiltinContext& context, std::string_view name, const RunOptions& options) {
  if (sees_aliases(context) && context.state.aliases.find_alias(name) != nullptr) {
    FoundCommand alias;
    alias.kind = Kind::Alias;
    return alias;
  }
  FoundCommand found = context.services.find_command(name, options);
  if (!found.trouble.empty()) context.error("{}", found.trouble);
  return found;
}

bool is_executable_file(std::string_view path) {
  struct stat status;
  return stat(path.data(), &status) == 0 && S_ISREG(status.st_mode) && access(path.data(), X_OK) == 0;
}

// The files of that name in PATH, executable or not.
std::vector<std::string> unexecutable_files(std::string_view name, std::string_view path_list) {
  std::vector<std::string> found;
  for (size_t start = 0; start <= path_list.size();) {
    size_t end = std::min(path_list.find(':', start), path_list.size());
    std::string path(path_list.substr(start, end - start));
    path += path.empty() || path.ends_with('/') ? "" : "/";
    path += name;
    struct stat status;
    if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) found.push_back(std::move(path));
    start = end + 1;
  }
  return found;
}

// Everything of that name, in the order in which it would be found (type -a).
std::vector<FoundCommand> find_all(BuiltinContext& context, std::string_view name, bool skip_functions,
                                   bool files_only) {
  std::vector<FoundCommand> all;
  std::optional<Name> known = NameTable::find(name);
  auto add = [&](Kind kind) {
    all.emplace_back();
    all.back().kind = kind;
  };
  if (!files_only) {
    const state::ShellState& state = context.state;
    if (sees_aliases(context) && state.aliases.find_alias(name) != nullptr) add(Kind::Alias);
    if (syntax::find_reserved_word(name, state.is_posix()) != syntax::ReservedWord::None) add(Kind::Keyword);
    if (!skip_functions && known.has_value() && state.functions.find(*known) != nullptr) add(Kind::Function);
    const Builtin* builtin = context.services.find_builtin(name);
    if (builtin != nullptr && context.services.is_builtin_enabled(*builtin)) {
      add(builtin->kind == BuiltinKind::Special ? Kind::SpecialBuiltin : Kind::Builtin);
    }
  }
  std::vector<std::string> paths;
  const state::CommandHash::Entry* entry = known.has_value() ? context.state.hash.find(*known) : nullptr;
  if (files_only && entry != nullptr && entry->is_fixed) {
    paths.push_back(entry->path);  // hash -p: that file runs, whatever PATH says
  } else if (name.find('/') != std::string_view::npos) {
    if (is_executable_file(name)) paths.emplace_back(name);
  } else {
    state::SearchTrouble trouble;
    paths = state::search_path_all(name, path_list(context, false), &trouble);
    if (trouble.error != 0) context.error("{}", trouble.sentence());
    // bash: a file that cannot be executed is better than none; `source` finds it too.
    if (paths.empty() && files_only) paths = unexecutable_files(name, path_list(context, false));
  }
  for (std::string& path : paths) {
    add(Kind::File);
    all.back().path = std::move(path);
  }
  return all;
}

// --- hash ---

void list_hash(BuiltinContext& context, bool reusable) {
  const state::CommandHash& hash = context.state.hash;
  if (hash.empty()) {
    if (!context.state.is_posix()) context.out.write("hash: hash table empty\n");
    return;
  }
  if (!reusable && !context.state.is_posix()) context.out.write("hits\tcommand\n");
  for (Name name : hash.sorted_names()) {
    const state::CommandHash::Entry& entry = *hash.find(name);
    if (reusable) {
      context.out.print("builtin hash -p {} {}\n", quote(entry.path), quote(text(name)));
    } else if (context.state.is_posix()) {
      context.out.print("{}\n", entry.path);
    } else {
      context.out.print("{:4}\t{}\n", entry.hits, entry.path);
    }
  }
}

bool hash_one(BuiltinContext& context, std::string_view name) {
  if (name.find('/') != std::string_view::npos) return true;  // not searched for
  std::optional<Name> known = NameTable::find(name);
  // XCU hash: the utilities that are built in are no part of the list.
  if (context.services.find_builtin(name) != nullptr) return true;
  if (known.has_value() && context.state.functions.find(*known) != nullptr) return true;
  std::string path = search(context, name);
  if (path.empty()) return false;
  context.state.hash.remember(NameTable::intern(name), path);
  context.state.bump_generation();
  return true;
}

// --- help ---

std::vector<const Builtin*> find_help(BuiltinContext& context, std::string_view pattern_text) {
  std::vector<const Builtin*> found;
  if (const Builtin* exact = context.services.find_builtin(pattern_text)) return {exact};
  bool is_plain = pattern_text.find_first_of("*?[") == std::string_view::npos;
  std::string text(pattern_text);
  if (is_plain) text += '*';  // the beginning of a name will do
  pattern::Pattern pattern =
      pattern::Pattern::compile(context.state.scratch.copy(text), {}, pattern::PatternOptions{}, context.state.scratch);
  for (const Builtin& builtin : context.services.builtins()) {
    if (pattern.matches(builtin.name)) found.push_back(&builtin);
  }
  return found;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

void print_help(BuiltinContext& context, const Builtin& builtin, char style) {
  switch (style) {
    case 'd': context.out.print("{} - {}\n", builtin.name, first_line(builtin.help)); return;
    case 's': context.out.print("{}: {}\n", builtin.name, builtin.synopsis); return;
    case 'm': {
      context.out.print("NAME\n    {} - {}\n\nSYNOPSIS\n    {}\n\nDESCRIPTION\n", builtin.name,
                        first_line(builtin.help), builtin.synopsis);
      break;
    }
    default: context.out.print("{}: {}\n", builtin.name, builtin.synopsis); break;
  }
  for (size_t start = 0; start < builtin.help.size();) {
    size_t end = std::min(builtin.help.find('\n', start), builtin.help.size());
    std::string_view line = builtin.help.substr(start, end - start);
    if (!line.empty()) context.out.print("    {}", line);
    context.out.put('\n');
    start = end + 1;
  }
}

}  // namespace

bool describe_command(BuiltinContext& context, std::string_view name, Description style, const RunOptions& options) {
  RunOptions all = options;
  all.skip_functions = false;  // `command -v` looks at functions though `command` does not run them
  FoundCommand found = find_one(context, name, all);
  if (found.kind == Kind::NotFound) return false;
  describe(context, name, found, style);
  return true;
}

Completion run_type(BuiltinContext& context, Args args) {
  bool all = false, skip_functions = false, files_only = false;
  Description style = Description::Long;
  OptionParser options(context, args, context.state.is_posix() ? "" : "afptP");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'a': all = true; break;
      case 'f': skip_functions = true; break;
      case 'p': style = Description::Path; break;
      case 'P':
        style = Description::Path;
        files_only = true;
        break;
      case 't': style = Description::Kind; break;
      default: return options.completion();
    }
  }
  bool all_found = true;
  for (std::string_view name : options.operands()) {
    std::vector<FoundCommand> found;
    if (all || files_only || skip_functions) {
      found = find_all(context, name, skip_functions, files_only);
    } else {
      found.push_back(find_one(context, name, RunOptions{}));
      if (found[0].kind == Kind::NotFound) found.clear();
    }
    if (!all && found.size() > 1) found.resize(1);
    for (const FoundCommand& command : found) describe(context, name, command, style);
    if (!found.empty()) continue;
    all_found = false;
    if (style == Description::Long) context.error("{}: not found", name);
  }
  if (all_found) return Completion::of(0);
  return Completion::of(context.state.is_posix() ? state::kNotFound : state::kFailure);
}

Completion run_hash(BuiltinContext& context, Args args) {
  state::CommandHash& hash = context.state.hash;
  bool forgets_all = false, forgets = false, reusable = false, tells = false;
  std::string_view path;
  OptionParser options(context, args, context.state.is_posix() ? "r" : "dlp:rt");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'd': forgets = true; break;
      case 'l': reusable = true; break;
      case 'p': path = options.argument(); break;
      case 'r': forgets_all = true; break;
      case 't': tells = true; break;
      default: return options.completion();
    }
  }
  args = options.operands();
  if (forgets_all) {
    hash.clear();
    context.state.bump_generation();
  }
  if (args.empty()) {
    if (forgets || tells || !path.empty()) return context.usage_error("a name is required");
    if (!forgets_all) list_hash(context, reusable);
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view name : args) {
    bool done = true;
    const state::CommandHash::Entry* entry = hash.find(NameTable::intern(name));
    if (forgets) {
      done = hash.forget(NameTable::intern(name));
      context.state.bump_generation();
    } else if (tells) {
      done = entry != nullptr;
      if (done && reusable) {
        context.out.print("builtin hash -p {} {}\n", quote(entry->path), quote(name));
      } else if (done && args.size() > 1) {
        context.out.print("{}\t{}\n", name, entry->path);
      } else if (done) {
        context.out.print("{}\n", entry->path);
      }
    } else if (!path.empty()) {
      if (struct stat found; stat(path.data(), &found) == 0 && S_ISDIR(found.st_mode)) {
        return context.failure(fmt::format("{}: {}", path, Errno(EISDIR).message()));
      }
      hash.remember(NameTable::intern(name), path, true);
      context.state.bump_generation();
    } else {
      done = hash_one(context, name);
      if (!done) hash.forget(NameTable::intern(name));
    }
    if (done) continue;
    context.error("{}: not found", name);
    status = 1;
  }
  return Completion::of(status);
}

Completion run_caller(BuiltinContext& context, Args args) {
  OptionParser options(context, args, "");
  if (options.next() != 0) return options.completion();
  args = options.operands();
  std::vector<const state::Frame*> frames = context.state.calls.visible();
  if (frames.empty()) return Completion::of(1);
  if (frames[0]->kind == state::FrameKind::Main) {
    if (!args.empty()) return Completion::of(1);
    context.out.write("0 NULL\n");
    return Completion::of(0);
  }
  int64_t number = 0;
  if (!args.empty()) {
    std::optional<int64_t> given = parse_integer(args[0]);
    if (!given.has_value() || *given < 0) return context.usage_error(fmt::format("{}: invalid number", args[0]));
    number = *given;
  }
  size_t i = static_cast<size_t>(number);
  if (i >= frames.size() || frames[i]->kind == state::FrameKind::Main) return Completion::of(1);
  const state::Frame* outer = i + 1 < frames.size() ? frames[i + 1] : nullptr;
  std::string_view file = outer != nullptr ? state::source_of(context.state, *outer) : std::string_view("NULL");
  if (args.empty()) {
    context.out.print("{} {}\n", frames[i]->call_line, file);
    return Completion::of(0);
  }
  if (outer == nullptr) return Completion::of(1);  // called from -c or the standard input
  std::string_view function = "main";
  if (outer->kind == state::FrameKind::Function) function = text(outer->function);
  if (outer->kind == state::FrameKind::Source) function = "source";
  context.out.print("{} {} {}\n", frames[i]->call_line, function, file);
  return Completion::of(0);
}

Completion run_help(BuiltinContext& context, Args args) {
  char style = 0;
  OptionParser options(context, args, "dms");
  for (char letter; (letter = options.next()) != 0;) {
    if (options.failed()) return options.completion();
    style = letter;
  }
  args = options.operands();
  if (args.empty()) {
    context.out.write("Builtins of mish. `help NAME' tells more about one, `help -d' what each is for.\n\n");
    for (const Builtin& builtin : context.services.builtins()) {
      if (style == 'd') {
        print_help(context, builtin, style);
      } else {
        context.out.print("{}\n", builtin.synopsis);
      }
    }
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view operand : args) {
    std::vector<const Builtin*> found = find_help(context, operand);
    if (found.empty()) {
      context.error("no builtin matches `{}'; try `man {}'", operand, operand);
      status = 1;
    }
    for (const Builtin* builtin : found) print_help(context, *builtin, style);
  }
  return Completion::of(status);
}

Completion run_enable(BuiltinContext& context, Args args) {
  bool turns_off = false, all = false, special_only = false, reusable = false, loads = false;
  OptionParser options(context, args, "adnpsf:");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'a': all = true; break;
      case 'd':
      case 'f': loads = true; break;
      case 'n': turns_off = true; break;
      case 'p': reusable = true; break;
      case 's': special_only = true; break;
      default: return options.completion();
    }
  }
  if (loads) return context.failure("builtins cannot be loaded from files");
  args = options.operands();
  if (args.empty() || reusable) {
    for (const Builtin& builtin : context.services.builtins()) {
      bool is_on = context.services.is_builtin_enabled(builtin);
      if (special_only && builtin.kind != BuiltinKind::Special) continue;
      if (!all && is_on == turns_off) continue;
      context.out.print("enable {}{}\n", is_on ? "" : "-n ", builtin.name);
    }
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view name : args) {
    if (context.services.enable_builtin(name, !turns_off)) continue;
    context.error("{}: not a shell builtin", name);
    status = 1;
  }
  return Completion::of(status);
}

}  // namespace mish::builtins
