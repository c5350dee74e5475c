// SPDX-License-Identifier: GPL-3.0-or-later
// A file mapped into memory, shared, that cannot kill the process when somebody truncates the file: a touched page
// behind the end is replaced by a private page of zeroes and the mapping is marked damaged. Code above bounds-checks
// what it reads anyway and asks is_damaged() before it believes a result.
#ifndef MISH_IPC_MAPPING_H_
#define MISH_IPC_MAPPING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shell/base/result.h"

namespace mish::ipc {

class SharedMapping {
 public:
  SharedMapping() = default;
  ~SharedMapping() { unmap(); }
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  /// Maps `length` bytes of `fd` from its start, readable and (unless `read_only`) writable; `length` may go beyond the
  /// end of the file, which may grow into it. Fails with the errno of mmap(2), or EMFILE with too many mappings.
  Result<void> map(int fd, size_t length, bool read_only = false);
  void unmap();

  char* base() const { return base_; }
  size_t length() const { return length_; }
  /// Whether a page was missing when it was touched.
  bool is_damaged() const { return damaged_ != nullptr && damaged_->load(std::memory_order_relaxed) != 0; }
  void mark_damaged() { damaged_->store(1, std::memory_order_relaxed); }

 private:
  char* base_ = nullptr;
  size_t length_ = 0;
  int entry_ = -1;
  bool has_seat_ = false;
  std::atomic<uint32_t>* damaged_ = nullptr;
};

/// For an owner of SIGBUS other than us (a trap): gives the signal's address to the guard. True when it was ours and
/// has been repaired. Async-signal-safe.
bool repair_missing_page(void* address);

}  // namespace mish::ipc

#endif  // MISH_IPC_MAPPING_H_
