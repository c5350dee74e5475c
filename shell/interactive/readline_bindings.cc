// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_bindings.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "shell/interactive/readline_frontend.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/readline.h>

namespace mish::interactive {

namespace {

/// What Readline prints to rl_outstream while this lives, collected.
class OutputCapture {
 public:
  OutputCapture() : saved_(rl_outstream) { rl_outstream = open_memstream(&text_, &size_); }
  ~OutputCapture() { finish(); }
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;
  std::string take() {
    finish();
    std::string result(text_ != nullptr ? text_ : "", text_ != nullptr ? size_ : 0);
    free(text_);
    text_ = nullptr;
    return result;
  }

 private:
  void finish() {
    if (saved_ == nullptr) return;
    fclose(rl_outstream);
    rl_outstream = std::exchange(saved_, nullptr);
  }
  FILE* saved_;
  char* text_ = nullptr;
  size_t size_ = 0;
};

/// The bytes of "\C-x\e[A": Readline's notation without its quotes.
std::string translate(const std::string& sequence) {
  std::string out(sequence.size() * 2 + 1, '\0');
  int length = 0;
  if (rl_translate_keyseq(sequence.c_str(), out.data(), &length) != 0) return {};
  out.resize(static_cast<size_t>(length));
  return out;
}

/// The text between the quotes at `at`, which moves behind the closing one; everything up to a colon without quotes.
std::string take_sequence(const std::string& text, size_t& at) {
  std::string sequence;
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) sequence += text[at++];
      sequence += text[at];
    }
    if (at < text.size()) ++at;
    return sequence;
  }
  while (at < text.size() && text[at] != ':') sequence += text[at++];
  return sequence;
}

int run_bound_command(int, int) { return ReadlineFrontend::active().run_bound_command(); }

}  // namespace

const std::string* Bindings::executing_command() const {
  std::string sequence(rl_executing_keyseq != nullptr ? rl_executing_keyseq : "");
  auto it = commands_.find({rl_get_keymap(), sequence});
  if (it == commands_.end()) {
    // Bound in another map that leads here (emacs-ctlx, emacs-meta): the sequence decides.
    for (const auto& [key, value] : commands_) {
      if (key.second.size() <= sequence.size() &&
          sequence.compare(sequence.size() - key.second.size(), std::string::npos, key.second) == 0) {
        return &value.command;
      }
    }
    return nullptr;
  }
  return &it->second.command;
}

bool Bindings::bind_command(const std::string& argument, void* keymap, std::string& error) {
  size_t at = 0;
  while (at < argument.size() && (argument[at] == ' ' || argument[at] == '\t')) ++at;
  std::string sequence = take_sequence(argument, at);
  while (at < argument.size() && (argument[at] == ' ' || argument[at] == '\t')) ++at;
  if (at >= argument.size() || argument[at] != ':') {
    error = argument + ": missing colon separator";
    return false;
  }
  ++at;
  while (at < argument.size() && (argument[at] == ' ' || argument[at] == '\t')) ++at;
  std::string command;
  if (at < argument.size() && argument[at] == '"') {
    for (++at; at < argument.size() && argument[at] != '"'; ++at) {
      if (argument[at] == '\\' && at + 1 < argument.size() && (argument[at + 1] == '"' || argument[at + 1] == '\\'))
        ++at;
      command += argument[at];
    }
  } else {
    command = argument.substr(at);
  }
  std::string keys = translate(sequence);
  if (keys.empty()) {
    error = argument + ": cannot translate the key sequence";
    return false;
  }
  rl_bind_keyseq_in_map(sequence.c_str(), run_bound_command, static_cast<Keymap>(keymap));
  commands_[{keymap, keys}] = KeyCommand{sequence, command};
  return true;
}

bool Bindings::unbind_sequence(const std::string& sequence, void* keymap) {
  commands_.erase({keymap, translate(sequence)});
  return rl_bind_keyseq_in_map(sequence.c_str(), nullptr, static_cast<Keymap>(keymap)) == 0;
}

