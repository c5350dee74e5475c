// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/directory.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "builtins/operand.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/retry.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

using state::Option;

bool is_directory(const std::string& path) {
  struct stat status;
  return retry_interrupted([&] { return stat(path.c_str(), &status); }) == 0 && S_ISDIR(status.st_mode);
}

// --- cd ---

// CDPATH is for names that do not say where they are (XCU cd, step 3).
bool uses_cdpath(std::string_view directory) {
  std::string_view first = directory.substr(0, directory.find('/'));
  return !directory.empty() && directory[0] != '/' && first != "." && first != "..";
}

// The directory of CDPATH that holds `directory`; `prints` is set when its name must be told.
std::string find_in_cdpath(const state::ShellState& state, std::string_view directory, bool& prints) {
  std::string_view list = state.variables.text(names::CDPATH);
  for (size_t start = 0; !list.empty();) {
    size_t end = std::min(list.find(':', start), list.size());
    std::string candidate(list.substr(start, end - start));
    bool is_here = candidate.empty();
    if (is_here) candidate = ".";
    if (candidate.back() != '/') candidate += '/';
    candidate += directory;
    if (is_directory(candidate)) {
      prints = !is_here;
      return is_here ? std::string(directory) : candidate;
    }
    if (end == list.size()) break;
    start = end + 1;
  }
  return {};
}

// cdspell: the name of an entry of the directory that differs by one slip of the fingers.
std::string respell(std::string_view directory) {
  std::string corrected = directory.starts_with('/') ? "/" : "";
  for (size_t start = 0; start < directory.size();) {
    size_t end = std::min(directory.find('/', start), directory.size());
    std::string_view component = directory.substr(start, end - start);
    start = end + 1;
    if (component.empty()) continue;
    std::string as_written = corrected + std::string(component);
    if (!is_directory(as_written)) {
      std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(corrected.empty() ? "." : corrected.c_str()), closedir);
      std::string found;
      while (entries != nullptr) {
        const dirent* entry = readdir(entries.get());
        if (entry == nullptr) break;
        if (entry->d_name[0] != '.' && edit_distance(entry->d_name, component, 1) == 1 &&
            is_directory(corrected + entry->d_name)) {
          found = entry->d_name;
          break;
        }
      }
      if (found.empty()) return {};
      as_written = corrected + found;
    }
    corrected = as_written + "/";
  }
  if (corrected.size() > 1) corrected.pop_back();
  return corrected;
}

struct ChangeOptions {
  bool physical = false;
  bool must_determine = false;  // -e
};

// Changes the directory and the variables PWD and OLDPWD. False after an error; status 1 is then due.
bool change_directory(BuiltinContext& context, std::string_view directory, const ChangeOptions& options,
                      std::string_view shown) {
  state::ShellState& state = context.state;
  std::string before = state.directory.logical();
  Result<void> changed = state.directory.change(directory, options.physical);
  // bash: a path that only leads on as it is written, links and all, is followed so.
  bool leads_on =
      changed.ok() || (!options.physical && !state.is_posix() && state.directory.change(directory, true).ok());
  if (!leads_on) {
    context.error("{}: {}", shown, changed.error().message());
    return false;
  }
  if (state.directory.logical().empty()) context.error("{}: the path of this directory cannot be determined", shown);
  auto set = [&](Name name, const std::string& path) {
    return reporting_errors(context, [&] {
      state.variables.assign(name, path);
      // For the programs that are run, as from dash and bash.
      state.variables.add_attributes(name, state::attribute::Exported);
    });
  };
  // Each for itself: that one is read only does not make the other wrong.
  bool is_set = set(names::PWD, state.directory.logical());
  return set(names::OLDPWD, before) && is_set;
}

// A directory under another name: of CDPATH, of a variable (cdable_vars), or spelt right (cdspell).
Completion change_to_operand(BuiltinContext& context, std::string_view operand, const ChangeOptions& options) {
  state::ShellState& state = context.state;
  std::string directory;
  bool prints = false;
  if (uses_cdpath(operand)) directory = find_in_cdpath(state, operand, prints);
  if (directory.empty()) directory = operand;
  if (!is_directory(directory) && !state.is_posix()) {
    if (state.is_on(Option::CdableVars) && is_identifier(operand)) {
      std::string_view value = state.variables.text(NameTable::intern(operand));
      if (!value.empty()) {
        directory = value;
        prints = true;
      }
    }
    if (state.is_on(Option::CdSpell) && context.services.is_interactive() && !is_directory(directory)) {
      if (std::string corrected = respell(directory); !corrected.empty()) {
        directory = corrected;
        prints = true;
      }
    }
  }
  if (!change_directory(context, directory, options, operand)) return Completion::of(state.error_status());
  if (prints) context.out.print("{}\n", state.directory.logical());
  if (options.physical && options.must_determine && state.directory.logical().empty()) return Completion::of(1);
  return Completion::of(0);
}

