// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/history.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/fd.h"
#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

std::string join(Args args) {
  std::string line;
  for (std::string_view arg : args) {
    if (!line.empty()) line += ' ';
    line += arg;
  }
  return line;
}

/// Takes the command that is running out of the list, if it is there: `history -s` and `fc -s` do not record
/// themselves.
void drop_own_line(HistoryStore& store, std::string_view command) {
  if (store.count() == 0) return;
  std::string_view line = trim_blanks(store.entry(store.count() - 1).line);
  if (line.starts_with(command)) store.remove(store.count() - 1);
}

std::string format_time(int64_t seconds, const std::string& format) {
  char buffer[256];
  struct tm fields = {};
  auto when = static_cast<time_t>(seconds);
  activate_locale();
  if (seconds == 0 || localtime_r(&when, &fields) == nullptr) return "??";
  return std::string(buffer, strftime(buffer, sizeof buffer, format.c_str(), &fields));
}

Completion list_history(BuiltinContext& context, HistoryStore& store, Args operands) {
  size_t count = store.count();
  size_t wanted = count;
  if (operands.size() > 1) return context.too_many_arguments();
  if (!operands.empty()) {
    std::optional<int64_t> number = parse_integer(operands[0]);
    if (!number.has_value()) return context.failure(fmt::format("{}: numeric argument required", operands[0]));
    if (*number < 0) return context.failure(fmt::format("{}: invalid option", operands[0]), state::kUsageError);
    if (static_cast<uint64_t>(*number) < count) wanted = static_cast<size_t>(*number);
  }
  std::string format(context.state.variables.text(names::HISTTIMEFORMAT));
  for (size_t i = count - wanted; i < count; ++i) {
    const HistoryEntry& entry = store.entry(i);
    context.out.print("{:5}  ", store.first_number() + static_cast<int64_t>(i));
    if (!format.empty()) context.out.write(format_time(entry.time, format));
    context.out.write(entry.line);
    context.out.put('\n');
  }
  return Completion::of(0);
}

/// Position of the entry that `text` (an offset as `history` shows it, negative from the end) names.
std::optional<size_t> find_offset(const HistoryStore& store, std::string_view text) {
  std::optional<int64_t> number = parse_integer(text);
  if (!number.has_value()) return std::nullopt;
  int64_t position = *number < 0 ? static_cast<int64_t>(store.count()) + *number : *number - store.first_number();
  if (position < 0 || position >= static_cast<int64_t>(store.count())) return std::nullopt;
  return static_cast<size_t>(position);
}

Completion delete_entries(BuiltinContext& context, HistoryStore& store, std::string_view range) {
  size_t dash = range.find('-', range.empty() || range[0] != '-' ? 0 : 1);
  std::string_view first_text = range.substr(0, dash);
  std::string_view last_text = dash == std::string_view::npos ? first_text : range.substr(dash + 1);
  std::optional<size_t> first = find_offset(store, first_text);
  std::optional<size_t> last = find_offset(store, last_text);
  if (!first.has_value() || !last.has_value() || *last < *first) {
    return context.failure(fmt::format("{}: history position out of range", range));
  }
  for (size_t i = *last + 1; i > *first; --i) store.remove(i - 1);
  return Completion::of(0);
}

Completion expand_arguments(BuiltinContext& context, HistoryStore& store, Args operands) {
  int status = 0;
  for (std::string_view operand : operands) {
    std::string expanded;
    if (store.expand(operand, expanded) < 0) {
      context.error("{}: history expansion failed", operand);
      status = 1;
    } else {
      context.out.write(expanded);
      context.out.put('\n');
    }
  }
  return Completion::of(status);
}

Completion use_file(BuiltinContext& context, HistoryStore& store, char operation, Args operands) {
  std::string path(operands.empty() ? context.state.variables.text(names::HISTFILE) : operands[0]);
  bool done = false;
  errno = 0;
  switch (operation) {
    case 'a': done = store.append_file(path); break;
    case 'n': done = store.read_new(path); break;
    case 'r': done = store.read_file(path); break;
    default: done = store.write_file(path); break;
  }
  if (done) return Completion::of(0);
  // bash: a file that is not there yet is no news, `history -r` stands in many a PROMPT_COMMAND. Nor is Ctrl-C.
  const bool is_no_news = errno == EINTR || (errno == ENOENT && (operation == 'r' || operation == 'n'));
  if (is_no_news) return Completion::of(state::kFailure);
  return context.failure(fmt::format("{}: {}", path.empty() ? std::string("no history file") : path,
                                     errno != 0 ? strerror(errno) : "cannot be used"));
}

// --- fc --------------------------------------------------------------------------------------------------------------

struct FcOptions {
  bool list = false, unnumbered = false, reversed = false, substitute = false;
  std::string_view editor;
};

