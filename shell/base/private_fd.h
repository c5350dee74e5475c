// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptors that the shell keeps for long: scripts being read, the terminal, objects of interprocess communication.
// The numbers belong to the user all the same (XCU 2.7 lets redirections name any): whoever puts something of the
// user's at a number asks make_way_for() before, and the descriptor there moves.
#ifndef MISH_SHELL_BASE_PRIVATE_FD_H_
#define MISH_SHELL_BASE_PRIVATE_FD_H_

#include "shell/base/fd.h"

namespace mish {

/// A close-on-exec copy of `fd` at `lowest` or above; lower, but above 2, when the limit of descriptors leaves no room
/// there. -1, with the errno of fcntl(2), when there is none to be had.
int duplicate_private(int fd, int lowest);

/// As UniqueFd, but its number may change whenever a redirection is applied: ask get() each time.
class PrivateFd {
 public:
  PrivateFd() = default;
  PrivateFd(UniqueFd fd) { *this = std::move(fd); }  // NOLINT: owning is all it adds to
  PrivateFd(PrivateFd&& other) noexcept { *this = other.release(); }
  PrivateFd& operator=(PrivateFd&& other) noexcept { return *this = other.release(); }
  PrivateFd& operator=(UniqueFd fd);
  ~PrivateFd() { reset(); }

  int get() const { return fd_.get(); }
  bool is_open() const { return fd_.is_open(); }
  explicit operator bool() const { return is_open(); }
  void reset() { *this = UniqueFd(); }
  /// Gives up ownership.
  UniqueFd release();
  /// It reads a script, or helps to read: a forked child can do without (see close_reader()).
  void mark_as_reader() { is_reader_ = true; }

  /// Moves the one that has this number, if any, to another. When the limit of descriptors leaves none it stays.
  static void make_way_for(int number);
  /// In a forked child, which reads no further in its parent's scripts: closes the reader that has this number, if any.
  static void close_reader(int number);

 private:
  void link();
  void unlink();
  static PrivateFd* find(int number);  // with the lock of the list

  UniqueFd fd_;
  bool is_reader_ = false;
  PrivateFd* previous_ = nullptr;  // the open ones make a list
  PrivateFd* next_ = nullptr;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_PRIVATE_FD_H_
