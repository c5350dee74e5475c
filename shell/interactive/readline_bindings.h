// SPDX-License-Identifier: GPL-3.0-or-later
// The bind builtin over GNU Readline: functions, variables and macros are Readline's; commands of the shell bound to
// keys (bind -x) are kept here.
#ifndef MISH_SHELL_INTERACTIVE_READLINE_BINDINGS_H_
#define MISH_SHELL_INTERACTIVE_READLINE_BINDINGS_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mish::interactive {

class Bindings {
 public:
  /// `bind` with its operands. Returns the exit status; `out` is what it prints, `error` a message without name.
  int run(const std::vector<std::string>& arguments, std::string& out, std::string& error);
  /// The command bound to the key sequence that Readline is executing; null if there is none.
  const std::string* executing_command() const;

 private:
  bool bind_command(const std::string& argument, void* keymap, std::string& error);
  bool unbind_sequence(const std::string& sequence, void* keymap);

  struct Request;
  // 0, or the exit status of what is no valid command line.
  static int parse(const std::vector<std::string>& arguments, Request& request, std::string& error);
  std::string list(const Request& request) const;
  static bool show_keys_of(const std::string& name, std::string& out, std::string& error);
  static bool unbind_function(const std::string& name, void* keymap, std::string& error);
  void bind_line(std::string line, void* keymap);

  struct KeyCommand {
    std::string shown;  // the sequence as it was written
    std::string command;
  };
  /// By base keymap and translated sequence.
  std::map<std::pair<void*, std::string>, KeyCommand> commands_;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_READLINE_BINDINGS_H_
