// SPDX-License-Identifier: GPL-3.0-or-later
// printf (XCU printf) with the conversions of bash: %b %q %Q %(format)T, -v. Formats straight into the builtin's
// output. Integers are formatted here; floating point by snprintf(3) with long double.
#ifndef MISH_BUILTINS_PRINTF_H_
#define MISH_BUILTINS_PRINTF_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU printf.
Completion run_printf(BuiltinContext& context, Args args);

inline constexpr Builtin kPrintfRows[] = {
    {"printf", run_printf, BuiltinKind::Utility, builtin_flag::Contained | builtin_flag::PureOutput,
     "printf [-v var] format [argument ...]",
     R"(Write arguments under the control of a format.
The format is used again until all arguments are used up. Escapes as in \n \t \\ \ooo \xHH \uHHHH are replaced.
  %s %c          string, its first byte
  %d %i %u       decimal;  %o octal;  %x %X hexadecimal.  'c is the number of the character c
  %e %f %g %a    floating point (also in capitals)
  %b             string with escapes, \c ends the output
  %q             quoted so that the shell can read it back;  %Q: precision counts before quoting
  %(format)T     time, in seconds since the epoch, by strftime; -1 is now
  %n$s           argument number n
Flags - + space # 0, widths and precisions, also as *, are those of printf(3).
  -v VAR         assign the result to VAR or to an element of an array

Exit status: 0, or 1 when an argument was no valid number or the output cannot be written.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_PRINTF_H_
