// SPDX-License-Identifier: GPL-3.0-or-later
// Touches memory that another process may truncate under our feet: a SIGBUS inside run_guarded() makes it return false
// instead of ending the shell. Not for use in more than one thread at a time.
#ifndef MISH_IPC_FAULT_GUARD_H_
#define MISH_IPC_FAULT_GUARD_H_

namespace mish::ipc {

/// Runs `body(data)`; false when it touched memory that is no longer there. `body` must own nothing (no destructors)
/// and call nothing but memcpy and atomics.
bool run_guarded(void (*body)(void* data), void* data);

/// run_guarded for a callable, by reference.
template <typename Body>
bool guarded(Body&& body) {
  return run_guarded([](void* data) { (*static_cast<Body*>(data))(); }, &body);
}

}  // namespace mish::ipc

#endif  // MISH_IPC_FAULT_GUARD_H_
