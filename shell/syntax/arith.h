// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of an arithmetic expression (XCU 2.6.4, with the operators of bash). Types only; parsed by arith_parser,
// evaluated by expand/arithmetic.
#ifndef MISH_SHELL_SYNTAX_ARITH_H_
#define MISH_SHELL_SYNTAX_ARITH_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/name.h"

namespace mish::syntax {

struct ParameterExpansion;
struct Subscript;
struct Word;

enum class ArithKind : uint8_t {
  Number,     // value
  Variable,   // name, subscript (may be null): its value is a number or an expression
  Parameter,  // $x or ${x} without operators, standing as a whole operand; see ArithExpression::is_compiled
  Unary,      // op left
  Binary,     // left op right (arithmetic, comparison, bits, && ||, comma)
  Assign,     // left (Variable) op right; op Equals for plain `=`, otherwise the binary operator of `op=`
  Increment,  // ++ and --, prefix and postfix; left is a Variable
  Condition,  // left ? right : third
};

enum class ArithOp : uint8_t {
  None,
  Equals,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
  Power,
  ShiftLeft,
  ShiftRight,
  BitAnd,
  BitOr,
  BitXor,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  And,
  Or,
  Comma,
  Plus,
  Minus,
  Not,
  BitNot,  // unary
  PreIncrement,
  PreDecrement,
  PostIncrement,
  PostDecrement,  // Increment
};

struct ArithNode {
  ArithKind kind;
  ArithOp op = ArithOp::None;
  Name name = kNoName;
  int64_t value = 0;
  const Subscript* subscript = nullptr;
  const ParameterExpansion* parameter = nullptr;
  const ArithNode* left = nullptr;
  const ArithNode* right = nullptr;
  const ArithNode* third = nullptr;
};

/// One expression. When `root` is set it was compiled at parse time, and it is exact as long as the value of every
/// parameter in `parameters` is a plain decimal integer ([-]digits, no leading zero); if one is not, or if `root` is
/// null (operators made by expansions, command substitutions inside), the text of `word` is expanded and parsed when it
/// is evaluated.
struct ArithExpression {
  const ArithNode* root = nullptr;
  std::span<const ParameterExpansion* const> parameters;  // the leaves of kind Parameter, in order
  const Word* word = nullptr;                             // the text as a double-quoted word
  std::string_view text;                                  // as written, for messages and printing
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_ARITH_H_
