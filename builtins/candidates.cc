// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/candidates.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "builtins/ipc/verbs.h"
#include "shell/api/services.h"
#include "shell/base/fd.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/expand/expander.h"
#include "shell/pattern/pathname.h"
#include "shell/pattern/pattern.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"
#include "shell/syntax/token.h"

namespace mish::builtins {

namespace {

using api::BuiltinContext;
using api::CompletionSpec;
using state::OptionFamily;

std::string without_quotes(std::string_view word) {
  std::string text;
  char quote = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '\\' && quote != '\'') {
      if (++i == word.size()) break;
      if (quote == '"' && std::string_view("$`\"\\").find(word[i]) == std::string_view::npos) text += c;
      text += word[i];
    } else if (quote == 0 ? c == '\'' || c == '"' : c == quote) {
      quote = quote == 0 ? c : '\0';
    } else {
      text += c;
    }
  }
  return text;
}

/// The text of the word to complete, which may stand in quotes, perhaps not closed yet.
std::string without_open_quotes(std::string_view word) {
  // bash: a backslash behind the opening quote, which is not closed yet, is one outside of quotes.
  const bool is_open = word.starts_with('"') || word.starts_with('\'');
  return without_quotes(word.substr(is_open ? 1 : 0));
}

class Generator {
 public:
  Generator(BuiltinContext& context, const CompletionSpec& spec, std::string_view word)
      : context_(context), spec_(spec), word_(word), text_(without_open_quotes(word)), wanted_(text_) {}
  Candidates run();

 private:
  void add(std::string_view candidate) {
    if (candidate.starts_with(wanted_)) result_.words.emplace_back(candidate);
  }
  void run_action(std::string_view action);
  void add_variables(bool exported_only, bool arrays_only);
  void add_functions();
  void add_commands();
  void add_builtins(bool enabled, bool disabled);
  void add_paths(bool directories_only, bool executables_only);
  void add_jobs(std::string_view state);
  void add_options(OptionFamily family);
  void add_signals();
  void add_users();
  void add_groups();
  void add_hosts();
  void add_services();
  void add_ipc_words();
  void add_glob();
  void add_words();
  std::array<std::string, 3> arguments() const;
  void call_function();
  void run_command();
  void filter();
  bool has_option(std::string_view name) const {
    return std::find(spec_.options.begin(), spec_.options.end(), name) != spec_.options.end();
  }

  BuiltinContext& context_;
  const CompletionSpec& spec_;
  std::string_view word_;
  std::string text_;         // of word_, as it is compared with lists of words (bash); names of files keep their quotes
  std::string_view wanted_;  // what a candidate begins with
  Candidates result_;
};

constexpr std::string_view kActions[] = {
    "alias",   "arrayvar", "binding", "builtin",   "command",  "directory", "disabled", "enabled", "export",
    "file",    "function", "group",   "helptopic", "hostname", "ipc",       "job",      "keyword", "running",
    "service", "setopt",   "shopt",   "signal",    "stopped",  "user",      "variable"};

void Generator::run_action(std::string_view action) {
  if (action == "alias") {
    for (const auto& [name, value] : context_.state.aliases.all()) add(name);
  } else if (action == "arrayvar") {
    add_variables(false, true);
  } else if (action == "variable") {
    add_variables(false, false);
  } else if (action == "export") {
    add_variables(true, false);
  } else if (action == "builtin" || action == "helptopic") {
    add_builtins(true, true);
  } else if (action == "enabled") {
    add_builtins(true, false);
  } else if (action == "disabled") {
    add_builtins(false, true);
  } else if (action == "command") {
    wanted_ = word_;
    add_commands();
    wanted_ = text_;
  } else if (action == "directory") {
    add_paths(true, false);
  } else if (action == "file") {
    add_paths(false, false);
  } else if (action == "function") {
    add_functions();
  } else if (action == "group") {
    add_groups();
  } else if (action == "hostname") {
    add_hosts();
  } else if (action == "job" || action == "running" || action == "stopped") {
    add_jobs(action);
  } else if (action == "keyword") {
    for (std::string_view keyword : syntax::reserved_words()) add(keyword);
  } else if (action == "ipc") {
    add_ipc_words();
  } else if (action == "service") {
    add_services();
  } else if (action == "setopt") {
    add_options(OptionFamily::Set);
  } else if (action == "shopt") {
    add_options(OptionFamily::Shopt);
  } else if (action == "signal") {
    add_signals();
  } else if (action == "user") {
    add_users();
  }
}

