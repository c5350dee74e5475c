// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/reference.h"

#include "shell/api/services.h"
#include "shell/expand/expander.h"
#include "shell/syntax/parser.h"

namespace mish::builtins {

namespace {

void assign_element(api::BuiltinContext& context, const syntax::VariableReference& reference, std::string_view value) {
  int64_t index = 0;
  std::string_view key;
  state::VariableTable& variables = context.state.variables;
  if (context.services.expander().evaluate_subscript(reference.name, *reference.subscript, index, key)) {
    variables.assign_key(reference.name, key, value);
  } else {
    variables.assign_element(reference.name, index, value);
  }
}

}  // namespace

bool is_reference(std::string_view text, const state::ShellState& state) {
  size_t bracket = text.find('[');
  if (bracket == std::string_view::npos) return is_identifier(text);
  return !state.is_posix() && is_identifier(text.substr(0, bracket)) && text.size() > bracket + 2 && text.back() == ']';
}

bool assign_reference(api::BuiltinContext& context, std::string_view text, std::string_view value) {
  try {
    if (is_identifier(text)) {
      context.state.variables.assign(NameTable::intern(text), value);
      return true;
    }
    ArenaScope scope(context.state.scratch);
    if (is_reference(text, context.state)) {
      std::optional<syntax::VariableReference> reference = syntax::parse_reference(text, context.state.scratch);
      if (reference.has_value() && reference->subscript != nullptr) {
        assign_element(context, *reference, value);
        return true;
      }
    }
  } catch (const state::ShellError& error) {
    // What is wrong arithmetic of an integer variable abandons the line, in a builtin as in an assignment.
    if (error.kind() == state::ShellError::Kind::Fatal || error.kind() == state::ShellError::Kind::Expansion) throw;
    context.error(error.message());
    return false;
  }
  context.error("`{}': not a valid identifier", text);
  return false;
}

}  // namespace mish::builtins
