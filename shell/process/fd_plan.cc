// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/fd_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "shell/base/private_fd.h"
#include "shell/base/retry.h"

namespace mish::process {
namespace {

SavedFds* g_saved = nullptr;  // the live SavedFds, innermost first
bool g_is_child = false;      // this process was forked by a shell and is not to return to its scripts

std::vector<int>& lent_fds() {
  static std::vector<int> list;
  return list;
}

bool is_lent(int fd) { return std::find(lent_fds().begin(), lent_fds().end(), fd) != lent_fds().end(); }

bool is_private_fd(int fd) {
  int flags = retry_interrupted([&] { return fcntl(fd, F_GETFD); });
  return flags >= 0 && (flags & FD_CLOEXEC) != 0 && !is_lent(fd);
}

int dup2_retried(int source, int target) {
  int result;
  do {
    result = dup2(source, target);
  } while (result < 0 && (errno == EINTR || errno == EBUSY));
  return result;
}

/// dup2(2), or, onto itself, only the loss of close-on-exec.
int place(int source, int target) {
  return source == target ? retry_interrupted([&] { return fcntl(source, F_SETFD, 0); }) : dup2_retried(source, target);
}

/// Where dup2(2) fails, the other way to the same; else what comes next would go to the wrong file without a word.
void put_back(int copy, int target) {
  const int error = errno;
  close_surely(target);
  if (retry_interrupted([&] { return fcntl(copy, F_DUPFD, target); }) == target) return;
  const std::string message = fmt::format("mish: cannot restore descriptor {}: {}\n", target, Errno(error).message());
  static_cast<void>(write_all(target == STDERR_FILENO ? copy : STDERR_FILENO, message));
}

}  // namespace

bool is_user_fd(int fd) {
  int flags = retry_interrupted([&] { return fcntl(fd, F_GETFD); });
  if (flags < 0) return errno != EBADF;
  return (flags & FD_CLOEXEC) == 0 || is_lent(fd);
}

void lend_fd(int fd) { lent_fds().push_back(fd); }

void take_back_fd(int fd) { std::erase(lent_fds(), fd); }

void make_way_for(int fd) {
  for (SavedFds* saved = g_saved; saved != nullptr; saved = saved->outer_) {
    for (SavedFds::Entry& entry : saved->entries_) {
      if (entry.copy != fd) continue;
      if (int moved = duplicate_private(fd, kFirstPrivateFd); moved >= 0) {
        entry.copy = moved;
        close_surely(fd);
      }
      return;
    }
  }
  PrivateFd::make_way_for(fd);
}

// --- SavedFds --------------------------------------------------------------------------------------------------------

bool SavedFds::holds(int fd) const {
  return std::any_of(entries_.begin(), entries_.end(), [fd](const Entry& entry) { return entry.target == fd; });
}

int SavedFds::place_of(int fd) const {
  auto entry = std::find_if(entries_.begin(), entries_.end(), [fd](const Entry& each) { return each.target == fd; });
  return entry == entries_.end() ? fd : entry->copy;
}

Result<void> SavedFds::save(int target) {
  if (holds(target)) return {};
  int copy = duplicate_private(target, kFirstPrivateFd);
  if (copy < 0 && errno != EBADF) return Errno::last();
  entries_.push_back({target, copy});
  link();
  return {};
}

void SavedFds::note_closed(int target) {
  entries_.push_back({target, -1});
  link();
}

void SavedFds::link() {
  if (is_linked_) return;
  is_linked_ = true;
  outer_ = g_saved;
  g_saved = this;
}

void SavedFds::unlink() {
  if (!is_linked_) return;
  is_linked_ = false;
  for (SavedFds** link = &g_saved; *link != nullptr; link = &(*link)->outer_) {
    if (*link != this) continue;
    *link = outer_;
    break;
  }
  entries_.clear();
}

void SavedFds::restore() {
  for (size_t i = entries_.size(); i-- > 0;) {
    const Entry entry = entries_[i];
    if (entry.copy < 0) {
      close_surely(entry.target);
      continue;
    }
    if (dup2_retried(entry.copy, entry.target) < 0) put_back(entry.copy, entry.target);
    close_surely(entry.copy);
  }
  unlink();
}

void SavedFds::keep() {
  for (const Entry& entry : entries_) {
    if (entry.copy >= 0) close_surely(entry.copy);
  }
  unlink();
}

void SavedFds::abandon_all() {
  g_is_child = true;
  while (g_saved != nullptr) g_saved->keep();
}

// --- FdPlan ----------------------------------------------------------------------------------------------------------

void FdPlan::duplicate(int source, int target) { actions_.push_back({source, target, false}); }

Result<void> FdPlan::adopt(UniqueFd source, int target) {
  int highest = 0;
  bool collides = source.get() < 3 && source.get() != target;  // nobody else may find it at 0..2 meanwhile
  for (const FdAction& action : actions_) {
    highest = std::max(highest, action.target);
    if (action.target == source.get()) collides = true;  // would be overwritten before its turn
  }
  if (collides) {
    int moved = duplicate_private(source.get(), std::max(kFirstPrivateFd, highest + 1));
    if (moved < 0) return Errno::last();
    source.reset(moved);
    // Under a low limit no number above the user's is left. The number was free: there is nothing of his to be closed.
    if (moved < kFirstPrivateFd) forget_closing(moved);
  }
  actions_.push_back({source.release(), target, true});
  return {};
}

void FdPlan::forget_closing(int number) {
  InlineVector<FdAction, 4> kept;
  for (const FdAction& action : actions_) {
    if (action.source >= 0 && action.target == number) return;  // copied there before: it is to be closed
    if (action.source >= 0 || action.target != number) kept.push_back(action);
  }
  if (kept.size() == actions_.size()) return;
  actions_.clear();
  for (const FdAction& action : kept) actions_.push_back(action);
}

void FdPlan::close(int target) { actions_.push_back({-1, target, false}); }

bool FdPlan::is_user_open(int fd) const {
  for (size_t i = actions_.size(); i-- > 0;) {
    if (actions_[i].target == fd) return actions_[i].source >= 0;
  }
  return is_user_fd(fd);
}

int FdPlan::resolve(int fd) const {
  for (size_t i = actions_.size(); i-- > 0;) {
    const FdAction& action = actions_[i];
    if (action.target != fd) continue;
    if (action.source < 0 || action.is_owned) return action.source;
    fd = action.source;
  }
  return fd;
}

void FdPlan::clear() {
  for (const FdAction& action : actions_) {
    if (action.is_owned) close_surely(action.source);
  }
  actions_.clear();
}

Result<void> FdPlan::apply_here(SavedFds* saved) {
  for (FdAction& action : actions_) {
    // A file that was opened at the very number it is meant for: that number was closed before.
    bool in_place = action.is_owned && action.source == action.target;
    if (action.target >= kFirstPrivateFd && !in_place) {
      if (action.source < 0 && is_private_fd(action.target)) {  // for the user it is closed
        if (g_is_child) PrivateFd::close_reader(action.target);
        continue;
      }
      make_way_for(action.target);
      if (is_private_fd(action.target)) return Errno(EBUSY);
    }
    if (saved != nullptr && !saved->holds(action.target)) {
      if (in_place) {
        saved->note_closed(action.target);
      } else if (auto done = saved->save(action.target); !done) {
        return done;
      }
    }
    if (action.source < 0) {
      close_surely(action.target);
      continue;
    }
    if (place(action.source, action.target) < 0) return Errno::last();
    if (action.is_owned && !in_place) close_surely(action.source);
    action.is_owned = false;
  }
  return {};
}

Result<void> FdPlan::apply_in_child() const {
  for (const FdAction& action : actions_) {
    if (action.source < 0) {
      close_surely(action.target);
    } else if (place(action.source, action.target) < 0) {
      return Errno::last();
    }
  }
  return {};
}

}  // namespace mish::process
