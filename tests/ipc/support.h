// SPDX-License-Identifier: GPL-3.0-or-later
// Small helpers of the tests of kernel objects: names no other test uses, children, the C programs on the other side.
#ifndef MISH_TESTS_IPC_SUPPORT_H_
#define MISH_TESTS_IPC_SUPPORT_H_

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace mish::ipc::testing {

/// A name that only this process uses.
inline std::string unique_name(const char* what) {
  static int count = 0;
  return std::string("mish-test-") + what + "-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

/// A System V key that only this process uses.
inline std::string unique_key() {
  static int count = 0;
  char text[32];
  snprintf(text, sizeof text, "0x%x",
           0x40000000u + static_cast<unsigned>(getpid()) * 64u + static_cast<unsigned>(++count));
  return text;
}

/// Standard output of one of the C programs of tests/ipc/peers; "status N" appended when it failed.
inline std::string run_peer(const std::string& command) {
  FILE* pipe = popen((std::string(MISH_PEERS) + "/" + command).c_str(), "r");
  if (pipe == nullptr) return "no pipe";
  std::string out;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  int status = pclose(pipe);
  if (status != 0) out += "status " + std::to_string(WEXITSTATUS(status));
  return out;
}

/// Runs `body` in a child and gives its exit status (128 + signal when killed).
template <typename Body>
int in_child(Body body) {
  pid_t pid = fork();
  if (pid == 0) _exit(body());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mish::ipc::testing

#endif  // MISH_TESTS_IPC_SUPPORT_H_
