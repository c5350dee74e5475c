// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_frontend.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/interactive/frontend.h"
#include "shell/interactive/terminal_marks.h"
#include "shell/process/signals.h"
#include "shell/process/wait.h"
#include "shell/syntax/parser.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/readline.h>

#include <readline/history.h>

namespace mish::interactive {

namespace {

/// Readline's hooks are plain functions; there is one line editor in a process.
ReadlineFrontend* g_frontend = nullptr;

int64_t now_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

int get_character_hook(FILE*) { return g_frontend->get_character(); }
void redisplay_hook() { g_frontend->redisplay(); }
char** completion_hook(const char* text, int start, int end) { return g_frontend->complete(text, start, end); }
void matches_hook(char** matches, int count, int longest) { g_frontend->show_matches(matches, count, longest); }
int accept_line_command(int count, int key) { return g_frontend->accept_line(count, key); }
int clear_screen_command(int count, int key) { return g_frontend->clear_screen(count, key); }
int accept_or_forward_char(int count, int key) { return g_frontend->accept_suggestion(count, key, true); }
int accept_or_forward_word(int count, int key) { return g_frontend->accept_suggestion(count, key, false); }
int accept_or_end_of_line(int, int key) { return g_frontend->accept_suggestion(0, key, true); }
int newline_command(int, int) { return g_frontend->insert_newline(); }
int paste_command(int count, int key) { return g_frontend->paste(count, key); }
int editor_command(int, int) { return g_frontend->edit_in_editor(); }
int history_expand_command(int, int) { return g_frontend->expand_history_in_line(); }
int magic_space_command(int count, int key) {
  g_frontend->expand_history_in_line();
  return rl_insert(count, key);
}
void prepare_hook(int) { g_frontend->prepare_terminal(); }
void restore_hook() { g_frontend->restore_terminal(); }

std::string& initial_text() {
  static std::string text;
  return text;
}
int insert_initial_text() {
  rl_insert_text(initial_text().c_str());
  return 0;
}

/// Hands out the lines of a text and notes whether the parser wanted more than there is.
class ProbeSource final : public syntax::Source {
 public:
  explicit ProbeSource(std::string_view text) : text_(text) {}
  Status next_line(syntax::LinePurpose purpose, std::string_view& line) override {
    if (text_.empty()) {
      wanted_more_ = wanted_more_ || purpose == syntax::LinePurpose::Continuation;
      return Status::EndOfFile;
    }
    size_t newline = text_.find('\n');
    size_t size = newline == std::string_view::npos ? text_.size() : newline + 1;
    line = text_.substr(0, size);
    text_.remove_prefix(size);
    return Status::Line;
  }
  bool wanted_more() const { return wanted_more_; }

 private:
  std::string_view text_;
  bool wanted_more_ = false;
};

/// Backslashes before what the shell would take for something else; inside quotes only before what ends them.
char* quote_filename(char* text, int, char* quote) {
  std::string out;
  char open = quote != nullptr ? *quote : '\0';
  std::string_view name = text;
  if (open == '\0' && starts_with(name, "~")) {
    size_t slash = std::min(name.find('/'), name.size());
    out += name.substr(0, slash);
    name.remove_prefix(slash);
  }
  if (open != '\0') out += open;
  for (char c : name) {
    if (open == '\'' && c == '\'') {
      out += "'\\'";
    } else if (open == '"' ? std::strchr("\"\\$`", c) != nullptr
                           : open == '\0' && std::strchr(" \t\n\\\"'@<>=;|&()#$`?*[!:{~", c) != nullptr) {
      out += '\\';
    }
    out += c;
  }
  return strdup(out.c_str());
}

std::string unquote(std::string_view text, char quote) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += c;
    }
  }
  return out;
}

char* dequote_filename(char* text, int quote) { return strdup(unquote(text, static_cast<char>(quote)).c_str()); }

int is_quoted(char* text, int at) {
  bool escaped = false;
  char quote = 0;
  for (int i = 0; i < at; ++i) {
    if (escaped) escaped = false;
    else if (text[i] == '\\' && quote != '\'') escaped = true;
    else if (quote != 0 && text[i] == quote) quote = 0;
    else if (quote == 0 && (text[i] == '\'' || text[i] == '"')) quote = text[i];
  }
  return escaped || (quote != 0 && text[at] != quote) ? 1 : 0;
}

}  // namespace

