// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/test.h"

#include <cstdint>
#include <optional>
#include <string>

#include "shell/api/services.h"
#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/expand/expander.h"
#include "shell/state/file_test.h"
#include "shell/syntax/parser.h"

namespace mish::builtins {

namespace {

enum class Truth : uint8_t { False, True, Error };

Truth truth(bool value) { return value ? Truth::True : Truth::False; }
Truth negate(Truth value) { return value == Truth::Error ? Truth::Error : truth(value == Truth::False); }

class Evaluator {
 public:
  Evaluator(BuiltinContext& context, Args args) : context_(context), args_(args) {}
  Truth run();

 private:
  Truth two(size_t at);
  Truth three(size_t at);
  Truth four();
  Truth any_number();
  Truth or_expression();
  Truth and_expression();
  Truth not_expression();
  Truth primary();

  Truth unary(std::string_view op, std::string_view operand);
  Truth binary(std::string_view left, std::string_view op, std::string_view right);
  Truth compare_numbers(std::string_view left, std::string_view op, std::string_view right);
  bool is_element_set(std::string_view text);
  bool is_binary(std::string_view op) const { return op.size() <= 3 && op != "=~" && state::is_binary_primary(op); }
  Truth complain(std::string_view text, std::string_view what) {
    context_.error("{}: {}", text, what);
    return Truth::Error;
  }

  Truth truth_about(std::string_view file, const Result<bool>& answer) {
    return answer ? truth(*answer) : complain(file, answer.error().message());
  }

