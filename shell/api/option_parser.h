// SPDX-License-Identifier: GPL-3.0-or-later
// Utility syntax guidelines (XBD 12.2) for builtins, with uniform messages.
#ifndef MISH_SHELL_API_OPTION_PARSER_H_
#define MISH_SHELL_API_OPTION_PARSER_H_

#include <string_view>

#include "shell/api/builtin.h"

namespace mish::api {

/// Walks the options of a builtin: while ((c = parser.next()) != 0) switch (c) ...
class OptionParser {
 public:
  /// `letters` as for getopt(3): "ab:c" (b takes an argument). With `plus`, options may also begin with + (declare,
  /// set).
  OptionParser(BuiltinContext& context, Args args, std::string_view letters, bool plus = false)
      : context_(context), args_(args), letters_(letters), plus_(plus) {}
  /// The next option letter, 0 when the operands begin, '?' after an error, which is already reported with the
  /// synopsis: the builtin then returns completion(). `--help` prints the help and is such an end, too.
  char next();
  /// Argument of the last option.
  std::string_view argument() const { return argument_; }
  /// Whether the last option began with '+'.
  bool is_plus() const { return is_plus_; }
  bool failed() const { return failed_; }
  /// What the builtin returns after '?': status 2, and in POSIX mode the end of the shell for a special builtin.
  Completion completion() const { return completion_; }
  /// What is left after the options (a "--" is skipped).
  Args operands() const { return args_.subspan(position_); }

 private:
  BuiltinContext& context_;
  Args args_;
  std::string_view letters_;
  bool plus_;
  size_t position_ = 0;
  size_t offset_ = 0;  // within the cluster, 0 = at the start of an argument
  bool is_plus_ = false;
  bool failed_ = false;
  std::string_view argument_;
  Completion completion_;

  char fail(std::string_view message);
};

}  // namespace mish::api

#endif  // MISH_SHELL_API_OPTION_PARSER_H_
