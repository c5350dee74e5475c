// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/variables.h"

#include "builtins/listing.h"
#include "builtins/operand.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"
#include "shell/base/text.h"
#include "shell/expand/expander.h"
#include "shell/syntax/parser.h"

namespace mish::builtins {

namespace {

namespace attribute = state::attribute;
using state::Attributes;
using state::Value;
using state::Variable;

// What export and readonly have in common.
struct Marking {
  std::string_view word;  // "export", "readonly"
  Attributes attribute;
  bool removes = false;
  bool functions = false;
  bool associative = false;
  bool indexed = false;
};

void list_marked(BuiltinContext& context, const Marking& marking) {
  const state::VariableTable& variables = context.state.variables;
  // bash with POSIXLY_CORRECT is in POSIX mode; a script that sets it for this list is to get what it asks for.
  const bool is_portable = context.state.is_posix() || variables.is_set(names::POSIXLY_CORRECT);
  for (Name name : variables.names_with(marking.attribute)) {
    const Variable* v = variables.find(name);
    if (marking.indexed && v->value.kind() != Value::Kind::Indexed) continue;
    if (marking.associative && v->value.kind() != Value::Kind::Associative) continue;
    if (!v->has(attribute::Nameref)) v = variables.resolve(name);
    context.out.write(is_portable ? format_posix_declaration(marking.word, name, *v) : format_declaration(name, *v));
  }
}

void list_marked_functions(BuiltinContext& context, const Marking& marking) {
  state::FunctionTable& functions = context.state.functions;
  for (Name name : functions.sorted_names()) {
    const state::Function* function = functions.find(name);
    bool is_export = marking.attribute == attribute::Exported;
    if (!(is_export ? function->is_exported : function->is_readonly)) continue;
    print_function(context, *function);
    context.out.print("declare -f{} {}\n", is_export ? "x" : "r", text(name));
  }
}

int mark_functions(BuiltinContext& context, const Marking& marking, Args operands) {
  int status = 0;
  for (std::string_view operand : operands) {
    state::Function* function = context.state.functions.find_mutable(NameTable::intern(operand));
    if (function == nullptr) {
      context.error("{}: not a function", operand);
      status = 1;
    } else if (marking.attribute == attribute::Exported) {
      function->is_exported = !marking.removes;
    } else {
      function->is_readonly = true;
    }
  }
  return status;
}

bool mark_variable(BuiltinContext& context, const Marking& marking, DeclarationOperand& operand) {
  state::VariableTable& variables = context.state.variables;
  return reporting_errors(context, [&] {
    if (!marking.removes) keep_prefix_assignment(context, operand);
    if (operand.has_value) make_array(context, operand, marking.indexed, marking.associative);
    const Variable* v = variables.resolve(operand.name);
    const bool is_associative = v != nullptr && v->value.kind() == Value::Kind::Associative;
    expand_operand(context, operand, is_associative);
    assign_operand(context, operand, is_associative);
    if (marking.removes) {
      // Nothing takes ReadOnly away.
      variables.remove_attributes(operand.name, static_cast<Attributes>(marking.attribute & ~attribute::ReadOnly));
    } else {
      variables.add_attributes(operand.name, marking.attribute);
    }
  });
}

Completion mark(BuiltinContext& context, const Marking& marking, Args operands) {
  if (marking.functions) {
    if (operands.empty()) list_marked_functions(context, marking);
    return Completion::of(mark_functions(context, marking, operands));
  }
  if (operands.empty()) {
    list_marked(context, marking);
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view text : operands) {
    DeclarationOperand operand;
    if (!parse_operand(context, text, operand) || operand.has_subscript) {
      context.error("`{}': not a valid identifier", text);
      status = 1;
      continue;
    }
    if (!mark_variable(context, marking, operand)) status = 1;
  }
  return status == 0 ? Completion::of(0) : context.failed(status);
}

Completion run_marking(BuiltinContext& context, Args args, Marking marking) {
  OptionParser options(context, args, context.state.is_posix() ? "p" : "aAfnp");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'a': marking.indexed = true; break;
      case 'A': marking.associative = true; break;
      case 'f': marking.functions = true; break;
      case 'n': marking.removes = true; break;
      case 'p': break;  // what is done without operands anyway
      default: return options.completion();
    }
  }
  return mark(context, marking, options.operands());
}

