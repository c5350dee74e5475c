// SPDX-License-Identifier: GPL-3.0-or-later
// test and [ (XCU test): exact rules for up to four operands; for more, and for -a -o ( ), the precedence parser of
// bash. Primaries on files are state/file_test's. Allocates nothing unless a message or an array subscript needs it.
#ifndef MISH_BUILTINS_TEST_H_
#define MISH_BUILTINS_TEST_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU test; called as [, the last operand must be ].
Completion run_test(BuiltinContext& context, Args args);

inline constexpr std::string_view kTestHelp =
    R"(Evaluate a condition.
Files:    -b -c -d -e -f -g -h -k -L -p -r -s -S -u -w -x -G -N -O FILE,  F -nt G,  F -ot G,  F -ef G
Strings:  -n S, -z S, S, S = T, S == T, S != T, S < T, S > T
Numbers:  M -eq N, -ne, -lt, -le, -gt, -ge
Shell:    -t FD a terminal, -v NAME a variable that is set, -R NAME a name reference, -o OPTION an option that is on
Combined: ! E, ( E ), E -a E, E -o E. With more than four arguments the meaning can be ambiguous: prefer && and ||.

Exit status: 0 if true, 1 if false, 2 on an error.)";

inline constexpr Builtin kTestRows[] = {
    {"[", run_test, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput, "[ expression ]",
     kTestHelp},
    {"test", run_test, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput, "test [expression]",
     kTestHelp},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_TEST_H_
