// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/source.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mish::syntax {

namespace {
// The first block is small, for most scripts are: a large one would cost the heap a system call and pages nobody reads.
constexpr size_t kFirstBlock = 8 * 1024;
constexpr size_t kBlock = 64 * 1024;
constexpr size_t kSharedBlock = 4096;  // read ahead of a line on a seekable standard input
}  // namespace

Source::Status StringSource::next_line(LinePurpose, std::string_view& line) {
  if (text_.empty()) return Status::EndOfFile;
  line = text_;
  text_ = {};
  return Status::Line;
}

FileSource::FileSource(UniqueFd fd) : fd_(std::move(fd)) { fd_.mark_as_reader(); }
FileSource::~FileSource() = default;

Source::Status FileSource::next_line(LinePurpose, std::string_view& line) {
  if (at_end_) return Status::EndOfFile;
  if (const size_t wanted = was_filled_ ? kBlock : kFirstBlock; wanted > size_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(wanted);  // not filled with zeros
    size_ = wanted;
  }
  Result<size_t> got = read_patiently(fd_.get(), buffer_.get(), size_);
  if (!got) {
    if (got.code() == EINTR) return Status::Interrupted;
    error_ = got.code();
    return Status::Error;
  }
  if (*got == 0) {
    at_end_ = true;
    return Status::EndOfFile;
  }
  was_filled_ = *got == size_;
  line = {buffer_.get(), *got};
  return Status::Line;
}

Source::Status SharedInputSource::next_line(LinePurpose, std::string_view& line) {
  line_.clear();
  const bool seekable = ::lseek(fd_, 0, SEEK_CUR) >= 0;
  for (;;) {
    const size_t before = line_.size();
    line_.resize(before + (seekable ? kSharedBlock : 1));
    Result<size_t> got = read_patiently(fd_, line_.data() + before, line_.size() - before);
    if (!got) {
      if (got.code() == EINTR) return Status::Interrupted;
      error_ = got.code();
      return Status::Error;
    }
    line_.resize(before + *got);
    if (*got == 0) {
      line = line_;
      return line_.empty() ? Status::EndOfFile : Status::Line;
    }
    const size_t newline = line_.find('\n', before);
    if (newline == std::string::npos) continue;
    // What lies behind the newline belongs to the command that is about to run.
    if (const size_t ahead = line_.size() - newline - 1; ahead != 0) {
      if (::lseek(fd_, -static_cast<off_t>(ahead), SEEK_CUR) < 0) {
        error_ = errno;
        return Status::Error;
      }
      line_.resize(newline + 1);
    }
    line = line_;
    return Status::Line;
  }
}

}  // namespace mish::syntax
