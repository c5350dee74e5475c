// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/interrupt_witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "shell/base/fd.h"
#include "shell/base/process_stat.h"
#include "shell/process/signals.h"

namespace mish::process {
namespace {

/// The witness that is in the group of a job now.
InterruptWitness* g_on_duty = nullptr;

/// How long an interrupt is kept: who lives on for longer after it came has dealt with it.
constexpr struct timespec kMemory = {10, 0};

/// Whether the interrupt that has just come is the business of this process: it dies of it, or handles it, and may have
/// ended in the ordinary way when the shell looks, with the signal's default action back in place. Not of one that was
/// started since, the next of a pipeline.
bool takes_interrupt(pid_t pid) {
  constexpr uint64_t kSinceMs = 100;
  Result<ProcessStat> stat = read_process_stat(pid);
  if (!stat) return false;
  struct timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t now_ms = static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
  const uint64_t start_ms = stat->start_ticks * 1000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  if (!stat->is_ending() && start_ms + kSinceMs < now_ms) return true;
  // On its way to exec it has the shell's handlers, and blocks everything.
  return !(!stat->is_ending() && stat->has_not_called_exec()) && survives_interrupt(pid);
}

/// Whether a process of this group that the shell started takes the interrupt.
bool is_taken_in_group(const std::string& children) {
  const pid_t group = getpgrp();
  if (takes_interrupt(group)) return true;
  Result<UniqueFd> file = open_file(children.c_str(), O_RDONLY);
  if (!file) return false;
  char text[4096];
  ssize_t size = ::read(file->get(), text, sizeof text - 1);
  text[size < 0 ? 0 : size] = '\0';
  for (char* at = text; *at != '\0';) {
    char* end = at;
    const auto pid = static_cast<pid_t>(strtol(at, &end, 10));
    if (end == at) break;
    at = end + strspn(end, " ");
    if (pid != getpid() && getpgid(pid) == group && takes_interrupt(pid)) return true;
  }
  return false;
}

/// Asks for short slices of time, so that a busy system lets it run soon after the signal comes. Where the kernel has
/// no such thing nothing is lost but precision.
void ask_for_short_slices() {
  struct {
    uint32_t size = sizeof(*this);
    uint32_t policy = SCHED_OTHER;
    uint64_t flags = 0;
    int32_t nice = getpriority(PRIO_PROCESS, 0);
    uint32_t priority = 0;
    uint64_t slice_ns = 100000;
    uint64_t deadline = 0;
    uint64_t period = 0;
  } attributes;
  syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

/// The life of the witness. It holds nothing open and dies with the shell.
[[noreturn]] void bear_witness(pid_t shell) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != shell) _exit(0);
  syscall(SYS_close_range, 0U, std::numeric_limits<unsigned>::max(), 0U);
  (void)!chdir("/");
  ask_for_short_slices();
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  const std::string children = fmt::format("/proc/{0}/task/{0}/children", shell);
  struct pollfd descriptor = {signalfd(-1, &interrupt, SFD_CLOEXEC), POLLIN, 0};
  for (;;) {
    // Sees that the signal is there without taking it: the shell reads what is pending.
    poll(&descriptor, 1, -1);
    if (!is_taken_in_group(children)) nanosleep(&kMemory, nullptr);
    struct signalfd_siginfo info;
    (void)!read(descriptor.fd, &info, sizeof info);
  }
}

}  // namespace

void InterruptWitness::start() {
  if (is_present()) return;
  SignalMask blocked;  // for good in the child
  const pid_t shell = getpid();
  // Without a signal at its end it is no child that anybody waits for by accident.
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0));
  if (pid == 0) bear_witness(shell);
  if (pid < 0) return;
  setpgid(pid, pid);
  pid_ = group_ = pid;
  owner_ = shell;
  is_handled_ = false;
  Result<UniqueFd> file = open_file(fmt::format("/proc/{}/status", pid).c_str(), O_RDONLY);
  Result<UniqueFd> moved = file ? move_above_9(std::move(*file)) : file.error();
  if (moved) {
    status_ = std::move(*moved);
  } else {
    stop();
  }
}

void InterruptWitness::stop() {
  if (!is_present()) return;
  const pid_t pid = pid_;
  pid_ = group_ = 0;
  if (g_on_duty == this) g_on_duty = nullptr;
  status_.reset();
  if (owner_ != getpid()) return;
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, __WCLONE) < 0 && errno == EINTR) {
  }
}

void InterruptWitness::join(pid_t group) {
  if (!is_present() || group == group_) return;
  if (setpgid(pid_, group) != 0) {
    stop();
    return;
  }
  group_ = group;
  is_handled_ = false;
  g_on_duty = this;
}

void InterruptWitness::await_in_group() const {
  // The shell is on its way to join(): it has just made this process. Should it be stopped there, life goes on all the
  // same after a while.
  constexpr int kYields = 200;
  constexpr int kTries = kYields + 1000;
  constexpr struct timespec kPause = {0, 1000000};
  for (int tries = 0; pid_ > 0 && tries < kTries; ++tries) {
    const pid_t group = getpgid(pid_);
    if (group < 0 || group == getpgrp()) return;
    if (tries < kYields) {
      sched_yield();
    } else {
      nanosleep(&kPause, nullptr);
    }
  }
}

bool InterruptWitness::leave_group() {
  if (!is_present() || group_ == pid_) return false;
  g_on_duty = nullptr;
  // Who kills the whole group of the job kills the witness, too.
  if (waitpid(pid_, nullptr, __WCLONE | WNOHANG) != 0) {
    pid_ = group_ = 0;
    status_.reset();
    return false;
  }
  const bool has_come = has_seen();
  const bool was_handled = is_handled_;
  if (has_come || setpgid(pid_, pid_) != 0) {
    stop();  // the next one starts afresh
  } else {
    group_ = pid_;
  }
  return has_come && !was_handled;
}

/// Whether SIGINT is pending there.
bool InterruptWitness::has_seen() const {
  char text[4096];
  const ssize_t size = ::pread(status_.get(), text, sizeof text - 1, 0);
  if (size <= 0) return false;
  text[size] = '\0';
  return shows_interrupt(text, "\nShdPnd:\t");
}

void InterruptWitness::look_at_ended_child() {
  InterruptWitness* witness = g_on_duty;
  if (witness == nullptr || witness->is_handled_) return;
  siginfo_t info;
  info.si_pid = 0;
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
  // In this order: an interrupt that comes after the look finds the child dead.
  if (witness->has_seen() && survives_interrupt(info.si_pid)) witness->is_handled_ = true;
}

void InterruptWitness::forget_in_child() {
  if (g_on_duty != nullptr) g_on_duty->stop();
}

}  // namespace mish::process