// `cd -`.
Completion change_back(BuiltinContext& context, const ChangeOptions& options) {
  state::ShellState& state = context.state;
  std::string old(state.variables.text(names::OLDPWD));
  if (old.empty()) return context.failure("OLDPWD is not set", state.error_status());
  if (!change_directory(context, old, options, old)) return Completion::of(state.error_status());
  context.out.print("{}\n", state.directory.logical());
  return Completion::of(0);
}

// --- the stack ---

std::string with_tilde(const state::ShellState& state, const std::string& path) {
  std::string_view home = state.variables.text(names::HOME);
  if (home.size() < 2 || !path.starts_with(home)) return path;
  if (path.size() != home.size() && path[home.size()] != '/') return path;
  return "~" + path.substr(home.size());
}

// Position in the stack, 0 being the working directory, that +N or -N means.
std::optional<size_t> parse_position(std::string_view operand, size_t size) {
  if (operand.size() < 2 || (operand[0] != '+' && operand[0] != '-')) return std::nullopt;
  std::optional<int64_t> n = parse_integer(operand.substr(1));
  if (!n.has_value() || *n < 0 || !is_digit(operand[1])) return std::nullopt;
  if (static_cast<uint64_t>(*n) >= size) return size;  // out of range
  return operand[0] == '+' ? static_cast<size_t>(*n) : size - 1 - static_cast<size_t>(*n);
}

void print_stack(BuiltinContext& context) {
  context.out.write(with_tilde(context.state, context.state.directory.logical()));
  for (const std::string& entry : context.state.directory_stack.entries) {
    context.out.put(' ');
    context.out.write(with_tilde(context.state, entry));
  }
  context.out.put('\n');
}

// Operands of pushd and popd.
struct StackOperands {
  bool keeps_directory = false;  // -n
  std::optional<size_t> position;
  std::string_view directory;
  bool has_directory = false;
  int failed = 0;  // status of the error that was reported
};

StackOperands parse_stack_operands(BuiltinContext& context, Args args, bool takes_directory) {
  StackOperands operands;
  size_t size = context.state.directory_stack.entries.size() + 1;
  bool ended = false;
  for (std::string_view word : args) {
    if (!ended && word == "--") {
      ended = true;
    } else if (!ended && word == "-n") {
      operands.keeps_directory = true;
    } else if (std::optional<size_t> position = parse_position(word, size); !ended && position.has_value()) {
      if (*position >= size) {
        context.error("{}: directory stack index out of range", word);
        operands.failed = state::kFailure;
        return operands;
      }
      operands.position = position;
    } else if (takes_directory && !operands.has_directory && (ended || word == "-" || !word.starts_with('-'))) {
      operands.directory = word;
      operands.has_directory = true;
    } else {
      operands.failed = context.usage_error(fmt::format("{}: invalid operand", word)).status;
      return operands;
    }
  }
  return operands;
}

// Makes `whole` (working directory first) the stack; changes to its first unless told not to.
Completion adopt_stack(BuiltinContext& context, std::vector<std::string> whole, bool keeps_directory) {
  if (!keeps_directory && whole[0] != context.state.directory.logical()) {
    ChangeOptions options{context.state.is_on(Option::Physical), false};
    if (!change_directory(context, whole[0], options, whole[0])) return Completion::of(1);
  }
  context.state.directory_stack.entries.assign(whole.begin() + 1, whole.end());
  return Completion::of(0);
}

std::vector<std::string> whole_stack(state::ShellState& state) {
  std::vector<std::string> whole{state.directory.logical()};
  whole.insert(whole.end(), state.directory_stack.entries.begin(), state.directory_stack.entries.end());
  return whole;
}

}  // namespace

Completion run_cd(BuiltinContext& context, Args args) {
  state::ShellState& state = context.state;
  ChangeOptions options{state.is_on(Option::Physical), false};
  OptionParser parser(context, args, "LPe");
  for (char letter; (letter = parser.next()) != 0;) {
    switch (letter) {
      case 'L': options.physical = false; break;
      case 'P': options.physical = true; break;
      case 'e': options.must_determine = true; break;
      default: return parser.completion();
    }
  }
  args = parser.operands();
  if (args.size() > 1) return context.failure("too many arguments");
  if (args.empty()) {
    std::string_view home = state.variables.text_or_null(names::HOME);
    if (home.data() == nullptr) return context.failure("HOME is not set", state.error_status());
    if (home.empty()) return Completion::of(0);
    return Completion::of(change_directory(context, home, options, home) ? state::kSuccess : state.error_status());
  }
  if (args[0] == "-") return change_back(context, options);
  if (args[0].empty()) {
    return state.is_posix() ? context.failure("the directory name is empty", state.error_status()) : Completion::of(0);
  }
  return change_to_operand(context, args[0], options);
}

