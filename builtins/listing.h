// SPDX-License-Identifier: GPL-3.0-or-later
// How variables and functions are printed so that the shell reads them back: `set`, `export -p`, `readonly -p`,
// `declare -p`, `declare -f`.
#ifndef MISH_BUILTINS_LISTING_H_
#define MISH_BUILTINS_LISTING_H_

#include <string>

#include "shell/api/builtin.h"

namespace mish::builtins {

/// The attribute letters of a variable in the order of `declare -p`, e.g. "ax"; empty when it has none.
std::string attribute_letters(const state::Variable& variable);

/// `([0]="a" [1]="b")` or `([k]="v" )`: an array as a compound value. The value must be an array.
std::string format_array(const state::Value& value);

/// `declare -x NAME="value"` with a newline; `declare -x NAME` when the variable has no value.
std::string format_declaration(Name name, const state::Variable& variable);

/// `WORD NAME='value'` with a newline, WORD being export or readonly (XCU export -p); without value when there is none.
std::string format_posix_declaration(std::string_view word, Name name, const state::Variable& variable);

/// `NAME=value` with a newline, quoted where needed, always in POSIX mode: a line of `set`. Empty for a variable
/// without value.
std::string format_assignment(Name name, const state::Variable& variable, bool posix);

/// `text` in quotes for listings of POSIX mode, with a ' as '"'"': byte for byte what dash writes, so that files into
/// which scripts put the output of `set`, `export -p` or `trap` (configure's cache) come out the same.
std::string quote_for_posix_listing(std::string_view text);

/// All variables as `set` prints them, in the order of the locale (XCU set).
void list_variables(api::BuiltinContext& context);

/// All functions with their bodies as `set` and `declare -f` print them.
void list_functions(api::BuiltinContext& context);

/// One function with its body.
void print_function(api::BuiltinContext& context, const state::Function& function);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_LISTING_H_
