// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluates arithmetic (XCU 2.6.4, with the operators of bash) over nodes the parser has made. Arithmetic is that of
// signed 64-bit integers, wrapping on overflow. The value of a variable that is no number is an expression itself; it
// is parsed then, but nothing in it is ever expanded or run.
#ifndef MISH_SHELL_EXPAND_ARITHMETIC_H_
#define MISH_SHELL_EXPAND_ARITHMETIC_H_

#include <cstdint>
#include <string_view>

#include "shell/expand/expander.h"
#include "shell/syntax/arith.h"

namespace mish::expand {

class Arithmetic {
 public:
  explicit Arithmetic(Expander& expander) : ex_(expander), state_(expander.state_) {}

  /// The value of `expression`. Throws ShellError: division by zero, syntax, recursion too deep, readonly variables.
  int64_t evaluate(const syntax::ArithExpression& expression);
  /// Parses and evaluates `text`; subscripts in it are evaluated but expand nothing.
  int64_t evaluate_text(std::string_view text);

 private:
  /// A variable or element that is read or assigned, its subscript evaluated once.
  struct Reference {
    Name name = kNoName;
    bool has_subscript = false;
    bool is_keyed = false;
    int64_t index = 0;
    std::string_view key;
  };
  static constexpr size_t kMaxParameters = 8;

  bool load_parameters(const syntax::ArithExpression& expression);
  bool load_parameter(const syntax::ParameterExpansion& parameter, int64_t& value);
  int64_t evaluate_node(const syntax::ArithNode& node);
  int64_t evaluate_binary(const syntax::ArithNode& node);
  int64_t apply(syntax::ArithOp op, int64_t left, int64_t right);
  int64_t divide(syntax::ArithOp op, int64_t left, int64_t right);
  int64_t power(int64_t base, int64_t exponent);
  int64_t parameter_value(const syntax::ArithNode& node);
  int64_t load_variable(const syntax::ArithNode& node);
  int64_t value_of(std::string_view text);
  Reference reference_to(const syntax::ArithNode& node);
  int64_t load(const Reference& reference);
  void store(const Reference& reference, int64_t value);
  int64_t assign(const syntax::ArithNode& node);
  int64_t increment(const syntax::ArithNode& node);
  [[noreturn]] void fail(std::string_view what);

  Expander& ex_;
  state::ShellState& state_;
  std::string_view text_;  // of the expression, for messages
  const syntax::ArithExpression* expression_ = nullptr;
  int64_t parameters_[kMaxParameters];
  bool is_computed_ = false;  // the nodes were made from text at run time
};

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_ARITHMETIC_H_
