// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/printf.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "builtins/escape.h"
#include "builtins/reference.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

/// Widths and precisions from here on: what they make is longer than printf(3) can say.
constexpr int kTooLarge = INT32_MAX;
/// The C library takes time and memory for each digit of a fraction, though all behind the first 20000 are 0.
constexpr int kTooPrecise = 100000000;

struct Conversion {
  bool left = false, plus = false, space = false, alternative = false, zero = false, grouped = false;
  bool has_precision = false;
  int width = 0;
  int precision = 0;
  char letter = 0;
  std::string_view time_format;  // of %(...)T
};

bool is_too_precise(const Conversion& conversion) {
  if (!conversion.has_precision || std::strchr("sbqQcT", conversion.letter) != nullptr)
    return false;  // there it only cuts
  const bool is_fraction = std::strchr("aAeEfFgG", conversion.letter) != nullptr;
  return conversion.precision >= (is_fraction ? kTooPrecise : kTooLarge);
}

class Formatter {
 public:
  Formatter(BuiltinContext& context, Output& out, Args args) : context_(context), out_(out), args_(args) {}

  /// Writes `format` as often as it takes to use up the arguments. Returns the exit status.
  int run(std::string_view format) {
    do {
      size_t before = next_;
      highest_ = next_;
      has_conversions_ = false;
      if (!pass(format)) break;
      if (is_numbered_) next_ = highest_;
      if (!has_conversions_ || next_ == before) break;
      base_ = next_;
    } while (next_ < args_.size());
    return status_;
  }

 private:
  bool pass(std::string_view format);
  bool convert(std::string_view format, size_t& at);
  bool parse(std::string_view format, size_t& at, Conversion& conversion);
  bool parse_number(std::string_view format, size_t& at, int& value);
  bool put(const Conversion& conversion);

  std::string_view next_argument() {
    size_t i = chosen_ != 0 ? base_ + chosen_ - 1 : next_++;
    if (chosen_ != 0) {
      is_numbered_ = true;
      if (i + 1 > highest_) highest_ = i + 1 < args_.size() ? i + 1 : args_.size();
    }
    chosen_ = 0;
    had_argument_ = i < args_.size();
    if (!had_argument_) {
      if (!is_numbered_) next_ = args_.size();
      return {"", 0};
    }
    return args_[i];
  }

  intmax_t integer(std::string_view text, bool is_unsigned);
  long double floating(std::string_view text);
  bool character_constant(std::string_view text, char32_t& code) const;
  void check_number(std::string_view text, const char* end);

  void put_padded(std::string_view text, const Conversion& conversion);
  void repeat(char c, size_t count);
  void put_string(std::string_view text, const Conversion& conversion);
  void put_integer(const Conversion& conversion);
  void put_floating(const Conversion& conversion);
  bool put_with_escapes(const Conversion& conversion);
  void put_quoted(const Conversion& conversion);
  void put_time(const Conversion& conversion);

  void complain(std::string_view what, std::string_view text) {
    context_.error("{}: {}", text, what);
    status_ = state::kFailure;
  }

  BuiltinContext& context_;
  Output& out_;
  Args args_;
  size_t next_ = 0;
  size_t base_ = 0;     // first argument of this pass, for %n$
  size_t chosen_ = 0;   // n of %n$, 0 = the next
  size_t highest_ = 0;  // one past the last argument used by number
  bool is_numbered_ = false;
  bool had_argument_ = false;
  bool has_conversions_ = false;
  int status_ = state::kSuccess;
};

/// One time through the format. False when nothing more is to be written.
bool Formatter::pass(std::string_view format) {
  size_t at = 0;
  while (at < format.size()) {
    size_t plain = at;
    while (plain < format.size() && format[plain] != '%' && format[plain] != '\\') ++plain;
    if (plain != at) out_.write(format.substr(at, plain - at));
    at = plain;
    if (at == format.size()) break;
    if (format[at] == '\\') {
      size_t escape = at;
      if (put_escape(format, at, EscapeStyle::PrintfFormat, out_) == EscapeOutcome::MissingHexDigit) {
        context_.error("missing hex digit for \\{}", format[escape + 1]);
      }
    } else if (at + 1 < format.size() && format[at + 1] == '%') {
      out_.put('%');
      at += 2;
    } else if (at + 1 < format.size() && format[at + 1] == 's') {  // by far the most frequent
      has_conversions_ = true;
      out_.write(next_argument());
      at += 2;
    } else if (!convert(format, at)) {
      return false;
    }
  }
  return true;
}

