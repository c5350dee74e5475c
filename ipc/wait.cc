// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/wait.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace mish::ipc {

namespace {
constexpr int64_t kSecond = 1'000'000'000;
int timer_signal() { return SIGRTMAX - 1; }

/// Blocks every signal while it lives, so that a signal between the look and the sleep is not missed.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  const sigset_t* old() const { return &old_; }

 private:
  sigset_t old_;
};
}  // namespace

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

Wait Wait::for_ns(int64_t duration_ns) {
  if (duration_ns <= 0) return none();
  int64_t now = monotonic_ns();
  if (duration_ns > std::numeric_limits<int64_t>::max() - now) return forever();
  return {now + duration_ns, {}};
}

int64_t Wait::remaining_ns() const {
  if (is_forever()) return std::numeric_limits<int64_t>::max();
  if (is_nowait()) return 0;
  int64_t left = deadline - monotonic_ns();
  return left > 0 ? left : 0;
}

WaitResult wait_for_fd(int fd, short events, const Wait& wait) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return wait_for_fds({&entry, 1}, wait);
}

WaitResult wait_for_fds(std::span<pollfd> entries, const Wait& wait) {
  if (poll(entries.data(), entries.size(), 0) > 0) return WaitResult::Ready;
  if (wait.is_nowait()) return WaitResult::TimedOut;
  SignalsBlocked blocked;
  for (;;) {
    if (wait.interrupt.stop()) return WaitResult::Interrupted;
    int64_t left = wait.remaining_ns();
    timespec limit{.tv_sec = left / kSecond, .tv_nsec = left % kSecond};
    int n = ppoll(entries.data(), entries.size(), wait.is_forever() ? nullptr : &limit, blocked.old());
    if (n > 0) return WaitResult::Ready;
    if (n == 0) return WaitResult::TimedOut;
    if (errno != EINTR) return WaitResult::Ready;  // the operation itself will report the error
  }
}

Error wait_error(WaitResult result, const Wait& wait, std::string_view what) {
  if (result == WaitResult::Interrupted) return {Status::Interrupted, EINTR, "interrupted"};
  if (wait.is_nowait()) return {Status::WouldBlock, EAGAIN, std::string(what)};
  return {Status::TimedOut, ETIMEDOUT, "timed out"};
}

WaitTimer::WaitTimer(const Wait& wait) {
  struct sigaction ignore {};
  ignore.sa_handler = [](int) {};  // a handler, without SA_RESTART: its only effect is EINTR
  sigaction(timer_signal(), &ignore, &before_);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, timer_signal());
  pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  struct sigevent event {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = timer_signal();
  event._sigev_un._tid = gettid();
  is_armed_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  if (!is_armed_) return;
  // It goes on after the first time, which may come before the call begins.
  int64_t first = std::clamp<int64_t>(wait.remaining_ns(), 1, kSecond);
  int64_t interval = wait.is_forever() ? kSecond : kSecond / 50;
  itimerspec when{.it_interval = {interval / kSecond, interval % kSecond},
                  .it_value = {first / kSecond, first % kSecond}};
  timer_settime(timer_, 0, &when, nullptr);
}

WaitTimer::~WaitTimer() {
  if (is_armed_) timer_delete(timer_);
  sigaction(timer_signal(), &before_, nullptr);
}

timespec realtime_after(int64_t duration_ns) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t nsec = now.tv_nsec + duration_ns % kSecond;
  int64_t sec = now.tv_sec + duration_ns / kSecond + nsec / kSecond;
  return {.tv_sec = sec, .tv_nsec = nsec % kSecond};
}

}  // namespace mish::ipc
