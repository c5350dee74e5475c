// SPDX-License-Identifier: GPL-3.0-or-later
// Kills a process after a chosen number of instructions of one operation: a child is single-stepped with ptrace(2) from
// the start of the operation on. The operation must not block. A route, recorded once by stepping all of it, lets later
// runs reach their point by a breakpoint and a few steps, so that the last instructions of a copy of 1 MiB cost no more
// than the first.
#ifndef MISH_TESTS_IPC_STEPPER_H_
#define MISH_TESTS_IPC_STEPPER_H_

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include "ipc/owner.h"

namespace mish::ipc {

/// The instructions of one whole run: the address of each, and how often that address had come before.
struct Route {
  std::vector<uint64_t> addresses;
  std::vector<uint32_t> turns;

  void clear() { *this = {}; }
  void add(uint64_t address) {
    addresses.push_back(address);
    turns.push_back(seen_[address]++);
  }
  /// The step not after `step` from which it is reached at the least cost, a stop at a breakpoint costing as much as a
  /// few steps; 0 when stepping all the way is best.
  long landmark_before(long step) const {
    constexpr long kStop = 4;
    constexpr long kFarthest = 2000;
    long best = 0, least = step;
    for (long at = std::min(step, static_cast<long>(addresses.size()) - 1); at > 0 && step - at < kFarthest; --at) {
      long cost = (turns[static_cast<size_t>(at)] + 1L) * kStop + (step - at);
      if (cost < least) {
        least = cost;
        best = at;
      }
    }
    return best;
  }

 private:
  std::unordered_map<uint64_t, uint32_t> seen_;
};

/// How an operation under the stepper ended.
struct Stepped {
  bool is_possible = true;  // false: ptrace is not permitted here
  bool finished = false;    // ran to its end (then it was killed after it)
  bool succeeded = false;   // and said so
  long steps = 0;
};

/// A stopped child under ptrace(2). Where the registers are not known here, breakpoints are not offered.
class Tracee {
 public:
  explicit Tracee(pid_t pid) : pid_(pid) {}

  enum class Stop : uint8_t { Trap, End, Dead };
  Stop step() { return ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) == 0 ? wait() : Stop::Dead; }

  /// The address of the next instruction; 0 when unknown.
  uint64_t address() const {
#if defined(__x86_64__)
    return static_cast<uint64_t>(ptrace(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, rip), nullptr));
#else
    return 0;
#endif
  }

  /// Runs until `address` is the next instruction for the (turns + 1)th time. False: it was not, the operation is over.
  bool run_to(uint64_t address, uint32_t turns) {
#if defined(__x86_64__)
    errno = 0;
    auto* where = reinterpret_cast<void*>(address);
    long word = ptrace(PTRACE_PEEKTEXT, pid_, where, nullptr);
    if (errno != 0) return false;
    auto trap = static_cast<long>((static_cast<uint64_t>(word) & ~0xffULL) | 0xcc);
    for (uint32_t turn = 0;; ++turn) {
      if (ptrace(PTRACE_POKETEXT, pid_, where, trap) != 0) return false;
      if (ptrace(PTRACE_CONT, pid_, nullptr, nullptr) != 0 || wait() != Stop::Trap) return false;
      if (this->address() != address + 1) return false;
      ptrace(PTRACE_POKETEXT, pid_, where, word);
      ptrace(PTRACE_POKEUSER, pid_, offsetof(user_regs_struct, rip), where);
      if (turn == turns) return true;
      if (step() != Stop::Trap) return false;
    }
#else
    return static_cast<void>(address), static_cast<void>(turns), false;
#endif
  }

  /// Runs to the entry or the return of the next system call. False: the operation is over.
  bool run_to_call() { return ptrace(PTRACE_SYSCALL, pid_, nullptr, nullptr) == 0 && wait() == Stop::Trap; }
  /// The same without waiting for it.
  void let_run() { ptrace(PTRACE_SYSCALL, pid_, nullptr, nullptr); }
  /// The number of the system call it is at; -1 when unknown.
  long call() const {
#if defined(__x86_64__)
    return ptrace(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, orig_rax), nullptr);
#else
    return -1;
