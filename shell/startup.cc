// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/startup.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "shell/api/prompt_commands.h"
#include "shell/base/diagnostic.h"
#include "shell/base/retry.h"
#include "shell/base/stack_guard.h"
#include "shell/expand/prompt.h"
#include "shell/process/fd_plan.h"
#include "shell/process/signals.h"
#include "shell/process/wait.h"
#include "shell/state/command_hash.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/parser.h"
#include "shell/syntax/source.h"
#include "shell/version.h"

namespace mish {

using exec::Completion;
using exec::Flow;
using exec::ReadEvalLoop;
using state::Option;

namespace {

// Where utilities are looked for when nobody said so: also those of the administrator, as in bash and dash.
constexpr std::string_view kInitialPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string_view base_name(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// --- the command line ------------------------------------------------------------------------------------------------

class InvocationParser {
 public:
  InvocationParser(int argc, char* const* argv, Invocation& result) : argc_(argc), argv_(argv), result_(result) {}

  void parse() {
    std::string_view called = argc_ > 0 && argv_[0] != nullptr ? argv_[0] : "mish";
    if (called.starts_with('-')) {
      result_.is_login = true;
      called.remove_prefix(1);
    }
    std::string_view name = base_name(called);
    if (name == "sh") result_.is_posix = true;
    for (at_ = 1; at_ < argc_ && result_.action == Invocation::Action::Run; ++at_) {
      std::string_view argument = argv_[at_];
      if (argument == "--" || argument == "-") {
        ++at_;
        break;
      }
      if (argument.starts_with("--")) {
        long_option(argument.substr(2));
      } else if (argument.size() > 1 && (argument[0] == '-' || argument[0] == '+')) {
        short_options(argument);
      } else {
        break;
      }
    }
    for (; at_ < argc_; ++at_) result_.operands.emplace_back(argv_[at_]);
    if (result_.has_command && result_.operands.empty() && result_.action == Invocation::Action::Run) {
      fail("-c: a command string is missing");
    }
  }

 private:
  void fail(std::string message) {
    if (result_.action != Invocation::Action::Run) return;
    result_.action = Invocation::Action::Fail;
    result_.error = std::move(message);
  }

  void set(Option option, bool on) {
    if (option == Option::Posix) result_.is_posix = on;
    if (option == Option::Interactive) result_.is_interactive = on;
    if (option == Option::Privileged) result_.keeps_privileges = on;
    result_.options.emplace_back(option, on);
  }

  void long_option(std::string_view name) {
    if (name == "help") {
      result_.action = Invocation::Action::PrintHelp;
    } else if (name == "version") {
      result_.action = Invocation::Action::PrintVersion;
    } else if (name == "posix") {
      set(Option::Posix, true);
    } else if (name == "login") {
      result_.is_login = true;
    } else if (name == "norc") {
      result_.no_rc = true;
    } else if (name == "noprofile") {
      result_.no_profile = true;
    } else if (name == "private") {
      result_.is_private = true;
    } else if (name == "verbose") {
      set(Option::Verbose, true);
    } else if (name == "restricted") {
      refuse_restricted();
    } else if (name == "noediting") {
      result_.no_editing = true;
    } else if (name == "rcfile" || name == "init-file") {
      if (at_ + 1 >= argc_) return fail("--" + std::string(name) + ": a file name is missing");
      result_.rc_file = argv_[++at_];
    } else if (name.starts_with("rcfile=")) {
      result_.rc_file = name.substr(7);
    } else {
      fail("--" + std::string(name) + ": unknown option; see `mish --help`");
    }
  }

  /// A flag that restricts nothing would be worse than none.
  void refuse_restricted() { fail("-r: there is no restricted mode; use a user or a container with fewer rights"); }

  void short_options(std::string_view cluster) {
    bool on = cluster[0] == '-';
    for (char letter : cluster.substr(1)) {
      switch (letter) {
        case 'c': result_.has_command = on; break;
        case 's': result_.reads_standard_input = on; break;
        case 'i': set(Option::Interactive, on); break;
        case 'l': result_.is_login = on; break;
        case 'r':
          if (on) refuse_restricted();
          break;
        case 'o': named_option(state::OptionFamily::Set, on); break;
        case 'O': named_option(state::OptionFamily::Shopt, on); break;
        default: {
          const state::OptionInfo* info = state::find_option(letter);
          if (info == nullptr || info->family != state::OptionFamily::Set) {
            return fail(std::string(1, cluster[0]) + letter + ": unknown option; see `mish --help`");
          }
          set(info->option, on);
          break;
        }
      }
    }
  }

  void named_option(state::OptionFamily family, bool on) {
    if (at_ + 1 >= argc_) {  // as the builtins do without a name
      const bool is_set = family == state::OptionFamily::Set;
      result_.has_command = true;
      result_.operands = {is_set ? (on ? "set -o" : "set +o") : (on ? "shopt" : "shopt -p")};
      return;
    }
    std::string_view name = argv_[++at_];
    const state::OptionInfo* info = state::find_option(name, family);
    if (info == nullptr) return fail(std::string(name) + ": unknown option name");
    set(info->option, on);
  }

  int argc_;
  char* const* argv_;
  Invocation& result_;
  int at_ = 1;
};

// --- the environment -------------------------------------------------------------------------------------------------

/// Only a text that is exactly one function definition of that name is taken (no command can ride on it).
void import_function(state::ShellState& state, const char* name, const char* text) {
  std::string_view called(name);
  if (called.empty() || called.find('/') != std::string_view::npos) return;
  std::string definition = std::string(called) + ' ' + text;
  syntax::ParserOptions options;
  options.expand_aliases = false;
  syntax::StringSource source(definition);
  syntax::Parser parser(source, options, nullptr, "environment");
  syntax::ParseResult parsed = parser.parse_all();
  if (parsed.status != syntax::ParseStatus::Command || parsed.program->root() == nullptr) return;
  const syntax::Command* root = parsed.program->root();
  if (root->kind != syntax::CommandKind::Function) return;
  const auto& node = syntax::as<syntax::FunctionDefinition>(*root);
  if (mish::text(node.name) != called || std::string_view(text).substr(0, 2) != "()") return;
  state::Function function;
  function.program = parsed.program;
  function.definition = &node;
  function.source_name = "environment";
  function.is_exported = true;
  state.functions.define(node.name, std::move(function));
}

bool has_raised_privileges() {
  return getauxval(AT_UID) != getauxval(AT_EUID) || getauxval(AT_GID) != getauxval(AT_EGID);
}

/// Real, effective and saved ids become the real ones: no child can take the privilege back.
bool drop_privileges() {
  uid_t user = getuid();
  gid_t group = getgid();
  return setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0;
}

// --- interactive input without a front end ---------------------------------------------------------------------------

class PromptingSource final : public syntax::Source {
 public:
  explicit PromptingSource(exec::Shell& shell)
      : shell_(shell), input_(STDIN_FILENO), renderer_(shell.state(), shell.expander()) {}
  Status next_line(syntax::LinePurpose purpose, std::string_view& line) override {
    const bool is_first = purpose == syntax::LinePurpose::FirstLine;
    if (is_first) {
      state::count_prompt(shell_.state());
      shell_.jobs().reap();
      shell_.err().write(shell_.jobs().take_notices());
      if (std::optional<int> status = api::run_prompt_commands(shell_, shell_.state())) {
        exit_line_ = "exit " + std::to_string(*status) + '\n';
        line = exit_line_;
        return Status::Line;
      }
      renderer_.set_command_number(++commands_);
    }
    show_prompt(is_first ? names::PS1 : names::PS2);
    // A terminal is readable when a line is complete: signals are looked at until then.
    for (;;) {
      switch (process::wait_readable(STDIN_FILENO, -1, true)) {
        case process::PollOutcome::Ready:
        case process::PollOutcome::TimedOut: return input_.next_line(purpose, line);
        case process::PollOutcome::ChildChanged: shell_.jobs().reap(); break;
        case process::PollOutcome::Interrupted:
          if (!shell_.state().traps.action(SIGINT).is_set()) process::clear_pending_signal(SIGINT);
          shell_.err().put('\n');
          shell_.err().flush();
          return Status::Interrupted;
      }
    }
  }
  int error() const override { return input_.error(); }
  bool is_interactive() const override { return true; }

 private:
  void show_prompt(Name name) {
    std::string value(shell_.state().variables.text(name));
    shell_.err().write(expand::without_brackets(renderer_.expand(value, shell_.jobs().listed_count())));
    shell_.err().flush();
  }

  exec::Shell& shell_;
  syntax::SharedInputSource input_;
  expand::PromptRenderer renderer_;
  int64_t commands_ = 0;
  std::string exit_line_;
};

// --- starting --------------------------------------------------------------------------------------------------------

class Starter {
 public:
  Starter(exec::Shell& shell, const Invocation& invocation, char* const* argv, char** environment)
      : shell_(shell), state_(shell.state()), invocation_(invocation), argv_(argv), environment_(environment) {}

  int run(FrontendFactory make_frontend) {
    if (!set_identity()) return state::kUsageError;
    set_options();
    import_environment();
    set_variables();
    if (is_interactive_) start_interactive(make_frontend);
    if (!distrusts_environment()) {
      if (Completion done = read_startup_files(); done.flow == Flow::Exit) return shell_.finish(done);
    }
    return shell_.finish(run_commands());
  }

 private:
  bool set_identity() {
    state_.shell_pid = getpid();
    std::string_view called = argv_[0] != nullptr ? argv_[0] : "mish";
    state_.zero = std::string(called);
    if (called.starts_with('-')) called.remove_prefix(1);
    state_.shell_name = std::string(base_name(called));
    StackGuard::initialise();
    process::initialise_signals();
    is_privileged_ = has_raised_privileges();
    if (is_privileged_ && !invocation_.keeps_privileges && !drop_privileges()) {
      shell_.report(std::string("cannot give up privileges: ") + std::string(Errno::last().message()));
      return false;
    }
    return true;
  }

  /// Set-user-ID or set-group-ID, or told so (-p): no start-up files, whose names are the caller's choice, no functions
  /// of his and nothing of his that is expanded.
  bool distrusts_environment() const { return is_privileged_ || state_.options.is_on(Option::Privileged); }

  void set_options() {
    is_interactive_ = invocation_.is_interactive ||
                      (!invocation_.has_command && (invocation_.operands.empty() || invocation_.reads_standard_input) &&
                       isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1);
    state_.options.set(Option::Interactive, is_interactive_);
    state_.options.set(Option::CommandString, invocation_.has_command);
    state_.options.set(Option::StandardInput,
                       !invocation_.has_command && (invocation_.operands.empty() || invocation_.reads_standard_input));
    state_.options.set(Option::Login, invocation_.is_login);
    state_.options.set(Option::LoginShell, invocation_.is_login);
    if (is_interactive_) {
      for (Option option : {Option::ExpandAliases, Option::History, Option::HistExpand, Option::Emacs}) {
        state_.options.set(option, true);
      }
      if (invocation_.is_posix) state_.options.set(Option::HistExpand, false);
    }
    if (invocation_.is_posix) state_.options.set(Option::HashAll, false);
    for (const auto& [option, on] : invocation_.options) {
      if (option != Option::Monitor) shell_.set_option(option, on);
    }
    if (invocation_.is_posix) shell_.set_option(Option::Posix, true);
    if (is_privileged_ && invocation_.keeps_privileges) state_.options.set(Option::Privileged, true);
  }

  void import_environment() {
    bool takes_functions = !invocation_.is_posix && !distrusts_environment();
    state_.environment.import(state_, environment_, takes_functions ? import_function : nullptr);
    if (distrusts_environment()) {
      // What the caller chose must not run with the rights of the file's owner, nor lead him elsewhere.
      for (Name name : {names::CDPATH, names::GLOBIGNORE}) state_.variables.unset(name);
    }
    // With SHELLOPTS=xtrace it would run what it says for any program of root that calls system(3); as in bash.
    if (distrusts_environment() || geteuid() == 0) state_.variables.unset(names::PS4);
    // bash goes on with its language then; here the mode without it is what the environment asks for. A script that
    // sets the variable for its utilities changes nothing.
    if (state_.variables.is_set(names::POSIXLY_CORRECT) && !invocation_.is_posix)
      shell_.set_option(Option::Posix, true);
    if (!state_.is_posix() && !distrusts_environment()) import_options();
    state::install_special_variables(state_);
  }

  /// The options named by SHELLOPTS and BASHOPTS are switched on, after those of the command line; none is switched
  /// off.
  void import_options() {
    import_options_of(names::SHELLOPTS, state::OptionFamily::Set);
    import_options_of(names::BASHOPTS, state::OptionFamily::Shopt);
  }

  void import_options_of(Name variable, state::OptionFamily family) {
    std::string_view list = state_.variables.text(variable);
    while (!list.empty()) {
      std::string_view name = list.substr(0, list.find(':'));
      list.remove_prefix(std::min(name.size() + 1, list.size()));
      const state::OptionInfo* info = state::find_option(name, family);
      if (info == nullptr) {
        // Other shells have shopt options of their own; bash is silent about these, too.
        if (family == state::OptionFamily::Set) shell_.report(std::string(name) + ": invalid option name");
      } else if (info->option == Option::Monitor) {
        monitor_from_environment_ = true;
      } else if (info->settable) {
        shell_.set_option(info->option, true);
      }
    }
  }

  void set_variables() {
    state::VariableTable& variables = state_.variables;
    state_.directory.initialise(variables.text(names::PWD));
    const std::string& directory = state_.directory.logical();
    if (directory.empty()) shell_.report("the current directory cannot be determined");
    if (variables.text(names::PWD) != directory) {
      variables.assign(names::PWD, directory);
      variables.add_attributes(names::PWD, state::attribute::Exported);
    }
    if (!state_.is_posix()) state::count_shell_level(state_);
    // As sh too: maintainer scripts run `env -i sh -c ...`.
    if (!variables.is_set(names::PATH)) variables.assign(names::PATH, kInitialPath);
    if (state_.last_argument.empty() && !state_.is_posix()) state_.last_argument = state_.zero;
    set_parameters();
    if (!is_interactive_ && !state_.is_posix()) {
      // bash: a script sees no prompt, and a file written for both looks at PS1 to know.
      for (Name name : {names::PS1, names::PS2}) variables.unset(name);
    }
    if (is_interactive_) {
      const char* plain = getuid() == 0 ? "# " : "$ ";
      if (!variables.is_set(names::PS1)) {
        variables.assign(names::PS1, state_.is_posix() ? plain : getuid() == 0 ? "\\h:\\w# " : "\\h:\\w\\$ ");
      }
      if (!variables.is_set(names::PS2)) variables.assign(names::PS2, "> ");
    }
  }

  /// $0, $1 ... and, for -c, the command string.
  void set_parameters() {
    std::span<const std::string_view> operands = invocation_.operands;
    if (invocation_.has_command) {
      state_.command_string = std::string(operands[0]);
      operands = operands.subspan(1);
      if (!operands.empty()) {
        state_.zero = std::string(operands[0]);
        operands = operands.subspan(1);
      }
    } else if (!invocation_.reads_standard_input && !operands.empty()) {
      state_.zero = std::string(operands[0]);
      operands = operands.subspan(1);
    }
    state_.positional.borrow(operands);
    state_.calls.top().arguments = operands;
  }

  void start_interactive(FrontendFactory make_frontend) {
    process::set_interactive_dispositions(true, false);
    // Without a word of the user's, job control needs a terminal.
    bool wants_monitor = monitor_from_environment_ || isatty(STDIN_FILENO) == 1 || isatty(STDERR_FILENO) == 1;
    for (const auto& [option, on] : invocation_.options) {
      if (option == Option::Monitor) wants_monitor = on;
    }
    if (wants_monitor) shell_.set_option(Option::Monitor, true);
    process::watch_children();
    bool is_terminal = isatty(STDIN_FILENO) == 1;
    if (make_frontend != nullptr && is_terminal && !invocation_.no_editing &&
        state_.options.is_on(Option::StandardInput)) {
      frontend_ = make_frontend(shell_, invocation_.is_private);
      if (frontend_ != nullptr) shell_.set_frontend(frontend_.get());
    }
    // The shell's own list then, begun with what HISTFILE holds.
    if (frontend_ == nullptr)
      shell_.set_option(Option::History, state_.is_on(Option::History) && !invocation_.is_private);
  }

  // --- start-up files ---

  std::string home() const { return std::string(state_.variables.text(names::HOME)); }

  static bool is_readable(const std::string& path) {
    struct stat status;
    return retry_interrupted([&] { return stat(path.c_str(), &status); }) == 0 && S_ISREG(status.st_mode) &&
           access(path.c_str(), R_OK) == 0;
  }

  Completion read_file(const std::string& path) {
    if (!is_readable(path)) return {};
    Completion completion;
    try {
      completion = shell_.run_file(path, {});
    } catch (const state::ShellError& error) {
      completion = exec::consequence(shell_.context(), error);
      if (is_interactive_) completion.flow = Flow::Normal;
    }
    if (completion.flow == Flow::Exit) return completion;
    return {};
  }

  Completion read_first_of(std::initializer_list<std::string> paths) {
    for (const std::string& path : paths) {
      if (is_readable(path)) return read_file(path);
    }
    return {};
  }

  Completion read_startup_files() {
    if (invocation_.is_login && !invocation_.no_profile) {
      if (Completion done = read_file("/etc/profile"); done.flow == Flow::Exit) return done;
      Completion done = state_.is_posix() || home().empty()
                            ? (home().empty() ? Completion{} : read_file(home() + "/.profile"))
                            : read_first_of({home() + "/.mish_profile", home() + "/.bash_profile",
                                             home() + "/.bash_login", home() + "/.profile"});
      if (done.flow == Flow::Exit) return done;
    }
    if (is_interactive_) return read_interactive_files();
    if (!state_.is_posix() &&
        (invocation_.has_command || !invocation_.operands.empty() || state_.options.is_on(Option::StandardInput))) {
      return read_named_by(names::BASH_ENV);
    }
    return {};
  }

  Completion read_interactive_files() {
    if (state_.is_posix()) return read_named_by(names::ENV);
    if (!invocation_.rc_file.empty()) return read_file(std::string(invocation_.rc_file));
    if (invocation_.no_rc || invocation_.is_login) return {};
    if (Completion done = read_file("/etc/mish/mishrc"); done.flow == Flow::Exit) return done;
    std::string config(state_.variables.text(NameTable::intern("XDG_CONFIG_HOME")));
    if (config.empty() && !home().empty()) config = home() + "/.config";
    if (home().empty()) return config.empty() ? Completion{} : read_file(config + "/mish/mishrc");
    return read_first_of({config + "/mish/mishrc", home() + "/.mishrc", home() + "/.bashrc"});
  }

  /// ENV and BASH_ENV: the value is expanded, then read as a file.
  Completion read_named_by(Name variable) {
    std::string value(state_.variables.text(variable));
    if (value.empty()) return {};
    try {
      value = shell_.expander().expand_text(value);
    } catch (const state::ShellError& error) {
      shell_.report(error.message());
      return {};
    }
    return value.empty() ? Completion{} : read_file(value);
  }

  // --- commands ---

  Completion run_commands() {
    bool wants_monitor = monitor_from_environment_;
    for (const auto& [option, on] : invocation_.options) {
      if (option == Option::Monitor) wants_monitor = wants_monitor || on;
    }
    if (wants_monitor && !is_interactive_) shell_.set_option(Option::Monitor, true);
    if (invocation_.has_command) {
      syntax::StringSource source(state_.command_string);
      return shell_.run(source, "-c", ReadEvalLoop::Purpose::CommandText, exec::Tail::Yes);
    }
    if (state_.options.is_on(Option::StandardInput)) return run_standard_input();
    return run_script(std::string(invocation_.operands[0]));
  }

  Completion run_standard_input() {
    if (!is_interactive_) {
      // XCU sh, STDIN: a non-blocking standard input is made blocking.
      if (int flags = retry_interrupted([&] { return fcntl(STDIN_FILENO, F_GETFL); });
          flags >= 0 && (flags & O_NONBLOCK) != 0) {
        fcntl(STDIN_FILENO, F_SETFL, flags & ~O_NONBLOCK);
      }
      syntax::SharedInputSource source(STDIN_FILENO);
      return shell_.run(source, "stdin", ReadEvalLoop::Purpose::Script);
    }
    if (frontend_ != nullptr) return shell_.run(*frontend_, "", ReadEvalLoop::Purpose::Terminal);
    PromptingSource source(shell_);
    return shell_.run(source, "", ReadEvalLoop::Purpose::Terminal);
  }

  Completion cannot_open(const std::string& path, int error) {
    int status = error == ENOENT || error == ENOTDIR ? state::kNotFound : state::kNotExecutable;
    shell_.err().write(format_diagnostic(state_.shell_name, {}, path + ": " + strerror(error)));
    shell_.err().flush();
    return {status, Flow::Exit, 0};
  }

  Completion run_script(const std::string& operand) {
    std::string path = operand;
    Result<UniqueFd> opened = open_file(path.c_str(), O_RDONLY);
    if (!opened.ok() && opened.code() == ENOENT && operand.find('/') == std::string::npos) {
      // XCU sh: a name without slash that is not here may be looked for in PATH.
      path = state::search_path(operand, state_.variables.text(names::PATH));
      if (!path.empty()) opened = open_file(path.c_str(), O_RDONLY);
    }
    if (!opened.ok()) return cannot_open(operand, opened.code());
    struct stat status;
    if (retry_interrupted([&] { return fstat(opened->get(), &status); }) == 0 && S_ISDIR(status.st_mode))
      return cannot_open(operand, EISDIR);
    if (is_binary(opened->get())) {
      shell_.err().write(format_diagnostic(state_.shell_name, {}, operand + ": cannot execute binary file"));
      shell_.err().flush();
      return {state::kNotExecutable, Flow::Exit, 0};
    }
    Result<UniqueFd> moved = move_above_9(std::move(*opened));
    if (!moved.ok()) return cannot_open(operand, moved.code());
    state_.calls.top().source_name = invocation_.operands[0];
    syntax::FileSource source(std::move(*moved));
    return shell_.run(source, operand, ReadEvalLoop::Purpose::Script);
  }

  static bool is_binary(int fd) {
    char head[128];
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got <= 0) return false;
    std::string_view text(head, static_cast<size_t>(got));
    return text.substr(0, text.find('\n')).find('\0') != std::string_view::npos;
  }

  exec::Shell& shell_;
  state::ShellState& state_;
  const Invocation& invocation_;
  char* const* argv_;
  char** environment_;
  std::unique_ptr<api::Frontend> frontend_;
  bool is_interactive_ = false;
  bool is_privileged_ = false;
  bool monitor_from_environment_ = false;
};

}  // namespace

Invocation parse_invocation(int argc, char* const* argv) {
  Invocation result;
  InvocationParser(argc, argv, result).parse();
  return result;
}

int start(exec::Shell& shell, const Invocation& invocation, char* const* argv, char** environment,
          FrontendFactory make_frontend) {
  return Starter(shell, invocation, argv, environment).run(make_frontend);
}

std::string version_text() {
  return std::string("mish ") + kVersion + " (" + kTarget + ")\nLicence GPL-3.0-or-later; there is no warranty.\n";
}

std::string help_text() {
  return "mish - a Unix shell: POSIX sh, the bash language, interprocess communication built in\n"
         "\n"
         "usage: mish [options] [script [argument ...]]\n"
         "       mish [options] -c command [name [argument ...]]\n"
         "       mish [options] -s [argument ...]\n"
         "\n"
         "  -c             execute the command string\n"
         "  -s             read commands from standard input\n"
         "  -i             be interactive\n"
         "  -l, --login    be a login shell\n"
         "  -n             read commands, execute none: check the syntax\n"
         "  -o OPTION      set an option of `set -o`; +o unsets it\n"
         "  -O OPTION      set an option of `shopt`; +O unsets it\n"
         "  -abefhkmtuvxBCEHPT\n"
         "                 as the builtin `set` takes them\n"
         "  -p             keep raised privileges\n"
         "  --posix        POSIX mode (also when called as sh)\n"
         "  --rcfile FILE, --init-file FILE\n"
         "                 read FILE instead of the usual rc file\n"
         "  --norc         read no rc file\n"
         "  --noprofile    read no profile of a login shell\n"
         "  --noediting    read lines without the line editor\n"
         "  --private      keep no history\n"
         "  --help         print this and exit\n"
         "  --version      print the version and exit\n"
         "\n"
         "In the shell, `help` lists the builtins and `help NAME` explains one.\n";
}

}  // namespace mish
