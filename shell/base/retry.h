// SPDX-License-Identifier: GPL-3.0-or-later
// A system call that a signal interrupted before it did anything is made again. For the calls that are not wrapped by
// fd.h: fcntl(2), stat(2) and getdents(2), which network and FUSE file systems interrupt. Not for waits that a trap has
// to end. close(2) has a rule of its own.
#ifndef MISH_SHELL_BASE_RETRY_H_
#define MISH_SHELL_BASE_RETRY_H_

#include <unistd.h>

#include <cerrno>

namespace mish {

/// The result of `call()`, which is called until it does not fail (negative) with errno EINTR.
template <typename Call>
auto retry_interrupted(Call call) {
  for (;;) {
    auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// Closes `fd` for certain. After a failed close(2) POSIX leaves open whether the descriptor is (XSH close: EINTR,
/// EIO); Linux has closed it, and the second call finds nothing. The shell has one thread, so the number is nobody
/// else's yet. A pipe left open would keep its reader waiting for ever.
inline void close_surely(int fd) {
  if (close(fd) != 0 && errno != EBADF) close(fd);
}

}  // namespace mish

#endif  // MISH_SHELL_BASE_RETRY_H_
