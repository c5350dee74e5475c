// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of Mailbox, shared by the files that implement it: mailbox.cc (making, opening, looking), mailbox_send.cc,
// mailbox_receive.cc, mailbox_wait.cc (participants, sleeping, waking), mailbox_space.cc (ring and blocks),
// mailbox_bias.cc (doing without a lock) and mailbox_repair.cc. Nobody else includes it, but tests.
#ifndef MISH_IPC_MAILBOX_CORE_H_
#define MISH_IPC_MAILBOX_CORE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipc/futex.h"
#include "ipc/mailbox.h"
#include "ipc/mailbox_layout.h"
#include "ipc/mapping.h"
#include "shell/base/private_fd.h"

namespace mish::ipc {

class Mailbox::Core {
 public:
  // --- mailbox.cc
  static Outcome<std::unique_ptr<Core>> create(const ObjectName& name, const MailboxConfig& config,
                                               const ObjectDirectory& where, const ProcessIdentity& owner, bool direct);
  static Outcome<std::unique_ptr<Core>> open(const ObjectName& name, const ObjectDirectory& where);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  Outcome<void> close();
  Outcome<void> chown(const ProcessIdentity& owner);
  Outcome<void> grant(Right right, std::span<const Principal> principals);
  Outcome<void> admit(bool anyone, const std::set<uid_t>& users);
  Outcome<MailboxInfo> stat() const;
  bool is_removed() const;
  void mark_removed();
  void mark_closed(bool removed);
  Outcome<void> remove();
  Outcome<void> unlink();
  /// Reads what stat() shows from an open file without attaching.
  static MailboxInfo read_info(int fd, std::string name);

  // --- mailbox_send.cc
  Outcome<uint64_t> send(std::string_view body, const SendOptions& options);

  // --- mailbox_receive.cc
  Outcome<void> receive(Message& message, const ReceiveOptions& options);
  Outcome<void> finish_lease(uint64_t id, bool done);
  Outcome<void> finish_copy(uint64_t id);
  std::vector<uint64_t> leases();
  Outcome<uint64_t> flush();
  ReceiptState receipt(uint64_t id);
  bool is_ready(const ReceiveOptions& options);

  // --- mailbox_wait.cc
  /// After so many nanoseconds a sleeper looks around by itself. Tests that kill whoever was to wake it make it
  /// shorter.
  inline static Deadline longest_sleep = 500'000'000;
  Outcome<void> arm_doorbell();
  void disarm_doorbell();
  std::vector<UniqueFd> watch_lives(bool with_owner);
  bool has_receivers();

  // --- mailbox_bias.cc
  /// So many plain sends (receives) in a mailbox for two earn the bias to their lock. Tests make it fewer.
  inline static uint32_t plain_enough = 64;

  // --- mailbox_repair.cc
  Outcome<Repairs> repair();

  bool is_damaged() const { return mapping_.is_damaged(); }
  Error damage() const { return error(Status::Damaged); }
  const ObjectName& name() const { return name_; }
  const MailboxConfig& config() const { return config_; }
  layout::Header& header() { return *header_; }
  size_t ring_size() const { return ring_mask_ + 1; }
  layout::Slot& slot(uint64_t position) { return ring_[position & ring_mask_]; }
  layout::ParticipantRecord& participant(uint32_t index) { return people_[index]; }

 private:
  using Header = layout::Header;
  using Slot = layout::Slot;
  using Bias = layout::Bias;
  using ParticipantRecord = layout::ParticipantRecord;

  Core() = default;
  Outcome<void> map(UniqueFd file, const ObjectName& name, const ObjectDirectory& where);
  void fill_config();
  bool is_complete() const;
  Outcome<void> initialise(const MailboxConfig& config, const ProcessIdentity& owner);

