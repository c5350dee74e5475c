// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one program in its own session and a fresh temporary directory, feeds its standard input, collects both outputs,
// and ends everything it left behind when a time limit passes.
#ifndef MISH_TESTS_SUPPORT_RUN_PROCESS_H_
#define MISH_TESTS_SUPPORT_RUN_PROCESS_H_

#include <string>
#include <utility>
#include <vector>

namespace mish::tests {

struct ProcessResult {
  int status = 0;  // exit status, 128 + n when ended by signal n
  bool timed_out = false;
  std::string out;
  std::string err;
};

struct ProcessRequest {
  std::vector<std::string> argv;                                 // argv[0] is searched in PATH unless `program` is set
  std::string program;                                           // file to execute, when it differs from argv[0]
  std::string input;                                             // standard input; /dev/null when empty
  std::string directory;                                         // working directory
  std::vector<std::pair<std::string, std::string>> environment;  // replaces the inherited one except PATH
  int timeout_ms = 20000;
};

ProcessResult run_process(const ProcessRequest& request);

/// The shell under test: $MISH_SHELL, or the one that was built with these tests.
std::string shell_path();

}  // namespace mish::tests

#endif  // MISH_TESTS_SUPPORT_RUN_PROCESS_H_
