// SPDX-License-Identifier: GPL-3.0-or-later
// Tells whether the stack is nearly used up, so that deep recursion (of scripts, words, patterns, expressions) ends in
// an error of the language instead of a crash. It knows nothing of that error: who recurses asks and throws. A forked
// child keeps the limit; nothing has to be set again.
#ifndef MISH_SHELL_BASE_STACK_GUARD_H_
#define MISH_SHELL_BASE_STACK_GUARD_H_

#include <cstddef>

namespace mish {

class StackGuard {
 public:
  /// Bytes that are left free for what runs after the answer "low": library calls, unwinding, signal handlers.
  static constexpr size_t kReserve = 256 * 1024;

  /// Computes the limit from RLIMIT_STACK and the place of the main stack. Call once at start, and again when the soft
  /// limit has changed (`ulimit -s`). Before the first call the stack never counts as low.
  static void initialise();
  /// Sets the limit so that the stack is low `bytes` below the caller's frame; for tests.
  static void limit_to(size_t bytes);

  static bool is_low() { return static_cast<const char*>(__builtin_frame_address(0)) < lowest_; }
  /// Whether the stack is low, or would be with `headroom` bytes more in use.
  static bool is_low(size_t headroom) {
    return static_cast<const char*>(__builtin_frame_address(0)) - headroom < lowest_;
  }

 private:
  static const char* lowest_;
};

/// Whether less than StackGuard::kReserve bytes of stack are left. One comparison.
inline bool stack_is_low() { return StackGuard::is_low(); }

}  // namespace mish

#endif  // MISH_SHELL_BASE_STACK_GUARD_H_