  BuiltinContext& context_;
  Args args_;
  size_t position_ = 0;  // of the precedence parser
};

Truth Evaluator::run() {
  switch (args_.size()) {
    case 0: return Truth::False;
    case 1: return truth(!args_[0].empty());
    case 2: return two(0);
    case 3: return three(0);
    case 4: return four();
    default: return any_number();
  }
}

Truth Evaluator::two(size_t at) {
  if (args_[at] == "!") return truth(args_[at + 1].empty());
  if (state::is_unary_primary(args_[at])) return unary(args_[at], args_[at + 1]);
  return complain(args_[at], "unary operator expected");
}

Truth Evaluator::three(size_t at) {
  std::string_view first = args_[at], op = args_[at + 1], last = args_[at + 2];
  if (is_binary(op)) return binary(first, op, last);
  if (op == "-a") return truth(!first.empty() && !last.empty());
  if (op == "-o") return truth(!first.empty() || !last.empty());
  if (first == "!") return negate(two(at + 1));
  if (first == "(" && last == ")") return truth(!op.empty());
  return complain(op, "binary operator expected");
}

Truth Evaluator::four() {
  if (args_[0] == "!") return negate(three(1));
  if (args_[0] == "(" && args_[3] == ")") return two(1);
  return any_number();
}

Truth Evaluator::any_number() {
  position_ = 0;
  Truth result = or_expression();
  if (result != Truth::Error && position_ != args_.size()) return complain(args_[position_], "too many arguments");
  return result;
}

// Both sides are always looked at, so that a mistake on the right is found whatever the left is.
Truth Evaluator::or_expression() {
  Truth left = and_expression();
  while (left != Truth::Error && position_ < args_.size() && args_[position_] == "-o") {
    ++position_;
    Truth right = and_expression();
    if (right == Truth::Error) return right;
    left = truth(left == Truth::True || right == Truth::True);
  }
  return left;
}

Truth Evaluator::and_expression() {
  Truth left = not_expression();
  while (left != Truth::Error && position_ < args_.size() && args_[position_] == "-a") {
    ++position_;
    Truth right = not_expression();
    if (right == Truth::Error) return right;
    left = truth(left == Truth::True && right == Truth::True);
  }
  return left;
}

Truth Evaluator::not_expression() {
  bool inverted = false;
  while (position_ < args_.size() && args_[position_] == "!" &&
         !(position_ + 2 < args_.size() && is_binary(args_[position_ + 1]))) {
    inverted = !inverted;
    ++position_;
  }
  Truth result = primary();
  return inverted ? negate(result) : result;
}

Truth Evaluator::primary() {
  size_t left = args_.size() - position_;
  if (left == 0) return complain(args_.back(), "argument expected");
  std::string_view first = args_[position_];
  if (left >= 3 && is_binary(args_[position_ + 1])) {
    position_ += 3;
    return binary(first, args_[position_ - 2], args_[position_ - 1]);
  }
  if (first == "(") {
    ++position_;
    // Each ( nests one level of the machine's stack, and there can be no more of them than operands of a command.
    if (stack_is_low()) return complain(first, "too many nested parentheses");
    Truth inside = or_expression();
    if (inside == Truth::Error) return inside;
    if (position_ >= args_.size() || args_[position_] != ")") return complain("(", "missing `)'");
    ++position_;
    return inside;
  }
  if (left >= 2 && state::is_unary_primary(first)) {
    position_ += 2;
    return unary(first, args_[position_ - 1]);
  }
  ++position_;
  return truth(!first.empty());
}

/// -v of an element: a[i], a[key], a[@].
bool Evaluator::is_element_set(std::string_view text) {
  ArenaScope scope(context_.state.scratch);
  std::optional<syntax::VariableReference> reference = syntax::parse_reference(text, context_.state.scratch);
  if (!reference.has_value()) return false;
  const state::Variable* variable = context_.state.variables.resolve(reference->name);
  if (variable == nullptr || variable->value.is_unset()) return false;
  if (reference->subscript == nullptr) return true;
  const state::Value& value = variable->value;
  if (reference->subscript->kind != syntax::Subscript::Kind::Expression) {
    if (value.indexed() != nullptr) return value.indexed()->count() != 0;
    if (value.associative() != nullptr) return value.associative()->count() != 0;
    return true;
  }
  int64_t index = 0;
  std::string_view key;
  if (context_.services.expander().evaluate_subscript(reference->name, *reference->subscript, index, key)) {
    return value.associative() != nullptr && value.associative()->find(key) != nullptr;
  }
  if (value.indexed() == nullptr) return index == 0 || index == -1;
  index = value.indexed()->absolute(index);
  return index >= 0 && value.indexed()->find(index) != nullptr;
}

Truth Evaluator::unary(std::string_view op, std::string_view operand) {
  if (op[1] == 'v' && operand.find('[') != std::string_view::npos) return truth(is_element_set(operand));
  if (op[1] == 't' && !parse_integer_trimmed(operand).has_value()) {
    if (!context_.state.is_posix()) return Truth::False;  // bash: no descriptor, no terminal
    return complain(operand, "integer expression expected");
  }
  return truth_about(operand, state::evaluate_unary(context_.state, op[1], operand));
}

Truth Evaluator::binary(std::string_view left, std::string_view op, std::string_view right) {
  if (op == "=" || op == "==") return truth(left == right);
  if (op == "!=") return truth(left != right);
  if (op[0] == '<' || op[0] == '>') {
    // The standard wants the collation of the locale; bash compares bytes outside POSIX mode.
    int order = context_.state.is_posix() ? collate(left, right) : left.compare(right);
    return truth(op[0] == '<' ? order < 0 : order > 0);
  }
  if (op == "-nt" || op == "-ot" || op == "-ef") return truth_about(left, state::compare_files(op, left, right));
  return compare_numbers(left, op, right);
}

Truth Evaluator::compare_numbers(std::string_view left, std::string_view op, std::string_view right) {
  std::optional<int64_t> a = parse_integer_trimmed(left);
  if (!a.has_value()) return complain(left, "integer expression expected");
  std::optional<int64_t> b = parse_integer_trimmed(right);
  if (!b.has_value()) return complain(right, "integer expression expected");
  switch (op[1] << 8 | op[2]) {
    case 'e' << 8 | 'q': return truth(*a == *b);
    case 'n' << 8 | 'e': return truth(*a != *b);
    case 'l' << 8 | 't': return truth(*a < *b);
    case 'l' << 8 | 'e': return truth(*a <= *b);
    case 'g' << 8 | 't': return truth(*a > *b);
    default: return truth(*a >= *b);
  }
}

}  // namespace

Completion run_test(BuiltinContext& context, Args args) {
  if (context.name == "[") {
    if (args.empty() || args.back() != "]") {
      context.error("missing `]'");
      return Completion::of(state::kUsageError);
    }
    args = args.first(args.size() - 1);
  }
  switch (Evaluator(context, args).run()) {
    case Truth::True: return Completion::of(0);
    case Truth::False: return Completion::of(1);
    case Truth::Error: break;
  }
  return Completion::of(state::kUsageError);
}

}  // namespace mish::builtins