// Outcome of removing one operand.
enum class Removal { Done, ReadOnly, Invalid, BeforeFirst, NoArray };

Removal unset_function(BuiltinContext& context, std::string_view name_text) {
  std::optional<Name> name = NameTable::find(name_text);
  if (!name.has_value() || context.state.functions.find(*name) == nullptr) return Removal::Done;
  if (!context.state.functions.unset(*name)) return Removal::ReadOnly;
  context.state.bump_generation();
  context.state.current_command = nullptr;  // it may have been of this function
  return Removal::Done;
}

// unset 'a[@]': the array stays, without elements; of an associative one that is a key like others.
Removal unset_all_elements(state::VariableTable& variables, Name name, std::string_view subscript) {
  const Variable* v = variables.resolve(name);
  if (v == nullptr || v->value.is_unset()) return Removal::Done;
  if (v->has(attribute::ReadOnly)) return Removal::ReadOnly;
  switch (v->value.kind()) {
    case Value::Kind::Unset: return Removal::Done;
    case Value::Kind::Scalar: return Removal::NoArray;
    case Value::Kind::Indexed: variables.prepare_indexed(name, false); return Removal::Done;
    case Value::Kind::Associative: return variables.unset_key(name, subscript) ? Removal::Done : Removal::ReadOnly;
  }
  return Removal::Done;
}

Removal unset_element(BuiltinContext& context, std::string_view text) {
  state::VariableTable& variables = context.state.variables;
  auto reference = syntax::parse_reference(text, context.state.scratch);
  if (!reference.has_value() || reference->subscript == nullptr) return Removal::Invalid;
  if (reference->subscript->kind != syntax::Subscript::Kind::Expression) {
    return unset_all_elements(variables, reference->name, reference->subscript->text);
  }
  int64_t index = 0;
  std::string_view key;
  bool is_keyed = context.services.expander().evaluate_subscript(reference->name, *reference->subscript, index, key);
  if (const Variable* v = variables.resolve(reference->name); v != nullptr && !is_keyed && index != 0) {
    if (v->value.kind() == Value::Kind::Scalar) return Removal::NoArray;
    if (v->value.indexed() != nullptr && v->value.indexed()->absolute(index) < 0) return Removal::BeforeFirst;
  }
  bool done = is_keyed ? variables.unset_key(reference->name, key) : variables.unset_element(reference->name, index);
  return done ? Removal::Done : Removal::ReadOnly;
}

Removal unset_variable(BuiltinContext& context, std::string_view text, bool follow_nameref) {
  if (text.ends_with(']') && text.find('[') != std::string_view::npos && !context.state.is_posix()) {
    return unset_element(context, text);
  }
  if (!is_identifier(text)) return Removal::Invalid;
  std::optional<Name> name = NameTable::find(text);
  if (!name.has_value()) return Removal::Done;
  if (!follow_nameref) {
    const Variable* v = context.state.variables.find(*name);
    if (v == nullptr || !v->has(attribute::Nameref)) return Removal::Done;  // -n is about references only
  }
  return context.state.variables.unset(*name, follow_nameref) ? Removal::Done : Removal::ReadOnly;
}

// Whether `text` names a variable in any sense that hides a function from unset.
bool is_known_variable(const state::ShellState& state, std::string_view text) {
  std::optional<Name> name = NameTable::find(text);
  if (!name.has_value()) return false;
  const Variable* v = state.variables.find(*name);
  if (v == nullptr) return false;
  return !v->value.is_unset() ||
         v->has(attribute::Declared | attribute::ReadOnly | attribute::Special | attribute::Nameref);
}

}  // namespace