int Bindings::run(const std::vector<std::string>& arguments, std::string& out, std::string& error) {
  rl_initialize();
  Keymap map = rl_get_keymap();
  Keymap saved = map;
  int status = 0;
  size_t i = 0;
  std::string listings;
  std::vector<std::string> files, queries, unbinds, removals, commands;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i][0] == '-'; ++i) {
    if (arguments[i] == "--") {
      ++i;
      break;
    }
    const std::string& word = arguments[i];
    for (size_t k = 1; k < word.size(); ++k) {
      char letter = word[k];
      if (strchr("lpPsSvVX", letter) != nullptr) {
        listings += letter;
        continue;
      }
      if (strchr("mfqurx", letter) == nullptr) {
        error = std::string("-") + letter + ": invalid option";
        return 2;
      }
      std::string value = word.substr(k + 1);
      if (value.empty()) {
        if (++i >= arguments.size()) {
          error = std::string("-") + letter + ": option requires an argument";
          return 2;
        }
        value = arguments[i];
      }
      switch (letter) {
        case 'm':
          map = rl_get_keymap_by_name(value.c_str());
          if (map == nullptr) {
            error = value + ": invalid keymap name";
            return 1;
          }
          break;
        case 'f': files.push_back(value); break;
        case 'q': queries.push_back(value); break;
        case 'u': unbinds.push_back(value); break;
        case 'r': removals.push_back(value); break;
        default: commands.push_back(value); break;
      }
      break;
    }
  }
  rl_set_keymap(map);
  {
    OutputCapture capture;
    for (char letter : listings) {
      switch (letter) {
        case 'l': rl_list_funmap_names(); break;
        case 'p': rl_function_dumper(1); break;
        case 'P': rl_function_dumper(0); break;
        case 's': rl_macro_dumper(1); break;
        case 'S': rl_macro_dumper(0); break;
        case 'v': rl_variable_dumper(1); break;
        case 'V': rl_variable_dumper(0); break;
        default:
          for (const auto& [key, value] : commands_) {
            if (key.first == map) fprintf(rl_outstream, "\"%s\": \"%s\"\n", value.shown.c_str(), value.command.c_str());
          }
      }
    }
    out += capture.take();
  }
  for (const std::string& file : files) {
    if (rl_read_init_file(file.c_str()) != 0) {
      error = file + ": cannot read: " + strerror(errno);
      status = 1;
    }
  }
  for (const std::string& name : queries) {
    rl_command_func_t* function = rl_named_function(name.c_str());
    if (function == nullptr) {
      error = name + ": unknown function name";
      status = 1;
      continue;
    }
    char** sequences = rl_invoking_keyseqs(function);
    if (sequences == nullptr) {
      out += name + " is not bound to any keys.\n";
      status = 1;
      continue;
    }
    out += name + " can be invoked via ";
    for (size_t k = 0; sequences[k] != nullptr; ++k) {
      out += std::string(k == 0 ? "" : ", ") + "\"" + sequences[k] + "\"";
      free(sequences[k]);
    }
    out += ".\n";
    free(sequences);
  }
  for (const std::string& name : unbinds) {
    rl_command_func_t* function = rl_named_function(name.c_str());
    if (function == nullptr) {
      error = name + ": unknown function name";
      status = 1;
    } else {
      rl_unbind_function_in_map(function, map);
    }
  }
  for (const std::string& sequence : removals) {
    if (!unbind_sequence(sequence, map)) {
      error = sequence + ": cannot unbind";
      status = 1;
    }
  }
  for (const std::string& command : commands) {
    if (!bind_command(command, map, error)) status = 1;
  }
  for (; i < arguments.size(); ++i) {
    // An ordinary binding replaces a command on the same keys.
    size_t at = 0;
    if (!arguments[i].empty() && arguments[i][0] == '"') {
      std::string sequence = take_sequence(arguments[i], at);
      commands_.erase({map, translate(sequence)});
    }
    // What Readline does not understand it says itself, and bash leaves it at that.
    std::string line = arguments[i];
    rl_parse_and_bind(line.data());
  }
  rl_set_keymap(saved);
  return status;
}

}  // namespace mish::interactive
