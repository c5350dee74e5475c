// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_bindings.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "shell/interactive/readline_frontend.h"

// Readline's headers come last: they define names of their own liking.
#include <readline/readline.h>

namespace mish::interactive {

namespace {

/// What Readline prints to rl_outstream while this lives, collected.
class OutputCapture {
 public:
  OutputCapture() {
    FILE* stream = open_memstream(&text_, &size_);
    if (stream != nullptr) saved_ = std::exchange(rl_outstream, stream);
  }
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
  FILE* saved_ = nullptr;
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

// Options may be given in any order and several times; they are carried out in the order of this struct.
struct Bindings::Request {
  void* keymap = nullptr;
  std::string listings;  // letters of what is to be shown
  std::vector<std::string> files, queries, unbinds, removals, commands;
  std::span<const std::string> bindings;  // lines of inputrc

  /// Notes an option that takes a value. False: there is no such keymap.
  bool take(char letter, const std::string& value);
};

bool Bindings::Request::take(char letter, const std::string& value) {
  switch (letter) {
    case 'm': keymap = rl_get_keymap_by_name(value.c_str()); return keymap != nullptr;
    case 'f': files.push_back(value); return true;
    case 'q': queries.push_back(value); return true;
    case 'u': unbinds.push_back(value); return true;
    case 'r': removals.push_back(value); return true;
    default: commands.push_back(value); return true;
  }
}

int Bindings::parse(const std::vector<std::string>& arguments, Request& request, std::string& error) {
  size_t i = 0;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i][0] == '-'; ++i) {
    if (arguments[i] == "--") {
      ++i;
      break;
    }
    const std::string word = arguments[i];
    for (size_t k = 1; k < word.size(); ++k) {
      const char letter = word[k];
      if (strchr("lpPsSvVX", letter) != nullptr) {
        request.listings += letter;
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
      if (!request.take(letter, value)) {
        error = value + ": invalid keymap name";
        return 1;
      }
      break;
    }
  }
  request.bindings = std::span(arguments).subspan(i);
  return 0;
}

std::string Bindings::list(const Request& request) const {
  OutputCapture capture;
  for (char letter : request.listings) {
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
          if (key.first != request.keymap) continue;
          fprintf(rl_outstream, "\"%s\": \"%s\"\n", value.shown.c_str(), value.command.c_str());
        }
    }
  }
  return capture.take();
}

bool Bindings::show_keys_of(const std::string& name, std::string& out, std::string& error) {
  rl_command_func_t* function = rl_named_function(name.c_str());
  if (function == nullptr) {
    error = name + ": unknown function name";
    return false;
  }
  char** sequences = rl_invoking_keyseqs(function);
  if (sequences == nullptr) {
    out += name + " is not bound to any keys.\n";
    return false;
  }
  out += name + " can be invoked via ";
  for (size_t k = 0; sequences[k] != nullptr; ++k) {
    out += std::string(k == 0 ? "" : ", ") + "\"" + sequences[k] + "\"";
    free(sequences[k]);
  }
  out += ".\n";
  free(sequences);
  return true;
}

bool Bindings::unbind_function(const std::string& name, void* keymap, std::string& error) {
  rl_command_func_t* function = rl_named_function(name.c_str());
  if (function == nullptr) {
    error = name + ": unknown function name";
    return false;
  }
  rl_unbind_function_in_map(function, static_cast<Keymap>(keymap));
  return true;
}

void Bindings::bind_line(std::string line, void* keymap) {
  if (!line.empty() && line[0] == '"') {  // an ordinary binding replaces a command on the same keys
    size_t at = 0;
    std::string sequence = take_sequence(line, at);
    commands_.erase({keymap, translate(sequence)});
  }
  rl_parse_and_bind(line.data());  // what Readline does not understand it says itself, and bash leaves it at that
}

int Bindings::run(const std::vector<std::string>& arguments, std::string& out, std::string& error) {
  rl_initialize();
  Keymap saved = rl_get_keymap();
  Request request;
  request.keymap = saved;
  if (int status = parse(arguments, request, error); status != 0) return status;

  bool done = true;
  auto expect = [&](bool success) { done = success && done; };
  rl_set_keymap(static_cast<Keymap>(request.keymap));
  out += list(request);
  for (const std::string& file : request.files) {
    if (rl_read_init_file(file.c_str()) == 0) continue;
    error = file + ": cannot read: " + strerror(errno);
    done = false;
  }
  for (const std::string& name : request.queries) expect(show_keys_of(name, out, error));
  for (const std::string& name : request.unbinds) expect(unbind_function(name, request.keymap, error));
  for (const std::string& sequence : request.removals) {
    if (unbind_sequence(sequence, request.keymap)) continue;
    error = sequence + ": cannot unbind";
    done = false;
  }
  for (const std::string& command : request.commands) expect(bind_command(command, request.keymap, error));
  for (const std::string& line : request.bindings) bind_line(line, request.keymap);
  rl_set_keymap(saved);
  return done ? 0 : 1;
}

}  // namespace mish::interactive
