// SPDX-License-Identifier: GPL-3.0-or-later
// The editing commands of ReadlineFrontend: what keys do beyond what Readline itself knows, and which keys do it.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/interactive/complete_command.h"
#include "shell/interactive/readline_frontend.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/readline.h>

namespace mish::interactive {

namespace {

/// An editing command of the front end as Readline calls it.
template <int (ReadlineFrontend::*command)(int count, int key)>
int run(int count, int key) {
  return (ReadlineFrontend::active().*command)(count, key);
}

/// Every key that runs `old` runs `replacement` instead, whatever it was in ~/.inputrc.
void rebind(rl_command_func_t* old, rl_command_func_t* replacement) {
  for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap}) {
    for (int key = 0; key < 256; ++key) {
      if (map[key].type == ISFUNC && map[key].function == old) map[key].function = replacement;
    }
  }
}

/// Puts `text` in the place of the line, as one change for undo; the cursor is behind it.
void replace_line(const std::string& text) {
  rl_begin_undo_group();
  rl_delete_text(0, rl_end);
  rl_point = 0;
  rl_insert_text(text.c_str());
  rl_end_undo_group();
}

/// The variables in which a command bound to keys (bind -x) finds the line and may change it.
constexpr Name kLineVariables[] = {names::READLINE_LINE, names::READLINE_POINT, names::READLINE_MARK};

void publish_line(state::VariableTable& variables, const std::string& line) {
  auto characters_before = [&line](int at) {
    return static_cast<int64_t>(count_characters(line.substr(0, static_cast<size_t>(at))));
  };
  variables.assign(names::READLINE_LINE, line);
  variables.assign_integer(names::READLINE_POINT, characters_before(rl_point));
  variables.assign_integer(names::READLINE_MARK, characters_before(std::min(rl_mark, rl_end)));
  for (Name name : kLineVariables) variables.add_attributes(name, state::attribute::Exported);
}

/// Takes over what the command made of `line`.
void adopt_line(state::VariableTable& variables, const std::string& line) {
  std::string changed(variables.text(names::READLINE_LINE));
  // Widgets write 0x7fffffff to mean the end.
  int64_t point = strtoll(variables.text(names::READLINE_POINT).data(), nullptr, 0);
  if (changed != line) replace_line(changed);
  rl_point = static_cast<int>(character_offset(changed, static_cast<size_t>(std::max<int64_t>(point, 0))));
  for (Name name : kLineVariables) variables.unset(name);
}

}  // namespace

// --- which keys ------------------------------------------------------------------------------------------------------

void ReadlineFrontend::add_key_commands() {
  rl_add_defun("edit-and-execute-command", run<&ReadlineFrontend::edit_in_editor>, -1);
  rl_add_defun("history-expand-line", run<&ReadlineFrontend::expand_history_in_line>, -1);
  rl_add_defun("magic-space", run<&ReadlineFrontend::magic_space>, -1);
  rl_add_defun("insert-newline", run<&ReadlineFrontend::insert_newline>, -1);
}

