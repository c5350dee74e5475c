// SPDX-License-Identifier: GPL-3.0-or-later
// Script cases in plain text. A file holds several cases:
//
//     # comment (only before the first case)
//     === title of the case
//     script, any number of lines
//     --- out                     expected standard output; absent: none
//     text
//     --- err REGEX               standard error must match (ECMAScript, searched); absent: it must be empty
//     --- status N                expected exit status; absent: 0
//     --- stdin                   text for standard input; absent: /dev/null
//     --- args a b c              operands of the script
//     --- mode default|posix      run only so; absent: what the folder says
//     (one blank line before the next case is no part of what stands above it)
//     --- except SHELL: reason    not expected to hold in that shell when the case itself is checked there
#ifndef MISH_TESTS_SUPPORT_CASE_FILE_H_
#define MISH_TESTS_SUPPORT_CASE_FILE_H_

#include <string>
#include <vector>

namespace mish::tests {

struct ScriptCase {
  std::string file;  // path below tests/cases
  int line = 0;
  std::string title;
  std::string script;
  std::string out;
  std::string err;  // regular expression
  bool has_err = false;
  int status = 0;
  std::string input;
  std::vector<std::string> arguments;
  std::string mode;                     // "", "default" or "posix"
  std::vector<std::string> exceptions;  // names of shells
};

/// Reads all *.test files below `folder`, sorted. Throws std::runtime_error with file and line on a malformed one.
std::vector<ScriptCase> read_cases(const std::string& folder);

}  // namespace mish::tests

#endif  // MISH_TESTS_SUPPORT_CASE_FILE_H_
