// SPDX-License-Identifier: GPL-3.0-or-later
// What a command's redirections and pipes come down to (XCU 2.7): an ordered list of dup2 and close, all files already
// opened by the shell. Applied to the shell itself (and undone) or in a child. Opens no file and knows no redirection
// operator.
//
// Whose descriptor is it? Every descriptor of the shell's own is close-on-exec, every one of the user's is not: so a
// number is the user's if and only if it is open without FD_CLOEXEC. Private ones live at 10 and above, but a user may
// ask for any number; a private descriptor in the way is moved (PrivateFd).
#ifndef MISH_SHELL_PROCESS_FD_PLAN_H_
#define MISH_SHELL_PROCESS_FD_PLAN_H_

#include <cstddef>
#include <span>

#include "shell/base/fd.h"
#include "shell/base/inline_vector.h"
#include "shell/base/result.h"

namespace mish::process {

/// One step: `source` onto `target`, or, with source < 0, `target` closed.
struct FdAction {
  int source = -1;
  int target = -1;
  bool is_owned = false;  // the plan opened `source` and closes it
};

/// Descriptors of the user that a plan applied here has replaced; puts them back in reverse order. Nested strictly.
class SavedFds {
 public:
  SavedFds() = default;
  ~SavedFds() { restore(); }
  SavedFds(const SavedFds&) = delete;
  SavedFds& operator=(const SavedFds&) = delete;

  /// Puts everything back now. Descriptors that were closed before are closed again.
  void restore();
  /// Makes the change permanent (`exec` without command): the saved copies are closed.
  void keep();
  /// In a forked child: closes the copies of all frames of the parent, which are never gone back to. Else a background
  /// list would hold open the pipe that its caller redirected it away from.
  static void abandon_all();
  bool empty() const { return entries_.empty(); }
  /// Whether `fd` is saved here.
  bool holds(int fd) const;
  /// Where what was at `fd` is now: the copy (-1: it was closed), or `fd` itself if it was not replaced.
  int place_of(int fd) const;

 private:
  friend class FdPlan;
  friend void make_way_for(int fd);
  struct Entry {
    int target;
    int copy;  // -1: was closed
  };
  /// Saves `target` once. Fails with the errno of fcntl(2) other than EBADF (EMFILE).
  Result<void> save(int target);
  /// Notes that `target` was closed.
  void note_closed(int target);
  void link();
  void unlink();

  InlineVector<Entry, 4> entries_;
  SavedFds* outer_ = nullptr;  // list of the live ones, innermost first
  bool is_linked_ = false;
};

class FdPlan {
 public:
  FdPlan() = default;
  ~FdPlan() { clear(); }
  FdPlan(const FdPlan&) = delete;
  FdPlan& operator=(const FdPlan&) = delete;

  /// `target` shall become a copy of `source`, which belongs to someone else and stays open until the plan is applied:
  /// N>&M, the ends of pipes. The caller has checked `source` (is_user_open()).
  void duplicate(int source, int target);
  /// `target` shall become `source`, a file just opened (close-on-exec). The plan takes ownership, also on failure,
  /// which has the errno of fcntl(2): the descriptor may have to be moved out of the way of earlier targets, or off
  /// 0..2.
  Result<void> adopt(UniqueFd source, int target);
  /// `target` shall be closed: N>&-. Closing what is not open is no error.
  void close(int target);

  /// Whether, after the actions so far, `fd` is a descriptor of the user's. XCU 2.7.5: otherwise N>&M is an error
  /// (EBADF).
  bool is_user_open(int fd) const;
  /// The descriptor that `fd` would be after the actions so far (a source, or `fd` itself), -1 if closed. For builtins
  /// that read or write a file of the plan without applying it.
  int resolve(int fd) const;
  bool empty() const { return actions_.empty(); }
  std::span<const FdAction> actions() const { return actions_.span(); }
  /// Forgets all actions and closes the descriptors the plan owns. Keeps the memory.
  void clear();

  /// Applies the plan to this process. With `saved`, what is replaced is saved there first; without, it is permanent.
  /// Private descriptors in the way are moved. Fails with the errno of dup2(2)/fcntl(2), or EBUSY for a number that the
  /// shell itself needs; what was done so far is in `saved`.
  Result<void> apply_here(SavedFds* saved);
  /// Applies the plan in a child that execs or is a subshell for good. Async-signal-safe, allocates nothing, leaves
  /// owned descriptors open but close-on-exec. Fails with the errno of dup2(2).
  Result<void> apply_in_child() const;

 private:
  /// Takes back that `number` shall be closed.
  void forget_closing(int number);

  InlineVector<FdAction, 4> actions_;
};

/// Whether `fd` is open and the user's (not close-on-exec, or lent). One system call.
bool is_user_fd(int fd);
/// Makes a descriptor that is close-on-exec the user's all the same: redirections may name it, programs do not get it
/// (those of a coprocess). take_back_fd() ends that.
void lend_fd(int fd);
void take_back_fd(int fd);

/// Moves a private descriptor (PrivateFd) or a saved copy away from the number `fd`. For those who use dup2 to a user's
/// number themselves.
void make_way_for(int fd);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_FD_PLAN_H_