#endif
  }

  /// Whether the next instruction is the system call `number`.
  bool is_before_call(long number) const {
#if defined(__x86_64__)
    constexpr long kSyscall = 0x050f;
    long word = ptrace(PTRACE_PEEKTEXT, pid_, reinterpret_cast<void*>(address()), nullptr);
    return (word & 0xffff) == kSyscall && ptrace(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, rax), 0) == number;
#else
    return static_cast<void>(number), false;
#endif
  }

  /// Runs to the end of the operation.
  Stop run_on() { return ptrace(PTRACE_CONT, pid_, nullptr, nullptr) == 0 ? wait() : Stop::Dead; }

  Stop wait() {
    int status = 0;
    if (waitpid(pid_, &status, 0) < 0 || !WIFSTOPPED(status)) return Stop::Dead;
    return WSTOPSIG(status) == SIGSTOP ? Stop::End : Stop::Trap;
  }
  void end() {
    int status = 0;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &status, 0) >= 0 && !WIFSIGNALED(status) && !WIFEXITED(status)) {
    }
  }

 private:
  pid_t pid_;
};

/// Forks; the child calls `prepare` (what it returns stays alive), then `operation` (bool) on it under the eye of the
/// stepper, and is killed after `limit` instructions or, with a negative limit, at the end, and `route` is recorded.
/// Before it is killed within the operation, `pause` gets the stopped Tracee.
struct NoPause {
  void operator()(Tracee&) const {}
};
template <typename Prepare, typename Operation, typename Pause = NoPause>
Stepped run_stepped(long limit, Route& route, Prepare prepare, Operation operation, Pause pause = {}) {
  struct Shared {
    volatile int succeeded;
  };
  auto* shared =
      static_cast<Shared*>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Stepped result;
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    (void)ProcessIdentity::self();  // read once per process: no part of the operation
    auto subject = prepare();
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(99);
    kill(getpid(), SIGSTOP);
    if (operation(subject)) shared->succeeded = 1;
    kill(getpid(), SIGSTOP);
    _exit(0);
  }
  Tracee child(pid);
  result.is_possible = child.wait() == Tracee::Stop::End;
  bool runs = result.is_possible;
  if (limit < 0) route.clear();
  if (long landmark = runs && limit > 0 ? route.landmark_before(limit) : 0; landmark > 0) {
    auto index = static_cast<size_t>(landmark);
    runs = child.run_to(route.addresses[index], route.turns[index]);
    if (runs) result.steps = landmark;
  }
  bool is_recording = limit < 0 && runs && child.address() != 0;
  while (runs && (limit < 0 || result.steps < limit)) {
    if (is_recording) route.add(child.address());
    Tracee::Stop stop = child.step();
    runs = stop == Tracee::Stop::Trap;
    result.finished = stop == Tracee::Stop::End;
    if (runs) ++result.steps;
  }
  if (runs) pause(child);
  child.end();
  result.succeeded = shared->succeeded != 0;
  munmap(shared, sizeof(Shared));
  return result;
}

/// The numbers of instructions after which to kill an operation of `total` instructions: `count` of them, spread over
/// the parts where no instruction is one of a long loop, and a few in those loops (which copy). With MISH_KILL_EVERY=N
/// all of them but in later turns of such loops, of which it is every Nth.
inline std::vector<long> kill_points(long total, const Route& route, long count) {
  constexpr uint32_t kLongLoop = 32;
  const char* every = getenv("MISH_KILL_EVERY");
  long stride = every != nullptr ? std::max(1L, atol(every)) : 0;
  std::vector<long> straight, looping;
  for (long step = 0; step <= total; ++step) {
    auto index = static_cast<size_t>(step);
    bool is_loop = index < route.turns.size() && route.turns[index] >= kLongLoop;
    (is_loop ? looping : straight).push_back(step);
  }
  std::vector<long> points;
  auto take = [&points](const std::vector<long>& from, long wanted) {
    auto size = static_cast<long>(from.size());
    wanted = std::min(wanted, size);
    for (long i = 0; i < wanted; ++i) points.push_back(from[static_cast<size_t>(size * i / wanted)]);
  };
  take(straight, stride != 0 ? total + 1 : count);
  take(looping, stride != 0 ? static_cast<long>(looping.size()) / stride : count / 8);
  if (points.back() != total) points.push_back(total);
  return points;
}

}  // namespace mish::ipc

#endif  // MISH_TESTS_IPC_STEPPER_H_