Completion run_export(BuiltinContext& context, Args args) {
  return run_marking(context, args, {"export", attribute::Exported});
}

Completion run_readonly(BuiltinContext& context, Args args) {
  return run_marking(context, args, {"readonly", attribute::ReadOnly});
}

// Says why `text` was not removed.
static void report_removal(BuiltinContext& context, std::string_view text, Removal removal) {
  switch (removal) {
    case Removal::Done: return;
    case Removal::ReadOnly: return context.error("{}: cannot unset: it is read only", text);
    case Removal::Invalid: return context.error("`{}': not a valid identifier", text);
    case Removal::NoArray: return context.error("{}: not an array", text);
    case Removal::BeforeFirst: return context.error("{}: bad array subscript", text);
  }
}

Completion run_unset(BuiltinContext& context, Args args) {
  bool functions = false, variables = false, references = false;
  OptionParser options(context, args, context.state.is_posix() ? "fv" : "fvn");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'f': functions = true; break;
      case 'v': variables = true; break;
      case 'n': references = true; break;
      default: return options.completion();
    }
  }
  if (functions && variables)
    return context.usage_error("a name cannot be a variable and a function at once: use -f or -v");
  int status = 0;
  for (std::string_view text : options.operands()) {
    Removal removal;
    bool names_function = !variables && !references && !is_known_variable(context.state, text) &&
                          NameTable::find(text).has_value() &&
                          context.state.functions.find(*NameTable::find(text)) != nullptr;
    // bash: what cannot name a variable can only be meant as a function.
    bool is_odd_name = !variables && !references && !context.state.is_posix() && !is_identifier(text) &&
                       text.find('[') == std::string_view::npos;
    if (functions || names_function || is_odd_name) {
      removal = unset_function(context, text);
    } else {
      removal = unset_variable(context, text, !references);
    }
    if (removal == Removal::Done) continue;
    report_removal(context, text, removal);
    status = 1;
  }
  return status == 0 ? Completion::of(0) : context.failed(status);
}

Completion run_shift(BuiltinContext& context, Args args) {
  if (!args.empty() && args[0] == "--") args = args.subspan(1);
  int64_t count = 1;
  if (!args.empty()) {
    std::optional<int64_t> given = parse_integer_trimmed(args[0]);
    if (!given.has_value()) return context.failure(fmt::format("{}: numeric argument required", args[0]));
    if (*given < 0) return context.failure(fmt::format("{}: shift count out of range", args[0]));
    if (args.size() > 1) return context.too_many_arguments();
    count = *given;
  }
  if (context.state.positional.shift(static_cast<size_t>(count))) return Completion::of(0);
  // XCU shift: "may be treated as an error". As sh it is one, as in dash and ksh: `shift 2` for an option without its
  // argument would otherwise let a loop over the arguments run for ever.
  bool is_error = context.state.is_posix();
  if (is_error || context.state.is_on(state::Option::ShiftVerbose)) {
    context.error("{}: there are only {} parameters", count, context.state.positional.count());
  }
  return is_error ? context.failed(state::kFailure) : Completion::of(1);
}

Completion run_let(BuiltinContext& context, Args args) {
  if (!args.empty() && args[0] == "--") args = args.subspan(1);
  if (args.empty()) return context.failure("expression expected");
  int64_t value = 0;
  try {
    for (std::string_view expression : args) value = context.services.expander().evaluate_text(expression);
  } catch (const state::ShellError& error) {
    // As in (( )): wrong arithmetic is a failure of the command, no more.
    if (error.is_fatal() || error.kind() == state::ShellError::Kind::Unset) throw;
    context.error(error.message());
    return Completion::of(1);
  }
  return Completion::of(value != 0 ? 0 : 1);
}

}  // namespace mish::builtins
