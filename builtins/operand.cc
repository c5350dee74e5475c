// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/operand.h"

#include <algorithm>

#include "shell/api/services.h"
#include "shell/base/text.h"
#include "shell/syntax/parser.h"

namespace mish::builtins {

namespace {

const syntax::Assignment* find_compound(const api::BuiltinContext& context, std::string_view text) {
  if (context.command == nullptr) return nullptr;
  if (!text.ends_with(')')) return nullptr;  // without a look at all words for each of a million operands
  for (const syntax::Word* word : context.command->words) {
    if (word->assignment == nullptr || !word->assignment->is_array) continue;
    if (word->source.data() == text.data() && word->source.size() == text.size()) return word->assignment;
  }
  return nullptr;
}

// Where the subscript ends that `text` begins with: at the bracket before `=`, `+=` or the end that closes as many as
// were opened; failing that at the first, for a key may hold any character. npos if there is none.
size_t closing_bracket(std::string_view text) {
  size_t first = std::string_view::npos;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] != ']') continue;
    --depth;
    std::string_view rest = text.substr(i + 1);
    if (!rest.empty() && rest[0] != '=' && !rest.starts_with("+=")) continue;
    if (depth == 0) return i;
    if (first == std::string_view::npos) first = i;
  }
  return first;
}

}  // namespace

bool parse_operand(const api::BuiltinContext& context, std::string_view text, DeclarationOperand& operand) {
  operand = DeclarationOperand{};
  operand.name_text = text;
  if (const syntax::Assignment* compound = find_compound(context, text)) {
    operand.compound = compound;
    operand.name = compound->name;
    operand.name_text = mish::text(compound->name);
    operand.has_value = true;
    operand.append = compound->append;
    return true;
  }
  size_t end = 0;
  while (end < text.size() && is_name_char(text[end])) ++end;
  std::string_view name = text.substr(0, end);
  if (!is_identifier(name)) return false;
  std::string_view rest = text.substr(end);
  if (rest.starts_with('[')) {
    size_t close = closing_bracket(rest);
    if (close == std::string_view::npos || close == 1) return false;
    operand.has_subscript = true;
    operand.subscript = rest.substr(1, close - 1);
    rest = rest.substr(close + 1);
  }
  if (rest.starts_with("+=")) {
    operand.append = true;
    rest.remove_prefix(1);
  }
  if (!rest.empty() && rest[0] != '=') return false;
  operand.has_value = !rest.empty();
  if (operand.has_value) operand.value = rest.substr(1);
  operand.name_text = name;
  operand.name = NameTable::intern(name);
  return true;
}

void keep_prefix_assignment(api::BuiltinContext& context, const DeclarationOperand& operand) {
  auto is_operand = [&](const syntax::Assignment& each) { return each.name == operand.name; };
  // Not what was assigned to an `eval` around it.
  if (context.command != nullptr && std::ranges::none_of(context.command->assignments, is_operand)) return;
  state::VariableTable& variables = context.state.variables;
  variables.keep_prefix_assignment(variables.target(operand.name));
}

void expand_operand(api::BuiltinContext& context, DeclarationOperand& operand, bool associative) {
  if (operand.compound == nullptr) return;
  operand.elements = context.services.expander().expand_elements(*operand.compound, associative);
}

void make_array(api::BuiltinContext& context, const DeclarationOperand& operand, bool indexed, bool associative) {
  using Kind = state::Value::Kind;
  state::VariableTable& variables = context.state.variables;
  const state::Variable* v = variables.resolve(operand.name);
  const Kind kind = v != nullptr ? v->value.kind() : Kind::Unset;
  if (indexed && (associative || kind == Kind::Associative)) {
    throw state::ShellError(state::ShellError::Kind::Assignment,
                            std::string(operand.name_text) + ": cannot convert associative to indexed array");
  }
  if (associative && kind == Kind::Indexed) {
    throw state::ShellError(state::ShellError::Kind::Assignment,
                            std::string(operand.name_text) + ": cannot convert indexed to associative array");
  }
  if (kind >= Kind::Indexed) return;
  if (indexed) variables.prepare_indexed(operand.name, true);
  if (associative) variables.prepare_associative(operand.name, true);
}

void assign_operand(api::BuiltinContext& context, const DeclarationOperand& operand, bool associative) {
  state::VariableTable& variables = context.state.variables;
  if (!operand.has_value) return;
  if (operand.compound != nullptr) {
    context.services.expander().store_elements(*operand.compound, operand.elements, associative);
  } else if (operand.has_subscript) {
    std::string reference = std::string(operand.name_text) + "[" + std::string(operand.subscript) + "]";
    auto parsed = syntax::parse_reference(context.state.scratch.copy(reference), context.state.scratch);
    if (!parsed.has_value() || parsed->subscript == nullptr) {
      throw state::ShellError(state::ShellError::Kind::Assignment, reference + ": bad array subscript");
    }
    int64_t index = 0;
    std::string_view key;
    if (context.services.expander().evaluate_subscript(operand.name, *parsed->subscript, index, key)) {
      variables.assign_key(operand.name, key, operand.value, operand.append);
    } else {
      variables.assign_element(operand.name, index, operand.value, operand.append);
    }
  } else if (operand.append) {
    variables.append(operand.name, operand.value);
  } else {
    variables.assign(operand.name, operand.value);
  }
}

}  // namespace mish::builtins
