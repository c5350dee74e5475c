// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/verbs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "builtins/ipc/nouns.h"
#include "ipc/kernel_name.h"
#include "shell/base/fd.h"
#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

constexpr std::string_view kFlagGiven = "";

std::string_view or_empty(std::string_view text) { return text.data() == nullptr ? kFlagGiven : text; }

void print_verb_help(Output& out, const Noun& noun, const Verb& verb) {
  out.print("usage: {} {} {}\n\n{}.\n", noun.name, verb.name, verb.synopsis, verb.summary);
  if (!verb.options.empty()) {
    out.write("\nOptions:\n");
    for (const OptionRow& row : verb.options) {
      if (row.help.empty()) continue;
      std::string left =
          row.letter != 0 ? fmt::format("-{}, --{}", row.letter, row.name) : fmt::format("    --{}", row.name);
      if (!row.argument.empty()) left += fmt::format(" {}", row.argument);
      out.print("  {:<24} {}\n", left, row.help);
    }
  }
  if (verb.example.empty()) return;
  out.write("\nExample:\n");
  std::string_view rest = verb.example;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    out.print("  {}\n", rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
}

Completion print_noun_help(BuiltinContext& context, const Noun& noun) {
  context.out.print("{}: {}\n\n", noun.name, noun.summary);
  size_t width = 0;
  for (const Verb& verb : noun.verbs) width = std::max(width, verb.name.size());
  for (const Verb& verb : noun.verbs) {
    context.out.print("  {} {:<{}}  {}\n", noun.name, verb.name, width, verb.summary);
  }
  context.out.print("\n'{} VERB --help' tells more; mish-ipc(7) is the manual.\n", noun.name);
  return Completion::of(0);
}

const Verb* find_verb(const Noun& noun, std::string_view name) {
  for (const Verb& verb : noun.verbs) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

Completion unknown_verb(BuiltinContext& context, const Noun& noun, std::string_view name) {
  const Verb* nearest = nullptr;
  int best = 3;
  for (const Verb& verb : noun.verbs) {
    int distance = edit_distance(name, verb.name, 2);
    if (distance < best) {
      best = distance;
      nearest = &verb;
    }
  }
  if (nearest != nullptr) {
    context.error("{}: no such verb; did you mean '{} {}'?", printable(name), noun.name, nearest->name);
  } else {
    context.error("{}: no such verb; '{} help' lists them", printable(name), noun.name);
  }
  return Completion::of(state::kUsageError);
}

/// "-5" and "-.5" are numbers, not options.
bool looks_like_number(std::string_view word) {
  return word.size() > 1 && (is_digit(word[1]) || (word[1] == '.' && word.size() > 2 && is_digit(word[2])));
}

/// Columns of the terminal, 0 when the output is none.
size_t terminal_width(const Output& out) {
  winsize size{};
  if (out.is_captured() || out.fd() < 0 || ioctl(out.fd(), TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

size_t width_of(std::string_view text) { return static_cast<size_t>(std::max(display_width(text), 0)); }

/// As many characters from the start of `text` as find room in so many columns.
std::string_view fitting(std::string_view text, size_t room) {
  size_t end = 0;
  size_t used = 0;
  while (end < text.size()) {
    size_t length = character_length(text, end);
    used += width_of(text.substr(end, length));
    if (used > room) break;
    end += length;
  }
  return text.substr(0, end);
}

void pad(Output& out, size_t count) {
  for (size_t i = 0; i < count; ++i) out.put(' ');
}

}  // namespace

Completion run_noun(BuiltinContext& context, Args args, const Noun& noun) {
  if (args.empty()) {
    context.error("a verb is missing; '{} help' lists them", noun.name);
    return Completion::of(state::kUsageError);
  }
  std::string_view name = args[0];
  if (name == "help" || name == "--help" || name == "-h") {
    if (args.size() == 1) return print_noun_help(context, noun);
    const Verb* verb = find_verb(noun, args[1]);
    if (verb == nullptr) return unknown_verb(context, noun, args[1]);
    print_verb_help(context.out, noun, *verb);
    return Completion::of(0);
  }
  const Verb* verb = find_verb(noun, name);
  if (verb == nullptr) return unknown_verb(context, noun, name);
  Call call(context, noun, *verb);
  if (!call.parse(args.subspan(1))) return call.failure();
  if (call.wants_help_) {
    print_verb_help(context.out, noun, *verb);
    return Completion::of(0);
  }
  if (call.operand_count() < verb->least_operands) return call.usage("an operand is missing");
  if (Completion refused = call.check_options(); refused.status != 0) return refused;
  return verb->run(call);
}

/// Whether limits of time are such and the variables named by options can be assigned: asked before anything is done
/// that would then be lost.
Completion Call::check_options() {
  const state::VariableTable& variables = context.state.variables;
  for (size_t i = 0; i < verb.options.size(); ++i) {
    if (values_[i].data() == nullptr) continue;
    std::string_view option = verb.options[i].name;
    if (option == kTimeoutOption.name) {
      (void)wait();
      if (failed_) return failure();
    }
    bool names_variable = option == kVariableOption.name || option == "record" || option.ends_with("-var");
    if (!names_variable) continue;
    if (!is_identifier(values_[i])) return usage(fmt::format("'{}' is no name of a variable", values_[i]));
    Name name = variables.target(NameTable::intern(values_[i]));
    if ((variables.attributes(name) & state::attribute::ReadOnly) == 0) continue;
    context.error("{}: is read only", values_[i]);
    return Completion::of(state::kFailure);
  }
  return done();
}

std::optional<std::string_view> Call::marked_operand(char sigil) const {
  for (size_t i = 1; i < operand_count(); ++i) {
    if (std::string_view text = operand(i); text.starts_with(sigil)) return text.substr(1);
  }
  return std::nullopt;
}

const OptionRow* Call::find_option(std::string_view name) const {
  for (const OptionRow& row : verb.options) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string_view Call::value(std::string_view option) const {
  const OptionRow* row = find_option(option);
  return row == nullptr ? std::string_view() : values_[row - verb.options.data()];
}

bool Call::set_option(const OptionRow& row, std::string_view value) {
  values_[&row - verb.options.data()] = or_empty(value);
  if (row.name == kKeyOption.name || row.name == kIdOption.name) {
    is_named_by_option_ = true;
    name_ = value;
  }
  return true;
}

std::optional<ipc::KernelName> Call::kernel_name() {
  ipc::Outcome<ipc::KernelName> name = has("key")  ? ipc::sysv_key(value("key"))
                                       : has("id") ? ipc::sysv_id(value("id"))
                                                   : ipc::parse_kernel_name(operand(0));
  if (name && has("sysv") && name->api != ipc::Api::SystemV) {
    name = ipc::Error{ipc::Status::Usage, 0, "--sysv needs --key K or --id N"};
  }
  if (name) return *name;
  fail(name.error(), operand(0));
  failed_ = true;
  return std::nullopt;
}

/// args[i] begins with '-'. Moves `i` to the last word used.
bool Call::parse_option(Args args, size_t& i) {
  std::string_view word = args[i];
  auto refuse = [this](std::string message) {
    usage(message);
    return false;
  };
  if (word == "--help" || word == "-h") {
    wants_help_ = true;
    return true;
  }
  if (word.starts_with("--")) {
    size_t equals = word.find('=');
    std::string_view name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    const OptionRow* row = find_option(name);
    if (row == nullptr) return refuse(fmt::format("--{}: no such option", name));
    if (row->argument.empty()) {
      if (equals != std::string_view::npos) return refuse(fmt::format("--{} takes no argument", name));
      return set_option(*row, kFlagGiven);
    }
    if (equals != std::string_view::npos) return set_option(*row, word.substr(equals + 1));
    if (i + 1 >= args.size()) return refuse(fmt::format("--{} needs its argument {}", name, row->argument));
    return set_option(*row, args[++i]);
  }
  for (size_t at = 1; at < word.size(); ++at) {
    const OptionRow* row = nullptr;
    for (const OptionRow& candidate : verb.options) {
      if (candidate.letter == word[at]) row = &candidate;
    }
    if (row == nullptr) {
      return refuse(fmt::format("-{}: no such option (data that begins with '-' goes after --)", word[at]));
    }
    if (row->argument.empty()) {
      set_option(*row, kFlagGiven);
      continue;
    }
    if (at + 1 < word.size()) return set_option(*row, word.substr(at + 1));
    if (i + 1 >= args.size()) return refuse(fmt::format("-{} needs its argument {}", word[at], row->argument));
    return set_option(*row, args[++i]);
  }
  return true;
}

bool Call::parse(Args args) {
  bool is_after_options = false;
  for (size_t i = 0; i < args.size(); ++i) {
    std::string_view word = args[i];
    if (word == "--" && !is_after_options) {
      if (!verb.takes_data) {
        is_after_options = true;
        continue;
      }
      data_ = args.subspan(i + 1);
      has_data_ = true;
      return true;
    }
    if (!is_after_options && word.size() > 1 && word[0] == '-' && !looks_like_number(word)) {
      if (!parse_option(args, i)) {
        failed_ = true;
        return false;
      }
      continue;
    }
    bool is_marked = !word.empty() && verb.sigils.find(word[0]) != std::string_view::npos;
    bool fits = verb.most_operands == kAnyNumber || operand_count() < verb.most_operands;
    if (!verb.sigils.empty()) fits = fits && (is_marked || operand_count() < verb.least_operands);
    if (fits) {
      operands_.push_back(word);
    } else if (verb.takes_data) {
      data_ = args.subspan(i);
      has_data_ = true;
      return true;
    } else {
      usage(fmt::format("{}: one operand too many", word));
      failed_ = true;
      return false;
    }
  }
  return true;
}

std::optional<int64_t> Call::integer(std::string_view option, int64_t least, int64_t most) {
  std::string_view text = value(option);
  if (text.data() == nullptr) return std::nullopt;
  auto number = parse_integer(text);
  if (number && *number >= least && *number <= most) return number;
  if (!number)
    usage(fmt::format("--{}: '{}' is no number", option, text));
  else if (most == INT64_MAX)
    usage(fmt::format("--{} must be at least {}", option, least));
  else
    usage(fmt::format("--{} must be {} to {}", option, least, most));
  failed_ = true;
  return std::nullopt;
}

std::optional<int64_t> Call::duration(std::string_view option) {
  std::string_view text = value(option);
  if (text.data() == nullptr) return std::nullopt;
  ipc::Outcome<int64_t> ns = ipc::parse_duration(text);
  if (ns) return *ns;
  usage(fmt::format("--{}: {}", option, ns.error().sentence));
  failed_ = true;
  return std::nullopt;
}

std::optional<uint64_t> Call::size(std::string_view option) {
  std::string_view text = value(option);
  if (text.data() == nullptr) return std::nullopt;
  ipc::Outcome<uint64_t> bytes = ipc::parse_size(text);
  if (bytes) return *bytes;
  usage(fmt::format("--{}: {}", option, bytes.error().sentence));
  failed_ = true;
  return std::nullopt;
}

std::optional<mode_t> Call::mode() {
  std::string_view text = value("mode");
  if (text.data() == nullptr) return std::nullopt;
  ipc::Outcome<mode_t> bits = ipc::parse_mode(text);
  if (bits) return *bits;
  usage(fmt::format("--mode: {}", bits.error().sentence));
  failed_ = true;
  return std::nullopt;
}

std::optional<std::string> Call::message(uint64_t most) {
  std::string text;
  if (has_data_) {
    for (size_t i = 0; i < data_.size(); ++i) {
      if (i != 0) text += ' ';
      text += data_[i];
    }
    return text;
  }
  UniqueFd file;
  std::optional<int> fd = open_input(file);
  if (!fd) return std::nullopt;
  ipc::Outcome<std::string> whole = read_whole_input(*fd, most);
  if (whole && whole->size() > most) {
    whole = ipc::Error{ipc::Status::TooBig, EMSGSIZE, fmt::format("more than {} bytes: too long", most)};
  }
  if (whole) return std::move(*whole);
  input_failure_ = fail_input(whole.error());
  return std::nullopt;
}

std::optional<int> Call::open_input(UniqueFd& file) {
  std::string_view path = value("file");
  if (path.data() == nullptr || path == "-") return 0;
  Result<UniqueFd> opened = open_file(std::string(path).c_str(), O_RDONLY);
  if (opened.ok()) {
    file = std::move(*opened);
    return file.get();
  }
  input_failure_ = fail(ipc::error_from_errno(opened.code()), path);
  return std::nullopt;
}

Completion Call::fail_input(const ipc::Error& error) {
  std::string_view path = value("file");
  return fail(error, path.data() != nullptr ? path : "standard input");
}

ipc::Outcome<size_t> Call::read_input(int fd, std::span<char> buffer) {
  ipc::Wait patience;
  patience.interrupt = wait().interrupt;
  for (;;) {
    bool is_interrupted =
        patience.interrupt.stop() || ipc::wait_for_fd(fd, POLLIN, patience) == ipc::WaitResult::Interrupted;
    if (is_interrupted) {
      if (resume_after_traps()) continue;
      return ipc::error_from_errno(EINTR);
    }
    Result<size_t> got = read_patiently(fd, buffer.data(), buffer.size());
    if (got) return *got;
    if (got.code() != EINTR && got.code() != EAGAIN) return ipc::error_from_errno(got.code());
  }
}

ipc::Outcome<std::string> Call::read_whole_input(int fd, uint64_t most) {
  std::string text;
  char buffer[64 * 1024];
  while (text.size() <= most) {
    size_t room = static_cast<size_t>(std::min<uint64_t>(sizeof buffer - 1, most - text.size())) + 1;
    ipc::Outcome<size_t> got = read_input(fd, {buffer, room});
    if (!got) return got.error();
    if (*got == 0) break;
    text.append(buffer, *got);
  }
  return text;
}

const ipc::Wait& Call::wait() {
  if (has_wait_) return wait_;
  has_wait_ = true;
  if (has("nowait"))
    wait_ = ipc::Wait::none();
  else if (std::optional<int64_t> limit = duration("timeout"))
    wait_ = ipc::Wait::for_ns(std::max<int64_t>(*limit, 1));  // of 0 as well: then the time is up, status 124
  wait_.interrupt.context = &context.services;
  wait_.interrupt.should_stop = [](void* services) {
    return static_cast<api::ShellServices*>(services)->pending_trap_signal() != 0;
  };
  return wait_;
}

bool Call::resume_after_traps() {
  int signal_number = context.services.pending_trap_signal();
  bool is_trapped = signal_number > 0 && context.state.traps.is_command(signal_number);
  trap_completion_ = context.services.run_pending_traps();
  if (!trap_completion_.is_normal() || !is_trapped) return false;
  return true;
}

Completion Call::fail(const ipc::Error& error, std::string_view object) {
  int status = static_cast<int>(error.status);
  switch (error.status) {
    case ipc::Status::Interrupted:
      if (!trap_completion_.is_normal()) return trap_completion_;
      return Completion::of(status);
    case ipc::Status::WouldBlock:
    case ipc::Status::TimedOut: return Completion::of(status);
    case ipc::Status::Closed:
      // The end of what there is to receive is no error, as end of file is none for read.
      if (verb.name == "recv") return Completion::of(status);
      break;
    case ipc::Status::Done:
    case ipc::Status::Failed:
    case ipc::Status::Usage:
    case ipc::Status::NoObject:
    case ipc::Status::Damaged:
    case ipc::Status::NotPermitted:
    case ipc::Status::TooBig:
    case ipc::Status::Exists: break;
  }
  if (object.data() == nullptr)
    context.error("{}", error.sentence);
  else
    context.error("{}: {}", object.empty() ? "''" : printable(object), error.sentence);
  return Completion::of(status);
}

Completion Call::usage(std::string_view message) {
  context.error("{}: {}\nusage: {} {} {}", verb.name, printable(message), noun.name, verb.name, verb.synopsis);
  return Completion::of(state::kUsageError);
}

bool Call::assign(std::string_view variable, std::string_view text) {
  if (!is_identifier(variable)) {
    usage(fmt::format("'{}' is no name of a variable", variable));
    return false;
  }
  Name name = NameTable::intern(variable);
  if (text.find('\0') == std::string_view::npos) {
    context.state.variables.assign(name, text);
    return true;
  }
  std::string without(text);
  std::erase(without, '\0');
  context.error("{}: {} NUL bytes dropped, a variable cannot hold them", variable, text.size() - without.size());
  context.state.variables.assign(name, without);
  return true;
}

Completion Call::result(std::string_view text, bool raw) {
  std::string_view variable = value("variable");
  if (variable.data() != nullptr) return assign(variable, text) ? done() : failure();
  out().write(text);
  if (!raw) out().put('\n');
  return done();
}

ipc::Error write_error(int code, std::string_view where) {
  ipc::Error error = ipc::error_from_errno(code, where);
  if (error.status != ipc::Status::TooBig) error.status = ipc::Status::Failed;
  return error;
}

ipc::Outcome<void> Call::flush_result() {
  if (has("variable") || out().is_captured() || out().flush()) return {};
  ipc::Error error = write_error(out().error(), "standard output");
  out().clear_error();
  return error;
}

bool Call::wants_color() {
  if (out().is_captured() || out().fd() < 0 || isatty(out().fd()) == 0) return false;
  if (context.state.variables.is_set(names::NO_COLOR)) return false;
  return context.state.variables.text(names::TERM) != "dumb";
}

Cell text_cell(std::string_view text) { return {std::string(text), quote_json(text)}; }
Cell number_cell(int64_t value) { return {std::to_string(value), std::to_string(value), true}; }
Cell unsigned_cell(uint64_t value) { return {std::to_string(value), std::to_string(value), true}; }
Cell maybe_cell(int64_t value) { return value < 0 ? Cell{"-", "null", true} : number_cell(value); }
Cell size_cell(uint64_t bytes) { return {ipc::size_text(bytes), std::to_string(bytes), true}; }
Cell bool_cell(bool value) { return {value ? "yes" : "no", value ? "true" : "false"}; }
Cell no_cell() { return {"-", "null"}; }

Cell mode_cell(mode_t mode) {
  std::string text = fmt::format("{:04o}", mode);
  return {text, '"' + text + '"'};
}

Cell user_cell(uid_t uid) {
  static std::map<uid_t, std::string> known;
  auto [entry, is_new] = known.try_emplace(uid);
  if (is_new) {
    passwd record{};
    passwd* found = nullptr;
    char buffer[4096];
    bool ok = getpwuid_r(uid, &record, buffer, sizeof buffer, &found) == 0 && found != nullptr;
    entry->second = ok ? found->pw_name : std::to_string(uid);
  }
  return text_cell(entry->second);
}

Cell time_cell(time_t seconds) {
  if (seconds == 0) return no_cell();
  struct tm local {};
  char text[64];
  localtime_r(&seconds, &local);
  size_t n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return {std::string(text, n), std::to_string(seconds)};
}

Cell duration_cell(int64_t ns) {
  if (ns < 0) return no_cell();
  double value = static_cast<double>(ns);
  std::string text = ns < 1000         ? fmt::format("{}ns", ns)
                     : ns < 1000000    ? fmt::format("{:.1f}us", value / 1e3)
                     : ns < 1000000000 ? fmt::format("{:.1f}ms", value / 1e6)
                                       : fmt::format("{:.2f}s", value / 1e9);
  return {text, std::to_string(ns), true};
}

Cell list_cell(const std::vector<std::string>& items) {
  if (items.empty()) return {"-", "[]"};
  Cell cell;
  cell.json = "[";
  for (const std::string& item : items) {
    if (!cell.text.empty()) {
      cell.text += ' ';
      cell.json += ',';
    }
    cell.text += item;
    cell.json += quote_json(item);
  }
  cell.json += "]";
  return cell;
}

Completion Table::print(Call& call) const {
  Output& out = call.out();
  if (call.wants_json()) {
    out.put('[');
    for (size_t r = 0; r < rows_.size(); ++r) {
      out.write(r == 0 ? "\n  {" : ",\n  {");
      for (size_t c = 0; c < columns_.size(); ++c) {
        if (c != 0) out.put(',');
        out.print("{}:{}", quote_json(columns_[c].key), rows_[r][c].json);
      }
      out.put('}');
    }
    out.write(rows_.empty() ? "]\n" : "\n]\n");
    return call.done();
  }
  if (rows_.empty()) return call.done();
  std::vector<std::vector<std::string>> texts(rows_.size());
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (const Cell& cell : rows_[r]) texts[r].push_back(printable(cell.text));
  }
  std::vector<size_t> widths;
  std::vector<bool> is_right;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t width = columns_[c].heading.size();
    bool right = true;
    for (size_t r = 0; r < rows_.size(); ++r) {
      const std::vector<Cell>& row = rows_[r];
      width = std::max(width, width_of(texts[r][c]));
      right = right && (row[c].is_right || row[c].text == "-");
    }
    widths.push_back(width);
    is_right.push_back(right);
  }
  bool color = call.wants_color();
  // On a terminal the last column is cut at its edge; elsewhere nothing is lost.
  size_t edge = terminal_width(out);
  size_t before_last = 0;
  for (size_t c = 0; c + 1 < columns_.size(); ++c) before_last += widths[c] + 2;
  size_t room = edge > before_last + 10 ? edge - before_last : std::string_view::npos;
  auto print_cell = [&](std::string_view text, size_t c) {
    if (c + 1 == columns_.size()) text = fitting(text, room);
    size_t blanks = widths[c] - std::min(widths[c], width_of(text));
    if (is_right[c]) pad(out, blanks);
    out.write(text);
    if (c + 1 == columns_.size()) return;
    if (!is_right[c]) pad(out, blanks);
    pad(out, 2);
  };
  if (color) out.write("\033[1m");
  for (size_t c = 0; c < columns_.size(); ++c) print_cell(columns_[c].heading, c);
  if (color) out.write("\033[0m");
  out.put('\n');
  for (const std::vector<std::string>& row : texts) {
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (color && c == 0) out.write("\033[36m");
      print_cell(row[c], c);
      if (color && c == 0) out.write("\033[0m");
    }
    out.put('\n');
  }
  return call.done();
}

Completion Record::print(Call& call) const {
  Output& out = call.out();
  if (call.wants_json()) {
    out.put('{');
    for (size_t i = 0; i < fields_.size(); ++i) {
      out.print("{}{}:{}", i == 0 ? "" : ",", quote_json(fields_[i].first), fields_[i].second.json);
    }
    out.write("}\n");
    return call.done();
  }
  size_t width = 0;
  for (const auto& [key, cell] : fields_) width = std::max(width, key.size());
  bool color = call.wants_color();
  for (const auto& [key, cell] : fields_) {
    std::string words(key);
    std::replace(words.begin(), words.end(), '_', ' ');
    out.print("{}{}{}", color ? "\033[1m" : "", words, color ? "\033[0m" : "");
    pad(out, width - key.size() + 2);
    out.write(printable(cell.text));
    out.put('\n');
  }
  return call.done();
}

namespace {

const Noun* find_noun(std::string_view name) {
  for (const Noun* noun : ipc_nouns()) {
    if (noun->name == name) return noun;
  }
  return nullptr;
}

/// The row of `word` if it is an option that takes its argument from the next word.
const OptionRow* option_awaiting_argument(const Verb& verb, std::string_view word) {
  for (const OptionRow& row : verb.options) {
    bool is_long = word.starts_with("--") && word.substr(2) == row.name;
    bool is_short = row.letter != 0 && word.size() == 2 && word[0] == '-' && word[1] == row.letter;
    if ((is_long || is_short) && !row.argument.empty()) return &row;
  }
  return nullptr;
}

/// How many of `words` are operands.
size_t count_operands(const Verb& verb, std::span<const std::string> words) {
  size_t count = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (option_awaiting_argument(verb, words[i]) != nullptr) {
      ++i;
    } else if (!words[i].starts_with("-")) {
      ++count;
    }
  }
  return count;
}

/// What `ipc wait` takes: the mailboxes there are, and the beginnings of the rest.
std::vector<std::string> wait_targets() {
  std::vector<std::string> targets{"fd:", "pid:", "port:", "sock:", "timer:"};
  for (const std::string& name : kMboxNoun.objects()) targets.push_back("mbox:" + name);
  return targets;
}

/// Names that operand `position` of the verb may have.
std::vector<std::string> names_for(const Noun& noun, const Verb& verb, std::span<const std::string> words,
                                   size_t position) {
  if (noun.name == "ipc" && (verb.name == "list" || (verb.name == "stat" && position == 0))) {
    std::vector<std::string> kinds;
    for (const Noun* other : ipc_nouns()) {
      bool is_kind = other->objects != nullptr && find_verb(*other, "stat") != nullptr;
      if (is_kind && (verb.name == "stat" || other != &kFifoNoun)) kinds.emplace_back(other->name);
    }
    return kinds;
  }
  if (noun.name == "ipc" && verb.name == "wait") return wait_targets();
  const Noun* owner = noun.name == "ipc" && verb.name == "stat" ? find_noun(words[2]) : &noun;
  if (owner == nullptr || owner->objects == nullptr) return {};
  size_t wanted = verb.name == "bind" || owner != &noun ? 1 : 0;
  bool takes_several = verb.name == "rm";
  return position == wanted || takes_several ? owner->objects() : std::vector<std::string>();
}

/// What may stand where the last of `words`, which begin with NOUN VERB, is.
std::vector<std::string> words_after_verb(const Noun& noun, const Verb& verb, std::span<const std::string> words) {
  std::vector<std::string> out;
  if (const OptionRow* row = option_awaiting_argument(verb, words[words.size() - 2])) {
    for (std::string_view rest = row->words; !rest.empty();) {
      size_t end = std::min(rest.find(' '), rest.size());
      out.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
  }
  if (!words.back().starts_with("-")) {
    return names_for(noun, verb, words, count_operands(verb, words.subspan(2, words.size() - 3)));
  }
  for (const OptionRow& row : verb.options) {
    if (!row.help.empty()) out.push_back(fmt::format("--{}", row.name));
  }
  out.emplace_back("--help");
  return out;
}

/// Completion splits words at colons; here each is whole again. `lead` is what the last one has before its own part.
std::vector<std::string> join_at_colons(std::span<const std::string> parts, std::string& lead) {
  std::vector<std::string> words;
  bool joins = false;
  for (const std::string& part : parts) {
    bool is_colon = part == ":";
    if ((joins || is_colon) && !words.empty()) {
      lead = words.back();
      words.back() += part;
    } else {
      lead.clear();
      words.push_back(part);
    }
    joins = is_colon;
  }
  return words;
}

}  // namespace

std::vector<std::string> complete_ipc(std::span<const std::string> parts) {
  std::string lead;
  const std::vector<std::string> words = join_at_colons(parts, lead);
  const Noun* noun = words.size() < 2 ? nullptr : find_noun(words[0]);
  if (noun == nullptr) return {};
  std::vector<std::string> out;
  bool wants_verb = words.size() == 2 || (words.size() == 3 && words[1] == "help");
  if (wants_verb) {
    for (const Verb& verb : noun->verbs) out.emplace_back(verb.name);
    if (words.size() == 2) out.emplace_back("help");
  } else if (const Verb* verb = find_verb(*noun, words[1])) {
    out = words_after_verb(*noun, *verb, words);
  }
  std::erase_if(out, [&words](const std::string& word) { return !word.starts_with(words.back()); });
  for (std::string& word : out) word.erase(0, lead.size());
  return out;
}

}  // namespace mish::builtins
