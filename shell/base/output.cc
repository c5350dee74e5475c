// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <new>

#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish {

namespace {
constexpr size_t kBufferSize = 16 * 1024;
// A start, or a child, that says a few words touches no more memory than these: two page faults less.
constexpr size_t kFirstSize = 1024;
}  // namespace

Output::~Output() { std::free(begin_); }

bool Output::flush() {
  if (cursor_ != begin_) {
    std::string_view bytes(begin_, static_cast<size_t>(cursor_ - begin_));
    cursor_ = begin_;
    put_through(bytes);
  }
  return error_ == 0;
}

void Output::put_through(std::string_view bytes) {
  if (memory_ != nullptr) {
    memory_->append(bytes);
    return;
  }
  if (error_ == EINTR) return;  // a signal ended what writes: it would only wait again
  if (Result<void> written = write_all(fd_, bytes); !written && error_ == 0) error_ = written.code();
}

void Output::make_room(size_t need) {
  const size_t used = static_cast<size_t>(cursor_ - begin_);
  size_t size = static_cast<size_t>(limit_ - begin_);
  if (size < kBufferSize) {
    size = used + need <= kFirstSize ? kFirstSize : kBufferSize;
    char* grown = static_cast<char*>(std::realloc(begin_, size));
    if (grown == nullptr) throw std::bad_alloc();
    begin_ = grown;
    cursor_ = grown + used;
    limit_ = grown + size;
  }
  if (size - used < need) flush();
}

void Output::write_slow(std::string_view text) {
  make_room(text.size());
  if (text.size() <= static_cast<size_t>(limit_ - cursor_)) return write(text);
  put_through(text);
}

void Output::write_integer(int64_t value) {
  char digits[kMaxIntegerText];
  write({digits, format_integer(value, digits)});
}

void Output::vprint(fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer buffer;
  fmt::vformat_to(std::back_inserter(buffer), format, args);
  write({buffer.data(), buffer.size()});
}

void Output::redirect_to_fd(int fd) {
  flush();
  memory_ = nullptr;
  fd_ = fd;
}

void Output::redirect_to_memory(std::string* memory) {
  flush();
  memory_ = memory;
}

}  // namespace mish
