// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/declare.h"

#include <algorithm>
#include <vector>

#include "builtins/listing.h"
#include "builtins/operand.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

namespace attribute = state::attribute;
using state::Attributes;
using state::Option;
using state::Value;
using state::Variable;

// What the options ask for.
struct Declaration {
  Attributes add = 0;
  Attributes remove = 0;
  bool indexed = false;
  bool associative = false;
  bool destroys_array = false;  // +a, +A
  bool functions = false;       // -f
  bool function_names = false;  // -F
  bool global = false;
  bool inherit = false;
  bool print = false;
  bool is_local = false;  // the builtin is `local`
  bool selects() const { return add != 0 || indexed || associative; }
};

Attributes attribute_of(char letter) {
  switch (letter) {
    case 'c': return attribute::Capital;
    case 'i': return attribute::Integer;
    case 'l': return attribute::Lower;
    case 'n': return attribute::Nameref;
    case 'r': return attribute::ReadOnly;
    case 't': return attribute::Trace;
    case 'u': return attribute::Upper;
    case 'x': return attribute::Exported;
    default: return 0;
  }
}

void apply_option(Declaration& declaration, char letter, bool is_plus) {
  switch (letter) {
    case 'a':
    case 'A':
      if (is_plus) declaration.destroys_array = true;
      (letter == 'a' ? declaration.indexed : declaration.associative) = !is_plus;
      break;
    case 'f': declaration.functions = !is_plus; break;
    case 'F': declaration.functions = declaration.function_names = !is_plus; break;
    case 'g': declaration.global = true; break;
    case 'I': declaration.inherit = true; break;
    case 'p': declaration.print = true; break;
    default: (is_plus ? declaration.remove : declaration.add) |= attribute_of(letter); break;
  }
}

// --- functions ---

void print_function_name(BuiltinContext& context, Name name, bool with_word) {
  const state::Function* function = context.state.functions.find(name);
  if (!with_word) {
    context.out.write(text(name));
    if (context.state.is_on(Option::ExtDebug)) {
      context.out.print(" {} {}", function->definition->line, function->source_name);
    }
    context.out.put('\n');
    return;
  }
  context.out.print("declare -f{}{}{} {}\n", function->is_readonly ? "r" : "", function->is_traced ? "t" : "",
                    function->is_exported ? "x" : "", text(name));
}

Completion declare_functions(BuiltinContext& context, const Declaration& declaration, Args names) {
  state::FunctionTable& functions = context.state.functions;
  bool changes = (declaration.add | declaration.remove) != 0 && !names.empty();
  if (names.empty()) {
    for (Name name : functions.sorted_names()) {
      const state::Function* function = functions.find(name);
      if ((declaration.add & attribute::Exported) != 0 && !function->is_exported) continue;
      if ((declaration.add & attribute::ReadOnly) != 0 && !function->is_readonly) continue;
      if ((declaration.add & attribute::Trace) != 0 && !function->is_traced) continue;
      if (!declaration.function_names) print_function(context, *function);
      bool has_attributes = function->is_exported || function->is_readonly || function->is_traced;
      if (declaration.function_names || has_attributes) print_function_name(context, name, true);
    }
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view name_text : names) {
    std::optional<Name> name = NameTable::find(name_text);
    if (!name.has_value() || functions.find(*name) == nullptr) {
      if (changes || declaration.print) context.error("{}: not found", name_text);
      status = 1;
    } else if (!changes) {
      declaration.function_names ? print_function_name(context, *name, declaration.print)
                                 : print_function(context, *functions.find(*name));
    } else {
      state::Function* function = functions.find_mutable(*name);
      if ((declaration.add & attribute::Exported) != 0) function->is_exported = true;
      if ((declaration.remove & attribute::Exported) != 0) function->is_exported = false;
      if ((declaration.add & attribute::Trace) != 0) function->is_traced = true;
      if ((declaration.remove & attribute::Trace) != 0) function->is_traced = false;
      if ((declaration.add & attribute::ReadOnly) != 0) function->is_readonly = true;
    }
  }
  return Completion::of(status);
}

// --- printing variables ---

bool is_selected(const Declaration& declaration, const Variable& v) {
  if ((v.attributes & declaration.add) != declaration.add) return false;
  if (declaration.indexed && v.value.kind() != Value::Kind::Indexed) return false;
  return !declaration.associative || v.value.kind() == Value::Kind::Associative;
}

void print_all(BuiltinContext& context, const Declaration& declaration) {
  const state::VariableTable& variables = context.state.variables;
  std::vector<Name> names = declaration.is_local ? variables.locals() : variables.names_with(declaration.add);
  for (Name name : names) {
    const Variable* v = variables.find(name);
    if (!v->has(attribute::Nameref)) v = variables.resolve(name);
    if (is_selected(declaration, *v)) context.out.write(format_declaration(name, *v));
  }
}

