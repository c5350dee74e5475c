// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/locale.h"

#include <langinfo.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstring>

#include "shell/base/text.h"

namespace mish {

bool g_multibyte = false;
uint32_t g_locale_generation = 0;

namespace {

bool g_c_collation = true;
bool g_is_deferred = false;  // C.UTF-8 is in force but setlocale(3) was not told yet
bool g_was_set = false;      // setlocale(3) was called at least once

constexpr std::string_view kClasses[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                         "lower", "print", "punct", "space", "upper", "xdigit"};

bool is_standard_class(std::string_view name) {
  return std::find(std::begin(kClasses), std::end(kClasses), name) != std::end(kClasses);
}

bool is_c_name(std::string_view name) { return name.empty() || name == "C" || name == "POSIX"; }

bool is_c_utf8_name(std::string_view name) {
  if (!name.starts_with("C.")) return false;
  name.remove_prefix(2);
  return name == "UTF-8" || name == "utf8" || name == "UTF8" || name == "utf-8";
}

std::string_view effective(const LocaleSettings& settings, std::string_view category) {
  if (!settings.lc_all.empty()) return settings.lc_all;
  return !category.empty() ? category : settings.lang;
}

/// setlocale(3) for one category; a locale that does not exist counts as C. Returns whether it exists.
bool set_category(int category, std::string_view name) {
  std::string text(name.empty() ? "C" : name);
  if (setlocale(category, text.c_str()) != nullptr) return true;
  setlocale(category, "C");
  return false;
}

bool ascii_is_in_class(unsigned char c, std::string_view name) {
  bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
  bool digit = c >= '0' && c <= '9', is_graph = c > 0x20 && c < 0x7f;
  if (name == "alpha") return is_upper || is_lower;
  if (name == "digit") return digit;
  if (name == "alnum") return is_upper || is_lower || digit;
  if (name == "upper") return is_upper;
  if (name == "lower") return is_lower;
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "punct") return is_graph && !(is_upper || is_lower || digit);
  if (name == "print") return c >= 0x20 && c < 0x7f;
  if (name == "graph") return is_graph;
  if (name == "cntrl") return c < 0x20 || c == 0x7f;
  if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return false;
}

/// The wide character of the C library for `code`, WEOF if there is none.
wint_t wide(char32_t code) {
  if (g_multibyte) {
    activate_locale();
    return code < kInvalidByte ? static_cast<wint_t>(code) : WEOF;
  }
  return code < 256 ? btowc(static_cast<int>(code)) : WEOF;
}

/// Class of a name for iswctype(3), 0 if unknown.
wctype_t wide_class(std::string_view name) {
  char text[32];
  if (name.size() >= sizeof text || name.find('\0') != std::string_view::npos) return 0;
  std::memcpy(text, name.data(), name.size());
  text[name.size()] = '\0';
  return wctype(text);
}

/// Length of the run of ASCII bytes from text[at], looked at eight bytes at a time.
size_t ascii_run(std::string_view text, size_t at) {
  size_t i = at;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (uint64_t high = word & 0x8080808080808080u; high != 0) {
      return i - at + static_cast<size_t>(__builtin_ctzll(high) / 8);  // little-endian: the lowest byte comes first
    }
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i - at;
}

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

int compare_bytes(std::string_view a, std::string_view b) {
  size_t common = std::min(a.size(), b.size());
  if (common != 0) {
    if (int order = std::memcmp(a.data(), b.data(), common); order != 0) return sign(order);
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

}  // namespace

void set_locale(const LocaleSettings& settings) {
  ++g_locale_generation;
  std::string_view ctype = effective(settings, settings.lc_ctype);
  std::string_view collation = effective(settings, settings.lc_collate);
  std::string_view messages = effective(settings, settings.lc_messages);
  std::string_view numeric = effective(settings, settings.lc_numeric);
  std::string_view time = effective(settings, settings.lc_time);
  auto is_plain = [](std::string_view name) { return is_c_name(name) || is_c_utf8_name(name); };
  // C and C.UTF-8 differ only in the characters, which this file decodes itself: no file needs to be read for them.
  if (!g_was_set && is_plain(ctype) && is_plain(collation) && is_plain(messages) && is_plain(numeric) &&
      is_plain(time)) {
    g_multibyte = g_is_deferred = is_c_utf8_name(ctype);
    g_c_collation = true;
    return;
  }
  g_was_set = true;
  g_is_deferred = false;
  bool has_ctype = set_category(LC_CTYPE, ctype);
  bool has_collation = set_category(LC_COLLATE, collation);
  set_category(LC_MESSAGES, messages);
  set_category(LC_NUMERIC, numeric);
  set_category(LC_TIME, time);
  g_multibyte = has_ctype && !is_c_name(ctype) && std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  g_c_collation = !has_collation || is_plain(collation);
}

void activate_locale() {
  if (!g_is_deferred) return;
  g_is_deferred = false;
  g_was_set = true;
  if (setlocale(LC_CTYPE, "C.UTF-8") == nullptr) setlocale(LC_CTYPE, "C.utf8");
}

bool is_c_collation() { return g_c_collation; }

Character decode_utf8(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  auto is_tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  unsigned first = byte(0);
  size_t left = text.size() - at;
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first <= 0xDF && left >= 2 && is_tail(1)) return {(first & 0x1F) << 6 | (byte(1) & 0x3Fu), 2};
  if ((first & 0xF0) == 0xE0 && left >= 3 && is_tail(1) && is_tail(2)) {
    char32_t code = (first & 0x0F) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (first >= 0xF0 && first <= 0xF4 && left >= 4 && is_tail(1) && is_tail(2) && is_tail(3)) {
    char32_t code = (first & 0x07) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {kInvalidByte + first, 1};
}

Character decode(std::string_view text, size_t at) {
  if (!g_multibyte) return {static_cast<unsigned char>(text[at]), 1};
  return decode_utf8(text, at);
}

size_t count_characters(std::string_view text) {
  if (!g_multibyte) return text.size();
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    size_t run = ascii_run(text, at);
    count += run;
    at += run;
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
      at += decode_utf8(text, at).length;
      ++count;
    }
  }
  return count;
}

size_t character_offset(std::string_view text, size_t n) {
  if (!g_multibyte) return std::min(n, text.size());
  size_t at = 0;
  while (at < text.size() && n > 0) {
    if (size_t run = std::min(ascii_run(text.substr(0, std::min(text.size(), at + n)), at), n); run > 0) {
      at += run;
      n -= run;
    } else {
      at += decode_utf8(text, at).length;
      --n;
    }
  }
  return at;
}

void append_utf8(std::string& out, char32_t code) {
  auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

void append_character(std::string& out, char32_t code) {
  if (code >= kInvalidByte) {
    out += static_cast<char>(code - kInvalidByte);
  } else if (g_multibyte || code >= 0x100) {
    append_utf8(out, code);
  } else {
    out += static_cast<char>(code);
  }
}

int character_width(char32_t code) {
  if (code < 0x20 || code == 0x7f) return 0;
  if (code < 0x7f || code >= kInvalidByte || !g_multibyte) return 1;
  activate_locale();
  int width = wcwidth(static_cast<wchar_t>(code));
  return width < 0 ? 0 : width;
}

int display_width(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    Character character = decode(text, at);
    width += character_width(character.code);
    at += character.length;
  }
  return width;
}

bool is_in_class(char32_t code, std::string_view name) {
  // The ASCII characters are in the same classes in every locale; only a class of the locale's own needs the library.
  if (code < 0x80 && is_standard_class(name)) return ascii_is_in_class(static_cast<unsigned char>(code), name);
  wint_t character = wide(code);
  if (character == WEOF) return false;
  wctype_t type = wide_class(name);
  return type != 0 && iswctype(character, type) != 0;
}

bool is_valid_class(std::string_view name) { return is_standard_class(name) || wide_class(name) != 0; }

char32_t to_upper(char32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  wint_t character = wide(code);
  if (character == WEOF) return code;
  wint_t upper = towupper(character);
  if (g_multibyte) return static_cast<char32_t>(upper);
  int byte = wctob(upper);
  return byte == EOF ? code : static_cast<unsigned char>(byte);
}

char32_t to_lower(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  wint_t character = wide(code);
  if (character == WEOF) return code;
  wint_t lower = towlower(character);
  if (g_multibyte) return static_cast<char32_t>(lower);
  int byte = wctob(lower);
  return byte == EOF ? code : static_cast<unsigned char>(byte);
}

int collate(std::string_view a, std::string_view b) {
  if (g_c_collation) return compare_bytes(a, b);
  // strcoll(3) stops at a NUL; a text with one is compared up to it, and then by bytes.
  std::string left(a), right(b);
  if (int order = strcoll(left.c_str(), right.c_str()); order != 0) return sign(order);
  return compare_bytes(a, b);
}

}  // namespace mish
