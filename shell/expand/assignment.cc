// SPDX-License-Identifier: GPL-3.0-or-later
// Variable assignments (XCU 2.9.1): expands the value and stores it, keeping integers integers.
#include <fmt/format.h>

#include "shell/expand/arithmetic.h"
#include "shell/expand/expander.h"
#include "shell/expand/field_builder.h"
#include "shell/expand/parameter.h"

namespace mish::expand {

using state::ShellError;
using state::Variable;
using syntax::ArrayElement;
using syntax::Assignment;
using syntax::PartKind;
namespace attribute = state::attribute;

void Expander::assign(const Assignment& assignment) {
  const Variable* variable = state_.variables.find(assignment.name);
  bool is_associative = variable != nullptr && variable->value.kind() == state::Value::Kind::Associative;
  if (!is_associative && variable != nullptr && variable->has(attribute::Nameref)) {
    variable = state_.variables.resolve(assignment.name);
    is_associative = variable != nullptr && variable->value.kind() == state::Value::Kind::Associative;
  }
  if (assignment.subscript == nullptr && !assignment.is_array) return assign_scalar(assignment);
  ArenaScope scope(state_.scratch);
  if (assignment.is_array) {
    return store_elements(assignment, expand_elements(assignment, is_associative), is_associative);
  }
  std::string_view value = assignment.word != nullptr ? expand_single(*assignment.word) : std::string_view("", 0);
  int64_t index;
  std::string_view key;
  if (evaluate_subscript(assignment.name, *assignment.subscript, index, key)) {
    state_.variables.assign_key(assignment.name, key, value, assignment.append);
  } else {
    state_.variables.assign_element(assignment.name, index, value, assignment.append);
  }
}

void Expander::assign_scalar(const Assignment& assignment) {
  Name name = assignment.name;
  if (assignment.plain_arithmetic != nullptr && !assignment.append) {
    return state_.variables.assign_integer(name, evaluate(*assignment.plain_arithmetic));
  }
  if (assignment.word == nullptr) {
    return assignment.append ? state_.variables.append(name, {}) : state_.variables.assign(name, {"", 0});
  }
  const syntax::Word& word = *assignment.word;
  auto store = [&](std::string_view text) {
    assignment.append ? state_.variables.append(name, text) : state_.variables.assign(name, text);
  };
  if (word.is_literal) return store(word.literal);
  if (word.parts.size() == 1 && word.parts[0].kind == PartKind::CommandSubstitution) {
    std::string buffer;
    store(run_substitution(*word.parts[0].command, buffer));
    spare_ = std::move(buffer);
    return;
  }
  if (!assignment.append) {
    if (word.is_single_parameter && assign_from_parameter(name, *word.parts[0].parameter)) return;
    if (word.parts.size() > 1 && assign_by_appending(name, word)) return;
  }
  ArenaScope scope(state_.scratch);
  store(expand_single(word));
}

namespace {

/// ${y} and, with an operand that is harmless too, ${y#p} and its kin.
bool is_free_of_effects(const syntax::ParameterExpansion& p) {
  if (p.subscript != nullptr || p.indirect) return false;
  switch (p.op) {
    case syntax::ParameterOp::None:
    case syntax::ParameterOp::Length: return true;
    case syntax::ParameterOp::RemoveSmallestPrefix:
    case syntax::ParameterOp::RemoveLargestPrefix:
    case syntax::ParameterOp::RemoveSmallestSuffix:
    case syntax::ParameterOp::RemoveLargestSuffix:
      if (p.word == nullptr || p.word->is_literal) return true;
      for (const syntax::WordPart& part : p.word->parts) {
        bool is_simple = part.kind == PartKind::Literal ||
                         (part.kind == PartKind::Parameter && part.parameter->op == syntax::ParameterOp::None &&
                          is_free_of_effects(*part.parameter));
        if (!is_simple) return false;
      }
      return true;
    default: return false;
  }
}

/// Whether an expansion of the part leaves all variables alone.
bool is_free_of_effects(const syntax::WordPart& part) {
  switch (part.kind) {
    case PartKind::Literal:
    case PartKind::CommandSubstitution: return true;  // runs in a subshell environment
    case PartKind::Parameter: return is_free_of_effects(*part.parameter);
    case PartKind::Tilde:
    case PartKind::Arithmetic:
    case PartKind::ProcessSubstitution:
    case PartKind::Brace: return false;
  }
  return false;
}

}  // namespace

/// x=$y, x=${x#p}: an integer stays one, and text is copied once, without a stop in the arena.
bool Expander::assign_from_parameter(Name name, const syntax::ParameterExpansion& p) {
  if (p.kind == syntax::ParameterKind::Variable && p.op == syntax::ParameterOp::None && p.subscript == nullptr &&
      !p.indirect) {
    const Variable* source = state_.variables.find(p.name);
    bool is_plain = source != nullptr && source->value.kind() == state::Value::Kind::Scalar &&
                    !source->has(attribute::Special | attribute::Nameref | attribute::Bound);
    if (is_plain && source->value.holds_integer()) {
      state_.variables.assign_integer(name, source->value.integer());
      return true;
    }
  }
  ArenaScope scope(state_.scratch);
  std::string_view text;
  if (!borrow_parameter(p, text)) return false;
  state_.variables.assign(name, text.data() != nullptr ? text : std::string_view("", 0));
  return true;
}

/// x=$x... is x+=...: costs what is added, not what is there.
bool Expander::assign_by_appending(Name name, const syntax::Word& word) {
  const syntax::WordPart& first = word.parts[0];
  if (first.kind != PartKind::Parameter || first.parameter->kind != syntax::ParameterKind::Variable) return false;
  if (first.parameter->name != name || first.parameter->op != syntax::ParameterOp::None) return false;
  if (!is_free_of_effects(first)) return false;
  const Variable* variable = state_.variables.find(name);
  bool is_plain =
      variable != nullptr && variable->value.kind() == state::Value::Kind::Scalar && !variable->has(attribute::Careful);
  if (!is_plain) return false;
  std::span<const syntax::WordPart> rest = word.parts.subspan(1);
  for (const syntax::WordPart& part : rest) {
    if (!is_free_of_effects(part)) return false;
  }
  ArenaScope scope(state_.scratch);
  FieldBuilder builder(*this, FieldBuilder::Mode::Single, nullptr, false);
  add_parts(rest, builder, false, false);
  state_.variables.append(name, builder.finish_text());
  return true;
}

// Everything is expanded before anything is stored: the values may come from the array itself. Not so the subscripts of
// an indexed array, as in bash: each sees what was stored before it.
std::vector<ExpandedElement> Expander::expand_elements(const Assignment& assignment, bool associative) {
  if (assignment.subscript != nullptr) {
    throw ShellError(ShellError::Kind::Assignment, fmt::format("{}[{}]: cannot assign list to array member",
                                                               text(assignment.name), assignment.subscript->text));
  }
  std::vector<ExpandedElement> elements;
  FieldList fields(state_.scratch);
  for (const ArrayElement& item : assignment.elements) {
    ExpandedElement element;
    if (item.subscript == nullptr) {
      fields.truncate(0);
      if (associative) {
        fields.push_back(expand_single(*item.word));
      } else {
        expand_fields(*item.word, fields);
      }
      for (std::string_view field : fields.span()) {
        element.value = field;
        elements.push_back(element);
      }
      continue;
    }
    element.has_subscript = true;
    element.append = item.append;
    if (item.subscript->text.empty()) {
      hooks_.warn("[]: bad array subscript");
      continue;  // as in bash: the others are assigned
    }
    if (associative) {
      element.key = item.subscript->word != nullptr ? expand_single(*item.subscript->word) : item.subscript->text;
    } else if (item.subscript->kind != syntax::Subscript::Kind::Expression || item.subscript->index == nullptr) {
      hooks_.warn("[" + std::string(item.subscript->text) + "]: bad array subscript");
      continue;
    } else {
      element.index = item.subscript->index;
    }
    element.value = item.word != nullptr ? expand_single(*item.word) : std::string_view("", 0);
    elements.push_back(element);
  }
  return elements;
}

void Expander::store_elements(const Assignment& assignment, std::span<const ExpandedElement> elements,
                              bool associative) {
  if (associative) {
    state_.variables.prepare_associative(assignment.name, assignment.append);
    store_associative(assignment.name, elements);
  } else {
    store_indexed(assignment.name, elements, assignment.append);
  }
}

void Expander::store_associative(Name name, std::span<const ExpandedElement> elements) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].has_subscript) {
      state_.variables.assign_key(name, elements[i].key, elements[i].value, elements[i].append);
    } else if (elements[0].has_subscript) {
      hooks_.warn(
          fmt::format("{}: {}: must use subscript when assigning associative array", text(name), elements[i].value));
    } else {  // a=(key value key value)
      std::string_view value = i + 1 < elements.size() ? elements[i + 1].value : std::string_view("", 0);
      state_.variables.assign_key(name, elements[i].value, value);
      ++i;
    }
  }
}

void Expander::store_indexed(Name name, std::span<const ExpandedElement> elements, bool append) {
  const Variable* variable = state_.variables.resolve(name);
  const bool converts = variable != nullptr && variable->has(attribute::Converts);
  // Whoever looks the variable up makes a computed one (DIRSTACK) anew: after that the array is another.
  state::IndexedArray* array = &state_.variables.prepare_indexed(name, append);
  int64_t next = array->end_index();
  for (const ExpandedElement& element : elements) {
    if (element.has_subscript) {
      const int64_t index = evaluate(*element.index);
      array = &state_.variables.prepare_indexed(name, true);
      if (array->absolute(index) < 0) {
        hooks_.warn(fmt::format("[{}]: bad array subscript", index));
        continue;
      }
      next = array->absolute(index);
    } else if (next < 0) {
      throw ShellError(ShellError::Kind::Assignment, fmt::format("{}: the array is full", text(name)));
    }
    if (converts || element.append) {
      state_.variables.assign_element(name, next, element.value, element.append);
      array = &state_.variables.prepare_indexed(name, true);
    } else {
      array->set(next, element.value);
    }
    next = next == INT64_MAX ? -1 : next + 1;
  }
}

}  // namespace mish::expand