bool Formatter::convert(std::string_view format, size_t& at) {
  size_t start = at;
  Conversion conversion;
  if (!parse(format, at, conversion)) {
    std::string_view seen = format.substr(start, at - start);
    context_.error("`{}': missing format character", seen);
    status_ = state::kFailure;
    return false;
  }
  has_conversions_ = true;
  if (conversion.width == kTooLarge || is_too_precise(conversion)) {
    context_.error("`{}': the width or precision is too large", format.substr(start, at - start));
    status_ = state::kFailure;
    return false;
  }
  return put(conversion);
}

/// A number or * of a width or precision. False when the argument of * is no integer (reported; value is what could be
/// read).
bool Formatter::parse_number(std::string_view format, size_t& at, int& value) {
  if (at < format.size() && format[at] == '*') {
    ++at;
    size_t digits = at;
    size_t number = 0;
    while (digits < format.size() && is_digit(format[digits]) && number < 100000) {
      number = number * 10 + static_cast<size_t>(format[digits++] - '0');
    }
    size_t chosen = chosen_;
    chosen_ = 0;
    if (digits > at && digits < format.size() && format[digits] == '$') {
      chosen_ = number;
      at = digits + 1;
    }
    intmax_t given = integer(next_argument(), false);
    chosen_ = chosen;
    value = static_cast<int>(std::clamp<intmax_t>(given, -kTooLarge, kTooLarge));
    return true;
  }
  int64_t number = 0;
  bool any = false;
  while (at < format.size() && is_digit(format[at])) {
    if (number < kTooLarge) number = number * 10 + (format[at] - '0');
    ++at;
    any = true;
  }
  value = static_cast<int>(std::min<int64_t>(number, kTooLarge));
  return any;
}

/// From the % at `at` up to the conversion letter. False at the end of the format.
bool Formatter::parse(std::string_view format, size_t& at, Conversion& conversion) {
  ++at;
  size_t digits = at;
  size_t number = 0;
  while (digits < format.size() && is_digit(format[digits]) && number < 100000) {
    number = number * 10 + static_cast<size_t>(format[digits++] - '0');
  }
  if (digits > at && digits < format.size() && format[digits] == '$' && number > 0) {
    chosen_ = number;
    at = digits + 1;
  }
  for (; at < format.size(); ++at) {
    char c = format[at];
    if (c == '-')
      conversion.left = true;
    else if (c == '+')
      conversion.plus = true;
    else if (c == ' ')
      conversion.space = true;
    else if (c == '#')
      conversion.alternative = true;
    else if (c == '0')
      conversion.zero = true;
    else if (c == '\'')
      conversion.grouped = true;
    else
      break;
  }
  parse_number(format, at, conversion.width);
  if (conversion.width < 0) {
    conversion.left = true;
    conversion.width = -conversion.width;
  }
  if (at < format.size() && format[at] == '.') {
    ++at;
    conversion.has_precision = true;
    parse_number(format, at, conversion.precision);
    if (conversion.precision < 0) conversion.has_precision = false;
  }
  if (at < format.size() && format[at] == '(') {
    size_t close = format.find(")T", at);
    if (close != std::string_view::npos) {
      conversion.time_format = format.substr(at + 1, close - at - 1);
      conversion.letter = 'T';
      at = close + 2;
      return true;
    }
  }
  while (at < format.size() && std::strchr("hjlLtz", format[at]) != nullptr) ++at;
  if (at >= format.size()) return false;
  conversion.letter = format[at++];
  return true;
}

bool Formatter::put(const Conversion& conversion) {
  switch (conversion.letter) {
    case 's': put_string(next_argument(), conversion); return true;
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X': put_integer(conversion); return true;
    case 'c': {
      std::string_view text = next_argument();
      // The first byte of the argument; of an empty one the NUL byte, as in every shell.
      put_padded(text.empty() ? std::string_view("\0", 1) : text.substr(0, 1), conversion);
      return true;
    }
    case 'b': return put_with_escapes(conversion);
    case 'q':
    case 'Q': put_quoted(conversion); return true;
    case 'T': put_time(conversion); return true;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': put_floating(conversion); return true;
    default:
      context_.error("`{}': invalid format character", conversion.letter);
      status_ = state::kFailure;
      return false;
  }
}

void Formatter::put_padded(std::string_view text, const Conversion& conversion) {
  size_t padding =
      static_cast<size_t>(conversion.width) > text.size() ? static_cast<size_t>(conversion.width) - text.size() : 0;
  if (!conversion.left) repeat(' ', padding);
  out_.write(text);
  if (conversion.left) repeat(' ', padding);
}

void Formatter::repeat(char c, size_t count) {
  char block[256];
  std::memset(block, c, std::min(count, sizeof block));
  for (; count > sizeof block; count -= sizeof block) out_.write({block, sizeof block});
  out_.write({block, count});
}

