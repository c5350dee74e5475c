// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/arith_parser.h"

#include <fmt/format.h>

#include "shell/base/stack_guard.h"
#include "shell/base/text.h"

namespace mish::syntax {

namespace {

// a[a[a[...]]]: each level scans and keeps its text, so the depth is bounded to keep the sum linear.
constexpr uint32_t kMaximumSubscriptDepth = 100;

// Whether the value of `p` may stand as an operand: one string, and expanding it twice does no harm.
bool may_be_operand(const ParameterExpansion& p) {
  if (p.indirect || p.subscript != nullptr) return p.op == ParameterOp::Length && !p.indirect;
  if (p.kind == ParameterKind::Special && (p.special == '@' || p.special == '*')) return p.op == ParameterOp::Length;
  switch (p.op) {
    case ParameterOp::None:
    case ParameterOp::Length: return true;
    case ParameterOp::Default: return p.word == nullptr || p.word->is_literal;
    default: return false;
  }
}

bool is_blank_or_newline(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

ArithNode* ArithParser::make(ArithKind kind, ArithOp op, const ArithNode* left, const ArithNode* right) {
  ArithNode* node = arena_.make<ArithNode>();
  node->kind = kind;
  node->op = op;
  node->left = left;
  node->right = right;
  return node;
}

const ArithNode* ArithParser::fail(std::string_view what) {
  if (error_.empty()) {
    std::string_view rest(p_ == nullptr ? "" : p_, p_ == nullptr ? 0 : static_cast<size_t>(end_ - p_));
    rest = trim_blanks(rest);
    error_ = rest.empty() ? fmt::format("{} at the end of the expression", what)
                          : fmt::format("{} at `{}'", what, rest.substr(0, 64));
  }
  return nullptr;
}

char ArithParser::peek() {
  for (;;) {
    while (p_ != end_ && is_blank_or_newline(*p_)) ++p_;
    if (p_ != end_) return *p_;
    if (next_part_ == parts_.size()) return '\0';
    const WordPart& part = parts_[next_part_];
    if (part.kind != PartKind::Literal) return kPart;
    p_ = part.text.data();
    end_ = p_ + part.text.size();
    ++next_part_;
  }
}

const ArithNode* ArithParser::parse() {
  if (peek() == '\0') {
    return make(ArithKind::Number);
  }
  const ArithNode* root = parse_comma();
  if (root != nullptr && peek() != '\0') return fail("syntax error: operator expected");
  return error_.empty() ? root : nullptr;
}

const ArithNode* ArithParser::parse_comma() {
  const ArithNode* left = parse_assignment();
  while (left != nullptr && peek() == ',') {
    ++p_;
    const ArithNode* right = parse_assignment();
    if (right == nullptr) return nullptr;
    left = make(ArithKind::Binary, ArithOp::Comma, left, right);
  }
  return left;
}

ArithParser::Operator ArithParser::assignment_operator() {
  const char c = peek();
  const char d = ahead(1);
  switch (c) {
    case '=': return d == '=' ? Operator{} : Operator{ArithOp::Equals, 0, 1};
    case '+': return d == '=' ? Operator{ArithOp::Add, 0, 2} : Operator{};
    case '-': return d == '=' ? Operator{ArithOp::Subtract, 0, 2} : Operator{};
    case '*':
      if (d == '*' && ahead(2) == '=') return {ArithOp::Power, 0, 3};
      return d == '=' ? Operator{ArithOp::Multiply, 0, 2} : Operator{};
    case '/': return d == '=' ? Operator{ArithOp::Divide, 0, 2} : Operator{};
    case '%': return d == '=' ? Operator{ArithOp::Remainder, 0, 2} : Operator{};
    case '&': return d == '=' ? Operator{ArithOp::BitAnd, 0, 2} : Operator{};
    case '|': return d == '=' ? Operator{ArithOp::BitOr, 0, 2} : Operator{};
    case '^': return d == '=' ? Operator{ArithOp::BitXor, 0, 2} : Operator{};
    case '<': return d == '<' && ahead(2) == '=' ? Operator{ArithOp::ShiftLeft, 0, 3} : Operator{};
    case '>': return d == '>' && ahead(2) == '=' ? Operator{ArithOp::ShiftRight, 0, 3} : Operator{};
    default: return {};
  }
}

ArithParser::Operator ArithParser::binary_operator() {
  const char c = peek();
  const char d = ahead(1);
  switch (c) {
    case '|':
      if (d == '|') return {ArithOp::Or, 1, 2};
      return d == '=' ? Operator{} : Operator{ArithOp::BitOr, 3, 1};
    case '&':
      if (d == '&') return {ArithOp::And, 2, 2};
      return d == '=' ? Operator{} : Operator{ArithOp::BitAnd, 5, 1};
    case '^': return d == '=' ? Operator{} : Operator{ArithOp::BitXor, 4, 1};
    case '=': return d == '=' ? Operator{ArithOp::Equal, 6, 2} : Operator{};
    case '!': return d == '=' ? Operator{ArithOp::NotEqual, 6, 2} : Operator{};
    case '<':
      if (d == '<') return ahead(2) == '=' ? Operator{} : Operator{ArithOp::ShiftLeft, 8, 2};
      return d == '=' ? Operator{ArithOp::LessEqual, 7, 2} : Operator{ArithOp::Less, 7, 1};
    case '>':
      if (d == '>') return ahead(2) == '=' ? Operator{} : Operator{ArithOp::ShiftRight, 8, 2};
      return d == '=' ? Operator{ArithOp::GreaterEqual, 7, 2} : Operator{ArithOp::Greater, 7, 1};
    case '+': return d == '=' ? Operator{} : Operator{ArithOp::Add, 9, 1};
    case '-': return d == '=' ? Operator{} : Operator{ArithOp::Subtract, 9, 1};
    case '*':
      if (d == '*') return ahead(2) == '=' ? Operator{} : Operator{ArithOp::Power, 11, 2};
      return d == '=' ? Operator{} : Operator{ArithOp::Multiply, 10, 1};
    case '/': return d == '=' ? Operator{} : Operator{ArithOp::Divide, 10, 1};
    case '%': return d == '=' ? Operator{} : Operator{ArithOp::Remainder, 10, 1};
    default: return {};
  }
}

const ArithNode* ArithParser::parse_assignment() {
  if (stack_is_low()) {
    too_deep_ = true;
    error_ = "maximum nesting depth reached";
    return nullptr;
  }
  const ArithNode* left = parse_condition();
  if (left == nullptr) return nullptr;
  const Operator assign = assignment_operator();
  if (assign.op == ArithOp::None) return left;
  if (left->kind != ArithKind::Variable) return fail("attempted assignment to something that is no variable");
  p_ += assign.length;
  const ArithNode* right = parse_assignment();
  return right == nullptr ? nullptr : make(ArithKind::Assign, assign.op, left, right);
}

const ArithNode* ArithParser::parse_condition() {
  const ArithNode* condition = parse_binary(1);
  if (condition == nullptr || peek() != '?') return condition;
  if (stack_is_low()) {
    too_deep_ = true;
    error_ = "maximum nesting depth reached";
    return nullptr;
  }
  ++p_;
  const ArithNode* yes = parse_comma();
  if (yes == nullptr) return nullptr;
  if (peek() != ':') return fail("`:' expected for conditional expression");
  ++p_;
  const ArithNode* no = parse_condition();
  if (no == nullptr) return nullptr;
  ArithNode* node = make(ArithKind::Condition, ArithOp::None, condition, yes);
  node->third = no;
  return node;
}

const ArithNode* ArithParser::parse_binary(uint8_t minimum) {
  const ArithNode* left = parse_unary();
  while (left != nullptr) {
    const Operator found = binary_operator();
    if (found.op == ArithOp::None || found.precedence < minimum) return left;
    p_ += found.length;
    if (found.op == ArithOp::Power && stack_is_low()) {
      too_deep_ = true;
      error_ = "maximum nesting depth reached";
      return nullptr;
    }
    // ** groups from the right.
    const ArithNode* right =
        parse_binary(found.op == ArithOp::Power ? found.precedence : uint8_t(found.precedence + 1));
    if (right == nullptr) return nullptr;
    left = make(ArithKind::Binary, found.op, left, right);
  }
  return nullptr;
}

const ArithNode* ArithParser::parse_unary() {
  if (stack_is_low()) {
    too_deep_ = true;
    error_ = "maximum nesting depth reached";
    return nullptr;
  }
  const char c = peek();
  ArithOp op = ArithOp::None;
  switch (c) {
    case '+': op = ArithOp::Plus; break;
    case '-': op = ArithOp::Minus; break;
    case '!': op = ArithOp::Not; break;
    case '~': op = ArithOp::BitNot; break;
    default: return parse_postfix();
  }
  if ((c == '+' || c == '-') && ahead(1) == c) {
    // ++ and -- only before a variable; otherwise two signs.
    const char* q = p_ + 2;
    while (q != end_ && is_blank_or_newline(*q)) ++q;
    if (q != end_ && is_name_start(*q)) {
      p_ += 2;
      peek();
      const ArithNode* variable = parse_variable();
      if (variable == nullptr) return nullptr;
      return make(ArithKind::Increment, c == '+' ? ArithOp::PreIncrement : ArithOp::PreDecrement, variable);
    }
  }
  ++p_;
  const ArithNode* operand = parse_unary();
  return operand == nullptr ? nullptr : make(ArithKind::Unary, op, operand);
}

const ArithNode* ArithParser::parse_postfix() {
  const ArithNode* operand = parse_primary();
  if (operand == nullptr || operand->kind != ArithKind::Variable) return operand;
  const char c = peek();
  if ((c == '+' || c == '-') && ahead(1) == c) {
    // `a++b` and `a++ +b`: after a variable it is the postfix operator, as in C.
    p_ += 2;
    return make(ArithKind::Increment, c == '+' ? ArithOp::PostIncrement : ArithOp::PostDecrement, operand);
  }
  return operand;
}

const ArithNode* ArithParser::parse_primary() {
  const char c = peek();
  if (is_digit(c)) return parse_number();
  if (is_name_start(c)) return parse_variable();
  if (c == kPart && p_ == end_ && next_part_ < parts_.size()) return parse_part();
  if (c == '(') {
    ++p_;
    const ArithNode* inner = parse_comma();
    if (inner == nullptr) return nullptr;
    if (peek() != ')') return fail("missing `)'");
    ++p_;
    if (inner->kind != ArithKind::Variable) return inner;
    return make(ArithKind::Unary, ArithOp::Plus, inner);  // (a) is no variable to assign to
  }
  return fail("syntax error: operand expected");
}

// Whether the operand that ends here goes on in the next part: `1$x`.
bool ArithParser::is_glued() const {
  if (p_ != end_ || next_part_ == parts_.size()) return false;
  const WordPart& next = parts_[next_part_];
  if (next.kind != PartKind::Literal) return true;
  return !next.text.empty() && (is_name_char(next.text[0]) || next.text[0] == '#' || next.text[0] == '[');
}

const ArithNode* ArithParser::parse_number() {
  const char* start = p_;
  while (p_ != end_ && (is_name_char(*p_) || *p_ == '#' || *p_ == '@')) ++p_;
  if (is_glued()) return fail("syntax error: operator expected");
  std::string_view text(start, static_cast<size_t>(p_ - start));
  uint64_t base = 10;
  std::string_view digits = text;
  if (size_t hash = text.find('#'); hash != std::string_view::npos) {
    auto given = parse_integer(text.substr(0, hash));
    if (!given || *given < 2 || *given > 64) {
      error_ = fmt::format("{}: invalid arithmetic base (2 to 64 are known)", text);
      return nullptr;
    }
    base = static_cast<uint64_t>(*given);
    digits = text.substr(hash + 1);
    if (digits.empty()) {
      error_ = fmt::format("{}: invalid number", text);
      return nullptr;
    }
  } else if (text.size() > 1 && text[0] == '0') {
    const bool hexadecimal = text[1] == 'x' || text[1] == 'X';
    base = hexadecimal ? 16 : 8;
    digits = text.substr(hexadecimal ? 2 : 1);
  }
  uint64_t value = 0;
  for (char d : digits) {
    uint64_t v;
    if (is_digit(d))
      v = static_cast<uint64_t>(d - '0');
    else if (d >= 'a' && d <= 'z')
      v = static_cast<uint64_t>(d - 'a') + 10;
    else if (d >= 'A' && d <= 'Z')
      v = static_cast<uint64_t>(d - 'A') + (base <= 36 ? 10 : 36);
    else if (d == '@')
      v = 62;
    else if (d == '_')
      v = 63;
    else
      v = 64;
    if (v >= base) {
      error_ = fmt::format("{}: value too great for base {}", text, base);
      return nullptr;
    }
    value = value * base + v;
  }
  ArithNode* node = make(ArithKind::Number);
  node->value = static_cast<int64_t>(value);
  return node;
}

const ArithNode* ArithParser::parse_variable() {
  const char* start = p_;
  while (p_ != end_ && is_name_char(*p_)) ++p_;
  std::string_view name(start, static_cast<size_t>(p_ - start));
  if (name.empty()) return fail("syntax error: variable expected");
  if (is_glued() && !(parts_[next_part_].kind == PartKind::Literal && parts_[next_part_].text[0] == '[')) {
    return fail("syntax error: operator expected");
  }
  ArithNode* node = make(ArithKind::Variable);
  node->name = NameTable::intern(name);
  if (p_ == end_ && next_part_ < parts_.size() && parts_[next_part_].kind == PartKind::Literal) peek();
  if (p_ != end_ && *p_ == '[') {
    node->subscript = parse_subscript();
    if (node->subscript == nullptr) return nullptr;
  }
  return node;
}

// At `[`: collects the parts up to the matching `]`.
const Subscript* ArithParser::parse_subscript() {
  if (subscript_depth_ >= kMaximumSubscriptDepth) {
    too_deep_ = true;
    error_ = "maximum nesting depth reached";
    return nullptr;
  }
  ++p_;
  std::vector<WordPart> inner;
  std::string text;
  uint32_t depth = 0;
  auto add_literal = [&](const char* from, const char* to) {
    if (from == to) return;
    WordPart part;
    part.quoted = true;
    part.text = {from, static_cast<size_t>(to - from)};
    inner.push_back(part);
    text += part.text;
  };
  for (;;) {
    const char* start = p_;
    while (p_ != end_) {
      if (*p_ == '[') ++depth;
      if (*p_ == ']' && depth-- == 0) break;
      ++p_;
    }
    add_literal(start, p_);
    if (p_ != end_) break;
    if (next_part_ == parts_.size()) return fail("missing `]'"), nullptr;
    const WordPart& part = parts_[next_part_++];
    if (part.kind == PartKind::Literal) {
      p_ = part.text.data();
      end_ = p_ + part.text.size();
    } else {
      inner.push_back(part);
      if (part.kind == PartKind::Parameter) text += part.parameter->text;
    }
  }
  ++p_;
  Subscript* subscript = arena_.make<Subscript>();
  subscript->text = arena_.copy(text);
  if (text == "@" || text == "*") {
    subscript->kind = text == "@" ? Subscript::Kind::At : Subscript::Kind::Star;
  }
  ArithExpression* index = make_arith_expression(arena_, inner, subscript->text, too_deep_, subscript_depth_ + 1);
  if (too_deep_) {
    error_ = "maximum nesting depth reached";
    return nullptr;
  }
  subscript->index = index;
  subscript->word = index->word;
  return subscript;
}

const ArithNode* ArithParser::parse_part() {
  const WordPart& part = parts_[next_part_];
  // A text directly before the expansion that belongs to an operand was refused by is_glued().
  if (part.kind == PartKind::Arithmetic && part.arithmetic->root != nullptr) {
    ++next_part_;
    if (is_glued()) return fail("syntax error: operator expected");
    parameters_.insert(parameters_.end(), part.arithmetic->parameters.begin(), part.arithmetic->parameters.end());
    // Its value is a plain number; the node is not a Variable one could assign to.
    return make(ArithKind::Unary, ArithOp::Plus, part.arithmetic->root);
  }
  if (part.kind != PartKind::Parameter || !may_be_operand(*part.parameter))
    return fail("operand known at run time only");
  ++next_part_;
  if (is_glued()) return fail("syntax error: operator expected");
  ArithNode* node = make(ArithKind::Parameter);
  node->parameter = part.parameter;
  parameters_.push_back(part.parameter);
  return node;
}

const Word* make_quoted_word(Arena& arena, std::span<const WordPart> parts, uint32_t line) {
  Word* word = arena.make<Word>();
  word->parts = arena.copy_span(parts);
  word->line = line;
  word->has_quotes = true;
  bool literal = true;
  size_t length = 0;
  for (const WordPart& part : parts) {
    literal = literal && part.kind == PartKind::Literal;
    length += part.text.size();
  }
  word->is_literal = literal;
  if (literal) {
    char* out = static_cast<char*>(arena.allocate(length + 1, 1));
    word->literal = {out, length};
    for (const WordPart& part : parts) {
      if (!part.text.empty()) std::memcpy(out, part.text.data(), part.text.size());
      out += part.text.size();
    }
    *out = '\0';
  }
  word->is_single_parameter = parts.size() == 1 && parts[0].kind == PartKind::Parameter;
  return word;
}

ArithExpression* make_arith_expression(Arena& arena, std::span<const WordPart> parts, std::string_view text,
                                       bool& too_deep, uint32_t subscript_depth) {
  ArithExpression* expression = arena.make<ArithExpression>();
  expression->text = text;
  const Word* word = make_quoted_word(arena, parts, parts.empty() ? 0 : parts[0].line);
  expression->word = word;
  ArithParser parser(arena, word->parts, subscript_depth);
  expression->root = parser.parse();
  too_deep = too_deep || parser.is_too_deep();
  if (expression->root != nullptr) expression->parameters = arena.copy_span(parser.parameters());
  return expression;
}

}  // namespace mish::syntax
