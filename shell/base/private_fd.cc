// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/private_fd.h"

#include <fcntl.h>

#include <cerrno>
#include <mutex>

#include "shell/base/retry.h"

namespace mish {
namespace {

PrivateFd* g_first = nullptr;
constinit std::mutex g_mutex;  // programs with threads use mailboxes too

}  // namespace

int duplicate_private(int fd, int lowest) {
  int copy = retry_interrupted([&] { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); });
  if (copy < 0 && (errno == EINVAL || errno == EMFILE))
    copy = retry_interrupted([&] { return fcntl(fd, F_DUPFD_CLOEXEC, 3); });
  return copy;
}

PrivateFd& PrivateFd::operator=(UniqueFd fd) {
  if (fd_.is_open()) unlink();
  fd_ = std::move(fd);
  if (fd_.is_open()) link();
  return *this;
}

UniqueFd PrivateFd::release() {
  if (fd_.is_open()) unlink();
  return std::move(fd_);
}

void PrivateFd::link() {
  std::lock_guard<std::mutex> guard(g_mutex);
  previous_ = nullptr;
  next_ = g_first;
  if (next_ != nullptr) next_->previous_ = this;
  g_first = this;
}

void PrivateFd::unlink() {
  std::lock_guard<std::mutex> guard(g_mutex);
  (previous_ != nullptr ? previous_->next_ : g_first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

PrivateFd* PrivateFd::find(int number) {
  PrivateFd* each = g_first;
  while (each != nullptr && each->get() != number) each = each->next_;
  return each;
}

void PrivateFd::make_way_for(int number) {
  std::lock_guard<std::mutex> guard(g_mutex);
  PrivateFd* found = find(number);
  if (found == nullptr) return;
  if (int moved = duplicate_private(number, kFirstPrivateFd); moved >= 0) found->fd_.reset(moved);
}

void PrivateFd::close_reader(int number) {
  PrivateFd* found = nullptr;
  {
    std::lock_guard<std::mutex> guard(g_mutex);
    found = find(number);
  }
  if (found != nullptr && found->is_reader_) found->reset();
}

}  // namespace mish
