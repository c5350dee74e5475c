// SPDX-License-Identifier: GPL-3.0-or-later
// A map from process ids to small plain values: one array with linear probing. The ids of a shell's children mostly
// follow one another, so that they lie side by side, where a map of nodes would touch a page or two for each.
#ifndef MISH_SHELL_PROCESS_PID_MAP_H_
#define MISH_SHELL_PROCESS_PID_MAP_H_

#include <sys/types.h>

#include <cstddef>
#include <type_traits>
#include <vector>

namespace mish::process {

/// Pointers to values are valid until the next insert() or erase().
template <typename Value>
class PidMap {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Null: not there.
  Value* find(pid_t pid) {
    if (size_ == 0) return nullptr;
    Slot& slot = slots_[place_of(pid)];
    return slot.pid == pid ? &slot.value : nullptr;
  }
  const Value* find(pid_t pid) const { return const_cast<PidMap*>(this)->find(pid); }

  /// Sets the value of `pid` (> 0), new or not. Throws std::bad_alloc.
  void insert(pid_t pid, const Value& value) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[place_of(pid)];
    if (slot.pid == 0) ++size_;
    slot = {pid, value};
  }

  /// Nothing happens if it is not there.
  void erase(pid_t pid) {
    if (size_ == 0) return;
    size_t hole = place_of(pid);
    if (slots_[hole].pid != pid) return;
    // Whoever was pushed along by those before moves up, so that no search ends too early.
    for (size_t i = next(hole); slots_[i].pid != 0; i = next(i)) {
      size_t home = static_cast<size_t>(slots_[i].pid) & mask();
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole].pid = 0;
    --size_;
  }

  void clear() {
    slots_.clear();
    size_ = 0;
  }

 private:
  struct Slot {
    pid_t pid = 0;  // 0: free
    Value value;
  };
  size_t mask() const { return slots_.size() - 1; }
  size_t next(size_t i) const { return (i + 1) & mask(); }
  /// Where `pid` is or would be. At least half of the slots are free.
  size_t place_of(pid_t pid) const {
    size_t i = static_cast<size_t>(pid) & mask();
    while (slots_[i].pid != 0 && slots_[i].pid != pid) i = next(i);
    return i;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSize : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.pid != 0) slots_[place_of(slot.pid)] = slot;
    }
  }

  static constexpr size_t kFirstSize = 8;
  std::vector<Slot> slots_;  // a power of two of them
  size_t size_ = 0;
};

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_PID_MAP_H_
