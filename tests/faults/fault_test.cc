// SPDX-License-Identifier: GPL-3.0-or-later
// What the shell does when a system call fails: a clear message and a status that is not 0, never a wrong result
// without a word. Only faults that strike every time, so that the outcome does not depend on how often a call is made.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <string>

#include "tests/support/run_process.h"

namespace mish::tests {
namespace {

class Fault : public testing::Test {
 protected:
  void SetUp() override {
    constexpr int kFilterNotAllowed = 125;
    if (run(SYS_reboot, EPERM, ":").status == kFilterNotAllowed) GTEST_SKIP() << "no seccomp filters here";
  }

  /// Runs `script` in a shell in which the system call always fails.
  static ProcessResult run(long call, int error, const std::string& script) {
    ProcessRequest request;
    request.argv = {MISH_FAILING_CALL, std::to_string(call), std::to_string(error), shell_path(), "-c", script};
    return run_process(request);
  }
};

TEST_F(Fault, StageOfAPipelineWithoutItsPipeSaysSo) {
  const ProcessResult result = run(SYS_dup2, EIO, "(echo lost; exit 0) | { :; (exit 0); }");
  EXPECT_NE(result.status, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("cannot set up descriptors: Input/output error"), std::string::npos) << result.err;
}

TEST_F(Fault, SubstitutionWithoutItsPipeSaysSo) {
  const ProcessResult result = run(SYS_dup2, EMFILE, "x=$(exec 3>&1; echo lost); echo \"<$x>$?\"");
  EXPECT_EQ(result.out, "<>126\n");
  EXPECT_NE(result.err.find("Too many open files"), std::string::npos) << result.err;
}

TEST_F(Fault, LostStatusOfAForegroundChildIsAnError) {
  const ProcessResult result = run(SYS_wait4, ECHILD, "/bin/true; echo $?");
  EXPECT_EQ(result.out, "127\n");
  EXPECT_NE(result.err.find("the status of a child is lost: No child processes"), std::string::npos) << result.err;
}

TEST_F(Fault, LostStatusOfABackgroundChildIsAnError) {
  const ProcessResult result = run(SYS_wait4, ECHILD, "/bin/true & wait $!; echo $?");
  EXPECT_EQ(result.out, "127\n");
  EXPECT_NE(result.err.find("the status of a child is lost: No child processes"), std::string::npos) << result.err;
}

TEST_F(Fault, TrapThatTheSystemRefusesIsNotSet) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer itself cannot start without handlers";
#endif
  const ProcessResult result =
      run(SYS_rt_sigaction, EINVAL, "trap 'echo t' USR1; echo $?; trap; trap '' USR2; echo $?; trap - TERM; echo $?");
  EXPECT_EQ(result.out, "1\n1\n1\n");
  EXPECT_NE(result.err.find("trap: USR1: Invalid argument"), std::string::npos) << result.err;
}

TEST_F(Fault, CoprocessSeesTheEndOfItsInputWhenAWriteToItFailed) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "with the sanitizer the status of a process that cannot write is always 0";
#endif
  const ProcessResult result =
      run(SYS_write, EIO, "coproc cat; echo lost >&${COPROC[1]}; read x <&${COPROC[0]}; exit $((3 + $?))");
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.status, 4);
}

TEST_F(Fault, ATimeLimitHoldsWithoutMemoryForThePoll) {
  const ProcessResult result = run(SYS_ppoll, ENOMEM, "read -t 0.05 x <> <(:); echo $?");
  EXPECT_EQ(result.out, "142\n");
}

TEST_F(Fault, UnknownDirectoryIsSaidAtTheStart) {
  const ProcessResult result = run(SYS_getcwd, EACCES, "unset PWD; exec \"$0\" -c 'echo \"<$PWD>\"'");
  EXPECT_EQ(result.out, "<>\n");
  EXPECT_NE(result.err.find("the current directory cannot be determined"), std::string::npos) << result.err;
}

#ifdef SYS_newfstatat
TEST_F(Fault, LogicalPathThatCannotBeLookedAtIsNotTakenForAnother) {
  ProcessRequest request;
  request.argv = {MISH_FAILING_CALL,
                  std::to_string(SYS_newfstatat) + "/" + std::to_string(AT_FDCWD),
                  std::to_string(EIO),
                  shell_path(),
                  "-o",
                  "posix",
                  "-c",
                  "pwd; echo $?; pwd -P >/dev/null; echo $?"};
  const ProcessResult result = run_process(request);
  EXPECT_EQ(result.out, "1\n0\n");
  EXPECT_NE(result.err.find("pwd: the current directory cannot be determined: Input/output error"), std::string::npos)
      << result.err;
}
#endif

#ifdef SYS_faccessat2
TEST_F(Fault, CommandThatCannotBeLookedForIsNotJustNotFound) {
  const ProcessResult result =
      run(SYS_faccessat2, EIO, "PATH=/bin; ls; echo $?; command -v ls; echo $?; hash ls; echo $?; type -a ls");
  EXPECT_EQ(result.out, "126\n1\n1\n");
  EXPECT_NE(result.err.find("line 1: /bin/ls: Input/output error"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("command: /bin/ls: Input/output error"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("hash: /bin/ls: Input/output error"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("type: /bin/ls: Input/output error"), std::string::npos) << result.err;
}

TEST_F(Fault, TestOfAFileThatCannotBeLookedAtIsNeitherTrueNorFalse) {
  const ProcessResult result =
      run(SYS_faccessat2, EIO, "[ -r /bin/sh ]; echo $?; [ ! -r /bin/sh ]; echo $?; [[ ! -r /bin/sh ]]; echo $?");
  EXPECT_EQ(result.out, "2\n2\n2\n");
  EXPECT_NE(result.err.find("/bin/sh: Input/output error"), std::string::npos) << result.err;
}
#endif

}  // namespace
}  // namespace mish::tests