ReadlineFrontend::ReadlineFrontend(state::ShellState& state, api::ShellServices& services, process::JobTable& jobs,
                                   bool is_private)
    : state_(state),
      services_(services),
      jobs_(jobs),
      history_(state, is_private),
      prompts_(state, services.expander(), jobs),
      notices_(state, services, jobs),
      completer_(state, services, jobs, *this),
      highlighter_(std::make_unique<Highlighter>(state, services)),
      suggestions_(std::make_unique<Suggestions>(history_)) {
  g_frontend = this;
  owner_ = getpid();
  set_bindings_owner(this);
  activate_locale();
  // Prompts go to standard error (XCU sh); a private copy, so that `exec 2>file` does not take them away.
  Result<UniqueFd> copy = duplicate_above_9(isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : STDIN_FILENO);
  if (copy.ok()) terminal_ = std::move(*copy);
  history_.load();
  session_begin_ = history_.first_number() + static_cast<int64_t>(history_.count());
  state_.history_number = session_begin_;
  knows_marks_ = terminal_knows_marks(state_.variables);
  if (!state_.variables.is_set(names::COMP_WORDBREAKS)) {
    state_.variables.assign(names::COMP_WORDBREAKS, " \t\n\"'><=;|&(:");
  }

  rl_readline_name = "bash";  // so that the $if Bash parts of ~/.inputrc apply
  rl_instream = stdin;
  bool draws = wants_renderer();
  int output = draws ? open("/dev/null", O_WRONLY | O_CLOEXEC) : fcntl(terminal_.get(), F_DUPFD_CLOEXEC, kFirstPrivateFd);
  output_ = output >= 0 ? fdopen(output, "w") : nullptr;
  rl_outstream = output_ != nullptr ? output_ : stderr;
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_change_environment = 0;
  rl_getc_function = get_character_hook;
  rl_attempted_completion_function = completion_hook;
  rl_completer_quote_characters = "\"'";
  rl_filename_quote_characters = " \t\n\\\"'@<>=;|&()#$`?*[!:{~";
  rl_special_prefixes = "$";
  rl_filename_quoting_function = quote_filename;
  rl_filename_dequoting_function = dequote_filename;
  rl_char_is_quoted_p = is_quoted;
  rl_completion_word_break_hook = []() -> char* {
    static std::string breaks;
    breaks = g_frontend->state_.variables.text(names::COMP_WORDBREAKS);
    if (breaks.empty()) breaks = " \t\n\"'><=;|&(:";
    return breaks.data();
  };
  std::string inputrc(state_.variables.text(names::INPUTRC));
  if (!inputrc.empty()) setenv("INPUTRC", inputrc.c_str(), 1);
  for (Name name : {names::TERM, names::HOME}) {
    // Readline asks the process's environment, where the shell's own assignments do not arrive.
    if (state_.variables.is_set(name)) setenv(std::string(mish::text(name)).c_str(), std::string(state_.variables.text(name)).c_str(), 1);
  }
  rl_add_defun("edit-and-execute-command", editor_command, -1);
  rl_add_defun("history-expand-line", history_expand_command, -1);
  rl_add_defun("magic-space", magic_space_command, -1);
  rl_add_defun("insert-newline", newline_command, -1);
  rl_initialize();
  using_history();
  if (draws) {
    renderer_ = std::make_unique<Renderer>(terminal_.get(), !state_.variables.is_set(names::NO_COLOR));
    // Set after initialisation: before it, Readline would take the terminal for a dumb one.
    rl_redisplay_function = redisplay_hook;
    rl_prep_term_function = prepare_hook;
    rl_deprep_term_function = restore_hook;
    rl_completion_display_matches_hook = matches_hook;
    rl_completion_query_items = -1;
  }
  add_default_bindings();
  set_editing_mode(state_.is_on(state::Option::Vi), state_.is_on(state::Option::Emacs));
}

ReadlineFrontend::~ReadlineFrontend() {
  set_bindings_owner(nullptr);
  g_frontend = nullptr;
  if (output_ != nullptr) {
    rl_outstream = stderr;
    fclose(output_);
  }
}

/// The own display needs a terminal that can move the cursor and be told what to do.
bool ReadlineFrontend::wants_renderer() const {
  std::string_view term = state_.variables.text(names::TERM);
  std::string_view editor = state_.variables.text(NameTable::intern("MISH_EDITOR"));
  return !term.empty() && term != "dumb" && term != "emacs" && editor != "plain" &&
         !state_.variables.is_set(names::NO_COLOR) && isatty(terminal_.get()) == 1;
}

