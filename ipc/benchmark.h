// SPDX-License-Identifier: GPL-3.0-or-later
// Measures this machine's mechanisms side by side: round trips between two processes, and messages one way. The method
// is the same for all, so that the numbers may be compared; comparisons with other libraries are in tests/bench.
#ifndef MISH_IPC_BENCHMARK_H_
#define MISH_IPC_BENCHMARK_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/status.h"

namespace mish::ipc {

struct BenchmarkResult {
  std::string_view mechanism;
  size_t bytes = 0;            // of a message
  int64_t round_trip_ns = -1;  // there and back; -1 not measured
  int64_t one_way_ns = -1;     // a message, when one process only sends and one only receives
};

struct BenchmarkPlan {
  std::vector<size_t> sizes = {64, 4096, 65536};
  int64_t time_ns = 50'000'000;  // for each measurement, about
  /// Makes a child process: fork(2) in a program that forks freely, its own way in a shell. -1 with errno.
  pid_t (*fork_process)() = nullptr;
};

/// Measures one mechanism: pipe, seqpacket, port, mq (POSIX), sysv (System V queue), mbox, file. Usage for another
/// name.
Outcome<std::vector<BenchmarkResult>> measure(std::string_view mechanism, const BenchmarkPlan& plan);
/// Their names, in the order of the table.
std::vector<std::string_view> benchmark_mechanisms();

}  // namespace mish::ipc

#endif  // MISH_IPC_BENCHMARK_H_
