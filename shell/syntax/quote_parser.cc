// SPDX-License-Identifier: GPL-3.0-or-later
// Quoting (XCU 2.2) and $'...' inside words.
#include <fmt/format.h>

#include <climits>

#include "shell/base/locale.h"
#include "shell/base/simple_escape.h"
#include "shell/base/text.h"
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

void WordParser::parse_single_quotes(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position() + 1;
  const size_t end = in.find('\'', start);
  if (end == std::string_view::npos) cx_.fail_unclosed("'", "quote", line);
  b.has_quotes = true;
  if (end == start) {
    add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
  } else {
    add_text(b, in.view(start, end), true);
  }
  in.take_until(end + 1);
}

void WordParser::parse_double_quotes(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  b.has_quotes = true;
  flush(b);
  b.text_quoted = true;
  const bool outer_is_document = std::exchange(in_document_, false);
  const size_t parts_before = parts_.size();
  for (;;) {
    const char* p = in.data() + in.position();
    const char* run = p;
    while (!has_class(*p, kDoubleQuoteStop)) ++p;
    if (p != run) {
      add_text(b, {run, static_cast<size_t>(p - run)}, true);
      in.skip(static_cast<size_t>(p - run));
    }
    const char c = in.current();
    if (c == '\0' && in.fill()) continue;
    switch (c) {
      case '\0': cx_.fail_unclosed("\"", "quote", line);
      case '"':
        in.skip();
        if (parts_.size() == parts_before && text_.size() == b.text_mark) {
          add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
        }
        in_document_ = outer_is_document;
        return;
      case '\n':
        add_char(b, c, true);
        in.take_newline();
        break;
      case '$': parse_dollar(b, true); break;
      case '`': parse_backquotes(b, true, true); break;
      default: {  // backslash
        const char next = in.look_ahead(1);
        if (next == '\n') {
          in.skip();
          in.take_newline();
        } else if (next == '$' || next == '`' || next == '"' || next == '\\') {
          add_char(b, next, true);
          in.skip(2);
        } else {
          add_char(b, c, true);
          in.skip();
        }
      }
    }
  }
}

// What a $'...' stands for so far. An escape that gives NUL drops the rest of the string.
class WordParser::AnsiCText {
 public:
  void put(std::string_view text) {
    if (!truncated_) text_ += text;
  }
  void put_byte(uint32_t value) {
    const char byte = static_cast<char>(value);
    if (byte == '\0') truncated_ = true;
    put({&byte, 1});
  }
  void put_character(uint32_t code_point) {
    if (code_point == 0) truncated_ = true;
    if (truncated_) return;
    if (code_point < 0x80 || is_multibyte_locale()) {
      append_character(text_, code_point);
    } else {  // as `echo -e` and bash: what the locale has no character for stays an escape
      text_ += code_point > 0xffff ? fmt::format("\\U{:08X}", code_point) : fmt::format("\\u{:04X}", code_point);
    }
  }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
  bool truncated_ = false;
};

// $'...' (XCU 2.2.4). The input stands behind the opening quote.
void WordParser::parse_ansi_c(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  b.has_quotes = true;
  AnsiCText text;
  for (;;) {
    const char c = in.look_raw();
    if (c == '\0') cx_.fail_unclosed("'", "$' quote", line);
    if (c == '\'') {
      in.skip();
      break;
    }
    if (c == '\\') {
      in.skip();
      if (in.look_raw() == '\0') cx_.fail_unclosed("'", "$' quote", line);
      decode_escape(text);
      continue;
    }
    text.put({&c, 1});
    if (c == '\n') {
      in.take_newline();
    } else {
      in.skip();
    }
  }
  if (text.text().empty()) {
    add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
  } else {
    add_text(b, text.text(), true);
  }
}

namespace {

// Reads at most `most` digits of a number; returns how many there were.
int read_digits(Input& in, int base, int most, uint32_t& value) {
  int n = 0;
  for (value = 0; n < most; ++n) {
    const int digit = hex_value(in.look_raw());
    if (digit < 0 || digit >= base) break;
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
    in.skip();
  }
  return n;
}

}  // namespace

// Behind the backslash of an escape of $'...'.
void WordParser::decode_escape(AnsiCText& text) {
  Input& in = *cx_.input;
  const char c = in.look_raw();
  uint32_t value = 0;
  if (c >= '0' && c <= '7') {
    read_digits(in, 8, 3, value);
    text.put_byte(value);
    return;
  }
  if (c == '\n') {
    text.put("\\\n");
    in.take_newline();
    return;
  }
  in.skip();
  if (const char byte = simple_escape(c); byte != '\0') {
    text.put({&byte, 1});
    return;
  }
  switch (c) {
    case 'x': decode_hexadecimal(text); return;
    case 'u':
    case 'U':
      if (read_digits(in, 16, c == 'u' ? 4 : 8, value) == 0) {
        text.put(c == 'u' ? "\\u" : "\\U");
      } else {
        text.put_character(value);
      }
      return;
    case 'c': decode_control(text); return;
    default: {
      const char both[] = {'\\', c};
      text.put({both, 2});
    }
  }
}

// Behind `\x`.
void WordParser::decode_hexadecimal(AnsiCText& text) {
  Input& in = *cx_.input;
  uint32_t value = 0;
  if (in.look_raw() == '{') {  // bash: as many digits as there are, of which the last two count
    in.skip();
    read_digits(in, 16, INT_MAX, value);
    if (in.look_raw() == '}') in.skip();
    text.put_byte(value);
  } else if (read_digits(in, 16, 2, value) == 0) {
    text.put("\\x");
  } else {
    text.put_byte(value);
  }
}

// Behind `\c`.
void WordParser::decode_control(AnsiCText& text) {
  Input& in = *cx_.input;
  const char control = in.look_raw();
  if (control == '\0' || control == '\'') {
    text.put("\\c");
    return;
  }
  in.skip();
  if (control == '\\' && in.look_raw() == '\\') in.skip();
  text.put_byte(control == '?' ? 127u : static_cast<uint32_t>(control) & 0x1f);
}

}  // namespace mish::syntax
