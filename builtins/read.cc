// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/read.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "builtins/input_reader.h"
#include "builtins/reference.h"
#include "shell/api/frontend.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/retry.h"
#include "shell/base/text.h"
#include "shell/expand/field_split.h"

namespace mish::builtins {

namespace {

using Outcome = InputReader::Outcome;

struct ReadOptions {
  bool raw = false;
  bool silent = false;
  bool editing = false;
  bool exact = false;  // -N
  char delimiter = '\n';
  int64_t characters = -1;  // -n, -N
  int64_t timeout_ns = -1;
  int fd = STDIN_FILENO;
  std::string_view prompt;
  std::string_view initial;  // -i
  std::string_view array;    // -a
  bool has_array = false;
};

/// A time in seconds with a fraction; nullopt when `text` is none.
std::optional<int64_t> parse_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0, nanoseconds = 0, scale = 100000000;
  size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    if (seconds < 1000000000) seconds = seconds * 10 + (text[i] - '0');
  }
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && is_digit(text[i]); ++i, scale /= 10) nanoseconds += scale * (text[i] - '0');
  }
  if (i != text.size() || text == ".") return std::nullopt;
  return seconds * 1000000000 + nanoseconds;
}

/// Modes of the terminal during one read: -s, and -n -N -d, which cannot wait for the end of a line.
class TerminalModes {
 public:
  TerminalModes(int fd, bool silent, bool by_character) : fd_(fd) {
    if (!silent && !by_character) return;
    if (tcgetattr(fd, &saved_) != 0) return;
    struct termios modes = saved_;
    if (silent) modes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    if (by_character) {
      modes.c_lflag &= ~static_cast<tcflag_t>(ICANON);
      modes.c_cc[VMIN] = 1;
      modes.c_cc[VTIME] = 0;
    }
    is_changed_ = tcsetattr(fd, TCSADRAIN, &modes) == 0;
  }
  ~TerminalModes() {
    if (is_changed_) tcsetattr(fd_, TCSADRAIN, &saved_);
  }
  TerminalModes(const TerminalModes&) = delete;
  TerminalModes& operator=(const TerminalModes&) = delete;

 private:
  int fd_;
  bool is_changed_ = false;
  struct termios saved_ = {};
};

bool is_open(int fd) {
  return retry_interrupted([fd] { return fcntl(fd, F_GETFD); }) >= 0;
}

/// A signal came in while a builtin was reading. Outside POSIX mode the shell runs the trap action and goes on (Byte),
/// as bash does; otherwise the builtin gives up and completes with `end`: what the action said (`exit`, `return`), or
/// 128 + n.
Outcome after_signal(BuiltinContext& context, int signal, Completion& end) {
  end = Completion::of(state::kSignalBase + signal);
  constexpr int kMostRounds = 100;  // the action of a signal may have to wait for those that run
  for (int i = 0; i < kMostRounds && !context.state.is_posix() && context.state.traps.is_command(signal); ++i) {
    Completion completion = context.services.run_pending_traps();
    if (!completion.is_normal()) {
      end = completion;
      break;
    }
    signal = context.services.pending_trap_signal();
    if (signal == 0) return Outcome::Byte;
  }
  return Outcome::Interrupted;
}

/// One logical line with, where backslashes took part, a mark for each byte that they protect from splitting.
class LineReader {
 public:
  LineReader(BuiltinContext& context, const ReadOptions& options, InputReader& input)
      : context_(context), options_(options), input_(input) {}

  Outcome read();
  /// What was read; valid as long as this object and its input.
  std::string_view text() const { return view_; }
  std::string_view protect() const { return protect_; }
  /// What the builtin that was interrupted completes with.
  Completion end() const { return end_; }

