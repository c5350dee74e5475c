// SPDX-License-Identifier: GPL-3.0-or-later
// Operands of declaration utilities (export, readonly, declare, local): NAME, NAME=value, NAME+=value, NAME[sub]=value,
// NAME=(...). A compound array value is not in the operand's text but in the command's words, where it is found again.
#ifndef MISH_BUILTINS_OPERAND_H_
#define MISH_BUILTINS_OPERAND_H_

#include <string_view>
#include <vector>

#include "shell/api/builtin.h"
#include "shell/expand/expander.h"
#include "shell/state/status.h"
#include "shell/syntax/word.h"

namespace mish::builtins {

struct DeclarationOperand {
  std::string_view name_text;
  Name name = kNoName;
  bool has_value = false;
  bool append = false;
  bool has_subscript = false;
  std::string_view subscript;  // between the brackets
  std::string_view value;
  const syntax::Assignment* compound = nullptr;   // NAME=( ... )
  std::vector<expand::ExpandedElement> elements;  // of compound, once expand_operand() was called
};

/// Takes an operand apart. False when what should be a name is none; `name_text` is then the whole operand.
bool parse_operand(const api::BuiltinContext& context, std::string_view text, DeclarationOperand& operand);

/// bash: `x=1 export x` marks the x of the shell, which takes the value of the prefix assignment.
void keep_prefix_assignment(api::BuiltinContext& context, const DeclarationOperand& operand);

/// Expands the compound value of `operand`, if it has one, into its `elements`. `associative`: it is going to be an
/// associative array. Throws ShellError.
void expand_operand(api::BuiltinContext& context, DeclarationOperand& operand, bool associative);

/// Makes the variable of `operand` an array of the kind that is asked for, if it is none yet. Throws ShellError for one
/// of the other kind.
void make_array(api::BuiltinContext& context, const DeclarationOperand& operand, bool indexed, bool associative);

/// Performs the assignment of `operand`, if it has one, after expand_operand() with the same `associative`. Throws
/// ShellError.
void assign_operand(api::BuiltinContext& context, const DeclarationOperand& operand, bool associative);

/// Runs `action`; an assignment that fails in it (readonly) is reported and makes it false, except where it has the
/// consequences of XCU 2.8.1, that is, from a special builtin in POSIX mode. What fails in expanding has them always.
template <typename Action>
bool reporting_errors(api::BuiltinContext& context, Action action) {
  try {
    action();
    return true;
  } catch (const state::ShellError& error) {
    using Kind = state::ShellError::Kind;
    bool is_assignment = error.kind() == Kind::Assignment || error.kind() == Kind::Utility;
    if (!is_assignment || (context.is_special && context.state.is_posix())) throw;
    if (!error.message().empty()) context.error(error.message());
    return false;
  }
}

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_OPERAND_H_
