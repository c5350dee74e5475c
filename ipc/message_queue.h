// SPDX-License-Identifier: GPL-3.0-or-later
// Message queues of the kernel: POSIX (mq_open: priorities, time limits, notification) and System V (msgget: types).
// Names and keys are the kernel's, so a C program finds the same queue.
#ifndef MISH_IPC_MESSAGE_QUEUE_H_
#define MISH_IPC_MESSAGE_QUEUE_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/kernel_name.h"
#include "ipc/status.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"

namespace mish::ipc {

struct QueueInfo {
  KernelName name;
  long messages = 0;         // waiting now
  long capacity = 0;         // POSIX: messages; System V: 0 (bytes are counted)
  long message_size = 0;     // largest message in bytes
  uint64_t bytes = 0;        // System V: in the queue now
  uint64_t bytes_limit = 0;  // System V
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t last_sender = 0, last_receiver = 0;  // System V
  pid_t notifies = 0;                        // POSIX: process that asked for notification, 0 none
  time_t changed = 0;
};

struct QueueMessage {
  std::string bytes;
  long kind = 0;  // POSIX: priority; System V: type
};

class MessageQueue {
 public:
  struct CreateOptions {
    std::optional<mode_t> mode;  // exactly this; default 0600
    bool may_exist = false;
    std::optional<long> capacity;      // POSIX: messages; the system's default otherwise
    std::optional<long> message_size;  // POSIX: bytes of the largest message
  };

  /// mq_open(O_CREAT) or msgget(IPC_CREAT). TooBig with the system's limits in the sentence when they are exceeded.
  static Outcome<MessageQueue> create(const KernelName& name, const CreateOptions& options);
  static Outcome<MessageQueue> open(const KernelName& name);
  static Outcome<void> remove(const KernelName& name);
  /// All queues this process can see. `note` receives a sentence when POSIX queues cannot be listed (mqueue not
  /// mounted).
  static std::vector<QueueInfo> list(std::string& note);

  /// `kind`: priority (POSIX, 0 to 32767) or type (System V, from 1). Waits while the queue is full.
  Outcome<void> send(std::string_view bytes, long kind, const Wait& wait);
  /// The oldest message of the highest priority (POSIX), or by `kind` as msgrcv(2) chooses: 0 the oldest, t > 0 the
  /// oldest of type t, t < 0 the one of the lowest type up to -t; with `except`, any type but t.
  Outcome<QueueMessage> receive(long kind, bool except, const Wait& wait);

  Outcome<QueueInfo> stat() const;
  /// POSIX: `signal_number` is sent to this process when a message arrives in the empty queue, once; 0 takes the
  /// request back. NotPermitted when another process asked before. The request lives as long as this object.
  Outcome<void> notify(int signal_number);
  /// The descriptor to poll (POSIX), -1 otherwise.
  int fd() const { return fd_.get(); }
  const KernelName& name() const { return name_; }

 private:
  Outcome<void> send_posix(std::string_view bytes, unsigned priority, const Wait& wait);
  Outcome<QueueMessage> receive_posix(const Wait& wait);
  Outcome<void> send_sysv(std::string_view bytes, long type, const Wait& wait);
  Outcome<QueueMessage> receive_sysv(long type, bool except, const Wait& wait);

  KernelName name_;
  UniqueFd fd_;
  size_t message_size_ = 0;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_MESSAGE_QUEUE_H_