void ReadlineFrontend::bind_default_keys() {
  rl_bind_keyseq_in_map("\\C-x\\C-e", run<&ReadlineFrontend::edit_in_editor>, emacs_standard_keymap);
  rl_bind_keyseq_in_map("v", run<&ReadlineFrontend::edit_in_editor>, vi_movement_keymap);
  for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap}) {
    rl_bind_keyseq_if_unbound_in_map("\\e[1;5C", rl_forward_word, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[1;5D", rl_backward_word, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[3~", rl_delete, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[1~", rl_beg_of_line, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[4~", rl_end_of_line, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[5~", rl_history_search_backward, map);
    rl_bind_keyseq_if_unbound_in_map("\\e[6~", rl_history_search_forward, map);
  }
  if (renderer_ != nullptr) bind_drawing_keys();
}

/// The keys that mean more when the own renderer draws: suggestions, several lines, pasting.
void ReadlineFrontend::bind_drawing_keys() {
  rebind(rl_newline, run<&ReadlineFrontend::accept_line>);
  rebind(rl_clear_screen, run<&ReadlineFrontend::clear_screen>);
  rebind(rl_forward_char, run<&ReadlineFrontend::forward_char>);
  rebind(rl_forward, run<&ReadlineFrontend::forward_char>);
  rebind(rl_end_of_line, run<&ReadlineFrontend::end_of_line>);
  rl_bind_keyseq_in_map("\\eOC", run<&ReadlineFrontend::forward_char>, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\eOF", run<&ReadlineFrontend::end_of_line>, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\ef", run<&ReadlineFrontend::forward_word>, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e[1;5C", run<&ReadlineFrontend::forward_word>, emacs_standard_keymap);
  rl_bind_keyseq_in_map("\\e\\C-m", run<&ReadlineFrontend::insert_newline>, emacs_standard_keymap);
  for (Keymap map : {emacs_standard_keymap, vi_insertion_keymap}) {
    rl_bind_keyseq_in_map("\\e[C", run<&ReadlineFrontend::forward_char>, map);
    rl_bind_keyseq_in_map("\\e[F", run<&ReadlineFrontend::end_of_line>, map);
    rl_bind_keyseq_in_map("\\e[200~", run<&ReadlineFrontend::paste>, map);
  }
}

// --- the line --------------------------------------------------------------------------------------------------------

/// Enter: accepts the line, or begins another one while the command is not complete.
int ReadlineFrontend::accept_line(int count, int key) {
  if (is_aborted_) return rl_newline(count, key);
  bool is_multi_line = std::strchr(rl_line_buffer, '\n') != nullptr;
  if (!is_continuation_ && is_multi_line && needs_more_lines(state_, std::string(rl_line_buffer) + "\n")) {
    return insert_newline(1, 0);
  }
  renderer_->finish(last_view());
  return rl_newline(count, key);
}

int ReadlineFrontend::insert_newline(int, int) {
  rl_insert_text("\n");
  return 0;
}

int ReadlineFrontend::clear_screen(int, int) {
  renderer_->clear_screen();
  redisplay();
  return 0;
}

/// At the end of the line takes the first `size` bytes of the suggestion; false when there is nothing to take.
bool ReadlineFrontend::take_suggestion(size_t size) {
  if (rl_point != rl_end || ghost_.empty()) return false;
  rl_insert_text(ghost_.substr(0, size).c_str());
  return true;
}

int ReadlineFrontend::forward_char(int count, int key) {
  return take_suggestion(std::string::npos) ? 0 : rl_forward_char(count, key);
}

int ReadlineFrontend::end_of_line(int, int key) {
  return take_suggestion(std::string::npos) ? 0 : rl_end_of_line(1, key);
}

int ReadlineFrontend::forward_word(int count, int key) {
  size_t size = 0;
  while (size < ghost_.size() && !is_name_char(ghost_[size])) ++size;
  while (size < ghost_.size() && is_name_char(ghost_[size])) ++size;
  return take_suggestion(size) ? 0 : rl_forward_word(count, key);
}

/// The text of a bracketed paste, up to the mark of its end or the end of input.
std::string ReadlineFrontend::read_pasted_text() {
  std::string text;
  while (true) {
    int key = rl_read_key();
    if (key == EOF || is_aborted_) return text;
    text += static_cast<char>(key);
    if (std::string_view(text).ends_with(kPasteEnd)) {
      text.resize(text.size() - kPasteEnd.size());
      return text;
    }
  }
}

/// Bracketed paste: text goes in as it is; control characters are dropped, and pasted lines wait for Enter.
int ReadlineFrontend::paste(int, int) {
  std::string clean;
  bool has_control = false;
  for (char c : read_pasted_text()) {
    if (c == '\r') c = '\n';
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
      has_control = true;
    else
      clean += c;
  }
  while (clean.ends_with('\n')) clean.pop_back();
  if (has_control) print_notice("mish: control characters were left out of the pasted text\n");
  rl_begin_undo_group();
  rl_insert_text(clean.c_str());
  rl_end_undo_group();
  return 0;
}

int ReadlineFrontend::expand_history_in_line(int, int) {
  std::string expanded;
  auto outcome = static_cast<ExpansionOutcome>(history_.expand(rl_line_buffer, expanded));
  if (outcome == ExpansionOutcome::Expanded) replace_line(expanded);
  return 0;
}

int ReadlineFrontend::magic_space(int count, int key) {
  expand_history_in_line(count, key);
  return rl_insert(count, key);
}

// --- commands run from the line --------------------------------------------------------------------------------------

/// The line as the user's editor left it; nullopt if the editor failed. The file it was in is removed.
std::optional<std::string> ReadlineFrontend::edit_text(const std::string& text) {
  std::string_view directory = state_.variables.text(names::TMPDIR);
  std::string path = std::string(directory.empty() ? "/tmp" : directory) + "/mish-edit.XXXXXX";
  UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  Result<void> written = write_all(file.get(), text);
  file.reset();
  std::string editor(state_.variables.text(names::VISUAL));
  if (editor.empty()) editor = state_.variables.text(names::EDITOR);
  if (editor.empty()) editor = "vi";
  std::optional<std::string> edited;
  if (written.ok() && run_key_command(editor + " " + quote(path)) == 0) {
    Result<UniqueFd> result = open_file(path.c_str(), O_RDONLY);
    std::string contents;
    if (result.ok() && read_all(result->get(), contents).ok()) edited = std::move(contents);
  }
  unlink(path.c_str());
  return edited;
}

/// C-x C-e, v: the line in $VISUAL or $EDITOR; what comes back is run.
int ReadlineFrontend::edit_in_editor(int, int) {
  std::optional<std::string> text = edit_text(std::string(rl_line_buffer) + "\n");
  resume_line();
  if (!text) return 1;
  while (text->ends_with('\n')) text->pop_back();
  replace_line(*text);
  if (text->empty()) return 0;
  return renderer_ != nullptr ? accept_line(1, '\n') : rl_newline(1, '\n');
}

/// The command bound to the keys just typed (bind -x): it may look at the line and change it.
int ReadlineFrontend::run_bound_command() {
  const std::string* bound = bindings_.executing_command();
  if (bound == nullptr) return 1;
  // A copy of both: the command may bind other keys and edit.
  std::string command = *bound;
  std::string line = rl_line_buffer;
  publish_line(state_.variables, line);
  int status = run_key_command(command);
  adopt_line(state_.variables, line);
  resume_line();
  return status;
}

/// Runs a command in the middle of editing, with the terminal as commands expect it; the line is off the screen then,
/// and the caller brings it back. Returns its status.
int ReadlineFrontend::run_key_command(const std::string& command) {
  hide_line();
  if (renderer_ != nullptr)
    restore_terminal();
  else
    rl_deprep_terminal();
  is_editing_ = false;
  int last_status = state_.last_status;
  int status = 0;
  try {
    state::Completion completion = services_.run_text(command, "bind");
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
  if (renderer_ != nullptr)
    prepare_terminal();
  else
    rl_prep_terminal(1);
  return status;
}

}  // namespace mish::interactive