 private:
  bool read_at_once();
  Outcome interrupted();
  void add(char c, bool is_protected) {
    if (is_protected && protect_.size() < text_.size()) protect_.resize(text_.size(), '\0');
    text_.push_back(c);
    if (is_protected) {
      protect_.push_back('\1');
    } else if (!protect_.empty()) {
      protect_.push_back('\0');
    }
  }
  bool counts_full() {
    if (options_.characters < 0) return false;
    // A character is complete when its last byte is there; invalid bytes count one each.
    return static_cast<int64_t>(text_.size()) >= options_.characters &&
           static_cast<int64_t>(count_characters(text_)) >= options_.characters && !ends_inside_character();
  }
  bool ends_inside_character() const;

  BuiltinContext& context_;
  const ReadOptions& options_;
  InputReader& input_;
  std::string text_;
  std::string protect_;
  std::string_view view_;
  Completion end_;
};

/// Whether the last bytes are the beginning of a UTF-8 sequence that is not complete.
bool LineReader::ends_inside_character() const {
  if (!is_multibyte_locale()) return false;
  size_t back = 1;
  while (back <= 3 && back <= text_.size()) {
    auto c = static_cast<unsigned char>(text_[text_.size() - back]);
    if (c >= 0xC2 && c <= 0xF4) return back < (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u);
    if (c < 0x80 || c >= 0xC0) return false;
    ++back;
  }
  return false;
}

/// The frequent case without a copy: the whole line is in memory and no byte of it needs a second look.
bool LineReader::read_at_once() {
  if (!input_.reads_blocks() || options_.characters >= 0) return false;
  if (input_.buffered().empty() && !input_.fill()) return false;
  std::string_view ahead = input_.buffered();
  const void* end = std::memchr(ahead.data(), options_.delimiter, ahead.size());
  if (end == nullptr) return false;
  auto length = static_cast<size_t>(static_cast<const char*>(end) - ahead.data());
  if (!options_.raw && std::memchr(ahead.data(), '\\', length) != nullptr) return false;
  if (options_.delimiter != '\0' && std::memchr(ahead.data(), '\0', length) != nullptr) return false;
  view_ = ahead.substr(0, length);
  input_.consume(length + 1);
  return true;
}

Outcome LineReader::interrupted() { return after_signal(context_, input_.code(), end_); }

Outcome LineReader::read() {
  if (read_at_once()) return Outcome::Byte;
  bool is_escaped = false;
  Outcome outcome = options_.characters == 0 ? Outcome::Byte : Outcome::EndOfFile;
  while (!counts_full()) {
    char c = 0;
    outcome = input_.next(c);
    if (outcome == Outcome::Interrupted)
      outcome = interrupted();
    else if (outcome == Outcome::Byte) {
      if (is_escaped) {
        is_escaped = false;
        if (c == '\n') continue;
        if (c != '\0') add(c, true);
      } else if (c == '\\' && !options_.raw) {
        is_escaped = true;
      } else if (c == options_.delimiter && !options_.exact) {
        break;
      } else if (c != '\0') {
        add(c, false);
      }
      continue;
    }
    if (outcome != Outcome::Byte) break;
  }
  if (!protect_.empty()) protect_.resize(text_.size(), '\0');
  view_ = text_;
  return outcome;
}

/// Fields and lines go into indexed arrays only: true, and said, where `name` is one of the other kind.
bool refuse_associative(BuiltinContext& context, Name name) {
  const state::Variable* variable = context.state.variables.resolve(name);
  if (variable == nullptr || variable->value.kind() != state::Value::Kind::Associative) return false;
  context.error("{}: not an indexed array", text(name));
  return true;
}

bool assign_array(BuiltinContext& context, const ReadOptions& options, const LineReader& line) {
  std::vector<std::string> values;
  if (options.exact) {
    values.emplace_back(line.text());  // -N: nothing is split
  } else {
    std::vector<expand::FieldRange> fields;
    expand::split_fields(context.state.separators, line.text(), line.protect(), 0, fields);
    values.reserve(fields.size());
    for (const expand::FieldRange& field : fields)
      values.emplace_back(line.text().substr(field.begin, field.end - field.begin));
  }
  if (!is_identifier(options.array)) {
    context.error("`{}': not a valid identifier", options.array);
    return false;
  }
  const Name name = NameTable::intern(options.array);
  if (refuse_associative(context, name)) return false;
  try {
    context.state.variables.assign_indexed(name, std::move(values));
  } catch (const state::ShellError& error) {
    if (error.is_fatal()) throw;
    context.error(error.message());
    return false;
  }
  return true;
}

