// SPDX-License-Identifier: GPL-3.0-or-later
// What the shell and its builtins ask of an interactive front end, which is absent (null) in scripts; and of the editor
// behind it, history and key bindings, which scripts have, too.
#ifndef MISH_SHELL_API_FRONTEND_H_
#define MISH_SHELL_API_FRONTEND_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/syntax/source.h"

namespace mish::api {

class ShellServices;

struct HistoryEntry {
  std::string line;
  int64_t time = 0;  // seconds since the epoch, 0 unknown
};

/// The history list (XCU fc, sh Command History List). Numbers are as `history` shows them and grow for ever.
class HistoryStore {
 public:
  virtual ~HistoryStore() = default;
  virtual size_t count() const = 0;
  virtual int64_t first_number() const = 0;                      // of the oldest entry kept
  virtual const HistoryEntry& entry(size_t position) const = 0;  // 0 = oldest
  virtual void add(std::string_view line) = 0;  // honours HISTCONTROL, HISTIGNORE; appends to HISTFILE at once
  /// add() by whoever has read a command to run: fc then counts from the entry before it.
  void add_running(std::string_view line) {
    add(line);
    while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    holds_running = count() != 0 && entry(count() - 1).line == line;
  }
  /// Whether the newest entry is the command that runs; false when that was not recorded.
  bool holds_running = false;
  /// Why what was added could not be appended to HISTFILE: a sentence, once; "" if there is nothing to tell.
  std::string take_trouble() { return std::exchange(trouble, {}); }
  virtual void remove(size_t position) = 0;
  virtual void clear() = 0;
  virtual bool read_file(const std::string& path) = 0;
  virtual bool write_file(const std::string& path) = 0;
  virtual bool append_file(const std::string& path) = 0;  // history -a
  virtual bool read_new(const std::string& path) = 0;     // history -n
  /// ! expansion: 0 unchanged, 1 expanded, 2 print only (:p), -1 error (message in `out`).
  virtual int expand(std::string_view line, std::string& out) = 0;

 protected:
  std::string trouble;
};

/// One `complete` specification.
struct CompletionSpec {
  std::string actions;  // letters and -A names, one per line
  std::string glob, words, function, command, filter, prefix, suffix;
  std::vector<std::string> options;  // -o
};

/// Programmable completion (complete, compgen, compopt). Held by the shell also without a front end, so that scripts
/// may define specs.
class CompletionStore {
 public:
  std::map<std::string, CompletionSpec, std::less<>> specs;
  std::optional<CompletionSpec> default_spec, empty_spec, initial_spec;
  CompletionSpec* current = nullptr;  // while a completion function runs (compopt)
};

/// What history, fc and bind work on, with or without a terminal.
class Editor {
 public:
  virtual ~Editor() = default;
  virtual HistoryStore& history() = 0;
  /// `bind` with its operands as given; output through `out`.
  virtual int bind(const std::vector<std::string>& arguments, std::string& out, std::string& error) = 0;
};

class Frontend : public syntax::Source, public Editor {
 public:
  virtual CompletionStore& completions() = 0;
  /// Reads one line with editing for `read -e`. nullopt at end of file.
  virtual std::optional<std::string> read_line(std::string_view prompt, std::string_view initial) = 0;
  virtual void set_editing_mode(bool vi, bool emacs) = 0;
  /// The shell is about to exit or was hung up: save history, restore the terminal.
  virtual void shut_down() = 0;
};

}  // namespace mish::api

#endif  // MISH_SHELL_API_FRONTEND_H_
