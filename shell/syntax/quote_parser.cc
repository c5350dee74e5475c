// SPDX-License-Identifier: GPL-3.0-or-later
// Quoting (XCU 2.2) and $'...' inside words.
#include <climits>

#include "shell/base/locale.h"
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

// $'...' (XCU 2.2.4). The input stands behind the opening quote.
void WordParser::parse_ansi_c(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  b.has_quotes = true;
  std::string text;
  bool truncated = false;  // an escape gave NUL: the rest of the string is dropped
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
      decode_escape(text, truncated);
      continue;
    }
    if (!truncated) text += c;
    if (c == '\n') {
      in.take_newline();
    } else {
      in.skip();
    }
  }
  if (text.empty()) {
    add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
  } else {
    add_text(b, text, true);
  }
}

// Behind the backslash of an escape of $'...'.
void WordParser::decode_escape(std::string& out, bool& truncated) {
  Input& in = *cx_.input;
  auto number = [&](int base, int most, uint32_t& value) {
    int n = 0;
    for (value = 0; n < most; ++n) {
      const int digit = hex_value(in.look_raw());
      if (digit < 0 || digit >= base) break;
      value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
      in.skip();
    }
    return n;
  };
  auto put_byte = [&](uint32_t value) {
    if (static_cast<char>(value) == '\0') truncated = true;
    if (!truncated) out += static_cast<char>(value);
  };
  const char c = in.look_raw();
  uint32_t value = 0;
  if (c >= '0' && c <= '7') {
    number(8, 3, value);
    put_byte(value);
    return;
  }
  if (c == '\n') {
    if (!truncated) out += "\\\n";
    in.take_newline();
    return;
  }
  in.skip();
  switch (c) {
    case 'a': put_byte('\a'); return;
    case 'b': put_byte('\b'); return;
    case 'e':
    case 'E': put_byte(27); return;
    case 'f': put_byte('\f'); return;
    case 'n': put_byte('\n'); return;
    case 'r': put_byte('\r'); return;
    case 't': put_byte('\t'); return;
    case 'v': put_byte('\v'); return;
    case '\\':
    case '\'':
    case '"':
    case '?': put_byte(static_cast<unsigned char>(c)); return;
    case 'x':
      if (in.look_raw() == '{') {  // bash: as many digits as there are, of which the last two count
        in.skip();
        number(16, INT_MAX, value);
        if (in.look_raw() == '}') in.skip();
        put_byte(value);
      } else if (number(16, 2, value) == 0) {
        if (!truncated) out += "\\x";
      } else {
        put_byte(value);
      }
      return;
    case 'u':
    case 'U':
      if (number(16, c == 'u' ? 4 : 8, value) == 0) {
        if (!truncated) (out += '\\') += c;
      } else if (value == 0) {
        truncated = true;
      } else if (!truncated) {
        append_character(out, value);
      }
      return;
    case 'c': {
      char control = in.look_raw();
      if (control == '\0' || control == '\'') {
        if (!truncated) out += "\\c";
        return;
      }
      in.skip();
      if (control == '\\' && in.look_raw() == '\\') in.skip();
      put_byte(control == '?' ? 127u : static_cast<uint32_t>(control) & 0x1f);
      return;
    }
    default:
      if (!truncated) (out += '\\') += c;
      return;
  }
}

}  // namespace mish::syntax
