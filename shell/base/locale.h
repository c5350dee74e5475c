// SPDX-License-Identifier: GPL-3.0-or-later
// Multibyte characters: decoding, display width, character classes, collation. In the C locale every byte is a
// character; in a UTF-8 locale an invalid byte is a character of its own, so that no text is ever lost or refused.
#ifndef MISH_SHELL_BASE_LOCALE_H_
#define MISH_SHELL_BASE_LOCALE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mish {

/// One decoded character. Invalid bytes decode as kInvalidByte + the byte, with length 1.
struct Character {
  char32_t code;
  uint8_t length;  // bytes
};
inline constexpr char32_t kInvalidByte = 0x110000;

/// Sets the process's locale from LC_ALL, LC_CTYPE, LC_COLLATE, LC_MESSAGES, LANG as given (empty = unset).
/// Cheap when all are empty or name C/POSIX: setlocale(3) is then never called.
struct LocaleSettings {
  std::string_view lc_all = {}, lc_ctype = {}, lc_collate = {}, lc_messages = {}, lc_numeric = {}, lc_time = {},
                   lang = {};
};
void set_locale(const LocaleSettings& settings);
/// Makes the process's locale really the one last set. set_locale() leaves setlocale(3) out for the C and C.UTF-8
/// locales until something of the C library needs it: call this before regcomp(3), strftime(3), Readline.
void activate_locale();

/// Whether characters may be longer than one byte (UTF-8 codeset).
extern bool g_multibyte;
inline bool is_multibyte_locale() { return g_multibyte; }
/// Grows with every set_locale(): what was computed for an earlier locale is then out of date.
extern uint32_t g_locale_generation;
/// Whether collation is plain byte order.
bool is_c_collation();

/// Decodes the character at text[at] (at < text.size()).
Character decode(std::string_view text, size_t at);
/// As decode(), as UTF-8 whatever the locale.
Character decode_utf8(std::string_view text, size_t at);
/// Length in bytes of the character at text[at]; 1 in the C locale.
inline size_t character_length(std::string_view text, size_t at) {
  if (!g_multibyte || static_cast<unsigned char>(text[at]) < 0x80) return 1;
  return decode(text, at).length;
}
/// Number of characters.
size_t count_characters(std::string_view text);
/// Byte offset of the character number `n` (text.size() if there are fewer).
size_t character_offset(std::string_view text, size_t n);
/// Appends the encoding of `code` in the current locale (UTF-8, or a byte; kInvalidByte+b gives b).
void append_character(std::string& out, char32_t code);
/// Appends UTF-8 whatever the locale.
void append_utf8(std::string& out, char32_t code);
/// Columns on a terminal; combining characters 0, wide ones 2, control characters 0.
int display_width(std::string_view text);
int character_width(char32_t code);

/// Whether `code` belongs to the class `name` ("alpha", "digit", ..., XBD 7.3.1). False for an unknown class.
bool is_in_class(char32_t code, std::string_view name);
bool is_valid_class(std::string_view name);
char32_t to_upper(char32_t code);
char32_t to_lower(char32_t code);

/// strcoll(3) on byte strings (NULs compare as bytes); ties in a locale are broken by byte order.
int collate(std::string_view a, std::string_view b);

}  // namespace mish

#endif  // MISH_SHELL_BASE_LOCALE_H_
