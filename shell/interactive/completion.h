// SPDX-License-Identifier: GPL-3.0-or-later
// Completion of the word at the cursor: what the word is (a command, an argument, a variable ...), programmable
// specifications as bash runs them (COMP_* variables, status 124 = try again), and sensible defaults for builtins. The
// candidates themselves come from the builtin compgen. Knows nothing of the line editor.
#ifndef MISH_SHELL_INTERACTIVE_COMPLETION_H_
#define MISH_SHELL_INTERACTIVE_COMPLETION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/api/services.h"
#include "shell/process/job.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

/// The simple command around a place in a line.
struct CommandAtPoint {
  size_t begin = 0;                // of its first word in the line
  std::vector<std::string> words;  // before the word at the cursor, as written; assignments in front left out
  size_t word_begin = 0;           // of the word at the cursor
  bool is_command_word = false;    // the word at the cursor is the command
  bool is_redirection = false;     // it is the target of a redirection
};

/// Finds it in line[0, point).
CommandAtPoint find_command(std::string_view line, size_t point);

struct Completions {
  std::vector<std::string> words;
  bool are_filenames = false;  // quote them, put / after directories
  bool append_space = true;
  bool sort = true;
  bool use_default = false;  // nothing here: the line editor may complete file names
  std::string prefix;        // put before each word when it is inserted ($ of a variable)
};

class Completer {
 public:
  Completer(state::ShellState& state, api::ShellServices& services, process::JobTable& jobs, api::Frontend& frontend)
      : state_(state), services_(services), jobs_(jobs), frontend_(frontend) {}

  api::CompletionStore& store() { return store_; }

  struct Request {
    std::string_view line;
    size_t point = 0;
    std::string_view word;  // at the cursor, as the line editor cut it, without quotes
    int type = '\t';        // COMP_TYPE
    int key = '\t';         // COMP_KEY
  };
  Completions complete(const Request& request);

  /// All names a command word may have that begin with `prefix`; for suggestions too.
  std::vector<std::string> command_names(std::string_view prefix);

 private:
  std::vector<std::string> generate(const std::vector<std::string>& arguments, int* status = nullptr);
  std::vector<std::string> generate_spec(const api::CompletionSpec& spec, std::string_view word, int* status);
  std::optional<Completions> complete_programmed(const Request& request, const CommandAtPoint& command);
  Completions complete_builtin(const Request& request, const CommandAtPoint& command);
  Completions complete_variable(std::string_view word);
  std::vector<std::string> option_letters(const api::Builtin& builtin) const;
  void set_variables(const Request& request, const CommandAtPoint& command);
  void unset_variables();
  const api::CompletionSpec* find_spec(const std::string& command) const;

  state::ShellState& state_;
  api::ShellServices& services_;
  process::JobTable& jobs_;
  api::Frontend& frontend_;
  api::CompletionStore store_;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_COMPLETION_H_
