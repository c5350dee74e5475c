// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-string helpers: character classes of the C locale, integers, growable text on an arena.
#ifndef MISH_SHELL_BASE_TEXT_H_
#define MISH_SHELL_BASE_TEXT_H_

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "shell/base/arena.h"

namespace mish {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_name_start(char c) { return is_alpha(c) || c == '_'; }
constexpr bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// Value of a hexadecimal digit, -1 if `c` is none.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Whether the texts differ in the case of ASCII letters at most. Not strncasecmp(3): a subshell that sets a trap would
/// have the dynamic linker look for it, at ten page faults.
bool equals_without_case(std::string_view a, std::string_view b);

/// Strict decimal integer: optional sign, digits, nothing else (no blanks). nullopt on any other text and on overflow.
std::optional<int64_t> parse_integer(std::string_view text);
/// As parse_integer, after trimming blanks at both ends (for test(1) operands and the like).
std::optional<int64_t> parse_integer_trimmed(std::string_view text);

/// The number of a process or of a descriptor: parse_integer() from 0 to INT32_MAX. nullopt on any other text.
std::optional<int> parse_id(std::string_view text);

/// Longest decimal of an int64_t, sign included.
inline constexpr size_t kMaxIntegerText = 20;
/// Writes the decimal of `value` at `out` (kMaxIntegerText bytes of room, not NUL-terminated); returns its length.
size_t format_integer(int64_t value, char* out);

std::string_view trim_blanks(std::string_view text);
/// Edit distance for "did you mean" suggestions (insertions, deletions, substitutions, transpositions), cut at `limit`:
/// returns limit + 1 when the distance is larger.
int edit_distance(std::string_view a, std::string_view b, int limit);

/// Text that grows at the end, in an arena (capacity doubles; the old copy stays until the arena is released).
class TextBuffer {
 public:
  explicit TextBuffer(Arena& arena) : arena_(&arena) {}
  void push_back(char c) {
    if (size_ == capacity_) grow(1);
    data_[size_++] = c;
  }
  void append(std::string_view text) {
    if (text.size() > capacity_ - size_) grow(text.size());
    if (!text.empty()) std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void clear() { size_ = 0; }
  void truncate(size_t size) { size_ = size; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  char* data() { return data_; }
  char& operator[](size_t i) { return data_[i]; }
  char back() const { return data_[size_ - 1]; }
  std::string_view view() const { return {data_, size_}; }
  /// NUL-terminates (the NUL is not counted) and returns the text. The buffer may go on growing afterwards.
  std::string_view finish() {
    if (size_ == capacity_) grow(1);
    data_[size_] = '\0';
    return {data_, size_};
  }

 private:
  void grow(size_t more);
  Arena* arena_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_TEXT_H_