  // Locks. Done: held, and the mailbox is whole. Otherwise not held.
  Status lock_tail() {
    LockResult result = take_lock(header_->tail_lock, header_->tail_bias);
    if (result == LockResult::Locked && is_whole()) [[likely]]
      return Status::Done;
    return lock_slow(header_->tail_lock, header_->tail_bias, result);
  }
  void unlock_tail() { header_->tail_lock.unlock(); }
  Status lock_head() {
    LockResult result = take_lock(header_->head_lock, header_->head_bias);
    if (result == LockResult::Locked && is_whole()) [[likely]]
      return Status::Done;
    return lock_slow(header_->head_lock, header_->head_bias, result);
  }
  void unlock_head() { header_->head_lock.unlock(); }
  Status lock_both();
  /// head_lock in addition to tail_lock, which is held.
  Status lock_head_too();
  /// lock_both() without rebuilding what is broken.
  Status lock_both_as_is();
  void unlock_both() {
    unlock_head();
    unlock_tail();
  }
  Status lock_slow(RobustLock& lock, Bias& bias, LockResult result);
  LockResult take_lock(RobustLock& lock, Bias& bias) {
    LockResult result = lock.lock();
    if (bias.bearer.load(std::memory_order_acquire) == 0) [[likely]]
      return result;
    return end_bias(bias, result);
  }
  bool is_whole() {
    return header_->broken.load(std::memory_order_relaxed) == 0 &&
           header_->ring.load(std::memory_order_relaxed) == ring_word_ && !mapping_.is_damaged();
  }

