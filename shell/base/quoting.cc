// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/quoting.h"

#include <array>

#include "shell/base/locale.h"

namespace mish {
namespace {

/// What a byte asks for when a string is written as shell input.
enum ByteKind : uint8_t {
  kPlain,
  kActive,   // has a meaning to the shell somewhere
  kControl,  // not printable
  kHigh,     // part of a multibyte character, or an invalid byte
};

constexpr std::array<uint8_t, 256> make_table(std::string_view active) {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < 256; ++c) table[c] = c < 0x20 || c == 0x7f ? kControl : c >= 0x80 ? kHigh : kPlain;
  for (char c : active) table[static_cast<unsigned char>(c)] = kActive;
  return table;
}

constexpr auto kTable = make_table(" '\"\\|&;()<>!{}*[]?^$`#~");
/// Bytes that printf %q escapes wherever they stand.
constexpr auto kBackslashTable = make_table(" '\"\\|&;()<>!{}*[]?^$`,");

uint8_t kind_of(char c) { return kTable[static_cast<unsigned char>(c)]; }

/// Whether the character at text[at] can be shown as it is; `length` gets its bytes.
bool is_printable_at(std::string_view text, size_t at, size_t& length) {
  length = 1;
  unsigned char byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return byte >= 0x20 && byte != 0x7f;
  if (!is_multibyte_locale()) return false;
  Character character = decode(text, at);
  length = character.length;
  return character.code < kInvalidByte && is_in_class(character.code, "print");
}

bool has_unprintable(std::string_view text) {
  size_t length;
  for (size_t at = 0; at < text.size(); at += length) {
    if (!is_printable_at(text, at, length)) return true;
  }
  return false;
}

void append_octal(std::string& out, char c) {
  unsigned byte = static_cast<unsigned char>(c);
  out += '\\';
  out += static_cast<char>('0' + (byte >> 6));
  out += static_cast<char>('0' + ((byte >> 3) & 7));
  out += static_cast<char>('0' + (byte & 7));
}

/// The letter of a C escape (without the backslash) for control character `c`, 0 if it has none.
char escape_letter(char c) {
  switch (c) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return 0;
  }
}

}  // namespace

bool needs_quoting(std::string_view text) {
  if (text.empty()) return true;
  size_t length;
  for (size_t at = 0; at < text.size(); at += length) {
    length = 1;
    switch (kind_of(text[at])) {
      case kPlain: break;
      case kActive:
        if (text[at] == '#' && at != 0) break;  // begins a comment only at the start of a word
        return true;
      case kControl: return true;
      case kHigh:
        if (!is_printable_at(text, at, length)) return true;
        // A blank of the locale separates words in no shell, but a reader (or another shell) may think so.
        if (is_in_class(decode(text, at).code, "space")) return true;
        break;
    }
  }
  return false;
}

std::string quote_single(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '\'';
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  out += '\'';
  return out;
}

std::string quote_ansi_c(std::string_view text) {
  std::string out = "$'";
  size_t length;
  for (size_t at = 0; at < text.size(); at += length) {
    char c = text[at];
    if (c == '\\' || c == '\'') {
      out += '\\';
      out += c;
      length = 1;
    } else if (is_printable_at(text, at, length)) {
      out += text.substr(at, length);
    } else if (char letter = c == '\033' ? 'E' : escape_letter(c)) {
      out += '\\';
      out += letter;
      length = 1;
    } else {
      for (size_t i = 0; i < length; ++i) append_octal(out, text[at + i]);
    }
  }
  out += '\'';
  return out;
}

std::string quote(std::string_view text, bool ansi_c) {
  if (!needs_quoting(text)) return std::string(text);
  return ansi_c && has_unprintable(text) ? quote_ansi_c(text) : quote_single(text);
}

std::string quote_backslash(std::string_view text) {
  if (text.empty()) return "''";
  if (has_unprintable(text)) return quote_ansi_c(text);
  std::string out;
  out.reserve(text.size() + 8);
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    bool is_escaped = kBackslashTable[static_cast<unsigned char>(c)] == kActive || (c == '#' && at == 0) ||
                      (c == '~' && (at == 0 || text[at - 1] == ':' || text[at - 1] == '='));
    if (is_escaped) out += '\\';
    out += c;
  }
  return out;
}

std::string quote_double(std::string_view text) {
  if (has_unprintable(text)) return quote_ansi_c(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

std::string quote_json(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      Character character = decode_utf8(text, at);
      append_utf8(out, character.code >= kInvalidByte ? U'\uFFFD' : character.code);
      at += character.length;
      continue;
    }
    ++at;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else if (char letter = escape_letter(c); letter != 0 && letter != 'a' && letter != 'v') {
      out += '\\';
      out += letter;
    } else {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out += '"';
  return out;
}

std::string printable(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  size_t length;
  for (size_t at = 0; at < text.size(); at += length) {
    char c = text[at];
    if (is_printable_at(text, at, length)) {
      out += text.substr(at, length);
    } else if (char letter = escape_letter(c)) {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += "\\x";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      for (size_t i = 0; i < length; ++i) append_octal(out, text[at + i]);
    }
  }
  return out;
}

}  // namespace mish
