// SPDX-License-Identifier: GPL-3.0-or-later
// Owned file descriptors and the few system calls on them that every part of the shell needs, each retried on EINTR
// where that is right. Every descriptor made here is close-on-exec.
#ifndef MISH_SHELL_BASE_FD_H_
#define MISH_SHELL_BASE_FD_H_

#include <string>
#include <string_view>
#include <utility>

#include "shell/base/result.h"

namespace mish {

/// Owns one descriptor; closes it at the end of its life.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  explicit operator bool() const { return is_open(); }
  /// Gives up ownership.
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

/// pipe2(2) with O_CLOEXEC.
Result<Pipe> make_pipe();

/// The lowest descriptor the shell uses for itself; below it descriptors belong to the user.
inline constexpr int kFirstPrivateFd = 10;

/// Moves `fd` to a number of at least kFirstPrivateFd, close-on-exec, and closes the original also on failure.
/// Fails with the errno of fcntl(F_DUPFD_CLOEXEC).
Result<UniqueFd> move_above_9(UniqueFd fd);

/// A close-on-exec duplicate of `fd` at kFirstPrivateFd or higher; `fd` stays open.
Result<UniqueFd> duplicate_above_9(int fd);

/// open(2) with O_CLOEXEC, retried on EINTR. `path` must be NUL-terminated.
Result<UniqueFd> open_file(const char* path, int flags, unsigned mode = 0666);

Result<void> set_close_on_exec(int fd, bool on);

/// Asked when a signal interrupts a call that may wait for ever (write_all(), read_patiently()): whether a signal came
/// that ends what the call is for, so that it is not made again. Until it is set, never.
using InterruptJudge = bool (*)();
void set_interrupt_judge(InterruptJudge judge);

/// Writes all of `bytes`, waiting (poll) on EAGAIN, retried on EINTR unless the judge of interrupts says that it is
/// over. Fails with the errno of write(2); part may have been written.
Result<void> write_all(int fd, std::string_view bytes);

/// read(2), retried on EINTR. 0 is end of file.
Result<size_t> read_some(int fd, char* buffer, size_t size);

/// As read_some(), but fails with EINTR when the judge of interrupts says that it is over.
Result<size_t> read_patiently(int fd, char* buffer, size_t size);

/// Reads to end of file into `out` (appended).
Result<void> read_all(int fd, std::string& out);

/// Anonymous file in memory holding `bytes`, offset at its start (memfd_create(2)), close-on-exec.
Result<UniqueFd> memory_file(std::string_view bytes);

}  // namespace mish

#endif  // MISH_SHELL_BASE_FD_H_
