// SPDX-License-Identifier: GPL-3.0-or-later
// Mailboxes: queues of messages between processes, in a file of our own layout in shared memory (mailbox_layout.h).
// A send that returned is safe from the death of any process; a receive removes the message after copying it out.
// Kernel message queues are in message_queue.h. A Mailbox is one process's handle: a handle is used by one thread at a
// time, several handles on one mailbox may be used by several threads. After fork the child may go on using the handle:
// it is another process to the mailbox from then on.
#ifndef MISH_IPC_MAILBOX_H_
#define MISH_IPC_MAILBOX_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/bytes.h"
#include "ipc/object_name.h"
#include "ipc/owner.h"
#include "ipc/status.h"

namespace mish::ipc {

/// Who may receive. Any: one of the receivers, chosen by Pick. Single: one receives at a time, the others wait for it
/// (with a turn: for the rest of its time slot). Pair: at most two processes use the mailbox. All: every receiver gets
/// every message sent since it first received; what is sent while there is no receiver waits for the first.
enum class Policy : uint8_t { Any, Single, Pair, All };
/// Which of several waiting receivers gets the next message: the one that waits longest, each in turn, one at random,
/// or the one that received the fewest.
enum class Pick : uint8_t { Fifo, RoundRobin, Random, Idle };
enum class Order : uint8_t { Fifo, Priority };
/// What a send does when the mailbox is full.
enum class OnFull : uint8_t { Block, Fail, DropOldest };

inline constexpr uint64_t kUnbounded = UINT64_MAX;
inline constexpr int kMaxPriority = 32767;

/// How a mailbox is made.
struct MailboxConfig {
  uint64_t capacity = 256;   // messages; 0 = rendezvous, kUnbounded = until `bytes` is reached
  uint64_t bytes = 0;        // the most the object may take on /dev/shm; 0 = a quarter of it
  uint64_t max_message = 0;  // bytes of one message; 0 = whatever `bytes` allows
  Policy policy = Policy::Any;
  long long turn_ns = 0;  // Policy::Single: length of a time slot, 0 = none
  Pick pick = Pick::Fifo;
  Order order = Order::Fifo;
  OnFull on_full = OnFull::Block;
  unsigned mode = 0600;
  bool keep = false;               // false: closes when the owner ends
  std::string start_command = {};  // kept for the caller: what to start when a message finds no receiver
};

struct SendOptions {
  int64_t type = 0;
  int priority = 0;              // 0 … kMaxPriority
  Deadline deadline = kForever;  // kNoWait: fail with WouldBlock instead of waiting
  bool sync = false;             // return when the message has been taken
  Interrupt interrupt = {};
};

struct ReceiveOptions {
  pid_t from = 0;                    // only messages of this process
  std::optional<int64_t> type = {};  // only messages of this type
  int priority_min = 0;              // only messages of at least this priority
  bool last = false;                 // the newest instead of the oldest
  bool lease = false;                // hold it until ack(); it comes back if this process dies before
  bool peek = false;                 // leave it there
  Deadline deadline = kForever;
  Interrupt interrupt = {};
};

struct Message {
  Bytes body;
  uint64_t id = 0;  // its receipt
  int64_t type = 0;
  int priority = 0;
  pid_t sender = 0;
  bool is_redelivered = false;
  std::string_view text() const { return body.view(); }
};

/// Where a sent message is. Gone: received, or removed in another way (flush, drop-oldest).
enum class ReceiptState : uint8_t { Waiting, Leased, Gone, NeverSent };

/// One who may use a mailbox besides what the file's mode says.
struct Principal {
  enum class Kind : uint32_t { Nobody, Anyone, User, Process };
  Kind kind = Kind::Nobody;
  uint32_t user = 0;
  ProcessIdentity process = {};
};
enum class Right : uint8_t { Send, Receive };

/// A process attached to a mailbox in a way the others can see.
struct Participant {
  ProcessIdentity process;
  bool is_alive = false;
  bool is_waiting = false;     // sleeps in receive
  bool is_subscribed = false;  // Policy::All
  bool is_member = false;      // Policy::Pair
  uint32_t leases = 0;
  uint64_t received = 0;
};

/// What stat and list print.
struct MailboxInfo {
  std::string name;
  Status condition = Status::Done;  // Damaged when the rest could not be read
  MailboxConfig config;             // as it is, defaults replaced
  uint64_t messages = 0;            // that a receiver could take or that are leased
  uint64_t leased = 0;
  uint64_t payload_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t dropped = 0;
  uint64_t repairs = 0;  // times a death was cleaned up after
  uint64_t rescues = 0;  // sleeps that ended usefully by time alone; a bug when not 0
  uint32_t waiting_receivers = 0;
  uint32_t waiting_senders = 0;
  ProcessIdentity owner;
  bool is_owner_alive = false;
  bool is_closed = false;  // no more sends: closed, or a session mailbox without its owner
  uid_t user = 0;
  std::vector<Participant> participants;
  std::vector<Principal> may_send;
  std::vector<Principal> may_receive;

