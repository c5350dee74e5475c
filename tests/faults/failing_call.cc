// SPDX-License-Identifier: GPL-3.0-or-later
// failing_call NUMBER[/FIRST] ERRNO PROGRAM [ARGUMENT...]: runs the program with one system call failing, always (or
// when its first argument is FIRST) and with that error, for it and for all it starts. A seccomp filter answers in
// place of the kernel, so that no timing is involved. Status 125 when the system does not allow the filter.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  constexpr int kNotPossible = 125;
  if (argc < 4) return kNotPossible;
  auto number = static_cast<uint32_t>(atoi(argv[1]));
  auto error = static_cast<uint32_t>(atoi(argv[2]));
  const char* slash = strchr(argv[1], '/');
  auto first = static_cast<uint32_t>(slash != nullptr ? atoi(slash + 1) : 0);
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, slash != nullptr ? offsetof(seccomp_data, args) : offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, slash != nullptr ? first : number, 0, 1),  // the low half
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter = {static_cast<unsigned short>(sizeof steps / sizeof steps[0]), steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return kNotPossible;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return kNotPossible;
  execv(argv[3], argv + 3);
  return kNotPossible;
}
