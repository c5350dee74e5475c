// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "shell/base/fd.h"

namespace mish::tests {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const ProcessRequest& request, int in, int out, int err) {
  setsid();
  // A test must see what a user's session gives: no ignored signals, nothing blocked.
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  syscall(SYS_close_range, 3u, ~0u, 0u);
  if (!request.directory.empty() && chdir(request.directory.c_str()) != 0) _exit(125);
  const char* path = getenv("PATH");
  std::string kept = path != nullptr ? path : "/usr/bin:/bin";
  std::string asan = getenv("ASAN_OPTIONS") != nullptr ? getenv("ASAN_OPTIONS") : "";
  std::string ubsan = getenv("UBSAN_OPTIONS") != nullptr ? getenv("UBSAN_OPTIONS") : "";
  clearenv();
  setenv("PATH", kept.c_str(), 1);
  if (!asan.empty()) setenv("ASAN_OPTIONS", asan.c_str(), 1);
  if (!ubsan.empty()) setenv("UBSAN_OPTIONS", ubsan.c_str(), 1);
  for (const auto& [name, value] : request.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& argument : request.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(request.program.empty() ? argv[0] : request.program.c_str(), argv.data());
  _exit(127);
}

// Moves what is there from `fd` to `text`; false at end of file.
bool drain(int fd, std::string& text) {
  char buffer[65536];
  ssize_t n = read(fd, buffer, sizeof buffer);
  if (n > 0) text.append(buffer, static_cast<size_t>(n));
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace

ProcessResult run_process(const ProcessRequest& request) {
  Pipe out = make_pipe().value();
  Pipe err = make_pipe().value();
  UniqueFd in = request.input.empty() ? open_file("/dev/null", O_RDONLY).value() : UniqueFd();
  Pipe input;
  bool fits_pipe = request.input.size() <= 60000;
  if (!in && fits_pipe) {
    // A pipe, not a file: a shell must not read ahead on it.
    input = make_pipe().value();
    write_all(input.write_end.get(), request.input).ok();
    input.write_end.reset();
    in = std::move(input.read_end);
  } else if (!in) {
    in = memory_file(request.input).value();
  }
  ProcessResult result;
  pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) become(request, in.get(), out.write_end.get(), err.write_end.get());
  in.reset();
  out.write_end.reset();
  err.write_end.reset();

  auto deadline = Clock::now() + std::chrono::milliseconds(request.timeout_ms);
  pollfd fds[2] = {{out.read_end.get(), POLLIN, 0}, {err.read_end.get(), POLLIN, 0}};
  std::string* texts[2] = {&result.out, &result.err};
  int open_count = 2;
  while (open_count > 0) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    if (poll(fds, 2, static_cast<int>(left)) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd >= 0 && fds[i].revents != 0 && !drain(fds[i].fd, *texts[i])) {
        fds[i].fd = -1;
        --open_count;
      }
    }
  }
  int status = 0;
  if (open_count > 0) {
    result.timed_out = true;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
  }
  waitpid(pid, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string shell_path() {
  const char* chosen = getenv("MISH_SHELL");
  if (chosen != nullptr && *chosen != '\0') return chosen;
#ifdef MISH_BUILT_SHELL
  return MISH_BUILT_SHELL;
#else
  return "mish";
#endif
}

}  // namespace mish::tests
