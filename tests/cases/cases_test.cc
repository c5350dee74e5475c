// SPDX-License-Identifier: GPL-3.0-or-later
// Runs every case of tests/cases, each as a test of its own. Cases of posix/ run twice: in the default mode and under
// the name sh. With MISH_SHELL naming another shell (scripts/cases) the cases themselves are put to the proof.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>

#include "shell/base/fd.h"
#include "tests/support/case_file.h"
#include "tests/support/run_process.h"
#include "tests/support/temporary_directory.h"

namespace mish::tests {
namespace {

/// Keeps a case that collects garbage away from those that run beside it: to `ipc gc` the box of a process that one of
/// them has just killed is garbage. Held while the object lives; closing the file gives the lock back.
class GarbageLock {
 public:
  explicit GarbageLock(const ScriptCase& test_case) {
    if (test_case.file.rfind("ipc/", 0) != 0) return;
    file_.reset(open(MISH_BUILD_DIR "/ipc-cases.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    bool collects = test_case.script.find("ipc gc") != std::string::npos;
    if (file_.is_open()) flock(file_.get(), collects ? LOCK_EX : LOCK_SH);
  }

 private:
  UniqueFd file_;
};

class CaseTest : public testing::Test {
 public:
  CaseTest(ScriptCase test_case, bool posix) : case_(std::move(test_case)), posix_(posix) {}

  void TestBody() override {
    GarbageLock lock(case_);
    TemporaryDirectory directory;
    std::string script = directory.path() + "/script";
    std::ofstream(script) << case_.script;
    std::string work = directory.path() + "/work";
    std::filesystem::create_directory(work);

    std::string shell = shell_path();
    std::string name = std::filesystem::path(shell).filename();
    ProcessRequest request;
    request.program = shell;
    request.argv = {posix_ && name == "mish" ? "sh" : shell, script};
    if (name == "bash" && posix_) request.argv.insert(request.argv.begin() + 1, "--posix");
    request.argv.insert(request.argv.end(), case_.arguments.begin(), case_.arguments.end());
    request.input = case_.input;
    request.directory = work;
    request.environment = {{"HOME", directory.path()},  {"LC_ALL", "C.UTF-8"},           {"TZ", "UTC0"},
                           {"SHELL_UNDER_TEST", shell}, {"SOURCE_DIR", MISH_SOURCE_DIR}, {"BUILD_DIR", MISH_BUILD_DIR}};
    ProcessResult result = run_process(request);

    EXPECT_FALSE(result.timed_out) << where();
    EXPECT_EQ(case_.out, result.out) << where() << "\nstderr: " << result.err;
    EXPECT_EQ(case_.status, result.status) << where() << "\nstderr: " << result.err;
    if (case_.has_err) {
      EXPECT_TRUE(std::regex_search(result.err, std::regex(case_.err))) << where() << "\nstderr: " << result.err;
    } else {
      EXPECT_EQ("", result.err) << where();
    }
  }

 private:
  std::string where() const { return "tests/cases/" + case_.file + ":" + std::to_string(case_.line); }

  ScriptCase case_;
  bool posix_;
};

std::string identifier(const std::string& text) {
  std::string out;
  for (char c : text) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out;
}

void add(const ScriptCase& test_case, bool posix) {
  std::string suite = "Case_" + identifier(test_case.file.substr(0, test_case.file.rfind('.'))) + (posix ? "_sh" : "");
  std::string name = "L" + std::to_string(test_case.line) + "_" + identifier(test_case.title);
  testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, test_case.line,
                        [=]() -> testing::Test* { return new CaseTest(test_case, posix); });
}

}  // namespace
}  // namespace mish::tests

int main(int argc, char** argv) {
  using namespace mish::tests;
  testing::InitGoogleTest(&argc, argv);
  std::string shell = std::filesystem::path(shell_path()).filename();
  for (const ScriptCase& test_case : read_cases(MISH_CASES_DIR)) {
    const auto& except = test_case.exceptions;
    if (std::find(except.begin(), except.end(), shell) != except.end()) continue;
    bool is_posix_case = test_case.file.rfind("posix/", 0) == 0;
    if (test_case.mode != "posix") add(test_case, false);
    if (test_case.mode == "posix" || (is_posix_case && test_case.mode.empty() && shell == "mish")) add(test_case, true);
  }
  return RUN_ALL_TESTS();
}