Completion run_pwd(BuiltinContext& context, Args args) {
  bool physical = context.state.is_on(Option::Physical) && !context.state.is_posix();
  OptionParser options(context, args, "LP");
  for (char letter; (letter = options.next()) != 0;) {
    if (options.failed()) return options.completion();
    physical = letter == 'P';
  }
  if (!physical && context.state.is_posix()) {
    // XCU pwd -L: only a path that still leads here will do.
    struct stat named, current;
    const std::string& path = context.state.directory.logical();
    bool is_known = retry_interrupted([&] { return stat(path.c_str(), &named); }) == 0 &&
                    retry_interrupted([&] { return stat(".", &current); }) == 0;
    if (!is_known && (errno == EIO || errno == ENOMEM)) {
      // It may well be the one: the other form is no answer to that.
      return context.failure(fmt::format("the current directory cannot be determined: {}", Errno::last().message()));
    }
    physical = !is_known || named.st_ino != current.st_ino || named.st_dev != current.st_dev;
  }
  if (!physical && !context.state.directory.logical().empty()) {
    context.out.print("{}\n", context.state.directory.logical());
    return Completion::of(0);
  }
  Result<std::string> path = state::WorkingDirectory::physical();
  if (!path.ok())
    return context.failure(fmt::format("the current directory cannot be determined: {}", path.error().message()));
  context.out.print("{}\n", *path);
  return Completion::of(0);
}

Completion run_pushd(BuiltinContext& context, Args args) {
  StackOperands operands = parse_stack_operands(context, args, true);
  if (operands.failed != 0) return Completion::of(operands.failed);
  std::vector<std::string> whole = whole_stack(context.state);
  Completion completion;
  if (operands.has_directory) {
    if (operands.keeps_directory) {
      whole.insert(whole.begin() + 1, std::string(operands.directory));
      completion = adopt_stack(context, std::move(whole), true);
    } else {
      std::string before = whole[0];
      ChangeOptions options{context.state.is_on(Option::Physical), false};
      completion = operands.directory == "-" ? change_back(context, options)
                                             : change_to_operand(context, operands.directory, options);
      if (completion.status == 0) {
        auto& entries = context.state.directory_stack.entries;
        entries.insert(entries.begin(), before);
      }
    }
  } else {
    // Nothing to put below the top, which stays.
    if (operands.keeps_directory && !operands.position.has_value()) return Completion::of(0);
    size_t position = operands.position.value_or(1);
    if (whole.size() < 2 && !operands.position.has_value()) return context.failure("no other directory");
    if (!operands.position.has_value()) {
      std::swap(whole[0], whole[1]);
    } else {
      std::rotate(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(position), whole.end());
    }
    completion = adopt_stack(context, std::move(whole), operands.keeps_directory);
    if (operands.keeps_directory) return completion;  // turned without a word, as in bash
  }
  if (completion.status == 0) print_stack(context);
  return completion;
}

Completion run_popd(BuiltinContext& context, Args args) {
  StackOperands operands = parse_stack_operands(context, args, false);
  if (operands.failed != 0) return Completion::of(operands.failed);
  std::vector<std::string> whole = whole_stack(context.state);
  if (whole.size() < 2) return context.failure("directory stack empty");
  size_t position = operands.position.value_or(0);
  if (position == 0 && operands.keeps_directory) position = 1;
  whole.erase(whole.begin() + static_cast<ptrdiff_t>(position));
  Completion completion = adopt_stack(context, std::move(whole), operands.keeps_directory || position != 0);
  if (completion.status == 0) print_stack(context);
  return completion;
}

Completion run_dirs(BuiltinContext& context, Args args) {
  bool full = false, lines = false, numbers = false;
  std::vector<std::string> whole = whole_stack(context.state);
  std::optional<size_t> position;
  for (std::string_view word : args) {
    std::optional<size_t> given = parse_position(word, whole.size());
    if (given.has_value()) {
      if (*given >= whole.size()) return context.failure(fmt::format("{}: directory stack index out of range", word));
      position = given;
    } else if (word == "--") {
      break;
    } else if (word == "-c") {
      context.state.directory_stack.entries.clear();
      return Completion::of(0);
    } else if (word.size() > 1 && word[0] == '-' && word.find_first_not_of("lpv", 1) == std::string_view::npos) {
      full = full || word.find('l') != std::string_view::npos;
      lines = lines || word.find('p') != std::string_view::npos;
      numbers = numbers || word.find('v') != std::string_view::npos;
    } else {
      return context.usage_error(fmt::format("{}: invalid option", word));
    }
  }
  size_t first = position.value_or(0);
  size_t last = position.has_value() ? first : whole.size() - 1;
  for (size_t i = first; i <= last; ++i) {
    if (numbers) context.out.print("{:2}  ", i);
    context.out.write(full ? whole[i] : with_tilde(context.state, whole[i]));
    context.out.put(lines || numbers || i == last ? '\n' : ' ');
  }
  return Completion::of(0);
}

}  // namespace mish::builtins
