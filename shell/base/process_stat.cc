// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/process_stat.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "shell/base/fd.h"

namespace mish {

bool ProcessStat::is_ending() const {
  constexpr unsigned kExiting = 0x4;  // PF_EXITING of the kernel: set before robust locks are marked
  return state == 'Z' || state == 'X' || (flags & kExiting) != 0;
}

bool ProcessStat::has_not_called_exec() const {
  constexpr unsigned kForkNoExec = 0x40;  // PF_FORKNOEXEC of the kernel
  return (flags & kForkNoExec) != 0;
}

Result<ProcessStat> read_process_stat(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  Result<UniqueFd> file = open_file(path, O_RDONLY);
  if (!file) return Errno(ESRCH);
  char text[1024];
  Result<size_t> length = read_some(file->get(), text, sizeof text - 1);
  if (!length || *length == 0) return Errno(ESRCH);
  text[*length] = '\0';
  // The command's name, in parentheses, may hold blanks and parentheses: fields count from the last ')'.
  const char* field = strrchr(text, ')');
  if (field == nullptr) return Errno(ESRCH);
  ++field;
  ProcessStat stat;
  for (int number = 3; number <= 22; ++number) {
    while (*field == ' ') ++field;
    if (number == 3) stat.state = *field;
    if (number == 4) stat.parent = static_cast<pid_t>(strtol(field, nullptr, 10));
    if (number == 9) stat.flags = static_cast<unsigned>(strtoul(field, nullptr, 10));
    if (number == 22) stat.start_ticks = strtoull(field, nullptr, 10);
    while (*field != ' ' && *field != '\0') ++field;
  }
  return stat;
}

}  // namespace mish
