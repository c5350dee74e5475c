// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/completion.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "shell/base/text.h"

namespace mish::interactive {

namespace {

constexpr int kRetry = 124;  // a completion function has loaded another specification

bool is_assignment(std::string_view word) {
  size_t i = 0;
  while (i < word.size() && is_name_char(word[i])) ++i;
  return i > 0 && !is_digit(word[0]) && i < word.size() &&
         (word[i] == '=' || word[i] == '[' || word.substr(i).starts_with("+="));
}

/// Words after which a command begins again.
bool introduces_command(std::string_view word) {
  for (std::string_view keyword : {"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc",
                                   "exec", "command", "builtin", "sudo", "env", "nohup", "nice"}) {
    if (word == keyword) return true;
  }
  return false;
}

/// Walks over the text before the cursor, opening a context at each ( and $( and leaving it at its ).
class LineScanner {
 public:
  explicit LineScanner(std::string_view text) : text_(text) {}

  CommandAtPoint run() {
    while (at_ < text_.size()) step();
    CommandAtPoint result;
    result.begin = context_.has_begin ? context_.begin : (has_word_ ? word_begin_ : at_);
    result.words = context_.words;
    result.word_begin = has_word_ ? word_begin_ : at_;
    result.is_redirection = context_.after_redirection;
    result.is_command_word = context_.words.empty() && !context_.after_redirection;
    return result;
  }

 private:
  struct Context {
    std::vector<std::string> words;
    size_t begin = 0;
    bool has_begin = false;
    bool after_redirection = false;
    bool in_double_quotes = false;
    char closer = 0;
  };

  void begin_word() {
    if (has_word_) return;
    has_word_ = true;
    word_begin_ = at_;
  }
  void end_word() {
    if (!has_word_) return;
    has_word_ = false;
    std::string word(text_.substr(word_begin_, at_ - word_begin_));
    if (context_.after_redirection) {
      context_.after_redirection = false;
      return;
    }
    if (context_.words.empty() && (is_assignment(word) || introduces_command(word))) return;
    if (!context_.has_begin) {
      context_.has_begin = true;
      context_.begin = word_begin_;
    }
    context_.words.push_back(std::move(word));
  }
  void end_command() {
    end_word();
    context_.words.clear();
    context_.has_begin = false;
    context_.after_redirection = false;
  }
  void open(char closer, size_t length) {
    begin_word();
    outer_.push_back({context_, word_begin_, has_word_});
    context_ = Context();
    context_.closer = closer;
    has_word_ = false;
    at_ += length;
  }
  void close() {
    context_ = outer_.back().context;
    word_begin_ = outer_.back().word_begin;
    has_word_ = outer_.back().has_word;
    outer_.pop_back();
    ++at_;
  }
  void step() {
    char c = text_[at_];
    char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '\\') {
      begin_word();
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '$' && next == '(') {
      open(')', 2);
    } else if (c == '`') {
      if (context_.closer == '`')
        close();
      else
        open('`', 1);
    } else if (c == '"') {
      begin_word();
      context_.in_double_quotes = !context_.in_double_quotes;
      ++at_;
    } else if (context_.in_double_quotes) {
      ++at_;
    } else if (c == '\'') {
      begin_word();
      size_t end = text_.find('\'', at_ + 1);
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else if (c == ' ' || c == '\t') {
      end_word();
      ++at_;
    } else if (c == '(') {
      end_command();
      open(')', 1);
    } else if (c == ')' && context_.closer == ')') {
      end_command();
      close();
    } else if (c == ';' || c == '|' || c == '&' || c == '\n' || c == ')') {
      bool is_redirection_part = c == '&' && at_ > 0 && (text_[at_ - 1] == '>' || text_[at_ - 1] == '<');
      if (!is_redirection_part && !(c == '&' && next == '>')) end_command();
      ++at_;
    } else if (c == '<' || c == '>') {
      if (next == '(') {
        open(')', 2);
      } else {
        end_word();
        context_.after_redirection = true;
        ++at_;
      }
    } else {
      begin_word();
      ++at_;
    }
  }

