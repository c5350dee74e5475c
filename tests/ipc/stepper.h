// SPDX-License-Identifier: GPL-3.0-or-later
// Kills a process after a chosen number of instructions of one operation: a child is single-stepped with ptrace(2) from
// the start of the operation on. The operation must not block.
#ifndef MISH_TESTS_IPC_STEPPER_H_
#define MISH_TESTS_IPC_STEPPER_H_

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ipc/owner.h"

namespace mish::ipc {

/// How an operation under the stepper ended.
struct Stepped {
  bool is_possible = true;  // false: ptrace is not permitted here
  bool finished = false;    // ran to its end (then it was killed after it)
  bool succeeded = false;   // and said so
  long steps = 0;
};

/// Forks; the child calls `prepare` (what it returns stays alive), then `operation` (bool) on it under the eye of the
/// stepper, and is killed after `limit` instructions or, with a negative limit, at the end.
template <typename Prepare, typename Operation>
Stepped run_stepped(long limit, Prepare prepare, Operation operation) {
  struct Shared {
    volatile int succeeded;
  };
  auto* shared = static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
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
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  if (!WIFSTOPPED(status)) {
    result.is_possible = false;
    munmap(shared, sizeof(Shared));
    return result;
  }
  while (limit < 0 || result.steps < limit) {
    if (ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0) break;
    if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status)) break;
    if (WSTOPSIG(status) == SIGSTOP) {
      result.finished = true;
      break;
    }
    ++result.steps;
  }
  kill(pid, SIGKILL);
  while (waitpid(pid, &status, 0) >= 0 && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
  result.succeeded = shared->succeeded != 0;
  munmap(shared, sizeof(Shared));
  return result;
}

/// The numbers of instructions after which to kill an operation of `total` instructions: all of them when
/// MISH_KILL_EVERY is set; else so many that stepping them costs about `budget` instructions, evenly spread over a short
/// operation, dense at the start and the end of a long one (its middle is one long copy).
inline std::vector<long> kill_points(long total, long budget) {
  std::vector<long> points;
  auto spread = [&points](long from, long to, long count) {
    for (long i = 0; i < count; ++i) points.push_back(from + (to - from) * i / count);
  };
  if (getenv("MISH_KILL_EVERY") != nullptr) {
    spread(0, total + 1, total + 1);
  } else if (total <= 8000) {
    spread(0, total + 1, std::min(total + 1, std::max(20L, budget / (total / 2 + 1))));
  } else {
    spread(0, 2000, 12);
    points.push_back(total / 2);
    spread(total - 2000, total + 1, 4);
  }
  return points;
}

}  // namespace mish::ipc

#endif  // MISH_TESTS_IPC_STEPPER_H_
