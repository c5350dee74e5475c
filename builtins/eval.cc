// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/eval.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "builtins/introspect.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/retry.h"

namespace mish::builtins {

namespace {

using state::Flow;
using state::Option;

// A readable file that is no directory; errno tells why not.
bool is_readable_file(const std::string& path) {
  struct stat status;
  if (retry_interrupted([&] { return stat(path.c_str(), &status); }) != 0) return false;
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return false;
  }
  return faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

// Where the dot utility finds `name` (XCU dot): as it is with a slash, else in PATH; bash then tries the current
// directory. Empty, with errno, when there is no readable file.
std::string find_script(const state::ShellState& state, std::string_view name) {
  std::string as_given(name);
  if (name.find('/') != std::string_view::npos) return is_readable_file(as_given) ? as_given : std::string();
  int error = ENOENT;
  if (state.is_on(Option::SourcePath) || state.is_posix()) {
    std::string_view path_list = state.variables.text(names::PATH);
    for (size_t start = 0; !path_list.empty();) {
      size_t end = std::min(path_list.find(':', start), path_list.size());
      std::string path(path_list.substr(start, end - start));
      if (path.empty()) path = ".";
      path.append("/").append(name);
      if (is_readable_file(path)) return path;
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
      if (end == path_list.size()) break;
      start = end + 1;
    }
  }
  if (!state.is_posix()) {
    if (is_readable_file(as_given)) return as_given;
    if (errno != ENOENT) error = errno;
  }
  errno = error;
  return {};
}

}  // namespace

Completion run_eval(BuiltinContext& context, Args args) {
  if (!args.empty() && args[0].starts_with('-')) [[unlikely]] {
    if (args[0] == "--") {
      args = args.subspan(1);
    } else if (args[0].size() > 1 && !context.state.is_posix()) {
      return context.usage_error(fmt::format("{}: invalid option", args[0]));
    }
  }
  if (args.empty()) return Completion::of(0);
  if (args.size() == 1) return context.services.run_text(args[0], "eval");
  std::string text(args[0]);
  for (std::string_view argument : args.subspan(1)) text.append(" ").append(argument);
  // The text must outlive this call: what is parsed from it may be kept as a function.
  return context.services.run_text(context.state.scratch.copy(text), "eval");
}

Completion run_dot(BuiltinContext& context, Args args) {
  OptionParser options(context, args, "");
  if (options.next() != 0) return options.completion();
  args = options.operands();
  if (args.empty()) return context.usage_error("filename argument required");
  std::string path = find_script(context.state, args[0]);
  if (path.empty()) return context.failure(fmt::format("{}: {}", args[0], strerror(errno)));
  return context.services.run_file(context.state.scratch.copy(path), args.subspan(1));
}

Completion run_command(BuiltinContext& context, Args args) {
  RunOptions run;
  run.skip_functions = true;
  Description style = Description::None;
  OptionParser options(context, args, "pvV");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'p': run.default_path = true; break;
      case 'v': style = Description::Short; break;
      case 'V': style = Description::Long; break;
      default: return options.completion();
    }
  }
  args = options.operands();
  if (style == Description::None) return args.empty() ? Completion::of(0) : context.services.run_command(args, run);
  bool all_found = !args.empty();
  bool any_found = false;
  for (std::string_view name : args) {
    bool found = describe_command(context, name, style, run);
    if (!found && style == Description::Long) context.error("{}: not found", name);
    all_found = all_found && found;
    any_found = any_found || found;
  }
  // bash is content with one that is found.
  if (context.state.is_posix() ? all_found : any_found) return Completion::of(0);
  return Completion::of(context.state.is_posix() ? state::kNotFound : state::kFailure);
}

Completion run_builtin(BuiltinContext& context, Args args) {
  OptionParser options(context, args, "");
  if (options.next() != 0) return options.completion();
  args = options.operands();
  if (args.empty()) return Completion::of(0);
  const Builtin* builtin = context.services.find_builtin(args[0]);
  if (builtin == nullptr) return context.failure(fmt::format("{}: not a shell builtin", args[0]));
  RunOptions run;
  run.builtin_only = true;
  return context.services.run_command(args, run);
}

Completion run_exec(BuiltinContext& context, Args args) {
  std::string argv0;
  bool empty_environment = false;
  bool as_login = false;
  OptionParser options(context, args, context.state.is_posix() ? "" : "a:cl");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'a': argv0 = options.argument(); break;
      case 'c': empty_environment = true; break;
      case 'l': as_login = true; break;
      default: return options.completion();
    }
  }
  args = options.operands();
  if (args.empty()) {
    context.services.keep_redirections();
    return Completion::of(0);
  }
  if (as_login) argv0 = "-" + (argv0.empty() ? std::string(args[0]) : argv0);
  context.out.flush();
  Completion completion = context.services.replace_shell(args, argv0, empty_environment);
  bool survives = context.services.is_interactive() || context.state.is_on(Option::ExecFail);
  if (completion.is_normal() && !survives) completion.flow = Flow::Exit;
  return completion;
}

}  // namespace mish::builtins
