// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/escape.h"

#include <cstring>
#include <string>

#include "shell/base/locale.h"
#include "shell/base/simple_escape.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

/// The byte of a one-letter escape, 0 if `c` is none in this style.
char simple_escape(char c, EscapeStyle style) {
  const bool is_quote = c == '"' || c == '\'' || c == '?';
  if (is_quote && style != EscapeStyle::PrintfFormat) return '\0';
  if (c == 'E' && style == EscapeStyle::PosixEcho) return '\0';
  return mish::simple_escape(c);
}

/// Up to `limit` octal digits from text[at] on.
char read_octal(std::string_view text, size_t& at, size_t limit) {
  unsigned value = 0;
  for (size_t n = 0; n < limit && at < text.size() && text[at] >= '0' && text[at] <= '7'; ++n, ++at) {
    value = value * 8 + static_cast<unsigned>(text[at] - '0');
  }
  return static_cast<char>(value);
}

void put_character(char32_t code, bool is_long, Output& out) {
  if (code < 0x80) {
    out.put(static_cast<char>(code));
  } else if (is_multibyte_locale()) {
    std::string bytes;
    append_utf8(bytes, code);
    out.write(bytes);
  } else if (is_long && code > 0xffff) {
    out.print("\\U{:08X}", static_cast<uint32_t>(code));
  } else {
    out.print("\\u{:04X}", static_cast<uint32_t>(code));
  }
}

/// \xHH, \uHHHH, \UHHHHHHHH; `at` is behind the letter.
bool put_hexadecimal(std::string_view text, size_t& at, char letter, Output& out) {
  size_t limit = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
  uint32_t value = 0;
  size_t digits = 0;
  while (digits < limit && at < text.size() && hex_value(text[at]) >= 0) {
    value = value * 16 + static_cast<uint32_t>(hex_value(text[at++]));
    ++digits;
  }
  if (digits == 0) {
    out.put('\\');
    out.put(letter);
    return false;
  }
  if (letter == 'x') {
    out.put(static_cast<char>(value));
  } else {
    put_character(value, letter == 'U', out);
  }
  return true;
}

}  // namespace

EscapeOutcome put_escape(std::string_view text, size_t& at, EscapeStyle style, Output& out) {
  if (at + 1 >= text.size()) {
    ++at;
    out.put('\\');
    return EscapeOutcome::Done;
  }
  char c = text[at + 1];
  at += 2;
  if (char byte = simple_escape(c, style); byte != '\0') {
    out.put(byte);
    return EscapeOutcome::Done;
  }
  if (c == 'c' && style != EscapeStyle::PrintfFormat) return EscapeOutcome::Stop;
  if (c == '0' && style != EscapeStyle::PrintfFormat) {
    out.put(read_octal(text, at, 3));
    return EscapeOutcome::Done;
  }
  if (c >= '0' && c <= '7' && style != EscapeStyle::Echo) {
    --at;
    out.put(read_octal(text, at, 3));
    return EscapeOutcome::Done;
  }
  if ((c == 'x' || c == 'u' || c == 'U') && style != EscapeStyle::PosixEcho) {
    return put_hexadecimal(text, at, c, out) ? EscapeOutcome::Done : EscapeOutcome::MissingHexDigit;
  }
  out.put('\\');
  if (c == '%' && style == EscapeStyle::PrintfFormat) {
    --at;  // begins a conversion all the same
  } else {
    out.put(c);
  }
  return EscapeOutcome::Done;
}

bool put_escaped(std::string_view text, EscapeStyle style, Output& out) {
  size_t at = 0;
  while (at < text.size()) {
    size_t backslash = text.find('\\', at);
    if (backslash == std::string_view::npos) {
      out.write(text.substr(at));
      return true;
    }
    out.write(text.substr(at, backslash - at));
    at = backslash;
    if (put_escape(text, at, style, out) == EscapeOutcome::Stop) return false;
  }
  return true;
}

}  // namespace mish::builtins
