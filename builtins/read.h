// SPDX-License-Identifier: GPL-3.0-or-later
// read (XCU read) and mapfile. Not a byte is consumed beyond what is used; see input_reader.h for how that is kept
// cheap.
#ifndef MISH_BUILTINS_READ_H_
#define MISH_BUILTINS_READ_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU read, with the options of bash.
Completion run_read(BuiltinContext& context, Args args);
/// mapfile, readarray.
Completion run_mapfile(BuiltinContext& context, Args args);

inline constexpr std::string_view kMapfileHelp =
    R"(Read lines into an array (MAPFILE unless named).
  -d DELIM   lines end with the first character of DELIM, or with a NUL byte if it is empty
  -n COUNT   at most COUNT lines;  -s COUNT   skip the first COUNT
  -O ORIGIN  begin at this index and keep the other elements
  -t         without the delimiter
  -u FD      read from descriptor FD
  -C CALL -c N   run `CALL INDEX LINE` before each N-th line is assigned (5000)

Exit status: 0, unless an option is wrong or the array cannot be assigned.)";

inline constexpr Builtin kReadRows[] = {
    {"mapfile", run_mapfile, BuiltinKind::Extension, builtin_flag::ReadsInput,
     "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
     kMapfileHelp},
    {"read", run_read, BuiltinKind::Intrinsic, builtin_flag::Contained | builtin_flag::ReadsInput,
     "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
     R"(Read a line and split it into fields.
The fields are assigned to the names in order, the rest of the line to the last one; without names the line goes to
REPLY. A backslash protects the next character and joins lines.
  -r   backslash is an ordinary character
  -d DELIM   read up to the first character of DELIM, or a NUL byte if it is empty, instead of a newline
  -a ARRAY   assign the fields to the elements of ARRAY
  -n N, -N N   at most N characters; exactly N, whatever they are, unsplit
  -p PROMPT   written first if input is a terminal;  -s   do not echo;  -e   edit the line;  -i TEXT   begin with TEXT
  -t SECONDS  give up then; 0 only tells whether there is input
  -u FD   read from descriptor FD

Exit status: 0; 1 at the end of file; over 128 when the time was up or a signal came; 2 for wrong usage.)"},
    {"readarray", run_mapfile, BuiltinKind::Extension, builtin_flag::ReadsInput,
     "readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
     kMapfileHelp},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_READ_H_
