// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/pty.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "shell/base/text.h"

namespace mish::tests {
namespace {

/// The fields of /proc/PID/stat from the third on ("S 1 ..."), empty when there is no such process.
std::string process_fields(pid_t pid) {
  auto file = open_file(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY);
  std::string text;
  if (!file || !read_all(file->get(), text)) return {};
  size_t end = text.rfind(')');  // of the command name, which may hold anything
  return end == std::string::npos || end + 2 >= text.size() ? std::string() : text.substr(end + 2);
}

[[noreturn]] void run_program(const std::vector<std::string>& argv,
                              const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::string path = getenv("PATH") != nullptr ? getenv("PATH") : "/usr/bin:/bin";
  clearenv();
  setenv("PATH", path.c_str(), 1);
  setenv("TERM", "dumb", 1);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  signal(SIGPIPE, SIG_DFL);
  execvp(words[0], words.data());
  _exit(127);
}

}  // namespace

PtySession::PtySession(const std::vector<std::string>& argv,
                       const std::vector<std::pair<std::string, std::string>>& environment) {
  int master = -1;
  struct winsize size = {24, 200, 0, 0};
  pid_ = forkpty(&master, nullptr, nullptr, &size);
  if (pid_ == 0) run_program(argv, environment);
  EXPECT_GT(pid_, 0) << strerror(errno);
  master_.reset(master);
  (void)set_close_on_exec(master, true).ok();
}

PtySession::~PtySession() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  hang_up();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void PtySession::send(std::string_view keys) {
  auto written = write_all(master_.get(), keys);
  EXPECT_TRUE(written.ok()) << strerror(written.code());
}

bool PtySession::read_more(int timeout_ms) {
  struct pollfd descriptor = {master_.get(), POLLIN, 0};
  if (poll(&descriptor, 1, timeout_ms) <= 0) return false;
  char buffer[4096];
  auto count = read_some(master_.get(), buffer, sizeof buffer);
  if (!count || *count == 0) return false;  // EIO: nobody has the terminal open any more
  unread_.append(buffer, *count);
  log_.append(buffer, *count);
  return true;
}

bool PtySession::expect(std::string_view text) {
  for (;;) {
    if (size_t at = unread_.find(text); at != std::string::npos) {
      before_ = unread_.substr(0, at);
      unread_.erase(0, at + text.size());
      return true;
    }
    if (read_more(kTimeoutMs)) continue;
    ADD_FAILURE() << "never seen: " << text << "\nthe screen:\n" << log_;
    return false;
  }
}

int PtySession::wait_for_exit() {
  int raw = 0;
  bool ended = await([this, &raw] { return waitpid(pid_, &raw, WNOHANG) == pid_; });
  if (!ended) {
    ADD_FAILURE() << "does not end\nthe screen:\n" << log_;
    return -1;
  }
  pid_ = -1;
  while (master_.is_open() && read_more(0)) {
  }
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

void PtySession::pass_time() {
  // Reading keeps a program that writes much from blocking.
  if (!master_.is_open() || !read_more(0)) poll(nullptr, 0, kTickMs);
}

void PtySession::hang_up() { master_.reset(); }

pid_t PtySession::foreground_group() const { return tcgetpgrp(master_.get()); }

struct termios PtySession::modes() const {
  struct termios modes = {};
  tcgetattr(master_.get(), &modes);
  return modes;
}

char process_state(pid_t pid) {
  std::string fields = process_fields(pid);
  return fields.empty() ? '\0' : fields[0];
}

namespace {

int count_children(pid_t parent, bool are_zombies) {
  int count = 0;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return -1;
  std::string wanted = " " + std::to_string(parent) + " ";
  while (const dirent* entry = readdir(directory)) {
    auto pid = parse_integer(entry->d_name);
    if (!pid) continue;
    std::string fields = process_fields(static_cast<pid_t>(*pid));
    if (fields.empty() || fields.compare(1, wanted.size(), wanted) != 0) continue;
    if ((fields[0] == 'Z') == are_zombies) ++count;
  }
  closedir(directory);
  return count;
}

}  // namespace

int zombie_children(pid_t parent) { return count_children(parent, true); }

bool has_child(pid_t parent) { return count_children(parent, false) > 0; }

}  // namespace mish::tests
