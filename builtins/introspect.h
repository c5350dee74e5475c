// SPDX-License-Identifier: GPL-3.0-or-later
// What a name means and what there is: type, hash (XCU type, hash), caller, help, enable; and the answer of `command
// -v`.
#ifndef MISH_BUILTINS_INTROSPECT_H_
#define MISH_BUILTINS_INTROSPECT_H_

#include <cstdint>

#include "shell/api/builtin.h"
#include "shell/api/services.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

enum class Description : uint8_t {
  None,
  Short,  // command -v: the path, or what can be typed again
  Long,   // command -V, type: a sentence
  Kind,   // type -t: one word
  Path,   // type -p: the path of a file, nothing for others
};

/// Prints what `name` leads to. False, nothing printed, when it leads nowhere.
bool describe_command(BuiltinContext& context, std::string_view name, Description style, const RunOptions& options);

/// XCU type; with -a -f -p -P -t as in bash.
Completion run_type(BuiltinContext& context, Args args);
/// XCU hash; with -d -l -p -t as in bash.
Completion run_hash(BuiltinContext& context, Args args);
/// The frames of the running functions.
Completion run_caller(BuiltinContext& context, Args args);
/// Help texts of builtins by pattern.
Completion run_help(BuiltinContext& context, Args args);
/// Turns builtins on and off.
Completion run_enable(BuiltinContext& context, Args args);

inline constexpr Builtin kIntrospectRows[] = {
    {"caller", run_caller, BuiltinKind::Extension, builtin_flag::Contained | builtin_flag::PureOutput, "caller [n]",
     R"(Print where the running function was called.
Line and file; with N also the function, N frames further out (0 is the immediate caller).

Exit status: 0; 1 if no function runs or there is no such frame.)"},
    {"enable", run_enable, BuiltinKind::Extension, 0, "enable [-anps] [name ...]",
     R"(Turn builtins on and off.
Without names, the builtins that are on are printed.

  -n  turn off, so that a command of that name is found in PATH; without names: print those that are off
  -a  print all, on or off
  -p  print in a form that can be read back
  -s  only special builtins

Builtins cannot be loaded from files (-f, -d).

Exit status: 0, unless a NAME is no builtin.)"},
    {"hash", run_hash, BuiltinKind::Intrinsic, builtin_flag::Contained, "hash [-lr] [-p path] [-dt] [name ...]",
     R"(Remember where commands are, or print what is remembered.
NAMEs are looked for in PATH and remembered. Without operands what is remembered is printed.

  -r       forget everything
  -d       forget the NAMEs
  -l       print in a form that can be read back
  -p PATH  NAME is at PATH
  -t       print where the NAMEs are

Exit status: 0, unless a NAME is not found.)"},
    {"help", run_help, BuiltinKind::Extension, builtin_flag::Contained | builtin_flag::PureOutput,
     "help [-dms] [pattern ...]",
     R"(Print what builtins do.
Without a PATTERN all builtins are listed.

  -d  one line each
  -m  as a manual page
  -s  only the synopsis

Exit status: 0, unless no builtin matches.)"},
    {"type", run_type, BuiltinKind::Intrinsic, builtin_flag::Contained | builtin_flag::PureOutput,
     "type [-afptP] name ...",
     R"(Tell what a command name leads to.
  -a  everything of that name, not only what would run
  -f  look past functions
  -t  one word: alias, keyword, function, builtin or file
  -p  only the path, if a file would run
  -P  search PATH even if something else would run

Exit status: 0 if all NAMEs are found.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_INTROSPECT_H_