  struct Outer {
    Context context;
    size_t word_begin;
    bool has_word;
  };
  std::string_view text_;
  size_t at_ = 0;
  Context context_;
  std::vector<Outer> outer_;
  bool has_word_ = false;
  size_t word_begin_ = 0;
};

std::string unquote(std::string_view text) {
  std::string out;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    else if (c == '\\' && quote != '\'' && i + 1 < text.size())
      out += text[++i];
    else
      out += c;
  }
  return out;
}

/// What the builtins of this name take.
struct Defaults {
  std::string_view name;
  std::string_view actions;  // of compgen -A, separated by spaces
};
constexpr Defaults kDefaults[] = {
    {"alias", "alias"},
    {"unalias", "alias"},
    {"bg", "stopped"},
    {"fg", "job"},
    {"jobs", "job"},
    {"disown", "job"},
    {"wait", "job"},
    {"builtin", "builtin"},
    {"enable", "builtin"},
    {"help", "builtin keyword"},
    {"cd", "directory"},
    {"pushd", "directory"},
    {"rmdir", "directory"},
    {"command", "command"},
    {"type", "command"},
    {"hash", "command"},
    {"which", "command"},
    {"export", "variable"},
    {"declare", "variable"},
    {"typeset", "variable"},
    {"readonly", "variable"},
    {"local", "variable"},
    {"unset", "variable function"},
    {"read", "variable"},
    {"printenv", "export"},
    {"shopt", "shopt"},
    {"trap", "signal"},
    {"kill", "job"},
    {"su", "user"},
    {"shm", "ipc"},
    {"mq", "ipc"},
    {"mbox", "ipc"},
    {"sem", "ipc"},
    {"fifo", "ipc"},
    {"sock", "ipc"},
    {"port", "ipc"},
    {"rpc", "ipc"},
    {"proc", "ipc"},
    {"ipc", "ipc"},
};

std::vector<std::string> split_actions(std::string_view actions) {
  std::vector<std::string> arguments;
  while (!actions.empty()) {
    size_t space = std::min(actions.find(' '), actions.size());
    arguments.emplace_back("-A");
    arguments.emplace_back(actions.substr(0, space));
    actions.remove_prefix(std::min(space + 1, actions.size()));
  }
  return arguments;
}

}  // namespace

CommandAtPoint find_command(std::string_view line, size_t point) {
  return LineScanner(line.substr(0, std::min(point, line.size()))).run();
}

/// compgen -0 with these arguments, its output taken apart.
std::vector<std::string> Completer::generate(const std::vector<std::string>& arguments, int* status) {
  const api::Builtin* compgen = services_.find_builtin("compgen");
  if (compgen == nullptr) return {};
  std::vector<std::string_view> args = {"-0"};
  for (const std::string& argument : arguments) args.push_back(argument);
  std::string text;
  int result = 0;
  {
    Output out(text);
    Output err(STDERR_FILENO);
    api::BuiltinContext context{state_, jobs_, services_, &frontend_, out, err, "compgen", false};
    ArenaScope scope(state_.scratch);
    try {
      result = compgen->function(context, args).status;
    } catch (const state::ShellError& error) {
      services_.report(error.message());
    }
    out.flush();
    err.flush();
  }
  if (status != nullptr) *status = result;
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\0', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::vector<std::string> Completer::generate_spec(const api::CompletionSpec& spec, std::string_view word, int* status) {
  std::vector<std::string> arguments;
  for (size_t at = 0; at < spec.actions.size();) {
    size_t end = std::min(spec.actions.find('\n', at), spec.actions.size());
    arguments.emplace_back("-A");
    arguments.push_back(spec.actions.substr(at, end - at));
    at = end + 1;
  }
  auto option = [&](const char* letter, const std::string& value) {
    if (value.empty()) return;
    arguments.emplace_back(letter);
    arguments.push_back(value);
  };
  option("-G", spec.glob);
  option("-W", spec.words);
  option("-F", spec.function);
  option("-C", spec.command);
  option("-X", spec.filter);
  option("-P", spec.prefix);
  option("-S", spec.suffix);
  for (const std::string& name : spec.options) {
    if (name == "dirnames" || name == "plusdirs") option("-o", name);
  }
  arguments.emplace_back("--");
  arguments.emplace_back(word);
  return generate(arguments, status);
}

