// SPDX-License-Identifier: GPL-3.0-or-later
// alias and unalias (XCU alias, unalias). The substitution itself is the parser's.
#ifndef MISH_BUILTINS_ALIAS_H_
#define MISH_BUILTINS_ALIAS_H_

#include <string>

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU alias.
Completion run_alias(BuiltinContext& context, Args args);
/// XCU unalias.
Completion run_unalias(BuiltinContext& context, Args args);

/// `name='value'`, as `alias` prints it: fit to be read back as an operand of alias.
std::string format_alias(std::string_view name, std::string_view value);

inline constexpr Builtin kAliasRows[] = {
    {"alias", run_alias, BuiltinKind::Intrinsic, builtin_flag::Contained, "alias [-p] [name[=value] ...]",
     R"(Define or print aliases.
NAME=VALUE defines an alias: where NAME is the first word of a command it is replaced by VALUE. If VALUE ends in a blank
the next word is looked at, too. A NAME alone is printed; without operands all aliases are.

  -p  print all aliases in a form that can be read back

Exit status: 0, unless a NAME has no alias.)"},
    {"unalias", run_unalias, BuiltinKind::Intrinsic, builtin_flag::Contained, "unalias -a | name ...",
     R"(Remove aliases.
  -a  remove all of them

Exit status: 0, unless a NAME has no alias.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_ALIAS_H_
