// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "shell/base/fd.h"
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

/// Input on a descriptor of its own: a file in memory, or a pipe.
class ReadTest : public BuiltinTest {
 protected:
  void give(std::string_view text) {
    file_ = memory_file(text).value().release();
    fd_ = std::to_string(file_);
  }
  void give_pipe(std::string_view text) {
    Pipe pipe = make_pipe().value();
    ASSERT_TRUE(write_all(pipe.write_end.get(), text).ok());
    file_ = pipe.read_end.release();
    fd_ = std::to_string(file_);
  }
  void TearDown() override {
    if (file_ >= 0) close(file_);
  }
  template <typename... T>
  int read(T... args) {
    return status({"read", "-u", fd_, std::string_view(args)...});
  }
  std::string rest() const {
    std::string text;
    EXPECT_TRUE(read_all(file_, text).ok());
    return text;
  }
  int file_ = -1;
  std::string fd_;
};

TEST_F(ReadTest, SplitsAndGivesTheRestToTheLast) {
  give("  a b  c d  \n");
  EXPECT_EQ(read("x", "y"), 0);
  EXPECT_EQ(get("x"), "a");
  EXPECT_EQ(get("y"), "b  c d");
}

TEST_F(ReadTest, ConsumesNothingBehindTheLine) {
  give("one\ntwo\nthree\n");
  EXPECT_EQ(read("x"), 0);
  EXPECT_EQ(read("y"), 0);
  EXPECT_EQ(get("y"), "two");
  EXPECT_EQ(rest(), "three\n");
}

/// From now on lseek(2) to an absolute offset fails in this process.
bool forbid_seeking() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SEEK_SET, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter = {sizeof program / sizeof program[0], program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_F(ReadTest, NeverReadsALineTwiceWhenSeekingFails) {
  give("one\ntwo\nthree\n");
  constexpr int kCannotForbid = 77;
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!forbid_seeking()) _exit(kCannotForbid);
    bool is_right = read("x") == 0 && read("y") == 0 && get("x") == "one" && get("y") == "two" && rest() == "three\n";
    _exit(is_right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotForbid) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(status, 0);
}

TEST_F(ReadTest, ConsumesNothingBehindTheLineOfAPipe) {
  give_pipe("one\ntwo\n");
  EXPECT_EQ(read("x"), 0);
  EXPECT_EQ(get("x"), "one");
  EXPECT_EQ(rest(), "two\n");
}

TEST_F(ReadTest, EndOfFileAssignsWhatThereIs) {
  give("last");
  EXPECT_EQ(read("x"), 1);
  EXPECT_EQ(get("x"), "last");
  EXPECT_EQ(read("x"), 1);
  EXPECT_EQ(get("x"), "");
}

TEST_F(ReadTest, BackslashJoinsLinesAndProtects) {
  give("a\\ b\\\nc d\n");
  EXPECT_EQ(read("x", "y"), 0);
  EXPECT_EQ(get("x"), "a bc");
  EXPECT_EQ(get("y"), "d");
}

TEST_F(ReadTest, RawKeepsBackslashes) {
  give("a\\b\\\n");
  EXPECT_EQ(read("-r", "x"), 0);
  EXPECT_EQ(get("x"), "a\\b\\");
}

TEST_F(ReadTest, WithoutNamesNothingIsTrimmed) {
  give("  a  \n");
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(get("REPLY"), "  a  ");
}

TEST_F(ReadTest, DelimiterAndCounts) {
  give("ab:cdef\n");
  EXPECT_EQ(read("-d", ":", "x"), 0);
  EXPECT_EQ(get("x"), "ab");
  EXPECT_EQ(read("-n", "2", "x"), 0);
  EXPECT_EQ(get("x"), "cd");
  EXPECT_EQ(read("-N", "3", "x"), 0);
  EXPECT_EQ(get("x"), "ef\n");
}

TEST_F(ReadTest, ArrayTakesAllFields) {
  give("a b c\n");
  EXPECT_EQ(read("-a", "list"), 0);
  const state::IndexedArray* list = state.variables.find(n("list"))->value.indexed();
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->count(), 3u);
  EXPECT_EQ(*list->find(2), "c");
}

TEST_F(ReadTest, ReadonlyVariableIsAnError) {
  state.variables.assign(n("fixed"), "old");
  state.variables.add_attributes(n("fixed"), state::attribute::ReadOnly);
  give("new\n");
  EXPECT_NE(read("fixed"), 0);
  EXPECT_EQ(get("fixed"), "old");
}

TEST_F(ReadTest, AnotherReaderMovesTheOffset) {
  give("one\ntwo\nthree\n");
  EXPECT_EQ(read("x"), 0);
  lseek(file_, 8, SEEK_SET);
  EXPECT_EQ(read("x"), 0);
  EXPECT_EQ(get("x"), "three");
}

TEST_F(ReadTest, MapfileReadsLines) {
  give("a\nb\nc\nd\n");
  EXPECT_EQ(status({"mapfile", "-u", fd_, "-t", "-s", "1", "-n", "2", "list"}), 0);
  const state::IndexedArray* list = state.variables.find(n("list"))->value.indexed();
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->count(), 2u);
  EXPECT_EQ(*list->find(0), "b");
  EXPECT_EQ(rest(), "d\n");
}

}  // namespace
}  // namespace mish::builtins
