// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/arithmetic.h"

#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/expand/parameter.h"
#include "shell/syntax/parser.h"

namespace mish::expand {

using state::Option;
using state::ShellError;
using state::Variable;
using syntax::ArithExpression;
using syntax::ArithKind;
using syntax::ArithNode;
using syntax::ArithOp;
using syntax::ParameterExpansion;
using syntax::ParameterKind;
using syntax::ParameterOp;
namespace attribute = state::attribute;

namespace {

/// The integer if `text` is a canonical decimal: what may stand for a leaf of a compiled expression.
std::optional<int64_t> canonical_integer(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  if (digits.empty() || !is_digit(digits[0]) || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  return parse_integer(text);
}

int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }

}  // namespace

void Arithmetic::fail(std::string_view what) {
  std::string message(trim_blanks(text_));
  constexpr size_t kShown = 200;
  if (message.size() > kShown) message.resize(kShown);
  if (!message.empty()) message += ": ";
  throw ShellError(ShellError::Kind::Expansion, message.append(what));
}

// --- entry points ---

int64_t Arithmetic::evaluate(const ArithExpression& expression) {
  text_ = expression.text;
  if (expression.root != nullptr && (expression.parameters.empty() || load_parameters(expression))) [[likely]] {
    expression_ = &expression;
    return evaluate_node(*expression.root);
  }
  if (expression.word == nullptr) return 0;
  ArenaScope scope(state_.scratch);
  return evaluate_text(ex_.expand_single(*expression.word));
}

int64_t Arithmetic::evaluate_text(std::string_view text) {
  if (std::optional<int64_t> plain = canonical_integer(text)) return *plain;
  if (trim_blanks(text).empty()) return 0;
  text_ = text;
  if (stack_is_low()) fail("expressions are nested too deeply");
  ArenaScope scope(state_.scratch);
  std::string error;
  const ArithNode* root = syntax::parse_arithmetic(text, state_.scratch, error);
  if (root == nullptr) fail(error);
  is_computed_ = true;
  expression_ = nullptr;
  return evaluate_node(*root);
}

/// Loads the values of the parameters in the expression, before anything in it is evaluated: expansion comes first.
/// False when one is no plain integer: then the text has to be expanded and parsed.
bool Arithmetic::load_parameters(const ArithExpression& expression) {
  if (expression.parameters.size() > kMaxParameters) return false;
  for (size_t i = 0; i < expression.parameters.size(); ++i) {
    if (!load_parameter(*expression.parameters[i], parameters_[i])) return false;
  }
  return true;
}

bool Arithmetic::load_parameter(const ParameterExpansion& p, int64_t& value) {
  if (p.op != ParameterOp::None || p.indirect || p.subscript != nullptr) return false;
  if (p.kind == ParameterKind::Variable) {
    const Variable* variable = state_.variables.find(p.name);
    if (variable == nullptr || variable->has(attribute::Special | attribute::Nameref | attribute::Bound)) return false;
    std::optional<int64_t> integer = variable->value.plain_integer();
    if (integer) value = *integer;
    return integer.has_value() && !variable->value.is_array();
  }
  if (p.kind == ParameterKind::Special && p.special == '#') {
    value = static_cast<int64_t>(state_.positional.count());
    return true;
  }
  if (p.kind == ParameterKind::Special && p.special == '?') {
    value = state_.last_status;
    return true;
  }
  if (p.kind == ParameterKind::Special && (p.special == '@' || p.special == '*')) return false;
  std::optional<int64_t> integer = canonical_integer(ex_.fetch(ParameterExpander::parameter_of(p)));
  if (integer) value = *integer;
  return integer.has_value();
}

int64_t Arithmetic::parameter_value(const ArithNode& node) {
  if (expression_ != nullptr) {
    for (size_t i = 0; i < expression_->parameters.size(); ++i) {
      if (expression_->parameters[i] == node.parameter) return parameters_[i];
    }
  }
  fail("syntax error: operand expected");  // a $ in text that was expanded already
}

// --- nodes ---

int64_t Arithmetic::evaluate_node(const ArithNode& node) {
  if (stack_is_low()) fail("expressions are nested too deeply");
  switch (node.kind) {
    case ArithKind::Number: return node.value;
    case ArithKind::Variable: return load_variable(node);
    case ArithKind::Parameter: return parameter_value(node);
    case ArithKind::Binary: return evaluate_binary(node);
    case ArithKind::Assign: return assign(node);
    case ArithKind::Increment: return increment(node);
    case ArithKind::Condition: return evaluate_node(evaluate_node(*node.left) != 0 ? *node.right : *node.third);
    case ArithKind::Unary: {
      int64_t value = evaluate_node(*node.left);
      switch (node.op) {
        case ArithOp::Minus: return wrap(0 - bits(value));
        case ArithOp::Not: return value == 0;
        case ArithOp::BitNot: return ~value;
        default: return value;
      }
    }
  }
  return 0;
}

int64_t Arithmetic::evaluate_binary(const ArithNode& node) {
  if (node.op == ArithOp::And) return evaluate_node(*node.left) != 0 && evaluate_node(*node.right) != 0;
  if (node.op == ArithOp::Or) return evaluate_node(*node.left) != 0 || evaluate_node(*node.right) != 0;
  int64_t left = evaluate_node(*node.left);
  return apply(node.op, left, evaluate_node(*node.right));
}

int64_t Arithmetic::apply(ArithOp op, int64_t left, int64_t right) {
  switch (op) {
    case ArithOp::Add: return wrap(bits(left) + bits(right));
    case ArithOp::Subtract: return wrap(bits(left) - bits(right));
    case ArithOp::Multiply: return wrap(bits(left) * bits(right));
    case ArithOp::Divide:
    case ArithOp::Remainder: return divide(op, left, right);
    case ArithOp::Power: return power(left, right);
    // A shift by more than 63 uses the low six bits of the count, as the machine and other shells do.
    case ArithOp::ShiftLeft: return wrap(bits(left) << (right & 63));
    case ArithOp::ShiftRight: return left >> (right & 63);
    case ArithOp::BitAnd: return left & right;
    case ArithOp::BitOr: return left | right;
    case ArithOp::BitXor: return left ^ right;
    case ArithOp::Less: return left < right;
    case ArithOp::LessEqual: return left <= right;
    case ArithOp::Greater: return left > right;
    case ArithOp::GreaterEqual: return left >= right;
    case ArithOp::Equal: return left == right;
    case ArithOp::NotEqual: return left != right;
    case ArithOp::And: return left != 0 && right != 0;
    case ArithOp::Or: return left != 0 || right != 0;
    case ArithOp::Comma:
    case ArithOp::Equals: return right;
    case ArithOp::None:
    case ArithOp::Plus:
    case ArithOp::Minus:
    case ArithOp::Not:
    case ArithOp::BitNot:
    case ArithOp::PreIncrement:
    case ArithOp::PreDecrement:
    case ArithOp::PostIncrement:
    case ArithOp::PostDecrement: break;  // not binary
  }
  return 0;
}

int64_t Arithmetic::divide(ArithOp op, int64_t left, int64_t right) {
  if (right == 0) fail("division by zero");
  if (right == -1) {
    if (op == ArithOp::Remainder) return 0;
    if (left == INT64_MIN) fail("the quotient is out of range");
  }
  return op == ArithOp::Divide ? left / right : left % right;
}

int64_t Arithmetic::power(int64_t base, int64_t exponent) {
  if (exponent < 0) fail("exponent less than 0");
  uint64_t result = 1, factor = bits(base);
  for (uint64_t rest = bits(exponent); rest != 0; rest >>= 1) {
    if (rest & 1) result *= factor;
    factor *= factor;
  }
  return wrap(result);
}

// --- variables ---

int64_t Arithmetic::load_variable(const ArithNode& node) {
  if (node.subscript != nullptr) return load(reference_to(node));
  const Variable* variable = state_.variables.find(node.name);
  bool is_plain = variable != nullptr && !variable->has(attribute::Special | attribute::Nameref | attribute::Bound);
  if (is_plain && variable->value.holds_integer()) [[likely]]
    return variable->value.integer();
  if (is_plain && variable->value.kind() == state::Value::Kind::Scalar) {
    if (std::optional<int64_t> integer = variable->value.plain_integer()) return *integer;
  }
  Reference reference;
  reference.name = node.name;
  return load(reference);
}

Arithmetic::Reference Arithmetic::reference_to(const ArithNode& node) {
  Reference reference;
  reference.name = node.name;
  if (node.subscript != nullptr) {
    reference.has_subscript = true;
    reference.is_keyed =
        ex_.evaluate_subscript(node.name, *node.subscript, reference.index, reference.key, is_computed_);
  }
  return reference;
}

int64_t Arithmetic::load(const Reference& reference) {
  std::string_view text;
  if (!reference.has_subscript) {
    text = state_.variables.text_or_null(reference.name);
  } else if (const Variable* variable = state_.variables.resolve(reference.name)) {
    const std::string* element = nullptr;
    if (reference.is_keyed) {
      element = variable->value.associative()->find(reference.key);
    } else if (const state::IndexedArray* array = variable->value.indexed()) {
      int64_t index = array->absolute(reference.index);
      if (index < 0) {
        ex_.hooks_.warn(std::string(mish::text(reference.name)) + ": bad array subscript");
      } else {
        element = array->find(index);
      }
    } else if (!variable->value.is_unset() && (reference.index == 0 || reference.index == -1)) {
      text = variable->value.text();
    }
    if (element != nullptr) text = *element;
  }
  if (text.data() == nullptr) {
    if (state_.is_on(Option::NoUnset)) ex_.throw_unset(mish::text(reference.name));
    return 0;
  }
  return value_of(text);
}

/// The value of a variable's text: a number, or an expression of its own.
int64_t Arithmetic::value_of(std::string_view text) {
  if (std::optional<int64_t> plain = canonical_integer(text)) return *plain;
  if (text.empty()) return 0;
  ArenaScope scope(state_.scratch);
  return Arithmetic(ex_).evaluate_text(state_.scratch.copy(text));  // the expression may change the variable
}

void Arithmetic::store(const Reference& reference, int64_t value) {
  if (!reference.has_subscript) return state_.variables.assign_integer(reference.name, value);
  char digits[kMaxIntegerText];
  std::string_view text(digits, format_integer(value, digits));
  if (reference.is_keyed) {
    state_.variables.assign_key(reference.name, reference.key, text);
  } else {
    state_.variables.assign_element(reference.name, reference.index, text);
  }
}

int64_t Arithmetic::assign(const ArithNode& node) {
  Reference reference = reference_to(*node.left);
  int64_t value;
  if (node.op == ArithOp::Equals) {
    value = evaluate_node(*node.right);
  } else {
    int64_t old = reference.has_subscript ? load(reference) : load_variable(*node.left);
    value = apply(node.op, old, evaluate_node(*node.right));
  }
  store(reference, value);
  return value;
}

int64_t Arithmetic::increment(const ArithNode& node) {
  Reference reference = reference_to(*node.left);
  int64_t old = reference.has_subscript ? load(reference) : load_variable(*node.left);
  bool is_up = node.op == ArithOp::PreIncrement || node.op == ArithOp::PostIncrement;
  int64_t value = wrap(is_up ? bits(old) + 1 : bits(old) - 1);
  store(reference, value);
  return node.op == ArithOp::PreIncrement || node.op == ArithOp::PreDecrement ? value : old;
}

}  // namespace mish::expand