  /// A session mailbox whose owner has ended: nobody misses it when it is empty.
  bool is_abandoned() const { return condition == Status::Done && !config.keep && !is_owner_alive; }
};

class Mailbox {
 public:
  /// Makes a mailbox owned by this process. Fails with Exists, TooBig (no space, with the sizes), Usage, NotPermitted.
  /// A session mailbox of the same name whose owner is dead and that is empty is replaced.
  static Outcome<Mailbox> create(const ObjectName& name, const MailboxConfig& config);
  static Outcome<Mailbox> create(const ObjectName& name, const MailboxConfig& config, const ObjectDirectory& where);
  /// Attaches to one. Fails with NoObject, NotPermitted, Damaged (not a mailbox, another version, truncated).
  static Outcome<Mailbox> open(const ObjectName& name);
  static Outcome<Mailbox> open(const ObjectName& name, const ObjectDirectory& where);
  /// The direct mailbox of `process` (mbox send @PID), made when it does not exist. Only that process may receive.
  static Outcome<Mailbox> open_direct(const ProcessIdentity& process);
  static Outcome<Mailbox> open_direct(const ProcessIdentity& process, const ObjectDirectory& where);
  /// Removes it; sleepers end with Closed. Only the owner's user may. Messages in it are lost.
  static Outcome<void> remove(const ObjectName& name);
  static Outcome<void> remove(const ObjectName& name, const ObjectDirectory& where);
  /// Removes the mailbox of this handle, which costs less than finding it anew. Fails with NoObject when its name leads
  /// elsewhere by now.
  Outcome<void> remove();
  /// Every mailbox in the directory, sorted by name; unreadable ones with `condition` set. Reads headers only.
  static Outcome<std::vector<MailboxInfo>> list(const ObjectDirectory& where);
  /// Whether nobody will ever use the object again: a session mailbox whose owner is dead, empty or not. For `ipc gc`.
  static bool is_abandoned(const ObjectName& name, const ObjectDirectory& where);

  Mailbox(Mailbox&&) noexcept;
  Mailbox& operator=(Mailbox&&) noexcept;
  /// Detaches. Leases of this handle go back to the mailbox, marked redelivered.
  ~Mailbox();

  /// Sends one message; returns its id (the receipt) after commit. Blocks while full, and with capacity 0 or `sync`
  /// until it was taken. Fails with WouldBlock, TimedOut, Interrupted (the message is then not in the mailbox, except
  /// when a `sync` send had already committed: it stays), Closed, NotPermitted, TooBig, Damaged.
  Outcome<uint64_t> send(std::string_view body, const SendOptions& options = {});
  /// Takes one message into `message` (its buffer is reused). Blocks while there is none that fits the options.
  /// Fails with WouldBlock, TimedOut, Interrupted, Closed (closed and drained), NotPermitted, Damaged.
  Outcome<void> receive(Message& message, const ReceiveOptions& options = {});
  /// Ends a lease: the message is done with. Fails with NoObject when this process does not hold it.
  Outcome<void> ack(uint64_t id);
  /// Gives a leased message back to the front, marked redelivered. Fails as ack().
  Outcome<void> release(uint64_t id);
  /// For who hands a message on and may fail in that: makes `options` leave it in the mailbox until finish(), under
  /// lease or, where everybody gets a copy, unread.
  void hold(ReceiveOptions& options) const;
  /// Ends what hold() began. Fails as ack().
  Outcome<void> finish(uint64_t id);
  /// The ids this process holds under lease, oldest first.
  std::vector<uint64_t> leases();
  /// Removes all messages that are not leased; returns how many.
  Outcome<uint64_t> flush();
  /// No more sends; receivers drain what is there and then get Closed.
  Outcome<void> close();
  /// Makes another process the owner (a session mailbox lives as long as it). Only the owner or its user may.
  Outcome<void> chown(const ProcessIdentity& owner);
  /// Replaces the list of those who have the right (at most 16). An empty list = whom the file's mode lets in.
  Outcome<void> grant(Right right, std::span<const Principal> principals);
  /// Rebuilds all that is derived from the slots, takes back what the dead held. Returns what was found:
  struct Repairs {
    uint64_t messages = 0;  // present afterwards
    uint64_t returned = 0;  // leases of the dead
    uint64_t freed_blocks = 0;
    uint32_t departed = 0;  // dead participants
  };
  Outcome<Repairs> repair();

  Outcome<MailboxInfo> stat() const;
  ReceiptState receipt(uint64_t id) const;
  /// Whether receive() with these options would return at once (also because of closing). For arrival traps: two loads
  /// when nothing is there.
  bool is_ready(const ReceiveOptions& options = {});
  /// Asks for the doorbell of this process to be rung when a message arrives or the mailbox closes; asked anew after
  /// each ring. Check is_ready() after arming.
  Outcome<void> arm_doorbell();
  void disarm_doorbell();
  /// Descriptors that become readable when somebody ends of whom no bell tells: the owner of a session mailbox (not
  /// without `with_owner`), or who holds a message under lease. To sleep on beside the doorbell, and to ask for anew
  /// after each sleep.
  std::vector<UniqueFd> watch_lives(bool with_owner = true);

  const MailboxConfig& config() const;
  /// Whether the object was removed (or replaced) under its name; a cached handle is then dropped.
  bool is_removed() const;
  /// Whether somebody is attached that ever received, or sleeps in receive. For --start.
  bool has_receivers();

  /// Internals, for tests and the repair of a damaged box.
  class Core;
  Core& core() { return *core_; }

 private:
  explicit Mailbox(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

/// The doorbell of this process: one descriptor that becomes readable when any armed mailbox has news. Sleep on it
/// together with other descriptors (poll), then clear() it, look at the mailboxes, and arm those again.
class Doorbell {
 public:
  /// The descriptor (close-on-exec, ≥ 10), made on first use.
  static Outcome<int> fd();
  /// Takes all rings off the descriptor.
  static void clear();
};

}  // namespace mish::ipc

#endif  // MISH_IPC_MAILBOX_H_
