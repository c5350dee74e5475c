// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/input_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "shell/base/fd.h"
#include "shell/base/private_fd.h"
#include "shell/process/signals.h"

namespace mish::builtins {

namespace {

constexpr size_t kBlock = 16 * 1024;

/// The block that was read last, kept for the next read on the same file. It is used again only if the file is the same
/// one, unchanged since long enough before the block was read that a later change would show in its times.
struct BlockCache {
  std::unique_ptr<char[]> bytes;
  dev_t device = 0;
  ino_t inode = 0;
  off_t start = 0;
  size_t size = 0;
  off_t file_size = 0;
  timespec modified = {};
  timespec changed = {};
  bool in_use = false;  // by a reader further down the stack (a trap action that reads)
};

BlockCache& cache() {
  static BlockCache the_cache;
  return the_cache;
}

bool is_same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

/// A private pipe to look into others: what tee(2) puts in is taken out again at once.
struct PeekPipe {
  PrivateFd read_end, write_end;
  bool is_usable = false;
  PeekPipe() {
    Result<Pipe> made = make_pipe();
    if (!made.ok()) return;
    Result<UniqueFd> output = move_above_9(std::move(made->read_end));
    Result<UniqueFd> input = move_above_9(std::move(made->write_end));
    if (!output.ok() || !input.ok()) return;
    read_end = std::move(*output);
    write_end = std::move(*input);
    read_end.mark_as_reader();
    write_end.mark_as_reader();
    is_usable = true;
  }
  bool is_open() const { return read_end.is_open() && write_end.is_open(); }
  /// Takes out the `size` bytes that were put in. After a failure the pipe is of no use any more.
  bool take(char* bytes, size_t size) {
    while (is_usable && size != 0) {
      Result<size_t> got = read_some(read_end.get(), bytes, size);
      is_usable = got.ok() && *got != 0;
      if (!is_usable) break;
      bytes += *got;
      size -= *got;
    }
    return is_usable;
  }
};

// Lines are short: a small look suffices for most, and costs less.
constexpr size_t kFirstPeek = 256;
constexpr size_t kPeek = 4096;
static_assert(kPeek <= kBlock);

std::unique_ptr<char[]>& pipe_buffer() {
  static std::unique_ptr<char[]> buffer = std::make_unique<char[]>(kBlock);
  return buffer;
}

/// Whether a change from now on is sure to alter `modified`: the clock of the file system ticks in milliseconds.
bool is_settled(const timespec& modified) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  int64_t age_ms = (now.tv_sec - modified.tv_sec) * 1000 + (now.tv_nsec - modified.tv_nsec) / 1000000;
  return age_ms > 50;
}

}  // namespace

int64_t monotonic_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

InputReader::InputReader(api::BuiltinContext& context, int fd, int64_t deadline_ns, Appetite appetite, char delimiter)
    : context_(context), fd_(fd), deadline_ns_(deadline_ns), appetite_(appetite), delimiter_(delimiter) {
  // Without a handler no signal can end the wait without ending the shell, so plain read(2) is enough.
  must_wait_ = deadline_ns >= 0 || process::catches_any();
  BlockCache& kept = cache();
  if (kept.in_use) return;
  struct stat status;
  if (fstat(fd, &status) != 0) return;
  is_pipe_ = S_ISFIFO(status.st_mode) && appetite != Appetite::Byte;
  if (!S_ISREG(status.st_mode)) return;
  off_t offset = lseek(fd, 0, SEEK_CUR);
  if (offset < 0) return;
  is_file_ = true;
  kept.in_use = true;
  entry_offset_ = offset;
  bool is_kept = kept.size != 0 && kept.inode == status.st_ino && kept.device == status.st_dev &&
                 kept.file_size == status.st_size && is_same_time(kept.modified, status.st_mtim) &&
                 is_same_time(kept.changed, status.st_ctim);
  if (is_kept && offset >= kept.start && offset < kept.start + static_cast<off_t>(kept.size)) {
    data_ = kept.bytes.get();
    start_ = kept.start;
    position_ = static_cast<size_t>(offset - kept.start);
    limit_ = kept.size;
    return;
  }
  kept.size = 0;
  kept.device = status.st_dev;
  kept.inode = status.st_ino;
  kept.file_size = status.st_size;
  kept.modified = status.st_mtim;
  kept.changed = status.st_ctim;
  start_ = offset;
}

InputReader::~InputReader() {
  if (!is_file_) return;
  BlockCache& kept = cache();
  kept.in_use = false;
  go_to(start_ + static_cast<off_t>(position_));
}

/// Leaves the offset of the file, which pread(2) has not moved, at `offset`. What was used must never be read again: a
/// file that does not seek any more is read up to there.
void InputReader::go_to(off_t offset) {
  if (offset == entry_offset_ || lseek(fd_, offset, SEEK_SET) >= 0) return;
  std::unique_ptr<char[]> used = std::make_unique<char[]>(kBlock);
  while (entry_offset_ < offset) {
    const auto size = std::min(offset - entry_offset_, static_cast<off_t>(kBlock));
    Result<size_t> got = read_some(fd_, used.get(), static_cast<size_t>(size));
    if (!got.ok() || *got == 0) return;
    entry_offset_ += static_cast<off_t>(*got);
  }
}

