// SPDX-License-Identifier: GPL-3.0-or-later
// A system call that a signal interrupted before it did anything is made again. For the calls that are not wrapped by
// fd.h: fcntl(2), stat(2) and getdents(2), which network and FUSE file systems interrupt. Not for close(2), which has
// closed the descriptor even then, nor for waits that a trap has to end.
#ifndef MISH_SHELL_BASE_RETRY_H_
#define MISH_SHELL_BASE_RETRY_H_

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

}  // namespace mish

#endif  // MISH_SHELL_BASE_RETRY_H_