/// Verbs, objects and options of an IPC noun, by the words before the one that is completed (COMP_WORDS).
void Generator::add_ipc_words() {
  const state::Variable* words = context_.state.variables.find(names::COMP_WORDS);
  const state::IndexedArray* array = words == nullptr ? nullptr : words->value.indexed();
  int64_t current = parse_integer(context_.state.variables.text(names::COMP_CWORD)).value_or(0);
  std::vector<std::string> before;
  for (int64_t i = 0; array != nullptr && i < current; ++i) {
    const std::string* word = array->find(i);
    before.push_back(word == nullptr ? std::string() : *word);
  }
  before.emplace_back(word_);
  for (const std::string& candidate : complete_ipc(before)) add(candidate);
}

void Generator::add_variables(bool exported_only, bool arrays_only) {
  const state::VariableTable& variables = context_.state.variables;
  for (Name name : variables.names_with_prefix(text_)) {
    if (exported_only && (variables.attributes(name) & state::attribute::Exported) == 0) continue;
    if (arrays_only) {
      const state::Variable* variable = variables.find(name);
      if (variable == nullptr || !variable->value.is_array()) continue;
    }
    add(text(name));
  }
}

void Generator::add_functions() {
  for (Name name : context_.state.functions.sorted_names()) add(text(name));
}

void Generator::add_builtins(bool enabled, bool disabled) {
  for (const api::Builtin& builtin : context_.services.builtins()) {
    if (context_.services.is_builtin_enabled(builtin) ? enabled : disabled) add(builtin.name);
  }
}

