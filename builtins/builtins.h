// SPDX-License-Identifier: GPL-3.0-or-later
// The door of the builtins: the one table. A new builtin is a function and a row in the header of its family (flow.h,
// eval.h, ...); table.cc merges the rows of all families into one sorted table at compile time.
#ifndef MISH_BUILTINS_BUILTINS_H_
#define MISH_BUILTINS_BUILTINS_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

/// All builtins, sorted by name, each name once. main() hands it to the shell.
api::BuiltinTable builtin_table();

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_BUILTINS_H_