void InputReader::suspend() {
  if (!is_file_) return;
  cache().in_use = false;
  cache().size = 0;
  start_ += static_cast<off_t>(position_);
  position_ = limit_ = 0;
  go_to(start_);
}

void InputReader::resume() {
  if (!is_file_) return;
  cache().in_use = true;
  cache().size = 0;
  start_ = entry_offset_ = lseek(fd_, 0, SEEK_CUR);
  if (start_ >= 0) return;
  is_file_ = false;  // byte by byte from here
  cache().in_use = false;
}

bool InputReader::fill() {
  if (!is_file_) return false;
  BlockCache& kept = cache();
  if (kept.bytes == nullptr) kept.bytes = std::make_unique<char[]>(kBlock);
  start_ += static_cast<off_t>(position_);
  position_ = limit_ = 0;
  data_ = kept.bytes.get();
  kept.size = 0;
  ssize_t n;
  do {
    n = pread(fd_, kept.bytes.get(), kBlock, start_);
  } while (n < 0 && errno == EINTR);
  if (n < 0) code_ = errno;
  if (n <= 0) return false;
  limit_ = static_cast<size_t>(n);
  if (is_settled(kept.modified) && is_settled(kept.changed)) {
    kept.start = start_;
    kept.size = limit_;
  }
  return true;
}

InputReader::Outcome InputReader::wait_for_input() {
  while (true) {
    int timeout_ms = -1;
    if (deadline_ns_ >= 0) {
      int64_t rest = deadline_ns_ - monotonic_ns();
      timeout_ms =
          rest <= 0 ? 0
                    : static_cast<int>((rest + 999999) / 1000000 > INT32_MAX ? INT32_MAX : (rest + 999999) / 1000000);
    }
    int ready = context_.services.wait_readable(fd_, timeout_ms);
    if (ready > 0) return Outcome::Byte;
    if (ready == 0) return Outcome::TimedOut;
    code_ = context_.services.pending_trap_signal();
    if (code_ != 0) return Outcome::Interrupted;
  }
}

/// Takes from a pipe what is sure to be used into the buffer: all there is, or up to the delimiter. As read(2).
ssize_t InputReader::read_pipe() {
  char* buffer = pipe_buffer().get();
  data_ = buffer;
  position_ = 0;
  size_t wanted = kBlock;
  if (appetite_ == Appetite::Delimiter) {
    // A forked child makes its own: two processes must not put their looks into one pipe.
    static std::unique_ptr<PeekPipe> peek;
    static pid_t owner = 0;
    // So does one whose script closed all numbers there are.
    if (pid_t self = getpid(); owner != self || (peek->is_usable && !peek->is_open())) {
      peek = std::make_unique<PeekPipe>();
      owner = self;
    }
    if (!peek->is_usable) {
      is_pipe_ = false;
      limit_ = 0;
      errno = EINTR;  // once more, byte by byte
      return -1;
    }
    ssize_t seen = tee(fd_, peek->write_end.get(), limit_ == 0 ? kFirstPeek : kPeek, 0);
    limit_ = 0;
    if (seen <= 0) {
      if (seen < 0 && errno == EINVAL) {
        is_pipe_ = false;
        errno = EINTR;
      }
      return seen;
    }
    if (!peek->take(buffer, static_cast<size_t>(seen))) {
      is_pipe_ = false;
      errno = EINTR;  // nothing was consumed: once more, byte by byte
      return -1;
    }
    const void* end = std::memchr(buffer, delimiter_, static_cast<size_t>(seen));
    wanted =
        end == nullptr ? static_cast<size_t>(seen) : static_cast<size_t>(static_cast<const char*>(end) - buffer) + 1;
  }
  limit_ = 0;
  ssize_t n = ::read(fd_, buffer, wanted);
  if (n > 0) limit_ = static_cast<size_t>(n);
  return n;
}

InputReader::Outcome InputReader::next_slow(char& c) {
  if (is_file_) {
    if (fill()) return next(c);
    return code_ != 0 ? Outcome::Error : Outcome::EndOfFile;
  }
  while (true) {
    if (must_wait_) {
      Outcome outcome = wait_for_input();
      if (outcome != Outcome::Byte) return outcome;
    }
    ssize_t n = 0;
    if (is_pipe_) {
      n = read_pipe();
      if (n > 0) {
        c = data_[position_++];
        return Outcome::Byte;
      }
      if (!is_pipe_) continue;
    } else {
      n = ::read(fd_, &c, 1);
      if (n == 1) return Outcome::Byte;
    }
    if (n == 0) return Outcome::EndOfFile;
    if (errno == EINTR) {
      code_ = context_.services.pending_trap_signal();
      if (code_ != 0) return Outcome::Interrupted;
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // Somebody made the descriptor non-blocking: wait as if it were not.
      Outcome outcome = wait_for_input();
      if (outcome != Outcome::Byte) return outcome;
      continue;
    }
    code_ = errno;
    return Outcome::Error;
  }
}

}  // namespace mish::builtins
