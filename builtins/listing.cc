// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/listing.h"

#include <algorithm>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/syntax/printer.h"

namespace mish::builtins {

namespace {

namespace attribute = state::attribute;
using state::Value;
using state::Variable;

std::string quoted_key(std::string_view key) {
  return key.empty() || needs_quoting(key) || key == "@" || key == "*" ? quote_double(key) : std::string(key);
}

}  // namespace

std::string attribute_letters(const Variable& variable) {
  std::string letters;
  if (variable.value.kind() == Value::Kind::Indexed) letters += 'a';
  if (variable.value.kind() == Value::Kind::Associative) letters += 'A';
  if (variable.has(attribute::Integer)) letters += 'i';
  if (variable.has(attribute::Nameref)) letters += 'n';
  if (variable.has(attribute::ReadOnly)) letters += 'r';
  if (variable.has(attribute::Trace)) letters += 't';
  if (variable.has(attribute::Exported)) letters += 'x';
  if (variable.has(attribute::Capital)) letters += 'c';
  if (variable.has(attribute::Lower)) letters += 'l';
  if (variable.has(attribute::Upper)) letters += 'u';
  return letters;
}

std::string format_array(const Value& value) {
  std::string text = "(";
  if (const state::IndexedArray* indexed = value.indexed()) {
    for (auto it = indexed->first(); it.valid(); it.next()) {
      if (text.size() > 1) text += ' ';
      text.append("[").append(std::to_string(it.index())).append("]=").append(quote_double(it.value()));
    }
  } else if (const state::AssociativeArray* keyed = value.associative()) {
    for (const auto* entry : keyed->listed()) {
      text.append("[").append(quoted_key(entry->key)).append("]=").append(quote_double(entry->value)).append(" ");
    }
  }
  return text + ")";
}

std::string format_declaration(Name name, const Variable& variable) {
  std::string letters = attribute_letters(variable);
  std::string line = "declare -" + (letters.empty() ? "-" : letters) + " " + std::string(text(name));
  bool is_only_declared = variable.has(attribute::Declared);
  if (variable.value.is_array()) {
    bool is_empty = variable.value.indexed() != nullptr ? variable.value.indexed()->count() == 0
                                                        : variable.value.associative()->count() == 0;
    if (!is_empty || !is_only_declared) line += "=" + format_array(variable.value);
  } else if (!variable.value.is_unset()) {
    line += "=" + quote_double(variable.value.text());
  }
  return line + "\n";
}

std::string format_posix_declaration(std::string_view word, Name name, const Variable& variable) {
  std::string line = std::string(word) + " " + std::string(text(name));
  if (variable.value.is_array()) {
    line += "=" + format_array(variable.value);
  } else if (!variable.value.is_unset()) {
    line += "=" + quote_for_posix_listing(variable.value.text());
  }
  return line + "\n";
}

std::string format_assignment(Name name, const Variable& variable, bool posix) {
  if (variable.value.is_unset()) return {};
  std::string line = std::string(text(name)) + "=";
  if (variable.value.is_array()) {
    line += format_array(variable.value);
  } else if (posix) {
    line += quote_for_posix_listing(variable.value.text());
  } else if (!variable.value.text().empty()) {
    line += quote(variable.value.text());
  }
  return line + "\n";
}

std::string quote_for_posix_listing(std::string_view text) {
  std::string out;
  do {
    size_t length = std::min(text.find('\''), text.size());
    out.append("'").append(text.substr(0, length)).append("'");
    text.remove_prefix(length);
    size_t quotes = std::min(text.find_first_not_of('\''), text.size());
    if (quotes != 0) out.append("\"").append(quotes, '\'').append("\"");
    text.remove_prefix(quotes);
  } while (!text.empty());
  return out;
}

void list_variables(api::BuiltinContext& context) {
  const state::VariableTable& variables = context.state.variables;
  std::vector<Name> names = variables.listed_names();
  if (!is_c_collation()) {
    std::stable_sort(names.begin(), names.end(), [](Name a, Name b) { return collate(text(a), text(b)) < 0; });
  }
  for (Name name : names) {
    const Variable* v = variables.find(name);
    if (v->has(attribute::Declared) || v->value.is_unset()) continue;
    if (!v->has(attribute::Nameref)) v = variables.resolve(name);
    context.out.write(format_assignment(name, *v, context.state.is_posix()));
  }
}

void print_function(api::BuiltinContext& context, const state::Function& function) {
  if (function.definition == nullptr) return;
  std::string definition = syntax::print_function(*function.definition);
  context.out.write(definition);
  if (!definition.ends_with('\n')) context.out.put('\n');
}

void list_functions(api::BuiltinContext& context) {
  for (Name name : context.state.functions.sorted_names()) print_function(context, *context.state.functions.find(name));
}

}  // namespace mish::builtins