/// The whole line to one variable under the default IFS: only blanks at both ends go.
std::string_view trim_default(std::string_view text) {
  auto is_separator = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!text.empty() && is_separator(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_separator(text.back())) text.remove_suffix(1);
  return text;
}

bool assign_names(BuiltinContext& context, Args names, const LineReader& line) {
  if (names.size() == 1 && context.state.separators.is_default && line.protect().empty()) {
    return assign_reference(context, names[0], trim_default(line.text()));
  }
  std::vector<expand::FieldRange> fields;
  expand::split_fields(context.state.separators, line.text(), line.protect(), names.size(), fields);
  for (size_t i = 0; i < names.size(); ++i) {
    std::string_view value = {"", 0};
    if (i < fields.size()) value = line.text().substr(fields[i].begin, fields[i].end - fields[i].begin);
    if (!assign_reference(context, names[i], value)) return false;
  }
  return true;
}

bool assign(BuiltinContext& context, const ReadOptions& options, Args names, const LineReader& line) {
  if (options.has_array) return assign_array(context, options, line);
  if (names.empty()) {
    context.state.variables.assign(names::REPLY, line.text());
    return true;
  }
  if (options.exact) {
    if (!assign_reference(context, names[0], line.text())) return false;
    for (std::string_view name : names.subspan(1)) {
      if (!assign_reference(context, name, {"", 0})) return false;
    }
    return true;
  }
  return assign_names(context, names, line);
}

/// Whether the option was understood; the message was written if not.
bool take_option(BuiltinContext& context, char letter, std::string_view argument, ReadOptions& options) {
  switch (letter) {
    case 'r': options.raw = true; return true;
    case 's': options.silent = true; return true;
    case 'e': options.editing = true; return true;
    case 'i': options.initial = argument; return true;
    case 'p': options.prompt = argument; return true;
    case 'd': options.delimiter = argument.empty() ? '\0' : argument[0]; return true;
    case 'a':
      options.array = argument;
      options.has_array = true;
      return true;
    case 'n':
    case 'N': {
      std::optional<int64_t> count = parse_integer(argument);
      if (!count.has_value() || *count < 0) {
        context.error("{}: invalid number", argument);
        return false;
      }
      options.characters = *count;
      options.exact = letter == 'N';
      return true;
    }
    case 't': {
      std::optional<int64_t> time = parse_seconds(argument);
      if (!time.has_value()) {
        context.error("{}: invalid timeout specification", argument);
        return false;
      }
      options.timeout_ns = *time;
      return true;
    }
    case 'u': {
      std::optional<int64_t> fd = parse_integer(argument);
      if (!fd.has_value() || *fd < 0 || *fd > INT32_MAX || !is_open(static_cast<int>(*fd))) {
        context.error("{}: invalid file descriptor{}", argument,
                      fd.has_value() ? ": Bad file descriptor" : " specification");
        return false;
      }
      options.fd = static_cast<int>(*fd);
      return true;
    }
    default: return false;
  }
}

Completion read_edited(BuiltinContext& context, const ReadOptions& options, Args names) {
  std::optional<std::string> text = context.frontend->read_line(options.prompt, options.initial);
  // The line takes the ordinary way, out of memory, so that backslashes mean the same.
  Result<UniqueFd> file = memory_file(text.has_value() ? *text + "\n" : std::string());
  if (!file.ok()) return context.failure(file.error().message());
  InputReader input(context, file->get(), -1);
  LineReader line(context, options, input);
  Outcome outcome = line.read();
  if (!assign(context, options, names, line)) return Completion::of(state::kUsageError);
  return Completion::of(outcome == Outcome::Byte ? 0 : 1);
}

}  // namespace