class FixCommand {
 public:
  FixCommand(BuiltinContext& context, HistoryStore& store, const FcOptions& options)
      : context_(context), store_(store), options_(options) {
    // fc itself is the newest entry already: everything is counted from the one before it.
    count_ = store.count();
    // It may go by an alias: r='fc -s'.
    if (count_ > 0 && (store.holds_running || trim_blanks(store.entry(count_ - 1).line).starts_with(context.name))) {
      --count_;
      has_own_line_ = true;
    }
  }
  Completion run(Args operands);

 private:
  Completion substitute(Args operands);
  Completion list(size_t first, size_t last);
  Completion edit(size_t first, size_t last);
  Completion run_again(const std::string& text);
  std::optional<size_t> find(std::string_view text, bool clamps) const;
  void forget_own_line() {
    if (has_own_line_) store_.remove(store_.count() - 1);
    has_own_line_ = false;
    store_.holds_running = false;
  }

  BuiltinContext& context_;
  HistoryStore& store_;
  const FcOptions& options_;
  size_t count_ = 0;
  bool has_own_line_ = false;
};

/// Position named by an operand: number, number counted back, or beginning of a command. `clamps`: numbers out of range
/// mean the nearest entry.
std::optional<size_t> FixCommand::find(std::string_view text, bool clamps) const {
  if (std::optional<int64_t> number = parse_integer(text); number.has_value()) {
    int64_t position =
        *number <= 0 ? static_cast<int64_t>(count_) + (*number == 0 ? -1 : *number) : *number - store_.first_number();
    // The number of fc's own line is the command before it.
    if (has_own_line_ && position == static_cast<int64_t>(count_)) --position;
    if (clamps) {
      if (position < 0) position = 0;
      if (position >= static_cast<int64_t>(count_)) position = static_cast<int64_t>(count_) - 1;
    }
    if (position < 0 || position >= static_cast<int64_t>(count_)) return std::nullopt;
    return static_cast<size_t>(position);
  }
  for (size_t i = count_; i > 0; --i) {
    if (store_.entry(i - 1).line.starts_with(text)) return i - 1;
  }
  return std::nullopt;
}

Completion FixCommand::run(Args operands) {
  if (options_.substitute) return substitute(operands);
  if (operands.size() > 2) return context_.usage_error("too many arguments");
  if (count_ == 0) return Completion::of(0);
  size_t first = options_.list && count_ > 16 ? count_ - 16 : options_.list ? 0 : count_ - 1;
  size_t last = count_ - 1;
  for (size_t i = 0; i < operands.size(); ++i) {
    std::optional<size_t> position = find(operands[i], options_.list);
    if (!position.has_value())
      return context_.failure(fmt::format("{}: history specification out of range", operands[i]));
    (i == 0 ? first : last) = *position;
    if (i == 0 && !options_.list) last = first;
  }
  return options_.list ? list(first, last) : edit(first, last);
}

Completion FixCommand::list(size_t first, size_t last) {
  bool backwards = first > last;
  if (backwards) std::swap(first, last);
  if (options_.reversed) backwards = !backwards;
  size_t size = last - first + 1;
  for (size_t i = 0; i < size; ++i) {
    size_t position = backwards ? last - i : first + i;
    if (!options_.unnumbered) context_.out.write_integer(store_.first_number() + static_cast<int64_t>(position));
    // bash writes a blank after the tab, where it marks changed entries; the standard has none.
    context_.out.write(context_.state.is_posix() ? "\t" : "\t ");
    for (char c : store_.entry(position).line) {
      context_.out.put(c);
      if (c == '\n') context_.out.put('\t');
    }
    context_.out.put('\n');
  }
  return Completion::of(0);
}

/// Shows the command, records it in place of fc, runs it.
Completion FixCommand::run_again(const std::string& text) {
  context_.out.flush();
  context_.err.write(text);
  if (text.empty() || text.back() != '\n') context_.err.put('\n');
  context_.err.flush();
  std::string_view line = text;
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty()) store_.add_running(line);
  return context_.services.run_text(text, "fc");
}

Completion FixCommand::substitute(Args operands) {
  std::string_view pattern, replacement;
  bool has_pattern = false;
  if (!operands.empty() && operands[0].find('=') != std::string_view::npos) {
    size_t equals = operands[0].find('=');
    pattern = operands[0].substr(0, equals);
    replacement = operands[0].substr(equals + 1);
    has_pattern = !pattern.empty();
    operands = operands.subspan(1);
  }
  if (operands.size() > 1) return context_.usage_error("too many arguments");
  std::optional<size_t> position = find(operands.empty() ? std::string_view("-1") : operands[0], false);
  if (!position.has_value()) return context_.failure("no command found");
  std::string text = store_.entry(*position).line;
  if (has_pattern) {
    size_t at = text.find(pattern);
    while (at != std::string::npos) {
      text.replace(at, pattern.size(), replacement);
      if (context_.state.is_posix()) break;  // XCU fc: the first occurrence; bash: all
      at = text.find(pattern, at + replacement.size());
    }
  }
  forget_own_line();
  return run_again(text);
}

