// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_frontend.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "shell/base/locale.h"
#include "shell/base/text.h"
#include "shell/interactive/complete_command.h"
#include "shell/interactive/did_you_mean.h"
#include "shell/interactive/frontend.h"
#include "shell/interactive/readline_quoting.h"
#include "shell/interactive/script_editor.h"
#include "shell/interactive/terminal_marks.h"
#include "shell/process/signals.h"
#include "shell/process/wait.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/history.h>
#include <readline/readline.h>

namespace mish::interactive {

namespace {

constexpr char kDefaultWordBreaks[] = " \t\n\"'><=;|&(:";

int64_t now_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// Readline's hooks are plain functions.

ssize_t output_hook(void*, const char* text, size_t size) {
  ReadlineFrontend::active().write_for_readline({text, size});
  return static_cast<ssize_t>(size);
}
int get_character_hook(FILE*) { return ReadlineFrontend::active().get_character(); }
void redisplay_hook() { ReadlineFrontend::active().redisplay(); }
char** completion_hook(const char* text, int, int end) { return ReadlineFrontend::active().complete(text, end); }
char* word_breaks_hook() { return ReadlineFrontend::active().word_breaks(); }
void prepare_hook(int) { ReadlineFrontend::active().prepare_terminal(); }
void restore_hook() { ReadlineFrontend::active().restore_terminal(); }
void matches_hook(char** matches, int count, int longest) {
  ReadlineFrontend::active().show_matches(matches, count, longest);
}
int initial_text_hook() { return ReadlineFrontend::active().insert_initial_text(); }

char* quote_hook(char* text, int, char* quote) {
  return strdup(quote_filename(text, quote != nullptr ? *quote : '\0').c_str());
}
char* dequote_hook(char* text, int quote) { return strdup(remove_quotes(text, static_cast<char>(quote)).c_str()); }
int is_quoted_hook(char* text, int at) { return is_quoted_at(text, static_cast<size_t>(at)) ? 1 : 0; }

}  // namespace

ReadlineFrontend* ReadlineFrontend::active_ = nullptr;

// --- setting up ------------------------------------------------------------------------------------------------------

ReadlineFrontend::ReadlineFrontend(state::ShellState& state, api::ShellServices& services, process::JobTable& jobs,
                                   bool is_private)
    : state_(state),
      services_(services),
      jobs_(jobs),
      history_(state, is_private),
      prompts_(state, services.expander()),
      notices_(state, services, jobs),
      completer_(state, services, jobs, *this),
      highlighter_(std::make_unique<Highlighter>(state, services)),
      suggestions_(std::make_unique<Suggestions>(history_)) {
  active_ = this;
  owner_ = getpid();
  activate_locale();
  // Prompts go to standard error (XCU sh); a private copy, so that `exec 2>file` does not take them away.
  Result<UniqueFd> copy = duplicate_above_9(isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : STDIN_FILENO);
  if (copy.ok()) terminal_ = std::move(*copy);
  notices_.update_window_size(screen());  // LINES and COLUMNS are for the start-up files, too
  history_.load();
  readline_history_.emplace(history_);
  state_.history_number = readline_history_->session_begin();
  knows_marks_ = terminal_knows_marks(state_.variables);
  if (!state_.variables.is_set(names::COMP_WORDBREAKS)) {
    state_.variables.assign(names::COMP_WORDBREAKS, kDefaultWordBreaks);
  }
  start_readline();
  bind_default_keys();
  set_editing_mode(state_.is_on(state::Option::Vi), state_.is_on(state::Option::Emacs));
}

ReadlineFrontend::~ReadlineFrontend() {
  if (output_ != nullptr) {
    rl_outstream = stderr;
    fclose(output_);
  }
  active_ = nullptr;
}

/// Readline's variables and hooks, and its start; with the own renderer where the terminal is good enough for it.
void ReadlineFrontend::start_readline() {
  bool draws = wants_renderer();
  output_ = fopencookie(nullptr, "w", {nullptr, output_hook, nullptr, nullptr});
  if (output_ != nullptr) setlinebuf(output_);
  rl_outstream = output_ != nullptr ? output_ : stderr;
  rl_instream = stdin;
  rl_readline_name = "bash";  // so that the $if Bash parts of ~/.inputrc apply
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_change_environment = 0;
  rl_getc_function = get_character_hook;
  set_completion_hooks();
  export_to_readline();
  add_key_commands();
  rl_initialize();
  using_history();
  if (!draws) return;
  renderer_ = std::make_unique<Renderer>(screen(), !state_.variables.is_set(names::NO_COLOR));
  // Set after initialisation: before it, Readline would take the terminal for a dumb one.
  rl_redisplay_function = redisplay_hook;
  rl_prep_term_function = prepare_hook;
  rl_deprep_term_function = restore_hook;
  rl_completion_display_matches_hook = matches_hook;
  rl_completion_query_items = -1;
}

void ReadlineFrontend::set_completion_hooks() {
  rl_attempted_completion_function = completion_hook;
  rl_completion_word_break_hook = word_breaks_hook;
  rl_completer_quote_characters = "\"'";
  rl_filename_quote_characters = kQuotedInFilenames;
  rl_special_prefixes = "$";
  rl_filename_quoting_function = quote_hook;
  rl_filename_dequoting_function = dequote_hook;
  rl_char_is_quoted_p = is_quoted_hook;
}

/// Readline asks the process's environment, where the shell's own assignments do not arrive.
void ReadlineFrontend::export_to_readline() {
  for (Name name : {names::TERM, names::HOME, names::INPUTRC}) {
    if (!state_.variables.is_set(name)) continue;
    std::string value(state_.variables.text(name));
    if (name == names::INPUTRC && value.empty()) continue;
    setenv(std::string(mish::text(name)).c_str(), value.c_str(), 1);
  }
}

/// The own display needs a terminal that can move the cursor and be told what to do.
bool ReadlineFrontend::wants_renderer() const {
  std::string_view term = state_.variables.text(names::TERM);
  std::string_view editor = state_.variables.text(NameTable::intern("MISH_EDITOR"));
  return !term.empty() && term != "dumb" && term != "emacs" && editor != "plain" &&
         !state_.variables.is_set(names::NO_COLOR) && isatty(screen()) == 1;
}

void ReadlineFrontend::set_editing_mode(bool vi, bool emacs) {
  if (vi)
    rl_vi_editing_mode(1, 0);
  else if (emacs)
    rl_emacs_editing_mode(1, 0);
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

// --- before and after a command ------------------------------------------------------------------------------------

void ReadlineFrontend::set_duration() {
  if (command_started_ns_ == 0) return;
  int64_t duration = now_ns() - command_started_ns_;
  command_started_ns_ = 0;
  if (!state_.is_posix()) state_.variables.assign_internal(names::MISH_DURATION, std::to_string(duration / 1000000));
}

/// "Did you mean" after a command that was not found, unless the user has a handler for that.
void ReadlineFrontend::suggest_command() {
  std::string line = std::exchange(last_command_, std::string());
  if (state_.last_status != state::kNotFound || line.empty() || state_.is_posix()) return;
  if (state_.functions.find(NameTable::intern("command_not_found_handle")) != nullptr) return;
  CommandAtPoint found = find_command(line, std::min(line.find_first_of("\n;|&"), line.size()));
  size_t word_end = std::min(line.find_first_of(" \t\n", found.word_begin), line.size());
  std::string word = found.words.empty() ? line.substr(found.word_begin, word_end - found.word_begin) : found.words[0];
  if (word.find('/') != std::string::npos) return;
  if (services_.find_command(word, api::RunOptions{}).kind != api::FoundCommand::Kind::NotFound) return;
  std::string nearest = nearest_name(word, completer_.command_names(""));
  if (!nearest.empty()) write("Did you mean " + nearest + "?\n");
}

void ReadlineFrontend::send_marks_before_prompt() {
  if (!knows_marks_) return;
  std::string text = command_number_ > 1 ? "\033]133;D;" + std::to_string(state_.last_status) + "\a" : "";
  text += "\033]7;" + directory_url(state_.directory.logical()) + "\a\033]133;A\a";
  write(text);
}

void ReadlineFrontend::before_prompt() {
  set_duration();
  state::count_prompt(state_);
  history_.follow_settings();
  history_.read_others();
  notices_.update_window_size(screen());
  // A command may have changed the locale (LC_ALL=...) or taken SIGWINCH while it ran.
  activate_locale();
  if (renderer_ != nullptr) renderer_->resize(window_size(screen()));
  write(notices_.jobs());
  suggest_command();
  write(notices_.mail());
  if (std::optional<int> status = api::run_prompt_commands(services_, state_))
    forced_line_ = "exit " + std::to_string(*status);
  highlighter_->forget_commands();
  // The first time it is a long list: that waits until the prompt is on the screen.
  if (readline_history_->is_filled()) readline_history_->synchronise();
  send_marks_before_prompt();
}

/// What was read is about to run.
void ReadlineFrontend::before_execution(const std::string& text) {
  last_command_ = text;
  end_of_file_count_ = 0;
  std::string_view ps0 = state_.variables.text(names::PS0);
  if (!ps0.empty()) write(expand::visible_text(prompts_.expand(ps0, jobs_.listed_count())));
  ++command_number_;  // in PS0 the command has still the number that its prompt showed
  prompts_.set_command_number(command_number_);
  if (knows_marks_) write("\033]133;C\a");
  command_started_ns_ = now_ns();
}

std::string ReadlineFrontend::prompt_text(Name variable) {
  return prompts_.expand(state_.variables.text(variable), jobs_.listed_count());
}

// --- reading commands ----------------------------------------------------------------------------------------------

syntax::Source::Status ReadlineFrontend::next_line(syntax::LinePurpose purpose, std::string_view& line) {
  std::string text;
  Outcome outcome;
  if (purpose == syntax::LinePurpose::Continuation) {
    if (std::exchange(has_ended_, false)) return Status::EndOfFile;
    outcome = edit_line(prompt_text(names::PS2), {}, text);
    text += '\n';
  } else {
    has_ended_ = false;
    before_prompt();
    outcome = Outcome::Line;
    if (forced_line_.empty()) outcome = read_command(text);
    if (!forced_line_.empty()) text = std::exchange(forced_line_, std::string()) + "\n";
  }
  switch (outcome) {
    case Outcome::Interrupted: return Status::Interrupted;
    case Outcome::EndOfFile:
      if (read_error_ != 0) return Status::Error;
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
  if (purpose == syntax::LinePurpose::FirstLine && !trim_blanks(buffer_).empty() && buffer_ != "\n")
    before_execution(buffer_);
  return Status::Line;
}

/// Reads until the text is a complete command; it is in the history then.
ReadlineFrontend::Outcome ReadlineFrontend::read_command(std::string& text) {
  std::string right;
  if (state_.variables.is_set(names::RPS1)) right = prompt_text(names::RPS1);
  std::string prompt = prompt_text(names::PS1);
  if (knows_marks_) prompt += std::string(1, expand::kInvisibleBegin) + "\033]133;B\a" + expand::kInvisibleEnd;
  is_continuation_ = false;
  while (true) {
    std::string piece;
    Outcome outcome = edit_line(prompt, is_continuation_ ? std::string() : right, piece);
    if (outcome == Outcome::Interrupted || (outcome == Outcome::EndOfFile && (text.empty() || read_error_ != 0)))
      return outcome;
    if (outcome == Outcome::Line) {
      if (!expand_history(piece)) {
        text.clear();
        text = "\n";
        return Outcome::Line;
      }
      text += piece + "\n";
      if (needs_more_lines(state_, text)) {
        is_continuation_ = true;
        prompt = prompt_text(names::PS2);
        continue;
      }
    }
    has_ended_ = outcome == Outcome::EndOfFile;  // Ctrl-D within a command: the parser is to hear of it
    if (state_.is_on(state::Option::History)) history_.add_running(text);
    if (std::string trouble = history_.take_trouble(); !trouble.empty()) {
      write(state_.shell_name + ": " + trouble + "\n");
    }
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

/// End of file at a prompt: ignoreeof, stopped jobs. True when the shell is to end.
bool ReadlineFrontend::confirm_end_of_file() {
  if (timed_out_) {
    write("\ntimed out waiting for input: auto-logout\n");
    return true;
  }
  if (state_.is_on(state::Option::IgnoreEof) || state_.variables.is_set(names::IGNOREEOF)) {
    int64_t limit = state_.variables.is_set(names::IGNOREEOF)
                        ? parse_integer(state_.variables.text(names::IGNOREEOF)).value_or(10)
                        : 10;
    if (end_of_file_count_ < limit) {
      ++end_of_file_count_;
      write("Use \"exit\" to leave the shell.\n");
      return false;
    }
  }
  process::take_child_change();
  jobs_.reap();
  std::string_view lost = jobs_.lost_at_exit(state_.is_on(state::Option::CheckJobs));
  if (!lost.empty() && std::exchange(state_.prompts_to_warning, state::kPromptsToWarning) == 0) {
    write("There are " + std::string(lost) + " jobs.\n");
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
  paste_rest_ = {};
  read_error_ = 0;
  int64_t limit = parse_integer(state_.variables.text(names::TMOUT)).value_or(0);
  deadline_ns_ = limit > 0 ? now_ns() + limit * 1000000000 : -1;
  rl_startup_hook = initial_text_.empty() ? nullptr : initial_text_hook;
  process::set_disposition(SIGWINCH, process::Disposition::Catch);
  // A process in the background may have taken the terminal meanwhile; reading would fail then.
  if (jobs_.terminal() != nullptr) jobs_.terminal()->regain();
  is_editing_ = true;
  rl_already_prompted = 0;
  set_plain_size();
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

int ReadlineFrontend::insert_initial_text() {
  rl_insert_text(std::exchange(initial_text_, std::string()).c_str());
  return 0;
}

/// Outside of editing SIGWINCH does what the user's trap says.
void ReadlineFrontend::release_window_signal() {
  switch (state_.traps.action(SIGWINCH).kind) {
    case state::TrapAction::Kind::Command: return;
    case state::TrapAction::Kind::Ignore: process::set_disposition(SIGWINCH, process::Disposition::Ignore); return;
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
  if (!readline_history_->is_filled()) {
    readline_history_->synchronise();
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
        if (n == 1) {
          note_key(static_cast<char>(key));
          return key;
        }
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) break;
        if (n < 0 && process::peek_pending_signal(false) != 0) {
          is_aborted_ = handle_signals();  // the terminal has gone: the hang-up says so
          break;
        }
        const int error = n < 0 ? errno : 0;
        // It may be taken while a line is typed, too.
        if (error == EIO && jobs_.terminal() != nullptr && jobs_.terminal()->regain()) break;
        read_error_ = error;
        is_aborted_ = true;
        break;
      }
    }
  }
  // Readline 8.2 uses the text of a bracketed paste that is cut short without its end: it gets the mark it waits for.
  if (paste_rest_.empty() || !RL_ISSTATE(RL_STATE_MOREINPUT)) return EOF;
  const char key = paste_rest_.front();
  paste_rest_.remove_prefix(1);
  return key;
}

/// Whether a bracketed paste is on its way.
void ReadlineFrontend::note_key(char key) {
  last_keys_ += key;
  if (last_keys_.size() > kPasteEnd.size()) last_keys_.erase(0, 1);
  if (last_keys_ == kPasteBegin) paste_rest_ = kPasteEnd;
  if (last_keys_ == kPasteEnd) paste_rest_ = {};
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
  if (completion.flow == state::Flow::Interrupt) {
    is_interrupted_ = true;  // Ctrl-C while the action ran is for the line, too
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

// --- completion and bindings ---------------------------------------------------------------------------------------

char** ReadlineFrontend::complete(const char* text, int end) {
  std::string line = rl_line_buffer;
  std::string word = remove_quotes(text, static_cast<char>(rl_completion_quote_character));
  Completer::Request request;
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
  // Readline asks for one after the other.
  static std::vector<std::string> words;
  static size_t next;
  words = std::move(found.words);
  next = 0;
  return rl_completion_matches(
      text, [](const char*, int) -> char* { return next < words.size() ? strdup(words[next++].c_str()) : nullptr; });
}

char* ReadlineFrontend::word_breaks() {
  word_breaks_ = state_.variables.text(names::COMP_WORDBREAKS);
  if (word_breaks_.empty()) word_breaks_ = kDefaultWordBreaks;
  return word_breaks_.data();
}

int ReadlineFrontend::bind(const std::vector<std::string>& arguments, std::string& out, std::string& error) {
  return bindings_.run(arguments, out, error);
}

std::unique_ptr<api::Frontend> make_frontend(state::ShellState& state, api::ShellServices& services,
                                             process::JobTable& jobs, bool is_private) {
  return std::make_unique<ReadlineFrontend>(state, services, jobs, is_private);
}

std::unique_ptr<api::Editor> make_script_editor(state::ShellState& state) {
  return std::make_unique<ScriptEditor>(state);
}

}  // namespace mish::interactive
