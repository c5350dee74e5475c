// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of mailboxes share: a directory of objects of their own, removed afterwards, and children that run a
// function and are always waited for.
#ifndef MISH_TESTS_IPC_MAILBOX_FIXTURE_H_
#define MISH_TESTS_IPC_MAILBOX_FIXTURE_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ipc/futex.h"
#include "ipc/mailbox.h"
#include "tests/support/temporary_directory.h"

namespace mish::ipc {

inline constexpr long long kMillisecond = 1'000'000;

class MailboxTest : public testing::Test {
 protected:
  const ObjectDirectory& where() const { return where_; }
  static ObjectName named(std::string_view text) { return *ObjectName::parse(text); }
  Mailbox make(std::string_view name, const MailboxConfig& config = {}) {
    auto made = Mailbox::create(named(name), config, where());
    if (!made) {
      ADD_FAILURE() << made.error().sentence;
      abort();
    }
    return std::move(*made);
  }
  Mailbox open(std::string_view name) {
    auto opened = Mailbox::open(named(name), where());
    if (!opened) {
      ADD_FAILURE() << opened.error().sentence;
      abort();
    }
    return std::move(*opened);
  }

  tests::TemporaryDirectory directory_{"/dev/shm"};
  const std::string& path_ = directory_.path();

 private:
  ObjectDirectory where_ = std::move(*ObjectDirectory::at(path_, geteuid()));
};

/// A child that runs `body` and exits with its result. Killed and waited for at the end of its life.
class Child {
 public:
  template <typename Body>
  explicit Child(Body body) {
    pid_ = fork();
    if (pid_ == 0) {
      alarm(50);
      _exit(body());
    }
  }
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Its exit status; 128 + signal when it was killed.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// Returns when `condition` holds; the test fails after forty seconds (each step of a traced process may wait for its
/// turn on a busy machine). For states of other processes that only show.
template <typename Condition>
void wait_until(Condition condition) {
  Deadline end = deadline_after(40'000 * kMillisecond);
  while (!condition()) {
    ASSERT_LT(now_ns(), end) << "the awaited state never came";
    usleep(200);
  }
}

}  // namespace mish::ipc

#endif  // MISH_TESTS_IPC_MAILBOX_FIXTURE_H_