void ReadlineFrontend::add_default_bindings() {
  rl_bind_keyseq_in_map("\\C-x\\C-e", editor_command, emacs_standard_keymap);
  rl_bind_keyseq_in_map("v", editor_command, vi_movement_keymap);
  for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap}) {
    rl_bind_keyseq_if_unbound_in_map("\\e[1;5C", rl_forward_word, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[1;5D", rl_backward_word, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[3~", rl_delete, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[1~", rl_beg_of_line, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[4~", rl_end_of_line, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[5~", rl_history_search_backward, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[6~", rl_history_search_forward, map);
  }
  if (renderer_ == nullptr) return;
  auto rebind = [](rl_command_func_t* old, rl_command_func_t* replacement) {
    for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap}) {
      rl_command_func_t* saved = old;
      for (int key = 0; key < 256; ++key) {
        if (map[key].type == ISFUNC && map[key].function == saved) map[key].function = replacement;
      }
    }
  };
  rebind(rl_newline, accept_line_command);
  rebind(rl_clear_screen, clear_screen_command);
  rebind(rl_forward_char, accept_or_forward_char);
  rebind(rl_forward, accept_or_forward_char);
  rebind(rl_end_of_line, accept_or_end_of_line);
  rl_bind_keyseq_in_map("\\e[C", accept_or_forward_char, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\eOC", accept_or_forward_char, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e[F", accept_or_end_of_line, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\eOF", accept_or_end_of_line, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\ef", accept_or_forward_word, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e[1;5C", accept_or_forward_word, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e\\C-m", newline_command, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e[C", accept_or_forward_char, vi_insertion_keymap);
  rl_bind_keyseq_in_map("\\e[F", accept_or_end_of_line, vi_insertion_keymap);
  for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap}) rl_bind_keyseq_in_map("\\e[200~", paste_command, map);
}

void ReadlineFrontend::write(std::string_view text) const {
  if (text.empty() || !terminal_.is_open()) return;
  // A terminal that has gone is noticed by the reader of keys.
  Result<void> written = write_all(terminal_.get(), text);
  static_cast<void>(written);
}

// --- before and after a command ------------------------------------------------------------------------------------

void ReadlineFrontend::set_duration() {
  if (command_started_ns_ == 0) return;
  int64_t duration = now_ns() - command_started_ns_;
  command_started_ns_ = 0;
  if (!state_.is_posix()) state_.variables.assign_internal(names::MISH_DURATION, std::to_string(duration / 1000000));
}

/// "did you mean" after a command that was not found, unless the user has a handler for that.
void ReadlineFrontend::suggest_command() {
  std::string command = std::exchange(last_command_, std::string());
  if (state_.last_status != state::kNotFound || command.empty() || state_.is_posix()) return;
  if (state_.functions.find(NameTable::intern("command_not_found_handle")) != nullptr) return;
  CommandAtPoint found = find_command(command, command.find_first_of("\n;|&") == std::string::npos ? command.size() : command.find_first_of("\n;|&"));
  std::string word = found.words.empty() ? command.substr(found.word_begin, command.find_first_of(" \t\n", found.word_begin) - found.word_begin)
                                         : found.words[0];
  if (word.size() < 2 || word.find('/') != std::string::npos) return;
  if (services_.find_command(word, api::RunOptions{}).kind != api::FoundCommand::Kind::NotFound) return;
  int limit = word.size() <= 4 ? 1 : 2;
  std::string best;
  int best_distance = limit + 1;
  for (const std::string& name : completer_.command_names("")) {
    if (name.size() + 2 < word.size() || word.size() + 2 < name.size()) continue;
    int distance = edit_distance(word, name, limit);
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  if (!best.empty()) write("Did you mean " + best + "?\n");
}

/// PROMPT_COMMAND as text or array; $? is the same for each and afterwards.
void ReadlineFrontend::run_prompt_commands() {
  const state::Variable* variable = state_.variables.resolve(names::PROMPT_COMMAND);
  if (variable == nullptr || variable->value.is_unset()) return;
  std::vector<std::string> commands;
  if (const state::IndexedArray* array = variable->value.indexed()) {
    for (auto it = array->first(); it.valid(); it.next()) commands.push_back(it.value());
  } else {
    commands.emplace_back(variable->value.text());
  }
  for (const std::string& command : commands) run_prompt_command(command);
}

void ReadlineFrontend::run_prompt_command(std::string_view text) {
  if (trim_blanks(text).empty()) return;
  int status = state_.last_status;
  std::vector<int> statuses = state_.pipe_statuses;
  try {
    state::Completion completion = services_.run_text(text, "PROMPT_COMMAND");
    if (completion.flow == state::Flow::Exit) forced_line_ = "exit " + std::to_string(completion.status);
  } catch (const state::ShellError& error) {
    services_.report(error.message());
  }
  state_.last_status = status;
  state_.pipe_statuses = std::move(statuses);
}

void ReadlineFrontend::send_marks_before_prompt() {
  if (!knows_marks_) return;
  std::string text = command_number_ > 1 ? "\033]133;D;" + std::to_string(state_.last_status) + "\a" : "";
  text += "\033]7;" + directory_url(state_.directory.logical()) + "\a\033]133;A\a";
  write(text);
}

void ReadlineFrontend::before_prompt() {
  set_duration();
  history_.follow_settings();
  history_.read_others();
  notices_.update_window_size(terminal_.get());
  // A command may have changed the locale (LC_ALL=...) or taken SIGWINCH while it ran.
  activate_locale();
  if (renderer_ != nullptr) renderer_->resize(window_size(terminal_.get()));
  write(notices_.jobs());
  suggest_command();
  write(notices_.mail());
  run_prompt_commands();
  highlighter_->forget_commands();
  // The first time it is a long list: that waits until the prompt is on the screen.
  if (synchronised_generation_ != 0) synchronise_history();
  send_marks_before_prompt();
}

/// What was read is about to run.
void ReadlineFrontend::before_execution(const std::string& text) {
  last_command_ = text;
  ++command_number_;
  prompts_.set_command_number(command_number_);
  has_warned_of_jobs_ = false;
  end_of_file_count_ = 0;
  std::string_view ps0 = state_.variables.text(names::PS0);
  if (!ps0.empty()) write(visible_text(prompts_.expand(ps0)));
  if (knows_marks_) write("\033]133;C\a");
  command_started_ns_ = now_ns();
}

void ReadlineFrontend::after_command(int, int64_t) {}

/// Readline's own list follows the history: what was loaded, other sessions' commands, this session's. So Up goes
/// through the own commands first, and a search finds all.
void ReadlineFrontend::synchronise_history() {
  if (history_.generation() == synchronised_generation_) return;
  bool appended_one = synchronised_generation_ != 0 && history_.first_number() == synchronised_first_ &&
                      history_.others().size() == synchronised_others_ && history_.count() == synchronised_count_ + 1;
  if (appended_one) {
    add_history(history_.record(history_.count() - 1).line.c_str());
  } else {
    ::clear_history();
    int64_t own = std::max<int64_t>(session_begin_ - history_.first_number(), 0);
    size_t begin = std::min(static_cast<size_t>(own), history_.count());
    for (size_t i = 0; i < begin; ++i) add_history(history_.record(i).line.c_str());
    for (const HistoryRecord& record : history_.others()) add_history(record.line.c_str());
    for (size_t i = begin; i < history_.count(); ++i) add_history(history_.record(i).line.c_str());
  }
  synchronised_generation_ = history_.generation();
  synchronised_count_ = history_.count();
  synchronised_others_ = history_.others().size();
  synchronised_first_ = history_.first_number();
}

std::string ReadlineFrontend::prompt_text(Name variable) {
  return prompts_.expand(state_.variables.text(variable));
}

// --- reading commands ----------------------------------------------------------------------------------------------

syntax::Source::Status ReadlineFrontend::next_line(syntax::LinePurpose purpose, std::string_view& line) {
  std::string text;
  Outcome outcome;
  if (purpose == syntax::LinePurpose::Continuation) {
    outcome = edit_line(prompt_text(names::PS2), {}, text);
    text += '\n';
  } else {
    before_prompt();
    outcome = Outcome::Line;
    if (forced_line_.empty()) outcome = read_command(text);
    if (!forced_line_.empty()) text = std::exchange(forced_line_, std::string()) + "\n";
  }
  switch (outcome) {
    case Outcome::Interrupted: return Status::Interrupted;
    case Outcome::EndOfFile:
      if (purpose == syntax::LinePurpose::FirstLine && !confirm_end_of_file()) {
        buffer_ = "\n";
        line = buffer_;
        return Status::Line;
      }
      return Status::EndOfFile;
    case Outcome::Line: break;
  }
  buffer_ = std::move(text);
  line = buffer_;
  if (purpose == syntax::LinePurpose::FirstLine && !trim_blanks(buffer_).empty() && buffer_ != "\n") before_execution(buffer_);
  return Status::Line;
}

/// Reads until the text is a complete command; it is in the history then.
ReadlineFrontend::Outcome ReadlineFrontend::read_command(std::string& text) {
  std::string right;
  if (state_.variables.is_set(names::RPS1)) right = prompt_text(names::RPS1);
  std::string prompt = prompt_text(names::PS1);
  if (knows_marks_) prompt += std::string(1, kInvisibleBegin) + "\033]133;B\a" + kInvisibleEnd;
  is_continuation_ = false;
  while (true) {
    std::string piece;
    Outcome outcome = edit_line(prompt, is_continuation_ ? std::string() : right, piece);
    if (outcome == Outcome::Interrupted || (outcome == Outcome::EndOfFile && text.empty())) return outcome;
    if (outcome == Outcome::Line) {
      if (!expand_history(piece)) {
        text.clear();
        initial_text().clear();
        text = "\n";
        return Outcome::Line;
      }
      text += piece + "\n";
      if (needs_more(text)) {
        is_continuation_ = true;
        prompt = prompt_text(names::PS2);
        continue;
      }
    }
    if (state_.is_on(state::Option::History)) history_.add(text);
    return Outcome::Line;
  }
}

/// History expansion of one line. False: nothing is to be run (an error, :p).
bool ReadlineFrontend::expand_history(std::string& piece) {
  if (!state_.is_on(state::Option::HistExpand) || piece.find_first_of("!^") == std::string::npos) return true;
  std::string expanded;
  switch (static_cast<ExpansionOutcome>(history_.expand(piece, expanded))) {
    case ExpansionOutcome::Unchanged: return true;
    case ExpansionOutcome::Error:
      write(state_.shell_name + ": " + expanded + "\n");
      if (state_.is_on(state::Option::HistReedit)) initial_text_ = piece;
      return false;
    case ExpansionOutcome::PrintOnly:
      write(expanded + "\n");
      history_.add(expanded);
      return false;
    case ExpansionOutcome::Expanded:
      if (state_.is_on(state::Option::HistVerify)) {
        initial_text_ = expanded;
        return false;
      }
      write(expanded + "\n");
      piece = expanded;
      return true;
  }
  return true;
}

/// Whether the parser wants more lines to make a complete command of `text`.
bool ReadlineFrontend::needs_more(std::string_view text) const {
  syntax::ParserOptions options;
  options.posix = state_.is_posix();
  options.extglob = state_.is_on(state::Option::ExtGlob) && !options.posix;
  options.expand_aliases = true;
  options.interactive = true;
  options.interactive_comments = state_.is_on(state::Option::InteractiveComments);
  options.brace_expansion = state_.is_on(state::Option::BraceExpand) && !options.posix;
  ProbeSource source(text);
  syntax::Parser parser(source, options, &state_.aliases, "");
  while (true) {
    syntax::ParseResult result = parser.parse_command();
    if (source.wanted_more()) return true;
    if (result.status != syntax::ParseStatus::Command) return result.status == syntax::ParseStatus::Incomplete;
  }
}

/// End of file at a prompt: ignoreeof, stopped jobs. True when the shell is to end.
bool ReadlineFrontend::confirm_end_of_file() {
  if (timed_out_) {
    write("\ntimed out waiting for input: auto-logout\n");
    return true;
  }
  if (state_.is_on(state::Option::IgnoreEof) || state_.variables.is_set(names::IGNOREEOF)) {
    int64_t limit = state_.variables.is_set(names::IGNOREEOF) ? parse_integer(state_.variables.text(names::IGNOREEOF)).value_or(10) : 10;
    if (end_of_file_count_ < limit) {
      ++end_of_file_count_;
      write("Use \"exit\" to leave the shell.\n");
      return false;
    }
  }
  process::take_child_change();
  jobs_.reap();
  bool has_jobs = jobs_.stopped_count() > 0 || (state_.is_on(state::Option::CheckJobs) && jobs_.running_count() > 0);
  if (has_jobs && !has_warned_of_jobs_) {
    has_warned_of_jobs_ = true;
    write(jobs_.stopped_count() > 0 ? "There are stopped jobs.\n" : "There are running jobs.\n");
    return false;
  }
  write("exit\n");
  return true;
}

ReadlineFrontend::Outcome ReadlineFrontend::edit_line(const std::string& prompt, const std::string& right_prompt,
                                                      std::string& text) {
  prompt_ = prompt;
  right_prompt_ = right_prompt;
  is_aborted_ = is_interrupted_ = timed_out_ = false;
  int64_t limit = parse_integer(state_.variables.text(names::TMOUT)).value_or(0);
  deadline_ns_ = limit > 0 ? now_ns() + limit * 1000000000 : -1;
  initial_text() = std::exchange(initial_text_, std::string());
  rl_startup_hook = initial_text().empty() ? nullptr : insert_initial_text;
  process::set_disposition(SIGWINCH, process::Disposition::Catch);
  is_editing_ = true;
  rl_already_prompted = 0;
  char* line = readline(prompt.c_str());
  is_editing_ = false;
  release_window_signal();
  if (renderer_ != nullptr) renderer_->forget();
  bool has_line = line != nullptr;
  if (has_line) text = line;
  free(line);
  if (is_interrupted_) return Outcome::Interrupted;
  if (!forced_line_.empty()) return Outcome::Line;
  return has_line && !is_aborted_ ? Outcome::Line : Outcome::EndOfFile;
}

/// Outside of editing SIGWINCH does what the user's trap says.
void ReadlineFrontend::release_window_signal() {
  switch (state_.traps.action(SIGWINCH).kind) {
    case state::TrapAction::Kind::Command:
      return;
    case state::TrapAction::Kind::Ignore:
      process::set_disposition(SIGWINCH, process::Disposition::Ignore);
      return;
    case state::TrapAction::Kind::Default:
      process::clear_pending_signal(SIGWINCH);
      process::reset_disposition(SIGWINCH);
      return;
  }
}

std::optional<std::string> ReadlineFrontend::read_line(std::string_view prompt, std::string_view initial) {
  if (is_editing_ || getpid() != owner_) return std::nullopt;
  initial_text_ = initial;
  std::string text;
  bool was_continuation = std::exchange(is_continuation_, true);
  Outcome outcome = edit_line(std::string(prompt), {}, text);
  is_continuation_ = was_continuation;
  if (outcome == Outcome::Interrupted) process::raise_pending_signal(SIGINT);
  if (outcome != Outcome::Line) return std::nullopt;
  return text;
}

// --- keys and signals ----------------------------------------------------------------------------------------------

/// The next key. Sleeps in one ppoll(2) for keys, children and signals alike, so that nothing is looked at first and
/// lost before the sleep.
int ReadlineFrontend::get_character() {
  if (synchronised_generation_ == 0) {
    synchronise_history();
    using_history();
  }
  while (!is_aborted_) {
    int64_t timeout = deadline_ns_ < 0 ? -1 : std::max<int64_t>(deadline_ns_ - now_ns(), 0);
    switch (process::wait_readable(STDIN_FILENO, timeout, true)) {
      case process::PollOutcome::ChildChanged: handle_children(); break;
      case process::PollOutcome::Interrupted: is_aborted_ = handle_signals(); break;
      case process::PollOutcome::TimedOut:
        timed_out_ = true;
        is_aborted_ = true;
        break;
      case process::PollOutcome::Ready: {
        // Ctrl-C and the key after it may come at once: the key belongs to the next line.
        if (process::peek_pending_signal(false) != 0) {
          is_aborted_ = handle_signals();
          break;
        }
        unsigned char key = 0;
        ssize_t n = ::read(STDIN_FILENO, &key, 1);
        if (n == 1) return key;
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) break;
        is_aborted_ = true;  // end of file, or the terminal has gone (EIO)
        break;
      }
    }
  }
  return EOF;
}

/// Looks at what is pending. True when the line is to be given up.
bool ReadlineFrontend::handle_signals() {
  if (process::is_signal_pending(SIGWINCH)) {
    if (!state_.traps.is_command(SIGWINCH)) process::clear_pending_signal(SIGWINCH);
    window_changed();
  }
  if (process::is_signal_pending(SIGINT)) {
    // A trap on it runs when the line is gone.
    if (!state_.traps.is_command(SIGINT)) process::clear_pending_signal(SIGINT);
    is_interrupted_ = true;
    leave_line();
    write("^C\n");
    return true;
  }
  int signal = services_.pending_trap_signal();
  if (signal == 0) return false;
  if (!state_.traps.is_command(signal)) {
    // SIGHUP and the like: the executor knows what becomes of the shell.
    is_interrupted_ = true;
    leave_line();
    write("\n");
    return true;
  }
  leave_line();
  rl_deprep_terminal();
  write("\n");
  int status = state_.last_status;
  state::Completion completion = services_.run_pending_traps();
  if (completion.flow == state::Flow::Exit) {
    forced_line_ = "exit " + std::to_string(completion.status);
    return true;
  }
  state_.last_status = status;
  rl_prep_terminal(1);
  resume_line();
  return false;
}

void ReadlineFrontend::handle_children() {
  if (!state_.is_on(state::Option::Notify)) {
    process::take_child_change();
    jobs_.reap();
    return;
  }
  std::string text = notices_.jobs();
  if (!text.empty()) print_notice(text);
}

void ReadlineFrontend::window_changed() {
  notices_.update_window_size(terminal_.get());
  if (renderer_ == nullptr) {
    rl_resize_terminal();
    return;
  }
  rl_reset_screen_size();
  renderer_->resize(window_size(terminal_.get()));
  redisplay();
}

/// Leaves what is drawn on the screen, without the suggestion, ready for text below it.
void ReadlineFrontend::leave_line() {
  if (renderer_ != nullptr) {
    ghost_.clear();
    View last = view();
    last.ghost = {};
    last.cursor = last.text.size();
    last.styles = highlighter_->highlight(last.text);
    renderer_->draw(last);
    renderer_->forget();
  } else {
    fflush(rl_outstream);
  }
}

void ReadlineFrontend::resume_line() {
  if (renderer_ != nullptr) {
    redisplay();
  } else {
    rl_on_new_line();
    rl_redisplay();
  }
}

void ReadlineFrontend::print_notice(std::string_view text) {
  if (!is_editing_) {
    write(text);
    return;
  }
  if (renderer_ != nullptr) {
    renderer_->erase();
    write(text);
    redisplay();
    return;
  }
  rl_clear_visible_line();
  fflush(rl_outstream);
  write(text);
  rl_on_new_line();
  rl_redisplay();
}

void ReadlineFrontend::set_editing_mode(bool vi, bool emacs) {
  if (vi) rl_vi_editing_mode(1, 0);
  else if (emacs) rl_emacs_editing_mode(1, 0);
}

void ReadlineFrontend::shut_down() {
  // A subshell keeps the front end for `history | tail`; the terminal and the file are its parent's.
  if (getpid() != owner_) return;
  if (is_editing_) {
    rl_deprep_terminal();
    is_editing_ = false;
  }
  history_.compact();
}

int ReadlineFrontend::bind(const std::vector<std::string>& arguments, std::string& out, std::string& error) {
  return bindings_.run(arguments, out, error);
}

// --- display ---------------------------------------------------------------------------------------------------------

void ReadlineFrontend::prepare_terminal() {
  rl_prep_terminal(1);
  write("\033[?2004h");
}

void ReadlineFrontend::restore_terminal() {
  rl_deprep_terminal();
  write("\033[?2004l");
}

View ReadlineFrontend::view() const {
  View view;
  // Readline's own messages (searches, numeric arguments) come as another prompt.
  bool is_message = rl_display_prompt != nullptr && rl_prompt != nullptr && std::strcmp(rl_display_prompt, rl_prompt) != 0;
  view.prompt = is_message ? rl_display_prompt : std::string_view(prompt_);
  view.text = rl_line_buffer != nullptr ? rl_line_buffer : "";
  view.cursor = static_cast<size_t>(rl_point);
  if (is_message) return view;
  view.right_prompt = right_prompt_;
  view.continuation = state_.variables.text(names::PS2);
  view.ghost = ghost_;
  if (rl_editing_mode == 0) {
    const char* shows = rl_variable_value("show-mode-in-prompt");
    bool wants_mode = shows != nullptr && std::strcmp(shows, "on") == 0;
    bool is_command_mode = rl_get_keymap() == vi_movement_keymap;
    if (wants_mode) view.indicator = is_command_mode ? "(cmd)" : "(ins)";
  }
  return view;
}

void ReadlineFrontend::redisplay() {
  if (renderer_ == nullptr || !is_editing_) return;
  View now = view();
  bool is_message = !now.prompt.empty() && now.prompt.data() != prompt_.data();
  ghost_.clear();
  if (!is_message && !is_pasting_) {
    now.styles = highlighter_->highlight(now.text);
    if (!is_continuation_ && now.cursor == now.text.size() && !now.text.empty()) {
      ghost_ = suggestions_->find(now.text, state_.variables.text(names::PWD));
      size_t newline = ghost_.find('\n');
      if (newline != std::string::npos) ghost_.resize(newline);
    }
  }
  now.ghost = ghost_;
  renderer_->draw(now);
}

/// Enter: accepts the line, or begins another one while the command is not complete.
int ReadlineFrontend::accept_line(int count, int key) {
  bool is_multi_line = rl_line_buffer != nullptr && std::strchr(rl_line_buffer, '\n') != nullptr;
  if (!is_aborted_ && !is_continuation_ && is_multi_line && needs_more(std::string(rl_line_buffer) + "\n")) {
    return insert_newline();
  }
  if (!is_aborted_) {
    View last = view();
    last.cursor = last.text.size();
    last.styles = highlighter_->highlight(last.text);
    renderer_->finish(last);
  }
  return rl_newline(count, key);
}

int ReadlineFrontend::insert_newline() {
  rl_insert_text("\n");
  return 0;
}

int ReadlineFrontend::clear_screen(int, int) {
  renderer_->clear_screen();
  redisplay();
  return 0;
}

/// Moves right or, at the end of the line, takes the suggestion: all of it or the next word. `count` 0: to the end.
int ReadlineFrontend::accept_suggestion(int count, int key, bool whole) {
  if (rl_point == rl_end && !ghost_.empty()) {
    size_t size = ghost_.size();
    if (!whole) {
      size = 0;
      while (size < ghost_.size() && !is_name_char(ghost_[size])) ++size;
      while (size < ghost_.size() && is_name_char(ghost_[size])) ++size;
    }
    rl_insert_text(ghost_.substr(0, size).c_str());
    return 0;
  }
  if (count == 0) return rl_end_of_line(1, key);
  return whole ? rl_forward_char(count, key) : rl_forward_word(count, key);
}

/// Bracketed paste: text goes in as it is; control characters are dropped, and pasted lines wait for Enter.
int ReadlineFrontend::paste(int, int) {
  constexpr std::string_view kEnd = "\033[201~";
  std::string text;
  while (true) {
    int key = rl_read_key();
    if (key == EOF || is_aborted_) break;
    text += static_cast<char>(key);
    if (text.size() >= kEnd.size() && text.compare(text.size() - kEnd.size(), kEnd.size(), kEnd) == 0) {
      text.resize(text.size() - kEnd.size());
      break;
    }
  }
  std::string clean;
  bool has_control = false;
  for (char c : text) {
    if (c == '\r') c = '\n';
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') has_control = true;
    else clean += c;
  }
  while (!clean.empty() && clean.back() == '\n') clean.pop_back();
  if (has_control) print_notice("mish: control characters were left out of the pasted text\n");
  rl_begin_undo_group();
  rl_insert_text(clean.c_str());
  rl_end_undo_group();
  return 0;
}

void ReadlineFrontend::show_matches(char** matches, int count, int longest) {
  if (renderer_ == nullptr) return;
  renderer_->move_below();
  WindowSize size = window_size(terminal_.get());
  int width = std::min(longest + 2, size.columns);
  int columns = std::max(1, size.columns / std::max(width, 1));
  int rows = (count + columns - 1) / columns;
  int most_rows = std::max(1, size.rows - 4);
  std::string text;
  auto shown_name = [](const char* match) {
    std::string_view name = match;
    if (rl_filename_completion_desired == 0) return std::string(name);
    bool is_directory = name.size() > 1 && name.back() == '/';
    if (is_directory) name.remove_suffix(1);
    size_t slash = name.rfind('/');
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    return std::string(name) + (is_directory ? "/" : "");
  };
  for (int row = 0; row < std::min(rows, most_rows); ++row) {
    for (int column = 0; column < columns; ++column) {
      int i = column * rows + row + 1;
      if (i > count) continue;
      std::string name = printable(shown_name(matches[i]));
      text += name;
      bool is_last = (column + 1) * rows + row + 1 > count;
      if (!is_last) text.append(static_cast<size_t>(std::max(1, width - display_width(name))), ' ');
    }
    text += '\n';
  }
  if (rows > most_rows) text += "... " + std::to_string(count) + " possibilities\n";
  write(text);
  redisplay();
}

// --- commands on the line --------------------------------------------------------------------------------------------

char** ReadlineFrontend::complete(const char* text, int start, int end) {
  static_cast<void>(start);
  Completer::Request request;
  std::string line = rl_line_buffer;
  std::string word = unquote(text, static_cast<char>(rl_completion_quote_character));
  request.line = line;
  request.point = static_cast<size_t>(end);
  request.word = word;
  request.type = rl_completion_type;
  request.key = rl_completion_invoking_key;
  Completions found = completer_.complete(request);
  rl_attempted_completion_over = found.use_default ? 0 : 1;
  if (found.words.empty()) return nullptr;
  rl_filename_completion_desired = found.are_filenames ? 1 : 0;
  rl_filename_quoting_desired = found.are_filenames ? 1 : 0;
  rl_completion_append_character = found.append_space ? ' ' : '\0';
  rl_sort_completion_matches = found.sort ? 1 : 0;
  static std::vector<std::string> words;
  static size_t next;
  words = std::move(found.words);
  next = 0;
  return rl_completion_matches(text, [](const char*, int) -> char* {
    return next < words.size() ? strdup(words[next++].c_str()) : nullptr;
  });
}

int ReadlineFrontend::expand_history_in_line() {
  std::string expanded;
  auto outcome = static_cast<ExpansionOutcome>(history_.expand(rl_line_buffer, expanded));
  if (outcome != ExpansionOutcome::Expanded) return 0;
  rl_begin_undo_group();
  rl_delete_text(0, rl_end);
  rl_point = 0;
  rl_insert_text(expanded.c_str());
  rl_end_undo_group();
  return 0;
}

/// C-x C-e, v: the line in $VISUAL or $EDITOR; what comes back is run.
int ReadlineFrontend::edit_in_editor() {
  std::string_view directory = state_.variables.text(names::TMPDIR);
  std::string path = std::string(directory.empty() ? "/tmp" : directory) + "/mish-edit.XXXXXX";
  UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) return 1;
  Result<void> written = write_all(file.get(), std::string(rl_line_buffer) + "\n");
  file.reset();
  std::string editor(state_.variables.text(names::VISUAL));
  if (editor.empty()) editor = state_.variables.text(names::EDITOR);
  if (editor.empty()) editor = "vi";
  if (written.ok() && run_key_command(editor + " " + quote(path)) == 0) {
    std::string text;
    Result<UniqueFd> edited = open_file(path.c_str(), O_RDONLY);
    if (edited.ok() && read_all(edited->get(), text).ok()) {
      while (!text.empty() && text.back() == '\n') text.pop_back();
      rl_delete_text(0, rl_end);
      rl_point = 0;
      rl_insert_text(text.c_str());
      unlink(path.c_str());
      if (!text.empty()) {
        if (renderer_ != nullptr) return accept_line(1, '\n');
        return rl_newline(1, '\n');
      }
      return 0;
    }
  }
  unlink(path.c_str());
  return 0;
}