  // mailbox_bias.cc: the locks of a mailbox for two, without the lock. Hold: how one of them is held.
  enum class Hold : uint8_t { Not, Locked, Biased };
  Hold hold_tail() {
    if (enter(header_->tail_bias)) [[likely]]
      return Hold::Biased;
    return lock_tail() == Status::Done ? Hold::Locked : Hold::Not;
  }
  void release_tail(Hold hold) { hold == Hold::Biased ? leave(header_->tail_bias) : unlock_tail(); }
  Hold hold_head() {
    if (enter(header_->head_bias)) [[likely]]
      return Hold::Biased;
    return lock_head() == Status::Done ? Hold::Locked : Hold::Not;
  }
  void release_head(Hold hold) { hold == Hold::Biased ? leave(header_->head_bias) : unlock_head(); }
  /// Whether a bearer word names this participant and thread.
  bool is_me(uint32_t bearer) const {
    return bearer != 0 && bearer == static_cast<uint32_t>(me_) + 1 && people_[me_].life.is_held_by_me();
  }
  /// Where participant `index` says that it does without the lock of `bias`. Of its own: a store that comes late, after
  /// the bias went to another, is none of the other's concern.
  SharedWord& inside_of(const Bias& bias, uint32_t index) {
    return &bias == &header_->tail_bias ? people_[index].at_tail : people_[index].at_head;
  }
  bool enter(Bias& bias) {
    if (!is_me(bias.bearer.load(std::memory_order_relaxed))) return false;
    inside_of(bias, static_cast<uint32_t>(me_)).store(1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the rest is up to remote_barrier() of who revokes
    if (bias.bearer.load(std::memory_order_acquire) == static_cast<uint32_t>(me_) + 1 && is_whole()) [[likely]]
      return true;
    leave(bias);
    return false;
  }
  void leave(Bias& bias) {
    SharedWord& inside = inside_of(bias, static_cast<uint32_t>(me_));
    inside.store(0, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if ((bias.bearer.load(std::memory_order_relaxed) & layout::kRevoked) != 0) [[unlikely]]
      wake(inside, 1);
  }
  /// After a plain operation under the lock, `count` of them so far: enough of them in a row earn the bias.
  void earn_bias(Bias& bias, uint32_t& count) {
    if (config_.policy == Policy::Pair && ++count >= plain_enough) [[unlikely]]
      take_bias(bias, count);
  }
  void take_bias(Bias& bias, uint32_t& count);  // the lock of the bias
  /// Ends our own bias, with or without the lock.
  void drop_bias(Bias& bias, uint32_t& count) {
    count = 0;
    if (uint32_t mine = bias.bearer.load(std::memory_order_relaxed); is_me(mine)) [[unlikely]] {
      bias.bearer.compare_exchange_strong(mine, 0, std::memory_order_release, std::memory_order_relaxed);
    }
  }
  LockResult end_bias(Bias& bias, LockResult result);  // the lock of the bias
  bool wait_for_bearer(Bias& bias, uint32_t index);
  /// Between our entry among those who wait and our last look at what the bearer changes. No test can tell a build
  /// without it, as the stores of a bearer leave its CPU within nanoseconds, so this is why it is needed and enough:
  /// the bearer (B) stores the tail and then loads `attention`, we (W) add to `attention` and then load the tail.
  /// Either side's store may stay in its CPU until its load is done; ours does not, being one with a barrier. The
  /// remote barrier is a moment in the order of B's instructions, or B is off its CPU and has passed one. If B's load
  /// comes after that moment it sees our entry, and B wakes us. If not, B's store came before it and is there for our
  /// load, and we do not sleep. A B that is between the two is seen by its at_tail, and waited for.
  void barrier_against(const Bias& bias) {
    uint32_t bearer = bias.bearer.load(std::memory_order_seq_cst);
    if (bearer != 0 && !is_me(bearer)) [[unlikely]]
      remote_barrier();
  }

  // mailbox_space.cc. With tail_lock, those marked * with both.
  bool refresh_ring();
  bool reserve_file(size_t offset, size_t length);
  /// `tail`, or `head` when no ring could hold what is said to lie between.
  uint64_t bounded(uint64_t head, uint64_t tail) const { return tail - head > ring_mask_ + 1 ? head : tail; }
  enum class Room : uint8_t { Enough, FullMessages, FullBytes, NoSpace, Damaged };
  Room find_room(uint32_t blocks);
  Room stretch_ring();             // takes head_lock too
  Room grow_ring(uint64_t slots);  // *
  void compact();                  // *
  Room grow_blocks(uint32_t wanted);
  Room append_blocks(uint32_t count, uint32_t& first);
  Room gather_blocks(uint32_t count);
  uint32_t take_run(uint32_t count);  // *
  uint32_t take_blocks(uint32_t count);
  void give_back_blocks(uint32_t first, uint32_t count);  // head_lock
  char* block(uint32_t number) { return blocks_ + (static_cast<size_t>(number) - 1) * layout::kBlock; }
  bool is_block(uint32_t number) const {
    return number != 0 && number <= header_->block_count.load(std::memory_order_relaxed) &&
           number <= geometry_.max_blocks;
  }
  uint32_t link(uint32_t number) const { return links_[number].load(std::memory_order_relaxed); }
  void set_link(uint32_t number, uint32_t next) { links_[number].store(next, std::memory_order_relaxed); }
  static uint32_t blocks_for(size_t length) {
    return length <= layout::kInline ? 0 : static_cast<uint32_t>((length + layout::kBlock - 1) / layout::kBlock);
  }
  void copy_in(uint32_t first, std::string_view body);
  bool copy_out(uint32_t first, char* to, size_t length);
  Error no_space(size_t wanted) const;
  uint64_t capacity_limit() const { return config_.capacity == 0 ? kUnbounded : config_.capacity; }

  // mailbox_send.cc
  Outcome<void> check_size(std::string_view body, const SendOptions& options) const;
  uint64_t send_at_once(std::string_view body, const SendOptions& options);
  Outcome<uint64_t> send_when_possible(std::string_view body, const SendOptions& options);
  Outcome<void> acquire_room(uint32_t blocks, const SendOptions& options);
  std::optional<Error> why_not_wait(Room room, uint32_t blocks, const SendOptions& options) const;
  uint32_t reserve(std::string_view body, uint32_t blocks);
  uint64_t commit(std::string_view body, const SendOptions& options, uint32_t first_block, bool is_rendezvous);
  void after_commit(const SendOptions& options);
  bool spin_for_space(uint64_t taken);
  bool drop_oldest();
  Outcome<void> wait_until_taken(uint64_t id, const SendOptions& options, bool retract);
  bool has_waiting_receiver(const SendOptions& options);

  // mailbox_receive.cc. With head_lock.
  struct Found {
    uint64_t position = 0;
    bool is_found = false;
  };
  Found find(const ReceiveOptions& options, bool promised);
  Found find_best(const ReceiveOptions& options, uint64_t head, uint64_t tail);
  bool has_orphaned_lease();
  bool fits(const Slot& slot, const ReceiveOptions& options) const;
  bool is_takeable(const Slot& slot);
  Outcome<void> receive_when_possible(Message& message, const ReceiveOptions& options);
  struct Reception;
  void leave_list(Reception& reception);
  std::optional<Error> wait_for_role(Reception& reception);
  std::optional<Error> leave_at_once(Reception& reception, bool is_over);
  std::optional<Error> wait_for_message(Reception& reception);
  /// Whether nothing but the oldest message of a plain mailbox can be meant, and taking it is all there is to do.
  static bool takes_in_order(const ReceiveOptions& options) {
    return !options.lease && !options.peek && !options.last && !options.type && options.from == 0 &&
           options.priority_min == 0;
  }
  bool take_at_once(Message& message);  // takes head_lock
  void fetch_ahead(uint64_t head);
  static void describe(const Slot& source, Message& message);
  Outcome<void> take(uint64_t position, Message& message, const ReceiveOptions& options);
  void free_slot(uint64_t position);
  void advance_head();
  std::optional<uint64_t> position_of(uint64_t id);
  void subscribe();
  enum class Role : uint8_t { Mine, Busy, NotNeeded };
  Role take_role();
  void give_up_role();
  bool spin_for_message(uint64_t tail);
  void yield_to_sender();
  void after_taking();
  Error leave_empty_handed(Status status);
  // Done, Damaged, or TooBig when there is no memory for the body.
  Status take_small(uint64_t position, Message& message, const ReceiveOptions& options);
  Status take_large(uint64_t position, Message& message, const ReceiveOptions& options);
  void settle(uint64_t position, const ReceiveOptions& options);

  // mailbox_wait.cc
  bool is_attached() const { return me_ >= 0 && generation_ == fork_generation(); }
  Outcome<void> attach();
  bool make_room_for_person(uint32_t index);  // head_lock
  void make_known(uint32_t index);            // head_lock
  Outcome<void> join_pair();
  /// Whether we are one of the two of Policy::Pair; true for other policies.
  bool has_joined() const {
    return config_.policy != Policy::Pair || (is_attached() && (people_[me_].flags & layout::kMember) != 0);
  }
  void detach();
  void forget_participant(uint32_t index);  // both locks
  bool is_dead(uint32_t index, bool thorough);
  bool reclaim_dead(bool thorough);  // takes both locks; whether anything changed
  bool reclaim_dead_locked(bool thorough);
  bool is_closing(bool thorough) {
    const Header& h = *header_;
    if (h.closed.load(std::memory_order_relaxed) == 0) [[likely]] {
      if (config_.keep) return false;
      uint32_t index = h.owner_index.load(std::memory_order_relaxed);
      if (index - 1 < layout::kParticipants && !people_[index - 1].life.is_orphaned()) return false;
    }
    return look_whether_closing(thorough);
  }
  bool look_whether_closing(bool thorough);
  /// Whether the owner of a session mailbox never came here (chown, direct mailboxes): without a life lock of his the
  /// system alone knows whether he has ended.
  bool is_owner_absent() const { return !config_.keep && header_->owner_index.load(std::memory_order_relaxed) == 0; }
  uint32_t people_used() const;
  struct Arrival {
    int64_t type = 0;
    int32_t sender = 0;
    int32_t priority = 0;
  };
  /// Before a change that sleepers wait for (`attention` counts them): from now to lower_herald() our death wakes one
  /// of them, who wakes the others. Nothing happens while another holds the herald.
  void raise_herald_for(const SharedWord& attention) {
    if (attention.load(std::memory_order_relaxed) != 0) [[unlikely]]
      raise_herald();
  }
  void raise_herald();
  void lower_herald() {
    if (has_herald_) [[unlikely]]
      let_herald_go();
  }
  void let_herald_go();
  void relay_herald();
  void let_herald_finish();
  Status let_sender_finish();  // takes tail_lock
  void ring_everyone();
  void announce(const Arrival& arrival);
  void ring_doorbells();                  // tail_lock; takes head_lock
  void ring_listeners();                  // head_lock
  void hand_on();                         // takes head_lock
  int choose(const Arrival& arrival);     // head_lock
  void wake_participant(uint32_t index);  // head_lock
  void announce_space();
  void wake_everyone();
  /// Behind all who wait already, unless `keeps_place`.
  void start_waiting(uint32_t flag, const ReceiveOptions* wanted, bool keeps_place);  // head_lock
  void stop_waiting(uint32_t flags);                                                  // head_lock
  static constexpr size_t kMostWords = 128;                                           // of one sleep
  bool watch_others(WaitFor (&words)[kMostWords], size_t& count);
  /// Sleeps until woken, another participant died (its things are reclaimed then), a signal, or the deadline.
  /// Done = look again; TimedOut; Interrupted.
  Status sleep(Deadline deadline, const Interrupt& interrupt, Deadline until = kForever);
  /// Whether this process is known to have the right.
  bool may(Right right) const {
    auto index = static_cast<size_t>(right);
    return granted_generation_ == fork_generation() && granted_[index] &&
           granted_version_[index] == header_->grants_version.load(std::memory_order_acquire);
  }
  Outcome<void> ask_leave(Right right);
  Outcome<void> allow(Right right) { return may(right) ? Outcome<void>() : ask_leave(right); }
  bool is_granted(Right right) const;
  Error error(Status status) const;

  // mailbox_repair.cc. Both locks.
  Status rebuild();
  void settle_positions();
  void salvage();
  void rebuild_blocks();
  void recount();

  SharedMapping mapping_;
  Header* header_ = nullptr;
  ParticipantRecord* people_ = nullptr;
  std::atomic<uint32_t>* links_ = nullptr;
  char* blocks_ = nullptr;
  Slot* ring_ = nullptr;
  uint64_t ring_mask_ = 0;
  uint64_t ring_word_ = 0;
  layout::Geometry geometry_ = {};
  int me_ = -1;
  static constexpr uint32_t kLeastSkippedYields = 1000;
  uint32_t yields_to_skip_ = 0;
  uint32_t skipped_yields_ = kLeastSkippedYields;             // after the next long yield
  uint64_t sends_seen_ = 0;                                   // t_sends when we last waited for a message
  inline static constinit thread_local uint64_t t_sends = 0;  // through any handle
  uint32_t plain_sends_ = 0;                                  // under tail_lock, in a row
  uint32_t plain_takes_ = 0;                                  // under head_lock
  uint32_t generation_ = 0;
  bool is_plain_ = false;  // bounded or unbounded, fifo, each message for any one (of the pair)
  bool is_subscribed_ = false;
  bool has_role_ = false;
  bool slice_ended_ = false;
  bool has_herald_ = false;
  bool relays_herald_ = false;  // its last holder died with it
  uint32_t granted_version_[2] = {0, 0};
  uint32_t granted_generation_ = 0;
  bool granted_[2] = {false, false};
  PrivateFd file_;
  ObjectDirectory directory_;
  ObjectName name_;
  MailboxConfig config_;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_MAILBOX_CORE_H_
