// SPDX-License-Identifier: GPL-3.0-or-later
// Times and resources of processes, for `time` (XCU time), `times` and the records of pipelines. Formats them; prints
// nothing.
#ifndef MISH_SHELL_PROCESS_USAGE_H_
#define MISH_SHELL_PROCESS_USAGE_H_

#include <sys/resource.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace mish::process {

/// What a process, or a set of processes, consumed.
struct Usage {
  int64_t user_us = 0;      // CPU time in user mode, microseconds
  int64_t system_us = 0;    // CPU time in the kernel, microseconds
  int64_t max_rss_kib = 0;  // largest resident set, KiB

  Usage& operator+=(const Usage& other);
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// The part of `raw` the shell keeps.
Usage to_usage(const struct rusage& raw);

/// What this process consumed so far (getrusage(2), RUSAGE_SELF).
Usage own_usage();

/// What all children waited for so far consumed, with their own children (RUSAGE_CHILDREN).
Usage children_usage();

/// CLOCK_MONOTONIC in nanoseconds.
int64_t monotonic_ns();

/// A point in time from which `time` measures.
struct Stopwatch {
  int64_t start_ns = 0;
  Usage self;
  Usage children;
  static Stopwatch start();
};

/// Elapsed and CPU time since a Stopwatch was started, the shell and its children together.
struct Elapsed {
  int64_t real_us = 0;
  int64_t user_us = 0;
  int64_t system_us = 0;
};
Elapsed elapsed_since(const Stopwatch& watch);

/// The formats of `time`: bash's default, and that of `time -p` (XCU time, STDERR).
inline constexpr std::string_view kTimeFormat = "\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS";
inline constexpr std::string_view kTimeFormatPosix = "real %2R\nuser %2U\nsys %2S";

/// Expands a TIMEFORMAT: %[p][l]R, U, S (p digits 0..6 after the point, default 3; l = MMmSS.FFs), %P (CPU percent),
/// %%. A newline is appended. On an unknown conversion returns false and leaves its letter in `bad`.
bool format_elapsed(std::string_view format, const Elapsed& elapsed, std::string& out, char& bad);

/// One time as the `times` builtin prints it: "0m0.123s" (three digits), or "0m0.12s" as POSIX shows it (two digits).
std::string format_minutes(int64_t us, int digits);

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_USAGE_H_
