// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/private_fd.h"

#include <fcntl.h>

#include <mutex>

#include "shell/base/retry.h"

namespace mish {
namespace {

PrivateFd* g_first = nullptr;
constinit std::mutex g_mutex;  // programs with threads use mailboxes too

}  // namespace

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

void PrivateFd::make_way_for(int number) {
  std::lock_guard<std::mutex> guard(g_mutex);
  for (PrivateFd* each = g_first; each != nullptr; each = each->next_) {
    if (each->get() != number) continue;
    int moved = retry_interrupted([&] { return fcntl(number, F_DUPFD_CLOEXEC, kFirstPrivateFd); });
    if (moved < 0) moved = retry_interrupted([&] { return fcntl(number, F_DUPFD_CLOEXEC, 3); });
    if (moved >= 0) each->fd_.reset(moved);
    return;
  }
}

void PrivateFd::close_reader(int number) {
  PrivateFd* found = nullptr;
  {
    std::lock_guard<std::mutex> guard(g_mutex);
    for (PrivateFd* each = g_first; each != nullptr && found == nullptr; each = each->next_) {
      if (each->get() == number && each->is_reader_) found = each;
    }
  }
  if (found != nullptr) found->reset();
}

}  // namespace mish