/// Width and precision count bytes (XCU printf).
void Formatter::put_string(std::string_view text, const Conversion& conversion) {
  if (conversion.has_precision) text = text.substr(0, static_cast<size_t>(conversion.precision));
  put_padded(text, conversion);
}

bool Formatter::character_constant(std::string_view text, char32_t& code) const {
  if (text.empty() || (text[0] != '\'' && text[0] != '"')) return false;
  if (text.size() == 1) {
    code = 0;
    return true;
  }
  Character character = decode(text, 1);
  code = character.code >= kInvalidByte ? static_cast<unsigned char>(text[1]) : character.code;
  return true;
}

/// Reports what strtol(3) and the like left over of `text` (NUL-terminated), or that the value did not fit.
void Formatter::check_number(std::string_view text, const char* end) {
  if (end == text.data() || *end != '\0') {
    // bash takes the empty operand for 0 without a word.
    if (!text.empty() || context_.state.is_posix()) complain("invalid number", text);
  } else if (errno == ERANGE) {
    // What is printed is the nearest number; to bash that is worth no more than a warning.
    const int status = status_;
    complain(strerror(ERANGE), text);
    if (!context_.state.is_posix()) status_ = status;
  }
}

intmax_t Formatter::integer(std::string_view text, bool is_unsigned) {
  if (!had_argument_) return 0;
  char32_t code = 0;
  if (character_constant(text, code)) return static_cast<intmax_t>(code);
  if (std::optional<int64_t> simple = parse_integer(text); simple.has_value() && text[0] >= '1' && text[0] <= '9') {
    return *simple;
  }
  errno = 0;
  char* end = nullptr;
  intmax_t value =
      is_unsigned ? static_cast<intmax_t>(strtoumax(text.data(), &end, 0)) : strtoimax(text.data(), &end, 0);
  check_number(text, end);
  return value;
}

long double Formatter::floating(std::string_view text) {
  if (!had_argument_) return 0;
  char32_t code = 0;
  if (character_constant(text, code)) return static_cast<long double>(code);
  errno = 0;
  char* end = nullptr;
  long double value = strtold(text.data(), &end);
  // Underflow is no error worth a message: the nearest value is printed.
  if (errno == ERANGE && value > -1 && value < 1) errno = 0;
  check_number(text, end);
  return value;
}

void Formatter::put_integer(const Conversion& conversion) {
  bool is_signed = conversion.letter == 'd' || conversion.letter == 'i';
  std::string_view argument = next_argument();
  intmax_t value = integer(argument, !is_signed);
  if (is_signed && conversion.width == 0 && !conversion.has_precision && !conversion.plus && !conversion.space &&
      !conversion.grouped) {
    out_.write_integer(value);
    return;
  }
  char digits[72];
  char* first = digits + sizeof digits;
  bool is_negative = is_signed && value < 0;
  uintmax_t rest = is_negative ? uintmax_t(0) - static_cast<uintmax_t>(value) : static_cast<uintmax_t>(value);
  bool is_zero = rest == 0;
  unsigned radix = conversion.letter == 'o' ? 8 : conversion.letter == 'x' || conversion.letter == 'X' ? 16 : 10;
  const char* alphabet = conversion.letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  for (; rest != 0; rest /= radix) *--first = alphabet[rest % radix];
  if (is_zero && (!conversion.has_precision || conversion.precision != 0)) *--first = '0';
  std::string_view number(first, static_cast<size_t>(digits + sizeof digits - first));
  std::string_view prefix;
  if (is_negative)
    prefix = "-";
  else if (is_signed && conversion.plus)
    prefix = "+";
  else if (is_signed && conversion.space)
    prefix = " ";
  else if (conversion.alternative && radix == 16 && !is_zero)
    prefix = conversion.letter == 'X' ? "0X" : "0x";
  size_t zeros = 0;
  if (conversion.has_precision && static_cast<size_t>(conversion.precision) > number.size()) {
    zeros = static_cast<size_t>(conversion.precision) - number.size();
  }
  if (conversion.alternative && radix == 8 && zeros == 0 && (number.empty() || number[0] != '0')) zeros = 1;
  auto width = static_cast<size_t>(conversion.width);
  size_t used = prefix.size() + zeros + number.size();
  if (conversion.zero && !conversion.left && !conversion.has_precision && width > used) {
    zeros += width - used;
    used = width;
  }
  size_t padding = width > used ? width - used : 0;
  if (!conversion.left) repeat(' ', padding);
  out_.write(prefix);
  repeat('0', zeros);
  out_.write(number);
  if (conversion.left) repeat(' ', padding);
}