/// COMP_LINE and the others, as bash sets them: words also end at the characters of COMP_WORDBREAKS.
void Completer::set_variables(const Request& request, const CommandAtPoint& command) {
  state::VariableTable& variables = state_.variables;
  if (!variables.is_set(names::COMP_WORDBREAKS)) variables.assign(names::COMP_WORDBREAKS, " \t\n\"'><=;|&(:");
  std::string breaks(variables.text(names::COMP_WORDBREAKS));
  std::string_view line = request.line.substr(command.begin);
  size_t point = request.point - command.begin;
  std::vector<std::string> words;
  size_t cword = 0;
  bool has_cword = false;
  for (size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    if (line[at] == ';' || (line[at] == '&' && at >= point) || (line[at] == '|' && at >= point)) break;
    size_t begin = at;
    auto is_break = [&](char c) {
      return breaks.find(c) != std::string::npos && c != '"' && c != '\'' && !is_space(c);
    };
    if (is_break(line[at])) {
      while (at < line.size() && is_break(line[at])) ++at;
    } else {
      char quote = 0;
      while (at < line.size()) {
        char c = line[at];
        if (quote != 0) {
          if (c == quote)
            quote = 0;
          else if (c == '\\' && quote == '"' && at + 1 < line.size())
            ++at;
        } else if (c == '\\' && at + 1 < line.size()) {
          ++at;
        } else if (c == '\'' || c == '"') {
          quote = c;
        } else if (is_space(c) || is_break(c)) {
          break;
        }
        ++at;
      }
    }
    // The cursor in front of a word, after a blank, is at an empty word of its own.
    if (!has_cword && point < begin) {
      cword = words.size();
      has_cword = true;
      words.emplace_back();
    }
    if (!has_cword && point <= at && !(point == at && is_break(line[at - 1]))) {
      cword = words.size();
      has_cword = true;
    }
    words.emplace_back(line.substr(begin, at - begin));
  }
  if (!has_cword) {
    cword = words.size();
    words.emplace_back();
  }
  variables.assign_indexed(names::COMP_WORDS, words);
  variables.assign_integer(names::COMP_CWORD, static_cast<int64_t>(cword));
  variables.assign(names::COMP_LINE, line);
  variables.assign_integer(names::COMP_POINT, static_cast<int64_t>(point));
  variables.assign_integer(names::COMP_TYPE, request.type);
  variables.assign_integer(names::COMP_KEY, request.key);
}

void Completer::unset_variables() {
  for (Name name : {names::COMP_WORDS, names::COMP_CWORD, names::COMP_LINE, names::COMP_POINT, names::COMP_TYPE,
                    names::COMP_KEY, names::COMPREPLY}) {
    state_.variables.unset(name);
  }
}

const api::CompletionSpec* Completer::find_spec(const std::string& command) const {
  auto it = store_.specs.find(command);
  if (it == store_.specs.end()) {
    size_t slash = command.rfind('/');
    if (slash != std::string::npos) it = store_.specs.find(command.substr(slash + 1));
  }
  if (it != store_.specs.end()) return &it->second;
  return store_.default_spec.has_value() ? &*store_.default_spec : nullptr;
}

std::optional<Completions> Completer::complete_programmed(const Request& request, const CommandAtPoint& command) {
  if (!state_.is_on(state::Option::ProgComp)) return std::nullopt;
  int last_status = state_.last_status;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const api::CompletionSpec* spec = nullptr;
    if (command.is_command_word) {
      bool is_empty = trim_blanks(request.line).empty();
      const std::optional<api::CompletionSpec>& special = is_empty ? store_.empty_spec : store_.initial_spec;
      if (special.has_value()) spec = &*special;
    } else if (!command.words.empty()) {
      spec = find_spec(unquote(command.words[0]));
    }
    if (spec == nullptr) return std::nullopt;
    // The function may replace its own specification or change options of this run: work on a copy.
    api::CompletionSpec running = *spec;
    set_variables(request, command);
    store_.current = &running;
    int status = 0;
    std::vector<std::string> found = generate_spec(running, request.word, &status);
    store_.current = nullptr;
    unset_variables();
    state_.last_status = last_status;
    if (status == kRetry && !running.function.empty() && found.empty()) continue;
    auto has = [&](std::string_view option) {
      return std::find(running.options.begin(), running.options.end(), option) != running.options.end();
    };
    Completions result;
    result.words = std::move(found);
    result.are_filenames = has("filenames") || running.actions.find("file") != std::string::npos ||
                           running.actions.find("directory") != std::string::npos || !running.glob.empty();
    result.append_space = !has("nospace");
    result.sort = !has("nosort");
    result.use_default = result.words.empty() && (has("default") || has("bashdefault"));
    return result;
  }
  return std::nullopt;
}

Completions Completer::complete_variable(std::string_view word) {
  Completions result;
  bool has_brace = word.size() > 1 && word[1] == '{';
  result.prefix = has_brace ? "${" : "$";
  std::string_view name = word.substr(result.prefix.size());
  for (std::string& variable : generate({"-v", "--", std::string(name)})) {
    result.words.push_back(result.prefix + variable + (has_brace ? "}" : ""));
  }
  result.prefix.clear();
  return result;
}

