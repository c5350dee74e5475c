// SPDX-License-Identifier: GPL-3.0-or-later
// Segments of shared memory: POSIX (shm_open), System V (shmget) and files mapped by name, behind one class. POSIX
// names are the kernel's, so a C program finds the same object. Bytes travel by pread and pwrite where there is a
// descriptor: a full or truncated tmpfs is then an error and never SIGBUS; single cells are mapped and read or written
// atomically.
#ifndef MISH_IPC_SHARED_MEMORY_H_
#define MISH_IPC_SHARED_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/kernel_name.h"
#include "ipc/scalar.h"
#include "ipc/status.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"

namespace mish::ipc {

struct SegmentInfo {
  KernelName name;
  uint64_t size = 0;
  uint64_t resident = 0;  // bytes that really take memory
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t creator = 0, last_user = 0;  // System V only, else 0
  long attached = -1;                // System V: attachments now; -1 unknown
  time_t changed = 0;                // seconds since the epoch
  bool is_removed = false;           // System V: goes with its last attachment
};

class SharedMemory {
 public:
  enum class Access : uint8_t { ReadOnly, ReadWrite };
  struct CreateOptions {
    std::optional<mode_t> mode;  // exactly this; default 0600
    bool may_exist = false;      // open an existing one instead of failing with Exists (it keeps its size)
  };

  SharedMemory() = default;
  ~SharedMemory();
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;

  /// shm_open(O_CREAT) or shmget(IPC_CREAT), with all its memory set aside. Exists; TooBig when there is no room for it
  /// (nothing is left behind then).
  static Outcome<SharedMemory> create(const KernelName& name, uint64_t size, const CreateOptions& options);
  /// NoObject, NotPermitted.
  static Outcome<SharedMemory> open(const KernelName& name, Access access);

  /// Maps the file `path` under `name` for this user: all other operations then work on the file. It must exist unless
  /// `create_size` is given. Exists when the name is taken.
  static Outcome<void> map_file(const KernelName& name, const std::string& path, std::optional<uint64_t> create_size);

  /// shm_unlink, shmctl(IPC_RMID), or forgets a mapped file (the file stays).
  static Outcome<void> remove(const KernelName& name);
  /// Every POSIX and System V segment and mapped file this user can see, by name.
  static std::vector<SegmentInfo> list();

  const KernelName& name() const { return name_; }
  Outcome<SegmentInfo> stat() const;
  Outcome<uint64_t> size() const;
  /// POSIX and files only. Shrinking cuts what others have mapped. TooBig without room.
  Outcome<void> resize(uint64_t size);
  Outcome<void> change_mode(mode_t mode);

  /// Writes all of `bytes` at `offset`. TooBig when they do not fit.
  Outcome<void> write(uint64_t offset, std::string_view bytes);
  /// Appends up to `length` bytes from `offset` to `out`: fewer at the end. Usage when `offset` is beyond it.
  Outcome<void> read(uint64_t offset, uint64_t length, std::string& out) const;
  /// Writes `bytes` where the text ends (its first NUL) and a NUL behind them if there is room, under the segment's
  /// lock: `ptr += sprintf(ptr, …)`. Returns the new length of the text.
  Outcome<uint64_t> append(std::string_view bytes);
  /// The text: all bytes before the first NUL.
  Outcome<std::string> text() const;

  Outcome<Scalar> load(uint64_t offset, ScalarType type);
  Outcome<void> store(uint64_t offset, const Scalar& value);
  /// Atomic; `offset` is a multiple of the size. The new value.
  Outcome<Scalar> add(uint64_t offset, const Scalar& value);
  /// Atomic; what the cell held: the exchange took place when that equals `expected`.
  Outcome<Scalar> exchange(uint64_t offset, const Scalar& expected, const Scalar& desired);

  /// The segment's advisory lock (flock(2)): held until the descriptor, and every copy of it in children, is closed, so
  /// also when the holder is killed.
  Outcome<UniqueFd> lock(const Wait& wait, bool is_shared = false) const;

 private:
  Outcome<void> check_range(uint64_t offset, uint64_t length) const;
  Outcome<std::byte*> cell(uint64_t offset, size_t size, bool needs_alignment);
  template <typename Body>
  Outcome<Scalar> with_cell(uint64_t offset, ScalarType type, bool is_atomic, Body body);
  void unmap();

  KernelName name_;
  UniqueFd fd_;  // Posix, File
  std::byte* map_ = nullptr;
  uint64_t mapped_ = 0;
  bool is_writable_ = false;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_SHARED_MEMORY_H_
