// SPDX-License-Identifier: GPL-3.0-or-later
// Counting semaphores of the kernel: POSIX (sem_open) and System V (a set of one, with SEM_UNDO: what a process took is
// given back when it ends, however it ends).
#ifndef MISH_IPC_SEMAPHORE_H_
#define MISH_IPC_SEMAPHORE_H_

#include <semaphore.h>
#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "ipc/kernel_name.h"
#include "ipc/status.h"
#include "ipc/wait.h"

namespace mish::ipc {

struct SemaphoreInfo {
  KernelName name;
  long value = 0;
  long waiting = -1;    // processes waiting for it; -1 unknown (POSIX)
  int count = 1;        // System V: semaphores in the set
  pid_t last_user = 0;  // System V
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  time_t changed = 0;
};

class Semaphore {
 public:
  struct CreateOptions {
    std::optional<mode_t> mode;  // exactly this; default 0600
    bool may_exist = false;
  };

  Semaphore() = default;
  ~Semaphore();
  Semaphore(Semaphore&& other) noexcept;
  Semaphore& operator=(Semaphore&& other) noexcept;

  static Outcome<Semaphore> create(const KernelName& name, unsigned value, const CreateOptions& options);
  /// Damaged when the file is too short to hold a semaphore.
  static Outcome<Semaphore> open(const KernelName& name);
  static Outcome<void> remove(const KernelName& name);
  static std::vector<SemaphoreInfo> list();

  /// Takes one, waiting while there is none. `undo` (System V): given back when this process ends.
  Outcome<void> take(const Wait& wait, bool undo = false);
  /// Gives one. TooBig when the value would overflow.
  Outcome<void> post(bool undo = false);
  Outcome<SemaphoreInfo> stat() const;
  const KernelName& name() const { return name_; }

 private:
  Outcome<void> take_posix(const Wait& wait);
  Outcome<void> operate_sysv(short amount, const Wait& wait, bool undo);

  KernelName name_;
  sem_t* posix_ = nullptr;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_SEMAPHORE_H_
