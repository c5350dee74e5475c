// SPDX-License-Identifier: GPL-3.0-or-later
// Input of read and mapfile: bytes of a descriptor shared with other processes, of which none may be consumed beyond
// what is used (XCU read). On a regular file blocks are read and the offset is set back; elsewhere byte by byte.
#ifndef MISH_BUILTINS_INPUT_READER_H_
#define MISH_BUILTINS_INPUT_READER_H_

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "shell/api/services.h"

namespace mish::builtins {

/// How much of a pipe may be taken at once.
enum class Appetite : uint8_t {
  Byte,        // nothing is known about where the input to be used ends
  Delimiter,   // everything up to the delimiter will be used
  Everything,  // everything up to the end of file will be used
};

/// Reads from one descriptor during one call of a builtin. At the end of its life the offset of the descriptor is just
/// behind the last byte that was consumed.
class InputReader {
 public:
  enum class Outcome : uint8_t { Byte, EndOfFile, TimedOut, Interrupted, Error };

  /// `deadline_ns`: monotonic time at which reading gives up, < 0 never.
  InputReader(api::BuiltinContext& context, int fd, int64_t deadline_ns, Appetite appetite = Appetite::Byte,
              char delimiter = '\n');
  ~InputReader();
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  /// The next byte in `c`.
  Outcome next(char& c) {
    if (position_ < limit_) [[likely]] {
      c = data_[position_++];
      return Outcome::Byte;
    }
    return next_slow(c);
  }
  /// What is in memory already, unconsumed; empty on a pipe.
  std::string_view buffered() const { return {data_ + position_, limit_ - position_}; }
  void consume(size_t bytes) { position_ += bytes; }
  /// Fills the buffer of a regular file. False at the end of file, on errors and when the input cannot be read ahead.
  bool fill();
  /// While something else may read from the descriptor: the offset is put right before, looked at again afterwards.
  void suspend();
  void resume();
  bool reads_blocks() const { return is_file_; }
  /// errno of Error; signal number of Interrupted.
  int code() const { return code_; }

 private:
  Outcome next_slow(char& c);
  Outcome wait_for_input();
  ssize_t read_pipe();
  void go_to(off_t offset);

  api::BuiltinContext& context_;
  int fd_;
  int64_t deadline_ns_;
  Appetite appetite_;
  char delimiter_;
  bool is_file_ = false;
  bool is_pipe_ = false;
  bool must_wait_ = false;  // a signal may have to end the wait, or time
  const char* data_ = nullptr;
  size_t position_ = 0;
  size_t limit_ = 0;
  off_t start_ = 0;         // offset of data_[0]
  off_t entry_offset_ = 0;  // offset of the descriptor now
  int code_ = 0;
};

/// Monotonic clock in nanoseconds.
int64_t monotonic_ns();

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_INPUT_READER_H_