/// A command bound to keys (bind -x) or started by the editor itself; it may look at the line and change it. Empty: the
/// one bound to the keys just typed. Returns its status.
int ReadlineFrontend::run_key_command(const std::string& command) {
  std::string text = command;
  bool is_bound = command.empty();
  if (is_bound) {
    const std::string* bound = bindings_.executing_command();
    if (bound == nullptr) return 1;
    text = *bound;
  }
  state::VariableTable& variables = state_.variables;
  std::string line = rl_line_buffer;
  if (is_bound) {
    variables.assign(names::READLINE_LINE, line);
    variables.assign_integer(names::READLINE_POINT,
                             static_cast<int64_t>(count_characters(line.substr(0, static_cast<size_t>(rl_point)))));
    variables.assign_integer(names::READLINE_MARK,
                             static_cast<int64_t>(count_characters(line.substr(0, static_cast<size_t>(std::min(rl_mark, rl_end))))));
    for (Name name : {names::READLINE_LINE, names::READLINE_POINT, names::READLINE_MARK}) {
      variables.add_attributes(name, state::attribute::Exported);
    }
  }
  if (renderer_ != nullptr) {
    renderer_->erase();
  } else {
    rl_clear_visible_line();
    fflush(rl_outstream);
  }
  if (renderer_ != nullptr) restore_terminal();
  else rl_deprep_terminal();
  is_editing_ = false;
  int last_status = state_.last_status;
  int status = 0;
  try {
    state::Completion completion = services_.run_text(text, "bind");
    status = completion.status;
    if (completion.flow == state::Flow::Exit) {
      forced_line_ = "exit " + std::to_string(completion.status);
      is_aborted_ = true;
    }
  } catch (const state::ShellError& error) {
    services_.report(error.message());
    status = error.status();
  }
  state_.last_status = last_status;
  is_editing_ = true;
  if (renderer_ != nullptr) prepare_terminal();
  else rl_prep_terminal(1);
  if (is_bound) {
    std::string changed(variables.text(names::READLINE_LINE));
    // 0x7fffffff is what widgets write to mean the end.
    int64_t point = strtoll(variables.text(names::READLINE_POINT).data(), nullptr, 0);
    if (changed != line) {
      rl_begin_undo_group();
      rl_delete_text(0, rl_end);
      rl_point = 0;
      rl_insert_text(changed.c_str());
      rl_end_undo_group();
    }
    rl_point = static_cast<int>(character_offset(changed, static_cast<size_t>(std::max<int64_t>(point, 0))));
    for (Name name : {names::READLINE_LINE, names::READLINE_POINT, names::READLINE_MARK}) variables.unset(name);
  }
  resume_line();
  return status;
}

std::unique_ptr<api::Frontend> make_frontend(state::ShellState& state, api::ShellServices& services,
                                             process::JobTable& jobs, bool is_private) {
  return std::make_unique<ReadlineFrontend>(state, services, jobs, is_private);
}

}  // namespace mish::interactive
