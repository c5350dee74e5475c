// SPDX-License-Identifier: GPL-3.0-or-later
// The display part of ReadlineFrontend: what is on the screen while a line is edited, drawn by Renderer or, where there
// is none, by Readline.
#include <algorithm>
#include <cstring>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/interactive/readline_frontend.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/readline.h>

namespace mish::interactive {

namespace {

/// What a list of possibilities shows of a match: of a file name its last part.
std::string shown_name(std::string_view match) {
  if (rl_filename_completion_desired == 0) return printable(match);
  size_t slash = match.find_last_of('/', match.size() < 2 ? 0 : match.size() - 2);
  if (slash != std::string_view::npos && slash + 1 < match.size()) match.remove_prefix(slash + 1);
  return printable(match);
}

}  // namespace

void ReadlineFrontend::write(std::string_view text) const {
  if (text.empty()) return;
  // A terminal that has gone is noticed by the reader of keys.
  Result<void> written = write_all(screen(), text);
  static_cast<void>(written);
}

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
  bool is_message =
      rl_display_prompt != nullptr && rl_prompt != nullptr && std::strcmp(rl_display_prompt, rl_prompt) != 0;
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

/// The line as it stays on the screen: without the suggestion, the cursor behind it.
View ReadlineFrontend::last_view() {
  ghost_.clear();
  View last = view();
  last.ghost = {};
  last.cursor = last.text.size();
  last.styles = highlighter_->highlight(last.text);
  return last;
}

void ReadlineFrontend::redisplay() {
  if (renderer_ == nullptr || !is_editing_) return;
  View now = view();
  bool is_message = !now.prompt.empty() && now.prompt.data() != prompt_.data();
  ghost_.clear();
  if (!is_message) {
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

/// Leaves what is drawn on the screen, without the suggestion, ready for text below it.
void ReadlineFrontend::leave_line() {
  if (renderer_ == nullptr) {
    fflush(rl_outstream);
    return;
  }
  renderer_->draw(last_view());
  renderer_->forget();
}

/// Takes the line off the screen, for the output of a command in its place.
void ReadlineFrontend::hide_line() {
  if (renderer_ != nullptr) {
    renderer_->erase();
  } else {
    rl_clear_visible_line();
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
  hide_line();
  write(text);
  resume_line();
}

namespace {

/// Where Readline draws itself it divides by a third of the width, after it has left the last column free.
constexpr int kNarrowest = 5;

}  // namespace

/// Tells Readline, where it draws itself, how large the window is, before it draws.
void ReadlineFrontend::set_plain_size() {
  if (renderer_ != nullptr) return;
  WindowSize size = window_size(screen());
  rl_set_screen_size(size.rows, std::max(size.columns, kNarrowest));
}

void ReadlineFrontend::window_changed() {
  notices_.update_window_size(screen());
  if (renderer_ == nullptr) {
    set_plain_size();
    if (window_size(screen()).columns >= kNarrowest) rl_resize_terminal();
    return;
  }
  rl_reset_screen_size();
  renderer_->resize(window_size(screen()));
  redisplay();
}

/// The possibilities below the line, in columns; `matches` begins at 1, `longest` is the widest of them.
void ReadlineFrontend::show_matches(char** matches, int count, int longest) {
  if (renderer_ == nullptr) return;
  renderer_->move_below();
  WindowSize size = window_size(screen());
  int width = std::min(longest + 2, size.columns);
  int columns = std::max(1, size.columns / std::max(width, 1));
  int rows = (count + columns - 1) / columns;
  int most_rows = std::max(1, size.rows - 4);
  std::string text;
  for (int row = 0; row < std::min(rows, most_rows); ++row) {
    for (int i = row + 1; i <= count; i += rows) {
      std::string name = shown_name(matches[i]);
      text += name;
      if (i + rows <= count) text.append(static_cast<size_t>(std::max(1, width - display_width(name))), ' ');
    }
    text += '\n';
  }
  if (rows > most_rows) text += "... " + std::to_string(count) + " possibilities\n";
  write(text);
  redisplay();
}

}  // namespace mish::interactive