Completion FixCommand::edit(size_t first, size_t last) {
  bool backwards = first > last;
  if (backwards) std::swap(first, last);
  if (options_.reversed) backwards = !backwards;
  std::string text;
  for (size_t i = 0; i <= last - first; ++i) {
    text += store_.entry(backwards ? last - i : first + i).line;
    text += '\n';
  }
  std::string_view directory = context_.state.variables.text(names::TMPDIR);
  std::string path = fmt::format("{}/mish-fc.XXXXXX", directory.empty() ? std::string_view("/tmp") : directory);
  UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) return context_.failure(fmt::format("{}: {}", path, strerror(errno)));
  Result<void> written = write_all(file.get(), text);
  file.reset();
  if (!written.ok()) {
    unlink(path.c_str());
    return context_.failure(fmt::format("{}: {}", path, written.error().message()));
  }
  std::string editor(options_.editor);
  if (editor.empty()) editor = context_.state.variables.text(names::FCEDIT);
  if (editor.empty() && !context_.state.is_posix()) editor = context_.state.variables.text(names::EDITOR);
  if (editor.empty()) editor = "ed";
  forget_own_line();
  Completion edited = context_.services.run_text(editor + " " + quote(path), "fc");
  std::string result;
  if (edited.is_normal() && edited.status == 0) {
    Result<UniqueFd> changed = open_file(path.c_str(), O_RDONLY);
    if (changed.ok() && !read_all(changed->get(), result).ok()) result.clear();
  }
  unlink(path.c_str());
  if (!edited.is_normal() || edited.status != 0)
    return {edited.status != 0 ? edited.status : 1, edited.flow, edited.levels};
  return run_again(result);
}

}  // namespace

Completion run_history(BuiltinContext& context, Args args) {
  Editor* editor = context.services.editor();
  if (editor == nullptr) return Completion::of(0);
  HistoryStore& store = editor->history();
  // An operand that begins with - and a digit is an offset of -d only, never an option.
  OptionParser parser(context, args, "cd:anrwps");
  char operation = 0;
  std::string_view range;
  bool clears = false;
  while (char letter = parser.next()) {
    if (parser.failed()) return parser.completion();
    if (letter == 'c') {
      clears = true;
    } else if (operation != 0 && operation != letter) {
      return context.failure("cannot use more than one of -adnprsw");
    } else {
      operation = letter;
      if (letter == 'd') range = parser.argument();
    }
  }
  Args operands = parser.operands();
  if (clears) store.clear();
  switch (operation) {
    case 0: return clears ? Completion::of(0) : list_history(context, store, operands);
    case 'd': return delete_entries(context, store, range);
    case 'p': drop_own_line(store, context.name); return expand_arguments(context, store, operands);
    case 's':
      if (operands.empty()) return Completion::of(0);
      drop_own_line(store, context.name);
      store.add(join(operands));
      if (std::string trouble = store.take_trouble(); !trouble.empty()) return context.failure(trouble);
      return Completion::of(0);
    default: return use_file(context, store, operation, operands);
  }
}

Completion run_fc(BuiltinContext& context, Args args) {
  FcOptions options;
  // -5 is an operand: options end at the first negative number.
  size_t options_end = 0;
  while (options_end < args.size() &&
         !(args[options_end].size() > 1 && args[options_end][0] == '-' && is_digit(args[options_end][1]))) {
    ++options_end;
  }
  OptionParser parser(context, args.first(options_end), "e:lnrs");
  while (char letter = parser.next()) {
    if (parser.failed()) return parser.completion();
    switch (letter) {
      case 'e': options.editor = parser.argument(); break;
      case 'l': options.list = true; break;
      case 'n': options.unnumbered = true; break;
      case 'r': options.reversed = true; break;
      case 's': options.substitute = true; break;
      default: break;
    }
  }
  Editor* editor = context.services.editor();
  if (editor == nullptr) return context.failure("this shell was built without history");
  if (options.editor == "-") options.substitute = true;
  size_t taken = options_end - parser.operands().size();
  return FixCommand(context, editor->history(), options).run(args.subspan(taken));
}

Completion run_bind(BuiltinContext& context, Args args) {
  if (context.frontend == nullptr) context.error("warning: line editing not enabled");
  Editor* editor = context.services.editor();
  if (editor == nullptr) return Completion::of(0);
  std::string out, error;
  int status = editor->bind(std::vector<std::string>(args.begin(), args.end()), out, error);
  context.out.write(out);
  if (!error.empty()) context.error(error);
  return Completion::of(status);
}

}  // namespace mish::builtins