void Generator::add_commands() {
  if (word_.find('/') != std::string_view::npos) {
    add_paths(false, true);
    return;
  }
  for (const auto& [name, value] : context_.state.aliases.all()) add(name);
  add_functions();
  add_builtins(true, false);
  for (std::string_view keyword : syntax::reserved_words()) add(keyword);
  std::string_view path = context_.state.variables.text(names::PATH);
  while (true) {
    size_t colon = path.find(':');
    std::string directory(path.substr(0, colon));
    if (directory.empty()) directory = ".";
    std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
    while (dirent* entry = stream == nullptr ? nullptr : readdir(stream.get())) {
      std::string_view name = entry->d_name;
      if (!name.starts_with(word_) || name == "." || name == "..") continue;
      struct stat status;
      if (fstatat(dirfd(stream.get()), entry->d_name, &status, 0) != 0 || !S_ISREG(status.st_mode)) continue;
      if (faccessat(dirfd(stream.get()), entry->d_name, X_OK, AT_EACCESS) == 0) add(name);
    }
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
}

/// Files of the directory that the word names, beginning as its last component does. A leading tilde-prefix is looked
/// through but kept.
void Generator::add_paths(bool directories_only, bool executables_only) {
  size_t slash = word_.rfind('/');
  std::string_view prefix = slash == std::string_view::npos ? std::string_view() : word_.substr(0, slash + 1);
  std::string_view base = word_.substr(prefix.size());
  std::string directory = prefix.empty() ? "." : std::string(prefix);
  if (directory.starts_with("~")) {
    size_t end = directory.find('/');
    std::string user = directory.substr(1, end - 1);
    std::string home(context_.state.variables.text(names::HOME));
    if (!user.empty()) {
      const struct passwd* entry = user.size() <= LOGIN_NAME_MAX ? getpwnam(user.c_str()) : nullptr;
      home = entry != nullptr ? entry->pw_dir : directory.substr(0, end);
    }
    directory = home + directory.substr(end);
  }
  std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
  if (stream == nullptr) return;
  size_t first = result_.words.size();
  while (dirent* entry = readdir(stream.get())) {
    std::string_view name = entry->d_name;
    if (name == "." || name == ".." || !name.starts_with(base)) continue;
    if (directories_only || executables_only) {
      struct stat status;
      if (fstatat(dirfd(stream.get()), entry->d_name, &status, 0) != 0) continue;
      if (directories_only && !S_ISDIR(status.st_mode)) continue;
      if (executables_only && !S_ISDIR(status.st_mode) &&
          faccessat(dirfd(stream.get()), entry->d_name, X_OK, AT_EACCESS) != 0) {
        continue;
      }
    }
    result_.words.push_back(std::string(prefix) + std::string(name));
  }
  std::sort(result_.words.begin() + static_cast<ptrdiff_t>(first), result_.words.end());
}

void Generator::add_jobs(std::string_view state) {
  for (process::Job* job : context_.jobs.listed()) {
    if (state == "running" && job->state() != process::JobState::Running) continue;
    if (state == "stopped" && job->state() != process::JobState::Stopped) continue;
    std::string_view command = job->text();
    add(command.substr(0, command.find(' ')));
  }
}

void Generator::add_options(OptionFamily family) {
  for (const state::OptionInfo& option : state::option_table()) {
    if (option.family == family) add(option.name);
  }
}

void Generator::add_signals() {
  add("EXIT");
  for (int signal = 1; signal <= process::kMaxSignal; ++signal) {
    std::string_view name = process::signal_name(signal);
    if (!name.empty()) add("SIG" + std::string(name));
  }
  for (std::string_view name : {"DEBUG", "ERR", "RETURN"}) add(name);
}

void Generator::add_users() {
  setpwent();
  while (const struct passwd* entry = getpwent()) add(entry->pw_name);
  endpwent();
}

void Generator::add_groups() {
  setgrent();
  while (const struct group* entry = getgrent()) add(entry->gr_name);
  endgrent();
}

/// The names in $HOSTFILE or /etc/hosts.
void Generator::add_hosts() {
  std::string path(context_.state.variables.text(NameTable::intern("HOSTFILE")));
  Result<UniqueFd> file = open_file(path.empty() ? "/etc/hosts" : path.c_str(), O_RDONLY);
  std::string content;
  if (!file.ok() || !read_all(file->get(), content).ok()) return;
  size_t at = 0;
  while (at < content.size()) {
    size_t end = std::min(content.find('\n', at), content.size());
    std::string_view line = std::string_view(content).substr(at, end - at);
    at = end + 1;
    line = line.substr(0, line.find('#'));
    bool is_address = true;
    while (!line.empty()) {
      size_t length = 0;
      while (length < line.size() && !is_space(line[length])) ++length;
      if (length > 0 && !is_address) add(line.substr(0, length));
      if (length > 0) is_address = false;
      line.remove_prefix(length < line.size() ? length + 1 : length);
    }
  }
}

void Generator::add_services() {
  setservent(0);
  while (const struct servent* entry = getservent()) add(entry->s_name);
  endservent();
}

void Generator::add_glob() {
  std::vector<std::string_view> matches;
  pattern::PathnameExpander expander;
  pattern::GlobOptions options;
  options.dot_glob = context_.state.is_on(state::Option::DotGlob);
  options.glob_star = context_.state.is_on(state::Option::GlobStar);
  ArenaScope scope(context_.state.scratch);
  if (!expander.expand(spec_.glob, {}, options, context_.state.scratch, matches).ok()) return;
  for (std::string_view match : matches) result_.words.emplace_back(match);
}

/// Where the word of a list ends that begins at `start`: at a separator outside of quotes and expansions.
size_t end_of_word(std::string_view list, size_t start, const state::FieldSeparators& separators) {
  std::string open;  // what is to be closed, the innermost last
  for (size_t i = start; i < list.size(); ++i) {
    const char c = list[i];
    if (!open.empty() && c == open.back()) {
      open.pop_back();
    } else if (!open.empty() && open.back() == '\'') {
      continue;
    } else if (c == '\\') {
      ++i;
    } else if (c == '$' && i + 1 < list.size() && (list[i + 1] == '(' || list[i + 1] == '{')) {
      open += list[++i] == '(' ? ')' : '}';
    } else if (c == '"' || c == '`' || (c == '\'' && !open.ends_with('"'))) {
      open += c;
    } else if (c == '(' && open.ends_with(')')) {
      open += ')';
    } else if (open.empty() && !separators.is_null && separators.text.find(c) != std::string::npos) {
      return i;
    }
  }
  return list.size();
}

/// -W: split at IFS, quotes of the list honoured; each word is expanded, and may become several.
void Generator::add_words() {
  const std::string_view list = spec_.words;
  for (size_t start = 0; start < list.size(); ++start) {
    const size_t end = end_of_word(list, start, context_.state.separators);
    const std::string_view word = list.substr(start, end - start);
    start = end;
    if (word.empty()) continue;
    if (word[0] != '~' && word.find_first_of("$`") == std::string_view::npos) {
      add(word.find_first_of("'\"\\") == std::string_view::npos ? std::string(word) : without_quotes(word));
      continue;
    }
    try {
      for (const std::string& each : context_.services.expander().expand_list(word)) add(each);
    } catch (const state::ShellError& error) {
      if (error.is_fatal()) throw;
      if (!error.message().empty()) context_.error(error.message());
    }
  }
}

/// What -F and -C are given: the command, the word and the word before it.
std::array<std::string, 3> Generator::arguments() const {
  const state::VariableTable& variables = context_.state.variables;
  std::string command, previous;
  if (const state::Variable* words = variables.resolve(names::COMP_WORDS)) {
    if (const state::IndexedArray* array = words->value.indexed()) {
      int64_t cword = parse_integer(variables.text(names::COMP_CWORD)).value_or(0);
      if (const std::string* first = array->find(0)) command = *first;
      if (const std::string* before = cword > 0 ? array->find(cword - 1) : nullptr) previous = *before;
    }
  }
  if (command.empty()) command = context_.name;
  return {command, std::string(word_), previous};
}

/// -F: candidates come back in COMPREPLY, unfiltered.
void Generator::call_function() {
  state::VariableTable& variables = context_.state.variables;
  if (context_.state.functions.find(NameTable::intern(spec_.function)) == nullptr) {
    return context_.error("{}: no such function", spec_.function);
  }
  variables.unset(names::COMPREPLY);
  auto [command, word, previous] = arguments();
  std::string_view words[] = {spec_.function, command, word, previous};
  context_.out.flush();
  result_.status = context_.services.run_command(words, api::RunOptions{}).status;
  const state::Variable* reply = variables.resolve(names::COMPREPLY);
  if (reply == nullptr || reply->value.is_unset()) return;
  if (const state::IndexedArray* array = reply->value.indexed()) {
    for (auto it = array->first(); it.valid(); it.next()) result_.words.push_back(it.value());
  } else {
    result_.words.emplace_back(reply->value.text());
  }
  variables.unset(names::COMPREPLY);
}

/// -C: each line of its output is a candidate; a backslash joins lines.
void Generator::run_command() {
  std::string output;
  std::string command = spec_.command;
  for (const std::string& argument : arguments()) command.append(" ").append(quote_single(argument));
  std::string_view words[] = {"eval", command};
  context_.services.capture_command(words, output);
  std::string line;
  for (size_t i = 0; i < output.size(); ++i) {
    if (output[i] == '\\' && i + 1 < output.size() && output[i + 1] == '\n') {
      line += output[++i];
    } else if (output[i] == '\n') {
      if (!line.empty()) result_.words.push_back(line);
      line.clear();
    } else {
      line += output[i];
    }
  }
  if (!line.empty()) result_.words.push_back(line);
}

/// -X: drops what matches the pattern; with ! what does not. An unquoted & in it is the word.
void Generator::filter() {
  // `!(...)` is a pattern where such patterns are on.
  bool is_extended = spec_.filter.starts_with("!(") && context_.state.is_on(state::Option::ExtGlob);
  bool keeps_matches = spec_.filter[0] == '!' && !is_extended;
  std::string pattern_text;
  for (size_t i = keeps_matches ? 1 : 0; i < spec_.filter.size(); ++i) {
    char c = spec_.filter[i];
    if (c == '\\' && i + 1 < spec_.filter.size()) {
      if (spec_.filter[i + 1] != '&') pattern_text += c;
      pattern_text += spec_.filter[++i];
    } else if (c == '&') {
      pattern_text += word_;
    } else {
      pattern_text += c;
    }
  }
  ArenaScope scope(context_.state.scratch);
  pattern::PatternOptions options;
  options.ignore_case = context_.state.is_on(state::Option::NoCaseMatch);
  pattern::Pattern compiled = pattern::Pattern::compile(pattern_text, {}, options, context_.state.scratch);
  std::erase_if(result_.words, [&](const std::string& word) { return compiled.matches(word) != keeps_matches; });
}

Candidates Generator::run() {
  size_t at = 0;
  while (at < spec_.actions.size()) {
    size_t end = std::min(spec_.actions.find('\n', at), spec_.actions.size());
    run_action(std::string_view(spec_.actions).substr(at, end - at));
    at = end + 1;
  }
  if (!spec_.glob.empty()) add_glob();
  if (!spec_.words.empty()) add_words();
  if (!spec_.function.empty()) call_function();
  if (!spec_.command.empty()) run_command();
  if (!spec_.filter.empty()) filter();
  if (!spec_.prefix.empty() || !spec_.suffix.empty()) {
    for (std::string& word : result_.words) word = spec_.prefix + word + spec_.suffix;
  }
  if (result_.words.empty() && has_option("dirnames")) add_paths(true, false);
  if (has_option("plusdirs")) add_paths(true, false);
  if (result_.words.empty() && has_option("default")) add_paths(false, false);
  return std::move(result_);
}

}  // namespace

Candidates generate_candidates(BuiltinContext& context, const CompletionSpec& spec, std::string_view word) {
  return Generator(context, spec, word).run();
}

bool is_completion_action(std::string_view name) {
  return std::find(std::begin(kActions), std::end(kActions), name) != std::end(kActions);
}

}  // namespace mish::builtins
