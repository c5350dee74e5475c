// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/reference.h"

#include "builtins/operand.h"
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

/// Assigns to what `text` names. False when it names nothing. Throws ShellError.
bool assign_named(api::BuiltinContext& context, std::string_view text, std::string_view value) {
  if (is_identifier(text)) {
    context.state.variables.assign(NameTable::intern(text), value);
    return true;
  }
  if (!is_reference(text, context.state)) return false;
  ArenaScope scope(context.state.scratch);
  std::optional<syntax::VariableReference> reference = syntax::parse_reference(text, context.state.scratch);
  if (!reference.has_value() || reference->subscript == nullptr) return false;
  assign_element(context, *reference, value);
  return true;
}

}  // namespace

bool is_reference(std::string_view text, const state::ShellState& state) {
  size_t bracket = text.find('[');
  if (bracket == std::string_view::npos) return is_identifier(text);
  return !state.is_posix() && is_identifier(text.substr(0, bracket)) && text.size() > bracket + 2 && text.back() == ']';
}

bool assign_reference(api::BuiltinContext& context, std::string_view text, std::string_view value) {
  bool names_something = false;
  if (!reporting_errors(context, [&] { names_something = assign_named(context, text, value); })) return false;
  if (!names_something) context.error("`{}': not a valid identifier", text);
  return names_something;
}

}  // namespace mish::builtins
