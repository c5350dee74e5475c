// SPDX-License-Identifier: GPL-3.0-or-later
// Operator-precedence parser of arithmetic expressions (XCU 2.6.4, with the operators of bash) over the parts of a word
// that the WordParser has already cut. Parts that are expansions stand as whole operands or the text is not compiled.
#ifndef MISH_SHELL_SYNTAX_ARITH_PARSER_H_
#define MISH_SHELL_SYNTAX_ARITH_PARSER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/syntax/arith.h"
#include "shell/syntax/word.h"

namespace mish::syntax {

class ArithParser {
 public:
  /// The nodes are made in `arena`; `parts` are borrowed, slices of them are copied into the words of subscripts.
  ArithParser(Arena& arena, std::span<const WordPart> parts, uint32_t subscript_depth = 0)
      : arena_(arena), parts_(parts), subscript_depth_(subscript_depth) {}

  /// The expression, or null: error() tells why. An empty text is 0.
  const ArithNode* parse();
  const std::string& error() const { return error_; }
  /// The stack is nearly used up (also an error()).
  bool is_too_deep() const { return too_deep_; }
  /// The leaves of kind Parameter, in order.
  const std::vector<const ParameterExpansion*>& parameters() const { return parameters_; }

 private:
  static constexpr char kPart = '\1';  // peek(): an expansion stands here

  struct Operator {
    ArithOp op = ArithOp::None;
    uint8_t precedence = 0;
    uint8_t length = 0;
  };

  char peek();
  char ahead(size_t n) const { return p_ + n < end_ ? p_[n] : '\0'; }
  Operator binary_operator();
  Operator assignment_operator();
  const ArithNode* fail(std::string_view what);
  const ArithNode* parse_comma();
  const ArithNode* parse_assignment();
  const ArithNode* parse_condition();
  const ArithNode* parse_binary(uint8_t minimum);
  const ArithNode* parse_unary();
  const ArithNode* parse_postfix();
  const ArithNode* parse_primary();
  const ArithNode* parse_number();
  const ArithNode* parse_variable();
  const ArithNode* parse_part();
  const Subscript* parse_subscript();
  bool is_glued() const;
  ArithNode* make(ArithKind kind, ArithOp op = ArithOp::None, const ArithNode* left = nullptr,
                  const ArithNode* right = nullptr);

  Arena& arena_;
  std::span<const WordPart> parts_;
  uint32_t subscript_depth_;
  size_t next_part_ = 0;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  std::vector<const ParameterExpansion*> parameters_;
  std::string error_;
  bool too_deep_ = false;
};

/// An ArithExpression over `parts`; `text` is the source as written, in `arena`. `too_deep` is set when the stack is
/// nearly used up (the result is then not compiled).
ArithExpression* make_arith_expression(Arena& arena, std::span<const WordPart> parts, std::string_view text,
                                       bool& too_deep, uint32_t subscript_depth = 0);

/// A word of `parts` (copied) that is neither split nor a pattern.
const Word* make_quoted_word(Arena& arena, std::span<const WordPart> parts, uint32_t line);

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_ARITH_PARSER_H_