Completion print_named(BuiltinContext& context, Args names, bool only_locals) {
  const state::VariableTable& variables = context.state.variables;
  std::vector<Name> locals = only_locals ? variables.locals() : std::vector<Name>();
  int status = 0;
  for (std::string_view name_text : names) {
    std::optional<Name> name = NameTable::find(name_text);
    const Variable* v = name.has_value() ? variables.find(*name) : nullptr;
    if (v != nullptr && !v->has(attribute::Nameref)) v = variables.resolve(*name);
    if (only_locals && std::ranges::find(locals, name) == locals.end()) v = nullptr;
    if (v == nullptr || (v->value.is_unset() && !v->has(attribute::Declared | attribute::Nameref))) {
      context.error("{}: not found", name_text);
      status = 1;
    } else {
      context.out.write(format_declaration(*name, *v));
    }
  }
  return Completion::of(status);
}

// --- declaring ---

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  throw state::ShellError(state::ShellError::Kind::Assignment, fmt::format("{}: {}", name, why));
}

// declare -n: the value is the name of another variable, perhaps with a subscript.
void declare_reference(BuiltinContext& context, const DeclarationOperand& operand) {
  state::VariableTable& variables = context.state.variables;
  const Variable* old = variables.find(operand.name);
  if (operand.has_subscript || operand.compound != nullptr || (old != nullptr && old->value.is_array())) {
    refuse(operand.name_text, "a reference cannot be an array");
  }
  if (operand.has_value) {
    std::string_view target = operand.value;
    std::string_view base = target.substr(0, target.find('['));
    if (!is_identifier(base)) refuse(target, "not a valid name for a reference");
    if (target == operand.name_text) refuse(operand.name_text, "a reference cannot refer to itself");
    variables.remove_attributes(operand.name, attribute::Nameref);
    variables.assign(operand.name, target);
  } else if (old != nullptr && !old->has(attribute::Nameref)) {
    std::string_view target = old->value.text();
    if (!target.empty() && !is_identifier(target.substr(0, target.find('['))))
      refuse(target, "not a valid name for a reference");
  }
  variables.add_attributes(operand.name, attribute::Nameref);
}

void prepare_array(BuiltinContext& context, const Declaration& declaration, const DeclarationOperand& operand) {
  state::VariableTable& variables = context.state.variables;
  const Variable* v = variables.resolve(operand.name);
  Value::Kind kind = v != nullptr ? v->value.kind() : Value::Kind::Unset;
  // `declare -i a[4]` makes an array: the subscript says no more than that.
  bool is_compound = operand.compound != nullptr || (operand.has_subscript && !operand.has_value);
  bool wants_indexed = declaration.indexed || (is_compound && !declaration.associative && kind < Value::Kind::Indexed);
  make_array(context, operand, wants_indexed, declaration.associative);
  // An array without elements counts as declared only, as in `declare -p`.
  if (!operand.has_value && kind == Value::Kind::Unset && (declaration.associative || wants_indexed)) {
    variables.add_attributes(operand.name, attribute::Declared);
  }
}

// The value of `declare -a 'a=(1 2)'` is a compound one though it came as text.
bool is_textual_compound(const BuiltinContext& context, const Declaration& declaration,
                         const DeclarationOperand& operand) {
  if (!operand.has_value || operand.compound != nullptr || operand.has_subscript) return false;
  if (!operand.value.starts_with('(') || !operand.value.ends_with(')')) return false;
  const Variable* v = context.state.variables.find(operand.name);
  return declaration.indexed || declaration.associative || (v != nullptr && v->value.is_array());
}

void declare_one(BuiltinContext& context, const Declaration& declaration, const DeclarationOperand& operand) {
  state::VariableTable& variables = context.state.variables;
  if (declaration.destroys_array && variables.find(operand.name) != nullptr &&
      variables.find(operand.name)->value.is_array()) {
    refuse(operand.name_text, "an array cannot become an ordinary variable this way; use unset");
  }
  const bool is_read_only = (variables.attributes(operand.name) & attribute::ReadOnly) != 0;
  if (is_read_only && (operand.has_value || (declaration.remove & attribute::ReadOnly) != 0)) {
    refuse(operand.name_text, "is read only");
  }
  if ((declaration.remove & attribute::Nameref) != 0) variables.remove_attributes(operand.name, attribute::Nameref);
  if ((declaration.add & attribute::Nameref) != 0) {
    declare_reference(context, operand);
  } else {
    prepare_array(context, declaration, operand);
    // Read only at the very end: the value is still to come.
    Attributes early = declaration.add & static_cast<Attributes>(~attribute::ReadOnly);
    if ((early & attribute::ChangesCase) != 0) variables.remove_attributes(operand.name, attribute::ChangesCase);
    if (declaration.remove != 0) variables.remove_attributes(operand.name, declaration.remove);
    variables.add_attributes(operand.name, early);
    if (is_textual_compound(context, declaration, operand)) {
      std::string command = fmt::format("{}{}={}", operand.name_text, operand.append ? "+" : "", operand.value);
      context.services.run_text(context.state.scratch.copy(command), context.name);
    } else {
      const Variable* v = variables.find(operand.name);
      assign_operand(context, operand, v != nullptr && v->value.kind() == Value::Kind::Associative);
    }
  }
  // `declare -nr` does not make read only what the reference stands for.
  bool is_reference = (declaration.add & attribute::Nameref) != 0;
  if ((declaration.add & attribute::ReadOnly) != 0 && !is_reference)
    variables.add_attributes(operand.name, attribute::ReadOnly);
}

