// SPDX-License-Identifier: GPL-3.0-or-later
// Doing without a lock: how the bias to one of the two locks is taken and how it ends (the protocol is in
// mailbox_layout.h). Its bearer is a participant and the thread that attached it, whose death the kernel tells by the
// life lock. What the bearer does inside takes no other lock and does not wait, so whoever revokes may hold any.
#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr int kSpins = 200;
constexpr Deadline kSlice = 10'000'000;  // another may have been woken by the bearer's death in our place

}  // namespace

/// The barrier after `bearer` is that of giving the lock back.
void Mailbox::Core::take_bias(Bias& bias, uint32_t& count) {
  count = 0;
  if (!is_attached() || !people_[me_].life.is_held_by_me() || !admit_remote_barriers()) return;
  bias.bearer.store(static_cast<uint32_t>(me_) + 1, std::memory_order_release);
}

/// The lock was taken, if `result` says so, and the bias is not nobody's. It stays when it is our own. Returns how the
/// lock was taken, all considered.
LockResult Mailbox::Core::end_bias(Bias& bias, LockResult result) {
  if (result == LockResult::Damaged) return result;
  uint32_t bearer = bias.bearer.load(std::memory_order_relaxed);
  if (is_me(bearer)) return result;
  uint32_t index = (bearer & ~kRevoked) - 1;
  bool has_left = true;
  if (!is_me(index + 1)) {
    bias.bearer.store(bearer | kRevoked, std::memory_order_seq_cst);
    remote_barrier();
    has_left = wait_for_bearer(bias, index);
  }
  bias.bearer.store(0, std::memory_order_release);
  return has_left ? result : LockResult::OwnerDied;
}

/// Waits until the bearer has left; false: it died inside.
bool Mailbox::Core::wait_for_bearer(Bias& bias, uint32_t index) {
  if (index >= people_used()) return true;  // nobody: the word was damaged
  const SharedWord& inside = inside_of(bias, index);
  for (int i = 0; i < kSpins; ++i) {
    if (inside.load(std::memory_order_acquire) == 0) return true;
    relax();
  }
  for (;;) {
    WaitFor words[2] = {{&inside, inside.load(std::memory_order_acquire)}, {}};
    if (words[0].value == 0) return true;
    bool may_live = people_[index].life.watch(words[1]);
    if (!may_live) wake_everyone();  // its death may have woken us in place of a sleeper
    // Read after its death is known: what it did before is there to be seen.
    if (!may_live || people_[index].life.is_held_by_me()) return inside.load(std::memory_order_acquire) == 0;
    if (wait_on(words, now_ns() + kSlice) == WakeReason::TimedOut && !people_[index].identity.is_alive()) {
      return inside.load(std::memory_order_acquire) == 0;
    }
  }
}

}  // namespace mish::ipc