/// The letters after - in a synopsis: "cd [-L|-P] [-e] [directory]".
std::vector<std::string> Completer::option_letters(const api::Builtin& builtin) const {
  std::vector<std::string> options;
  std::string_view text = builtin.synopsis;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    bool begins = text[i] == '-' && (i == 0 || !is_name_char(text[i - 1]));
    if (!begins) continue;
    for (size_t k = i + 1; k < text.size() && std::isalnum(static_cast<unsigned char>(text[k])) != 0; ++k) {
      std::string option = std::string("-") + text[k];
      if (std::find(options.begin(), options.end(), option) == options.end()) options.push_back(option);
    }
  }
  return options;
}

Completions Completer::complete_builtin(const Request& request, const CommandAtPoint& command) {
  Completions result;
  result.use_default = true;
  std::string name = unquote(command.words[0]);
  std::string word(request.word);
  const api::Builtin* builtin = services_.find_builtin(name);
  const Defaults* row = std::find_if(std::begin(kDefaults), std::end(kDefaults),
                                     [&](const Defaults& defaults) { return defaults.name == name; });
  bool is_ipc = row != std::end(kDefaults) && row->actions == "ipc";
  if (word.starts_with("-") && builtin != nullptr && !is_ipc) {
    if (name == "kill") {
      for (std::string& signal : generate({"-A", "signal"})) {
        std::string option = "-" + (signal.starts_with("SIG") ? signal.substr(3) : signal);
        if (option.starts_with(word)) result.words.push_back(option);
      }
    }
    for (std::string& option : option_letters(*builtin)) {
      if (option.starts_with(word)) result.words.push_back(std::move(option));
    }
    result.use_default = false;
    return result;
  }
  if (name == "set" && command.words.size() > 1 && (command.words.back() == "-o" || command.words.back() == "+o")) {
    result.words = generate({"-A", "setopt", "--", word});
    return result;
  }
  if (row == std::end(kDefaults)) return result;
  if (word.starts_with("%")) {
    for (std::string& job : generate({"-A", "job", "--", word.substr(1)})) result.words.push_back("%" + job);
    result.use_default = false;
    return result;
  }
  std::vector<std::string> arguments = split_actions(row->actions);
  arguments.emplace_back("--");
  arguments.push_back(word);
  if (is_ipc) set_variables(request, command);
  result.words = generate(arguments);
  if (is_ipc) unset_variables();
  result.are_filenames = row->actions == "directory";
  result.use_default = row->actions != "directory" && result.words.empty();
  if (row->actions == "variable" && name != "read" && name != "unset") result.append_space = true;
  return result;
}

std::vector<std::string> Completer::command_names(std::string_view prefix) {
  std::vector<std::string> names = generate({"-c", "--", std::string(prefix)});
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Completions Completer::complete(const Request& request) {
  std::string_view word = request.word;
  CommandAtPoint command = find_command(request.line, request.point);
  size_t dollar = word.rfind('$');
  if (dollar != std::string_view::npos) {
    std::string_view rest = word.substr(dollar + 1);
    if (rest.starts_with("{")) rest.remove_prefix(1);
    if (std::all_of(rest.begin(), rest.end(), is_name_char)) {
      Completions result = complete_variable(word.substr(dollar));
      for (std::string& each : result.words) each = std::string(word.substr(0, dollar)) + each;
      return result;
    }
  }
  if (word.starts_with("~") && word.find('/') == std::string_view::npos) {
    Completions result;
    for (std::string& user : generate({"-u", "--", std::string(word.substr(1))})) result.words.push_back("~" + user);
    result.are_filenames = true;
    result.use_default = result.words.empty();
    return result;
  }
  if (command.is_redirection) {
    Completions result;
    result.use_default = true;
    return result;
  }
  if (std::optional<Completions> programmed = complete_programmed(request, command)) return *programmed;
  if (command.is_command_word) {
    Completions result;
    if (word.empty() && state_.is_on(state::Option::NoEmptyCmdCompletion)) return result;
    bool is_path = word.find('/') != std::string_view::npos;
    result.words = generate({"-c", "--", std::string(word)});
    result.are_filenames = is_path;
    // Directories may become commands, by autocd or as the beginning of a path.
    result.use_default = result.words.empty();
    return result;
  }
  if (!command.words.empty()) return complete_builtin(request, command);
  Completions result;
  result.use_default = true;
  return result;
}

}  // namespace mish::interactive