Completion run_read(BuiltinContext& context, Args args) {
  ReadOptions options;
  api::OptionParser parser(context, args, context.state.is_posix() ? "rd:a:n:N:p:t:u:sei:" : "ra:d:n:N:p:t:u:sei:");
  while (char letter = parser.next()) {
    if (parser.failed()) return parser.completion();
    if (!take_option(context, letter, parser.argument(), options)) return Completion::of(state::kFailure);
  }
  Args names = parser.operands();
  for (std::string_view name : names) {
    if (!is_reference(name, context.state)) {
      context.error("`{}': not a valid identifier", name);
      return Completion::of(context.state.is_posix() ? state::kUsageError : state::kFailure);
    }
  }
  if (options.timeout_ns == 0) {
    return Completion::of(context.services.wait_readable(options.fd, 0) > 0 ? 0 : 1);
  }
  bool is_terminal = false;
  bool asks_terminal = !options.prompt.empty() || options.silent || options.editing || options.characters >= 0 ||
                       options.delimiter != '\n';
  if (asks_terminal) is_terminal = isatty(options.fd) == 1;
  if (options.editing && is_terminal && context.frontend != nullptr) return read_edited(context, options, names);
  if (!options.prompt.empty() && is_terminal) {
    context.err.write(options.prompt);
    context.err.flush();
  }
  std::optional<TerminalModes> modes;
  if (is_terminal) modes.emplace(options.fd, options.silent, options.characters >= 0 || options.delimiter != '\n');

  int64_t deadline = options.timeout_ns > 0 ? monotonic_ns() + options.timeout_ns : -1;
  Appetite appetite = options.characters >= 0 ? Appetite::Byte : Appetite::Delimiter;
  InputReader input(context, options.fd, deadline, appetite, options.delimiter);
  LineReader line(context, options, input);
  Outcome outcome = line.read();
  int status = state::kSuccess;
  switch (outcome) {
    case Outcome::Byte: break;
    case Outcome::EndOfFile: status = state::kFailure; break;
    case Outcome::TimedOut: status = state::kSignalBase + SIGALRM; break;
    case Outcome::Interrupted: return line.end();
    case Outcome::Error:
      context.error("read error: {}: {}", options.fd, strerror(input.code()));
      return Completion::of(context.state.is_posix() ? state::kUsageError : state::kFailure);
  }
  if (!assign(context, options, names, line)) status = context.state.is_posix() ? state::kUsageError : state::kFailure;
  return Completion::of(status);
}

