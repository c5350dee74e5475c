// SPDX-License-Identifier: GPL-3.0-or-later
// Buffered output over a descriptor or into memory. Every builtin writes here, never to a descriptor, so that a command
// substitution captures it without a pipe. An error is remembered and reported once, by whoever flushes.
#ifndef MISH_SHELL_BASE_OUTPUT_H_
#define MISH_SHELL_BASE_OUTPUT_H_

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mish {

class Output {
 public:
  /// Writes to `fd` (not owned) whenever the buffer is full and at flush().
  explicit Output(int fd) : fd_(fd) {}
  /// Collects everything in `memory` (not owned; appended).
  explicit Output(std::string& memory) : memory_(&memory) {}
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void put(char c) {
    if (cursor_ == limit_) make_room(1);
    *cursor_++ = c;
  }
  void write(std::string_view text) {
    if (text.size() <= static_cast<size_t>(limit_ - cursor_)) [[likely]] {
      if (!text.empty()) std::memcpy(cursor_, text.data(), text.size());
      cursor_ += text.size();
    } else {
      write_slow(text);
    }
  }
  void write_integer(int64_t value);
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    vprint(format, fmt::make_format_args(args...));
  }
  void vprint(fmt::string_view format, fmt::format_args args);

  /// Hands what is buffered to the descriptor or the memory. False when this or an earlier write failed; see error().
  bool flush();
  /// errno of the first failed write since clear_error(), 0 if none. After EINTR (see write_all()) nothing more is
  /// written until then.
  int error() const { return error_; }
  void clear_error() { error_ = 0; }
  /// Drops what is buffered (a forked child must not write its parent's text again).
  void discard() { cursor_ = begin_; }
  bool has_pending() const { return cursor_ != begin_; }
  std::string_view pending() const { return {begin_, static_cast<size_t>(cursor_ - begin_)}; }

  /// Where the bytes go. Changing the target flushes first.
  int fd() const { return fd_; }
  bool is_captured() const { return memory_ != nullptr; }
  std::string* memory() const { return memory_; }
  void redirect_to_fd(int fd);
  void redirect_to_memory(std::string* memory);

 private:
  void make_room(size_t need);
  void write_slow(std::string_view text);
  void put_through(std::string_view bytes);

  char* begin_ = nullptr;  // buffer, allocated at first use; a little one, and the whole when it is full
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  int fd_ = -1;
  int error_ = 0;
  std::string* memory_ = nullptr;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_OUTPUT_H_
