// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/usage.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace mish::process {
namespace {

int64_t microseconds(const struct timeval& time) { return int64_t(time.tv_sec) * 1000000 + time.tv_usec; }

constexpr std::array<int64_t, 7> kPowersOfTen = {1, 10, 100, 1000, 10000, 100000, 1000000};

/// "1.234" or, with minutes, "0m1.234s"; digits after the point are cut, not rounded.
void append_seconds(std::string& out, int64_t us, int digits, bool minutes) {
  int64_t seconds = us / 1000000;
  if (minutes) {
    fmt::format_to(std::back_inserter(out), "{}m", seconds / 60);
    seconds %= 60;
  }
  fmt::format_to(std::back_inserter(out), "{}", seconds);
  if (digits > 0) {
    int64_t fraction = us % 1000000 / kPowersOfTen[static_cast<size_t>(6 - digits)];
    fmt::format_to(std::back_inserter(out), ".{:0{}}", fraction, digits);
  }
  if (minutes) out += 's';
}

Usage usage_of(int who) {
  struct rusage raw = {};
  getrusage(who, &raw);
  return to_usage(raw);
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  user_us += other.user_us;
  system_us += other.system_us;
  max_rss_kib = std::max(max_rss_kib, other.max_rss_kib);
  return *this;
}

Usage to_usage(const struct rusage& raw) {
  return {microseconds(raw.ru_utime), microseconds(raw.ru_stime), int64_t(raw.ru_maxrss)};
}

Usage own_usage() { return usage_of(RUSAGE_SELF); }

Usage children_usage() { return usage_of(RUSAGE_CHILDREN); }

int64_t monotonic_ns() {
  struct timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

Stopwatch Stopwatch::start() { return {monotonic_ns(), own_usage(), children_usage()}; }

Elapsed elapsed_since(const Stopwatch& watch) {
  Usage now = own_usage();
  now += children_usage();
  return {(monotonic_ns() - watch.start_ns) / 1000, now.user_us - watch.self.user_us - watch.children.user_us,
          now.system_us - watch.self.system_us - watch.children.system_us};
}

bool format_elapsed(std::string_view format, const Elapsed& elapsed, std::string& out, char& bad) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    ++i;
    if (format[i] == '%') {
      out += '%';
      continue;
    }
    int64_t total = elapsed.user_us + elapsed.system_us;
    if (format[i] == 'P') {
      append_seconds(out, elapsed.real_us == 0 ? 0 : total * 100 / elapsed.real_us * 1000000, 2, false);
      continue;
    }
    int digits = 3;
    bool minutes = false;
    if (format[i] >= '0' && format[i] <= '9') {
      digits = std::min(format[i] - '0', 6);
      ++i;
    }
    if (i < format.size() && format[i] == 'l') {
      minutes = true;
      ++i;
    }
    char letter = i < format.size() ? format[i] : '\0';
    if (letter != 'R' && letter != 'U' && letter != 'S') {
      bad = letter;
      return false;
    }
    append_seconds(out,
                   letter == 'R'   ? elapsed.real_us
                   : letter == 'U' ? elapsed.user_us
                                   : elapsed.system_us,
                   digits, minutes);
  }
  out += '\n';
  return true;
}

std::string format_minutes(int64_t us, int digits) {
  std::string out;
  append_seconds(out, us, digits, true);
  return out;
}

}  // namespace mish::process
