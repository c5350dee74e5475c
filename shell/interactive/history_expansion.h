// SPDX-License-Identifier: GPL-3.0-or-later
// History expansion (!!, !$, !foo:s/a/b/, ^a^b): events, word designators and modifiers of bash. Works on any list of
// lines; knows nothing of files or of the line editor.
#ifndef MISH_SHELL_INTERACTIVE_HISTORY_EXPANSION_H_
#define MISH_SHELL_INTERACTIVE_HISTORY_EXPANSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mish::interactive {

/// What the expansion looks at.
class HistoryLines {
 public:
  virtual ~HistoryLines() = default;
  virtual size_t count() const = 0;
  virtual int64_t first_number() const = 0;
  virtual std::string_view line(size_t position) const = 0;
};

enum class ExpansionOutcome : int8_t { Error = -1, Unchanged = 0, Expanded = 1, PrintOnly = 2 };

/// Remembers the last search and substitution from line to line (!?, :&).
class HistoryExpander {
 public:
  /// Expands `text` into `out`. Error: `out` is the message ("!x: event not found").
  ExpansionOutcome expand(const HistoryLines& history, std::string_view text, std::string& out);

 private:
  bool expand_event(const HistoryLines& history, std::string_view text, size_t& at, std::string_view so_far,
                    std::string& out);
  bool find_event(const HistoryLines& history, std::string_view text, size_t& at, std::string_view so_far,
                  std::string& event);
  bool select_words(std::string_view text, size_t& at, std::string& event);
  bool modify(std::string_view text, size_t& at, std::string& event);
  bool substitute(std::string& event, bool everywhere);
  bool fail(std::string message) {
    error_ = std::move(message);
    return false;
  }

  std::string old_, new_;     // of :s
  std::string last_search_;   // of !?text?
  std::string matched_word_;  // of !%
  std::string error_;
  bool print_only_ = false;
};

/// The words of a line as history sees them: blanks separate, quotes protect, operators are words.
std::vector<std::string> history_words(std::string_view line);

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_HISTORY_EXPANSION_H_
