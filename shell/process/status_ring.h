// SPDX-License-Identifier: GPL-3.0-or-later
// The exit statuses of the last children that ended, by process id, the oldest given up for the newest. Four bytes each
// in one array that is written when it is made: a shell that goes on starting children does not grow.
#ifndef MISH_SHELL_PROCESS_STATUS_RING_H_
#define MISH_SHELL_PROCESS_STATUS_RING_H_

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mish::process {

class StatusRing {
 public:
  /// At most `limit` statuses are kept; room is made for `first` of them, then for all.
  StatusRing(size_t first, size_t limit) : first_(first), limit_(limit) {}

  /// Notes the exit status of `pid` (> 0). Throws std::bad_alloc.
  void insert(pid_t pid, int exit_status) {
    if (next_ == entries_.size()) make_room();
    entries_[next_++] = static_cast<uint32_t>(pid) << 8 | (static_cast<uint32_t>(exit_status) & 0xff);
  }

  /// Takes the status of `pid` out: the newest if there are more.
  std::optional<int> take(pid_t pid) {
    const uint32_t wanted = static_cast<uint32_t>(pid);
    // Mostly there is none: a loop without a way out of it looks at several at a time.
    size_t hits = 0;
    for (uint32_t entry : entries_) hits += entry >> 8 == wanted;
    if (hits == 0) return std::nullopt;
    std::optional<int> found;
    for (size_t i = next_; hits != 0;) {
      i = (i == 0 ? entries_.size() : i) - 1;
      if (entries_[i] >> 8 != wanted) continue;
      if (!found) found = static_cast<int>(entries_[i] & 0xff);
      entries_[i] = 0;
      --hits;
    }
    return found;
  }

  void clear() {
    std::fill(entries_.begin(), entries_.end(), 0);
    next_ = 0;
  }

 private:
  void make_room() {
    if (entries_.size() == limit_) {
      next_ = 0;
    } else {
      entries_.resize(entries_.empty() ? first_ : limit_);
    }
  }

  size_t first_;
  size_t limit_;
  std::vector<uint32_t> entries_;  // pid and status, 0: nothing
  size_t next_ = 0;
};

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_STATUS_RING_H_