namespace {

struct MapOptions {
  char delimiter = '\n';
  int64_t limit = 0;   // -n, 0 = all
  int64_t origin = 0;  // -O
  bool has_origin = false;
  int64_t skip = 0;     // -s
  bool strips = false;  // -t
  int fd = STDIN_FILENO;
  std::string callback;    // -C
  int64_t quantum = 5000;  // -c
};

bool take_count(BuiltinContext& context, std::string_view text, int64_t& value, std::string_view what) {
  std::optional<int64_t> number = parse_integer(text);
  if (number.has_value() && *number >= 0) {
    value = *number;
    return true;
  }
  context.error("{}: invalid {}", text, what);
  return false;
}

bool take_map_option(BuiltinContext& context, char letter, std::string_view argument, MapOptions& options) {
  switch (letter) {
    case 'd': options.delimiter = argument.empty() ? '\0' : argument[0]; return true;
    case 'n': return take_count(context, argument, options.limit, "line count");
    case 'O': options.has_origin = true; return take_count(context, argument, options.origin, "array origin");
    case 's': return take_count(context, argument, options.skip, "line count");
    case 't': options.strips = true; return true;
    case 'u': {
      int64_t fd = 0;
      if (!take_count(context, argument, fd, "file descriptor specification")) return false;
      if (fd > INT32_MAX || !is_open(static_cast<int>(fd))) {
        context.error("{}: invalid file descriptor: {}", argument, strerror(EBADF));
        return false;
      }
      options.fd = static_cast<int>(fd);
      return true;
    }
    case 'C': options.callback = argument; return true;
    case 'c':
      if (!take_count(context, argument, options.quantum, "callback quantum")) return false;
      if (options.quantum > 0) return true;
      context.error("{}: invalid callback quantum", argument);
      return false;
    default: return false;
  }
}

/// The next line with its delimiter (unless `strips`) in `line`. False at the end of file or when interrupted (see
/// after_signal()).
bool next_map_line(BuiltinContext& context, InputReader& input, const MapOptions& options, std::string& line,
                   Outcome& outcome, Completion& end) {
  line.clear();
  bool any = false;
  while (true) {
    std::string_view ahead = input.buffered();
    if (ahead.empty()) {
      char c = 0;
      outcome = input.next(c);
      if (outcome == Outcome::Interrupted) {
        outcome = after_signal(context, input.code(), end);
        if (outcome == Outcome::Byte) continue;
      }
      if (outcome != Outcome::Byte) return any;
      any = true;
      if (c == options.delimiter) {
        if (!options.strips && c != '\0') line.push_back(c);
        return true;
      }
      if (c != '\0') line.push_back(c);
      continue;
    }
    any = true;
    const size_t length = std::min(ahead.find(options.delimiter), ahead.size());
    const bool is_whole = length < ahead.size();
    line.append(ahead.substr(0, length));
    input.consume(length + (is_whole ? 1 : 0));
    if (!is_whole) continue;
    if (!options.strips && options.delimiter != '\0') line.push_back(options.delimiter);
    return true;
  }
}

}  // namespace

Completion run_mapfile(BuiltinContext& context, Args args) {
  MapOptions options;
  api::OptionParser parser(context, args, "d:n:O:s:tu:C:c:");
  while (char letter = parser.next()) {
    if (parser.failed()) return parser.completion();
    if (!take_map_option(context, letter, parser.argument(), options)) return Completion::of(state::kFailure);
  }
  Args operands = parser.operands();
  if (operands.size() > 1) return context.usage_error("too many arguments");
  std::string_view array = operands.empty() ? std::string_view("MAPFILE") : operands[0];
  if (!is_identifier(array)) return context.failure(fmt::format("`{}': not a valid identifier", array));
  Name name = NameTable::intern(array);
  if (refuse_associative(context, name)) return Completion::of(state::kFailure);
  try {
    context.state.variables.prepare_indexed(name, options.has_origin);
    bool takes_all = options.limit == 0 && options.callback.empty();
    InputReader input(context, options.fd, -1, takes_all ? Appetite::Everything : Appetite::Delimiter,
                      options.delimiter);
    Outcome outcome = Outcome::Byte;
    Completion end;
    std::string line;
    int64_t count = 0;
    for (int64_t i = 0; i < options.skip; ++i) {
      if (!next_map_line(context, input, options, line, outcome, end)) break;
    }
    while ((options.limit == 0 || count < options.limit) &&
           next_map_line(context, input, options, line, outcome, end)) {
      int64_t at = 0;
      if (__builtin_add_overflow(options.origin, count++, &at)) return context.failure("the array is full");
      if (!options.callback.empty() && count % options.quantum == 0) {
        std::string call = options.callback + " " + std::to_string(at) + " " + quote(line);
        input.suspend();
        Completion completion = context.services.run_text(call, "mapfile");
        input.resume();
        if (!completion.is_normal()) return completion;
      }
      if (size_t nul = line.find('\0'); nul != std::string::npos) line.resize(nul);  // a variable holds no NUL
      context.state.variables.assign_element(name, at, line);
    }
    if (outcome == Outcome::Interrupted) return end;
    if (outcome == Outcome::Error) return context.failure(fmt::format("read error: {}", strerror(input.code())));
  } catch (const state::ShellError& error) {
    if (error.is_fatal()) throw;
    return context.failure(error.message());
  }
  return Completion::of(state::kSuccess);
}

}  // namespace mish::builtins