void Formatter::put_floating(const Conversion& conversion) {
  long double value = floating(next_argument());
  std::string format = "%";
  if (conversion.left) format += '-';
  if (conversion.plus) format += '+';
  if (conversion.space) format += ' ';
  if (conversion.alternative) format += '#';
  if (conversion.zero) format += '0';
  if (conversion.grouped) format += '\'';
  format += '*';
  if (conversion.has_precision) format += ".*";
  format += 'L';
  format += conversion.letter;
  auto print = [&](char* room, size_t size) {
    return conversion.has_precision
               ? snprintf(room, size, format.c_str(), conversion.width, conversion.precision, value)
               : snprintf(room, size, format.c_str(), conversion.width, value);
  };
  char buffer[256];
  int length = print(buffer, sizeof buffer);
  if (length < 0) {
    complain(strerror(errno), "floating point conversion");
    return;
  }
  if (static_cast<size_t>(length) < sizeof buffer) {
    out_.write({buffer, static_cast<size_t>(length)});
    return;
  }
  std::string large(static_cast<size_t>(length) + 1, '\0');
  print(large.data(), large.size());
  out_.write({large.data(), static_cast<size_t>(length)});
}

/// %b. False when \c stopped all output.
bool Formatter::put_with_escapes(const Conversion& conversion) {
  std::string_view text = next_argument();
  if (conversion.width == 0 && !conversion.has_precision) return put_escaped(text, EscapeStyle::Argument, out_);
  std::string expanded;
  bool goes_on = true;
  {
    Output memory(expanded);
    goes_on = put_escaped(text, EscapeStyle::Argument, memory);
    memory.flush();
  }
  put_string(expanded, conversion);
  return goes_on;
}

/// %q, and %Q, whose precision counts before quoting.
void Formatter::put_quoted(const Conversion& conversion) {
  std::string_view text = next_argument();
  Conversion rest = conversion;
  if (conversion.letter == 'Q' && conversion.has_precision) {
    text = text.substr(0, static_cast<size_t>(conversion.precision));
    rest.has_precision = false;
  }
  put_string(quote_backslash(text), rest);
}

/// %(format)T: seconds since the epoch; -1 or none is now, -2 when the shell started.
void Formatter::put_time(const Conversion& conversion) {
  std::string_view argument = next_argument();
  intmax_t seconds = had_argument_ ? integer(argument, false) : -1;
  time_t when = static_cast<time_t>(seconds);
  if (seconds == -1 || seconds == -2) {
    when = time(nullptr);
    if (seconds == -2) {
      timespec monotonic = {};
      clock_gettime(CLOCK_MONOTONIC, &monotonic);
      if (context_.state.seconds_base_ns > 0) {
        when -= static_cast<time_t>(monotonic.tv_sec - context_.state.seconds_base_ns / 1000000000);
      }
    }
  }
  std::string zone(context_.state.variables.text(names::TZ));
  if (context_.state.variables.is_set(names::TZ)) {
    setenv("TZ", zone.c_str(), 1);
  } else {
    unsetenv("TZ");
  }
  tzset();
  activate_locale();
  struct tm fields = {};
  std::string format(conversion.time_format.empty() ? "%X" : conversion.time_format);
  std::string result;
  if (localtime_r(&when, &fields) != nullptr) {
    char buffer[1024];
    result.assign(buffer, strftime(buffer, sizeof buffer, format.c_str(), &fields));
  }
  Conversion rest = conversion;
  put_string(result, rest);
}

}  // namespace

Completion run_printf(BuiltinContext& context, Args args) {
  api::OptionParser parser(context, args, "v:");
  std::string_view variable;
  while (parser.next() != 0) {
    if (parser.failed()) return parser.completion();
    variable = parser.argument();
    if (!is_reference(variable, context.state)) {
      context.error("`{}': not a valid identifier", variable);
      return Completion::of(state::kUsageError);
    }
  }
  Args operands = parser.operands();
  if (operands.empty()) return context.usage_error("format missing");
  std::string_view format = operands[0];
  if (variable.data() == nullptr) {
    return Completion::of(Formatter(context, context.out, operands.subspan(1)).run(format));
  }
  std::string text;
  int status = 0;
  {
    Output memory(text);
    status = Formatter(context, memory, operands.subspan(1)).run(format);
    memory.flush();
  }
  if (size_t nul = text.find('\0'); nul != std::string::npos) text.resize(nul);
  if (!assign_reference(context, variable, text)) return Completion::of(state::kFailure);
  return Completion::of(status);
}

}  // namespace mish::builtins
