// SPDX-License-Identifier: GPL-3.0-or-later
// Variables named by operands of builtins: `name` or `name[subscript]` (read, printf -v, mapfile).
#ifndef MISH_BUILTINS_REFERENCE_H_
#define MISH_BUILTINS_REFERENCE_H_

#include <string_view>

#include "shell/api/builtin.h"

namespace mish::builtins {

/// Whether `text` names a variable, or outside POSIX mode an element of an array.
bool is_reference(std::string_view text, const state::ShellState& state);

/// Assigns `value` to the variable or element that `text` names. False when it is none, or the assignment is refused
/// (readonly, bad subscript): the message was written.
bool assign_reference(api::BuiltinContext& context, std::string_view text, std::string_view value);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_REFERENCE_H_
