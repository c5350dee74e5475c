// SPDX-License-Identifier: GPL-3.0-or-later
// Where lines of program text come from. A Source hands out one line at a time, so that a shell reading its script from
// a pipe or terminal consumes not a byte beyond the command it runs (XCU sh, STDIN).
#ifndef MISH_SHELL_SYNTAX_SOURCE_H_
#define MISH_SHELL_SYNTAX_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shell/base/private_fd.h"

namespace mish::syntax {

/// What a line is wanted for: the front end prompts with PS1 or PS2.
enum class LinePurpose : uint8_t { FirstLine, Continuation };

class Source {
 public:
  enum class Status : uint8_t { Line, EndOfFile, Error, Interrupted };
  virtual ~Source() = default;
  /// The next line with its newline (the last line of a file may lack it) in `line`; valid until the next call. Never
  /// empty. What need not be read line by line (a string, a script file) comes in pieces of any size instead.
  /// Error: `error()` tells the errno.  Interrupted: the line being edited was abandoned (Ctrl-C).
  virtual Status next_line(LinePurpose purpose, std::string_view& line) = 0;
  virtual int error() const { return 0; }
  /// Whether it is certain that nothing is left to hand out.
  virtual bool is_exhausted() const { return false; }
  /// Whether lines come one by one from something that must not be read ahead (stdin) or from a terminal.
  virtual bool is_interactive() const { return false; }
};

/// Text in memory (-c, eval, trap actions, prompts). The text is borrowed and must outlive the source.
class StringSource final : public Source {
 public:
  explicit StringSource(std::string_view text) : text_(text) {}
  Status next_line(LinePurpose purpose, std::string_view& line) override;
  bool is_exhausted() const override { return text_.empty(); }

 private:
  std::string_view text_;
};

/// A script file, read and handed out in large blocks.
class FileSource final : public Source {
 public:
  explicit FileSource(UniqueFd fd);
  ~FileSource() override;
  Status next_line(LinePurpose purpose, std::string_view& line) override;
  int error() const override { return error_; }
  /// What is read from, to wait for.
  int fd() const { return fd_.get(); }

 private:
  PrivateFd fd_;
  std::unique_ptr<char[]> buffer_;
  size_t size_ = 0;          // bytes, of the buffer
  bool was_filled_ = false;  // by the last read: more is likely to come
  bool at_end_ = false;
  int error_ = 0;
};

/// Standard input shared with the commands that are run: on a seekable file read in blocks and the offset set back
/// to the end of the line before it is handed out; byte by byte otherwise. `fd` is not owned.
class SharedInputSource final : public Source {
 public:
  explicit SharedInputSource(int fd) : fd_(fd) {}
  Status next_line(LinePurpose purpose, std::string_view& line) override;
  int error() const override { return error_; }

 private:
  int fd_;
  std::string line_;
  int error_ = 0;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_SOURCE_H_
