// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shell/base/retry.h"

namespace mish {

namespace {

InterruptJudge g_interrupt_judge = nullptr;

bool is_over() { return g_interrupt_judge != nullptr && g_interrupt_judge(); }

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) close_surely(fd_);
  fd_ = fd;
}

// With a standard descriptor closed an end could take its place, and the other end, made standard output, would close
// it.
static Result<UniqueFd> leave_standard(UniqueFd fd) {
  return fd.get() > STDERR_FILENO ? Result<UniqueFd>(std::move(fd)) : move_above_9(std::move(fd));
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Errno::last();
  UniqueFd write_end(ends[1]);
  Result<UniqueFd> read = leave_standard(UniqueFd(ends[0]));
  if (!read.ok()) return read.error();
  Result<UniqueFd> write = leave_standard(std::move(write_end));
  if (!write.ok()) return write.error();
  return Pipe{std::move(*read), std::move(*write)};
}

Result<UniqueFd> duplicate_above_9(int fd) {
  int copy = retry_interrupted([&] { return fcntl(fd, F_DUPFD_CLOEXEC, kFirstPrivateFd); });
  if (copy < 0) return Errno::last();
  return UniqueFd(copy);
}

Result<UniqueFd> move_above_9(UniqueFd fd) {
  if (fd.get() >= kFirstPrivateFd) return fd;
  return duplicate_above_9(fd.get());
}

Result<UniqueFd> open_file(const char* path, int flags, unsigned mode) {
  for (;;) {
    int fd = open(path, flags | O_CLOEXEC, mode);
    if (fd >= 0) return UniqueFd(fd);
    if (errno != EINTR) return Errno::last();
  }
}

Result<void> set_close_on_exec(int fd, bool on) {
  int flags = retry_interrupted([&] { return fcntl(fd, F_GETFD); });
  if (flags < 0) return Errno::last();
  int wanted = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
  if (wanted != flags && retry_interrupted([&] { return fcntl(fd, F_SETFD, wanted); }) != 0) return Errno::last();
  return {};
}

void set_interrupt_judge(InterruptJudge judge) { g_interrupt_judge = judge; }

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
      if (!bytes.empty() && is_over()) return Errno(EINTR);  // a signal also makes a write short
      continue;
    }
    if (errno == EAGAIN && fd >= 0) {
      pollfd wait{fd, POLLOUT, 0};
      if (poll(&wait, 1, -1) >= 0) continue;
    }
    if (errno != EINTR || is_over()) return Errno::last();
  }
  return {};
}

Result<size_t> read_some(int fd, char* buffer, size_t size) {
  for (;;) {
    Result<size_t> n = read_patiently(fd, buffer, size);
    if (n || n.code() != EINTR) return n;
  }
}

Result<size_t> read_patiently(int fd, char* buffer, size_t size) {
  for (;;) {
    ssize_t n = read(fd, buffer, size);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR || is_over()) return Errno::last();
  }
}

Result<void> read_all(int fd, std::string& out) {
  // On the stack, where what is not filled costs nothing: made in `out`, each 4 KiB of it would be a page fault.
  char buffer[64 * 1024];
  for (;;) {
    Result<size_t> n = read_some(fd, buffer, sizeof buffer);
    if (!n) return n.error();
    if (*n == 0) return {};
    out.append(buffer, *n);
  }
}

Result<UniqueFd> memory_file(std::string_view bytes) {
  UniqueFd fd(memfd_create("mish", MFD_CLOEXEC));
  if (!fd) return Errno::last();
  if (Result<void> written = write_all(fd.get(), bytes); !written) return written.error();
  if (lseek(fd.get(), 0, SEEK_SET) < 0) return Errno::last();
  return fd;
}

}  // namespace mish