/// `local -n x=x`: as in bash it is the x outside of the function, so nothing is declared.
bool refers_to_itself(const Declaration& declaration, const DeclarationOperand& operand) {
  return (declaration.add & attribute::Nameref) != 0 && operand.has_value && operand.value == operand.name_text;
}

// Whether a compound value of the operand is going to be one of an associative array.
bool makes_associative(BuiltinContext& context, const Declaration& declaration, const DeclarationOperand& operand,
                       bool keeps_value) {
  if (declaration.associative || declaration.indexed) return declaration.associative;
  state::VariableTable& variables = context.state.variables;
  bool is_associative = false;
  auto look = [&] {
    const Variable* v = variables.resolve(operand.name);
    is_associative = v != nullptr && v->value.kind() == Value::Kind::Associative;
  };
  declaration.global ? variables.with_global(operand.name, look) : look();
  if (!is_associative || keeps_value) return is_associative;
  const std::vector<Name> locals = variables.locals();
  return std::ranges::find(locals, operand.name) != locals.end();
}

bool declare_operand(BuiltinContext& context, const Declaration& declaration, DeclarationOperand& operand) {
  state::VariableTable& variables = context.state.variables;
  return reporting_errors(context, [&] {
    bool makes_local = !declaration.global && context.state.calls.in_function();
    if (makes_local && refers_to_itself(declaration, operand)) {
      context.error("warning: {}: circular name reference", operand.name_text);
      return;
    }
    const bool inherits = declaration.inherit || context.state.is_on(Option::LocalVarInherit);
    // Before the variable is made: the value may come from the one it hides.
    if (operand.compound != nullptr) {
      expand_operand(context, operand, makes_associative(context, declaration, operand, !makes_local || inherits));
    }
    if (!makes_local && (declaration.add & (attribute::Exported | attribute::ReadOnly)) != 0) {
      keep_prefix_assignment(context, operand);
    }
    if (makes_local) {
      // A caller's own local may be hidden, read only or not; a global that is read only may not.
      state::Attributes attributes = variables.attributes(operand.name);
      bool is_shielded = (attributes & attribute::ReadOnly) != 0 && (attributes & attribute::Local) == 0;
      if (is_shielded) refuse(operand.name_text, "is read only");
      variables.declare_local(operand.name, inherits);
    }
    if (declaration.global) {
      variables.with_global(operand.name, [&] { declare_one(context, declaration, operand); });
    } else {
      declare_one(context, declaration, operand);
    }
  });
}

Completion declare(BuiltinContext& context, Args args, bool is_local) {
  Declaration declaration;
  declaration.is_local = is_local;
  OptionParser options(context, args, "aAcfFgiIlnprtux", true);
  for (char letter; (letter = options.next()) != 0;) {
    if (options.failed()) return options.completion();
    apply_option(declaration, letter, options.is_plus());
  }
  // bash: two changes of case at once are none.
  if (Attributes change = declaration.add & attribute::ChangesCase; (change & (change - 1)) != 0) {
    declaration.add &= static_cast<Attributes>(~attribute::ChangesCase);
  }
  args = options.operands();
  if (declaration.functions) return declare_functions(context, declaration, args);
  if (args.empty()) {
    if (is_local || declaration.print || declaration.selects()) {
      print_all(context, declaration);
    } else {
      list_variables(context);
      list_functions(context);
    }
    return Completion::of(0);
  }
  if (declaration.print) return print_named(context, args, is_local);
  int status = 0;
  for (std::string_view text : args) {
    DeclarationOperand operand;
    if (is_local && text == "-") {
      context.state.variables.save_options();
    } else if (!parse_operand(context, text, operand)) {
      context.error("`{}': not a valid identifier", text);
      status = 1;
    } else if (!declare_operand(context, declaration, operand)) {
      status = 1;
    }
  }
  return Completion::of(status);
}

}  // namespace

Completion run_declare(BuiltinContext& context, Args args) { return declare(context, args, false); }

Completion run_local(BuiltinContext& context, Args args) {
  if (!context.state.calls.in_function()) return context.failure("can only be used in a function");
  return declare(context, args, true);
}

}  // namespace mish::builtins
