// SPDX-License-Identifier: GPL-3.0-or-later
// The part of CommandParser that parses the conditional command [[ ... ]] of the bash language.
#include <fmt/format.h>

#include <cstring>

#include "shell/syntax/command_parser.h"

namespace mish::syntax {

namespace {

bool is_unary_operator(std::string_view text) {
  return text.size() == 2 && text[0] == '-' && std::strchr("abcdefghknoprstuvwxzGLNORS", text[1]) != nullptr;
}

bool is_number_operator(std::string_view text) {
  return text == "-eq" || text == "-ne" || text == "-lt" || text == "-le" || text == "-gt" || text == "-ge";
}

bool is_binary_operator(std::string_view text) {
  return text == "==" || text == "=" || text == "!=" || text == "=~" || is_number_operator(text) || text == "-nt" ||
         text == "-ot" || text == "-ef";
}

}  // namespace

Command* CommandParser::parse_conditional() {
  const Opener opener = make_opener("[[", peek());
  // Patterns are extended in here whatever the option says.
  struct Restore {
    bool& option;
    bool value;
    ~Restore() { option = value; }
  } restore{cx_.options.extglob, cx_.options.extglob};
  cx_.options.extglob = true;
  advance();
  Conditional* node = make<Conditional>(opener.line);
  node->root = parse_condition_or(opener);
  const Token& token = peek();
  if (reserved(token) != ReservedWord::RightBracket) fail_unexpected(token, "]]", &opener);
  advance();
  return node;
}

const ConditionNode* CommandParser::parse_condition_or(const Opener& opener) {
  cx_.check_depth();
  const ConditionNode* left = parse_condition_and(opener);
  while (peek().kind == TokenKind::OrIf) {
    advance();
    auto* node = cx_.arena->make<ConditionNode>();
    node->kind = ConditionKind::Or;
    node->first = left;
    node->second = parse_condition_and(opener);
    left = node;
  }
  return left;
}

const ConditionNode* CommandParser::parse_condition_and(const Opener& opener) {
  const ConditionNode* left = parse_condition_term(opener);
  while (peek().kind == TokenKind::AndIf) {
    advance();
    auto* node = cx_.arena->make<ConditionNode>();
    node->kind = ConditionKind::And;
    node->first = left;
    node->second = parse_condition_term(opener);
    left = node;
  }
  return left;
}

bool CommandParser::at_condition_end(const Token& token) const {
  return token.kind != TokenKind::Word || reserved(token) == ReservedWord::RightBracket;
}

const ConditionNode* CommandParser::parse_condition_term(const Opener& opener) {
  cx_.check_depth();
  skip_newlines();
  bool negated = false;
  for (;;) {
    const Token& token = peek();
    if (is_bang_group(token)) {
      lexer_.split_bang();
    } else if (reserved(token) == ReservedWord::Bang) {
      advance();
    } else {
      break;
    }
    negated = !negated;
    skip_newlines();
  }
  const ConditionNode* node;
  if (peek().kind == TokenKind::LeftParenthesis) {
    const Opener parenthesis = make_opener("(", peek());
    advance();
    node = parse_condition_or(opener);
    expect(TokenKind::RightParenthesis, parenthesis);
  } else {
    node = parse_condition_words(opener);
  }
  skip_newlines();
  if (negated) {
    auto* outer = cx_.arena->make<ConditionNode>();
    outer->kind = ConditionKind::Not;
    outer->first = node;
    node = outer;
  }
  return node;
}

const Word* CommandParser::take_condition_word(const Opener& opener) {
  const Token& token = peek();
  if (token.kind == TokenKind::EndOfInput) fail_missing("]]", opener);
  if (at_condition_end(token)) fail_unexpected(token, "an operand was expected inside [[ ]]");
  return lexer_.take_word(WordContext::Single);
}

const ConditionNode* CommandParser::parse_condition_words(const Opener& opener) {
  const Token& token = peek();
  if (token.kind == TokenKind::Word && token.is_plain && is_unary_operator(token.text)) {
    const std::string_view op = cx_.arena->copy(token.text);
    const Word* as_word = lexer_.take_word(WordContext::Single);
    const Token& next = peek();
    const bool binary_follows = (next.kind == TokenKind::Word && next.is_plain && is_binary_operator(next.text)) ||
                                next.kind == TokenKind::Less || next.kind == TokenKind::Great;
    if (binary_follows) return parse_binary_condition(as_word, opener);
    auto* node = cx_.arena->make<ConditionNode>();
    node->kind = ConditionKind::Unary;
    node->op = op;
    node->left = take_condition_word(opener);
    return node;
  }
  return parse_binary_condition(take_condition_word(opener), opener);
}

// Behind the left operand.
const ConditionNode* CommandParser::parse_binary_condition(const Word* left, const Opener& opener) {
  auto* node = cx_.arena->make<ConditionNode>();
  node->left = left;
  const Token& token = peek();
  if (token.kind == TokenKind::Less || token.kind == TokenKind::Great) {
    node->op = token.kind == TokenKind::Less ? "<" : ">";
  } else if (token.kind == TokenKind::Word && token.is_plain && is_binary_operator(token.text)) {
    node->op = cx_.arena->copy(token.text);
  } else {
    // A word alone: true if not empty. As in bash no line ends behind it, other than behind a complete primary.
    if (token.kind == TokenKind::Newline) fail_unexpected(token, "an operator was expected inside [[ ]]");
    return node;
  }
  node->kind = ConditionKind::Binary;
  advance();
  if (node->op == "=~") {
    lexer_.skip_blanks();
    const size_t start = cx_.input->position();
    node->right = words_.parse_word(WordContext::Regex);
    if (cx_.input->position() == start) fail_unexpected(peek(), "a regular expression was expected after `=~'");
    return node;
  }
  node->right = take_condition_word(opener);
  if (is_number_operator(node->op)) {
    node->left_number = words_.make_arithmetic(*node->left);
    node->right_number = words_.make_arithmetic(*node->right);
  }
  return node;
}

}  // namespace mish::syntax
