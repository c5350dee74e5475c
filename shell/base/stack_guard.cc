// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/stack_guard.h"

#include <sys/auxv.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mish {

const char* StackGuard::lowest_ = nullptr;

void StackGuard::initialise() {
  // With an unlimited stack the next mapping below is the limit; how far it is away is not known, this much is safe.
  constexpr size_t kUnlimited = size_t(256) << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0) return;
  size_t size = limit.rlim_cur == RLIM_INFINITY ? kUnlimited : std::min<size_t>(limit.rlim_cur, size_t(1) << 40);

  // The limit counts from the top of the mapping, above arguments and environment (which may be megabytes). The path of
  // the program is the last thing the kernel puts there.
  const char* top = static_cast<const char*>(__builtin_frame_address(0));
  if (auto path = reinterpret_cast<const char*>(getauxval(AT_EXECFN)); path > top) top = path + std::strlen(path);

  size_t reserve = std::min(kReserve, size / 4);
  uintptr_t end = reinterpret_cast<uintptr_t>(top);
  lowest_ = size - reserve < end ? reinterpret_cast<const char*>(end - (size - reserve)) : nullptr;
}

void StackGuard::limit_to(size_t bytes) { lowest_ = static_cast<const char*>(__builtin_frame_address(0)) - bytes; }

}  // namespace mish
