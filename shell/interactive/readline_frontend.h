// SPDX-License-Identifier: GPL-3.0-or-later
// The front end on GNU Readline: prompts, reads complete commands with editing, keeps the history, tells of jobs. Only
// the files readline_*.cc include Readline. On terminals that can do more than a teletype, Readline is the editing
// engine alone and the line is drawn by Renderer; elsewhere Readline draws it. One class in three files:
// readline_frontend.cc reads commands, readline_display.cc draws, readline_keys.cc has the editing commands.
#ifndef MISH_SHELL_INTERACTIVE_READLINE_FRONTEND_H_
#define MISH_SHELL_INTERACTIVE_READLINE_FRONTEND_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/api/prompt_commands.h"
#include "shell/api/services.h"
#include "shell/base/private_fd.h"
#include "shell/expand/prompt.h"
#include "shell/interactive/completion.h"
#include "shell/interactive/highlight.h"
#include "shell/interactive/history.h"
#include "shell/interactive/notices.h"
#include "shell/interactive/readline_bindings.h"
#include "shell/interactive/readline_history.h"
#include "shell/interactive/renderer.h"
#include "shell/interactive/suggestion.h"
#include "shell/process/job.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

/// What a terminal sends before and after a bracketed paste.
inline constexpr std::string_view kPasteBegin = "\033[200~";
inline constexpr std::string_view kPasteEnd = "\033[201~";

class ReadlineFrontend final : public api::Frontend {
 public:
  ReadlineFrontend(state::ShellState& state, api::ShellServices& services, process::JobTable& jobs, bool is_private);
  ~ReadlineFrontend() override;

  /// The front end Readline works for: there is one line editor in a process, and its hooks are plain functions.
  static ReadlineFrontend& active() { return *active_; }

  // syntax::Source
  Status next_line(syntax::LinePurpose purpose, std::string_view& line) override;
  bool is_interactive() const override { return true; }
  int error() const override { return read_error_; }

  // api::Frontend
  api::HistoryStore& history() override { return history_; }
  api::CompletionStore& completions() override { return completer_.store(); }
  int bind(const std::vector<std::string>& arguments, std::string& out, std::string& error) override;
  std::optional<std::string> read_line(std::string_view prompt, std::string_view initial) override;
  void set_editing_mode(bool vi, bool emacs) override;
  void shut_down() override;

  // What Readline's hooks call.
  int get_character();
  char** complete(const char* text, int end);
  char* word_breaks();
  int insert_initial_text();

  // The display (readline_display.cc).
  void redisplay();
  /// What Readline writes: it does not look whether that arrives, so that a signal in between would lose it. Nowhere
  /// when the renderer draws.
  void write_for_readline(std::string_view text) const {
    if (renderer_ == nullptr) write(text);
  }
  void show_matches(char** matches, int count, int longest);
  void prepare_terminal();
  void restore_terminal();

  // Editing commands (readline_keys.cc), with Readline's arguments: the numeric argument and the key.
  int accept_line(int count, int key);
  int insert_newline(int count, int key);
  int clear_screen(int count, int key);
  int forward_char(int count, int key);
  int forward_word(int count, int key);
  int end_of_line(int count, int key);
  int paste(int count, int key);
  int expand_history_in_line(int count, int key);
  int magic_space(int count, int key);
  int edit_in_editor(int count, int key);
  int run_bound_command();

 private:
  enum class Outcome : uint8_t { Line, EndOfFile, Interrupted };

  void start_readline();
  void set_completion_hooks();
  void export_to_readline();
  bool wants_renderer() const;

  void before_prompt();
  void suggest_command();
  void set_duration();
  void send_marks_before_prompt();
  void before_execution(const std::string& text);
  std::string prompt_text(Name variable);

  Outcome read_command(std::string& text);
  Outcome edit_line(const std::string& prompt, const std::string& right_prompt, std::string& text);
  bool expand_history(std::string& piece);
  bool confirm_end_of_file();
  void release_window_signal();
  void note_key(char key);
  bool handle_signals();
  void handle_children();

  void write(std::string_view text) const;
  /// Where prompts go. Without a descriptor left for a private one it is standard error.
  int screen() const { return terminal_.is_open() ? terminal_.get() : STDERR_FILENO; }
  View view() const;
  View last_view();
  void print_notice(std::string_view text);
  void window_changed();
  void set_plain_size();
  void leave_line();
  void hide_line();
  void resume_line();

  void add_key_commands();
  void bind_default_keys();
  void bind_drawing_keys();
  bool take_suggestion(size_t size);
  std::string read_pasted_text();
  std::optional<std::string> edit_text(const std::string& text);
  int run_key_command(const std::string& command);

  static ReadlineFrontend* active_;

  state::ShellState& state_;
  api::ShellServices& services_;
  process::JobTable& jobs_;
  History history_;
  std::optional<ReadlineHistory> readline_history_;  // made when the history is loaded
  expand::PromptRenderer prompts_;
  Notices notices_;
  Completer completer_;
  Bindings bindings_;
  std::unique_ptr<Renderer> renderer_;
  std::unique_ptr<Highlighter> highlighter_;
  std::unique_ptr<Suggestions> suggestions_;

  pid_t owner_ = 0;         // the process that edits; subshells only look
  PrivateFd terminal_;      // for output; private
  FILE* output_ = nullptr;  // Readline's: write_for_readline()
  std::string buffer_;      // the line handed out
  std::string prompt_, right_prompt_;
  std::string ghost_;  // what the suggestion would add
  std::string last_command_;
  std::string initial_text_;  // what the next line begins with
  std::string word_breaks_;   // what Readline was given
  std::string forced_line_;   // what a trap action that asked for exit turned into
  int64_t command_started_ns_ = 0;
  int64_t command_number_ = 1;
  int64_t deadline_ns_ = -1;  // TMOUT
  int end_of_file_count_ = 0;
  bool is_editing_ = false;
  bool has_ended_ = false;
  bool is_continuation_ = false;
  bool is_aborted_ = false;  // the line being edited is given up
  bool is_interrupted_ = false;
  bool timed_out_ = false;
  std::string last_keys_;        // as many as the mark of a paste has
  std::string_view paste_rest_;  // the mark that is to come, while a bracketed paste is read
  int read_error_ = 0;           // of the terminal
  bool knows_marks_ = false;     // the terminal understands OSC 7 and OSC 133
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_READLINE_FRONTEND_H_
