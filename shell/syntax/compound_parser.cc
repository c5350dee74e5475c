// SPDX-License-Identifier: GPL-3.0-or-later
// Compound commands (XCU 2.9.4), and those of the bash language.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "shell/base/text.h"
#include "shell/syntax/command_parser.h"
#include "shell/syntax/hints.h"

namespace mish::syntax {

// `( list )` or `(( expression ))`
Command* CommandParser::parse_parenthesis() {
  const Opener opener = make_opener("(", peek());
  const uint32_t line = opener.line;
  advance();
  if (!cx_.options.posix && cx_.input->current() == '(') {
    if (const ArithExpression* expression = try_arithmetic(line)) {
      ArithmeticCommand* command = make<ArithmeticCommand>(line);
      command->expression = expression;
      return command;
    }
  }
  Subshell* subshell = make<Subshell>(line);
  subshell->body = parse_list(false);
  if (subshell->body == nullptr && peek().kind != TokenKind::EndOfInput) {
    fail_unexpected(peek(), "a command is missing inside ( )");
  }
  expect(TokenKind::RightParenthesis, opener);
  return subshell;
}

// At the second `(`. Null, with everything as it was, if this is no arithmetic command but nested subshells.
const ArithExpression* CommandParser::try_arithmetic(uint32_t line) {
  Input& in = *cx_.input;
  const size_t place = in.position();
  if (in.is_not_arithmetic(place)) return nullptr;
  const WordParser::Mark before = words_.mark();
  const Input::Attempt attempt = in.begin_attempt();
  in.skip();
  constexpr uint32_t kRetriedAttempts = 16;
  try {
    if (const ArithExpression* expression = words_.parse_arithmetic(ArithEnd::DoubleParenthesis, line)) {
      in.end_attempt();
      return expression;
    }
  } catch (const ParseFailure& failure) {
    if (failure.reason != ParseFailure::Reason::Syntax && failure.reason != ParseFailure::Reason::Incomplete) throw;
    if (in.attempts() > kRetriedAttempts || in.find(')', place) == std::string_view::npos) throw;
  }
  words_.roll_back(before);
  in.roll_back(attempt);
  in.set_not_arithmetic(place);
  return nullptr;
}

Command* CommandParser::parse_group() {
  const Opener opener = make_opener("{", peek());
  advance();
  Group* group = make<Group>(opener.line);
  group->body = parse_body("inside { }", opener, ReservedWord::RightBrace);
  expect(ReservedWord::RightBrace, opener);
  return group;
}

Command* CommandParser::parse_if() {
  const Opener opener = make_opener("if", peek());
  const size_t mark = branch_stack_.size();
  IfClause* clause = make<IfClause>(opener.line);
  std::string_view where = "after `if'";
  ReservedWord word = ReservedWord::If;
  while (word == ReservedWord::If || word == ReservedWord::Elif) {
    advance();
    IfClause::Branch branch;
    branch.condition = parse_body(where, opener, ReservedWord::Then);
    const Token& then = peek(true);
    if (reserved(then) != ReservedWord::Then) {
      const bool at_end = then.kind == TokenKind::EndOfInput;
      fail_unexpected(then, fmt::format("`then' was expected for the `if' of line {}{}", opener.line,
                                        at_end ? "" : hint("then", opener)));
    }
    advance();
    branch.body = parse_body("after `then'", opener, ReservedWord::Fi);
    branch_stack_.push_back(branch);
    word = reserved(peek(true));
    where = "after `elif'";
  }
  if (word == ReservedWord::Else) {
    advance();
    clause->else_body = parse_body("after `else'", opener, ReservedWord::Fi);
  }
  expect(ReservedWord::Fi, opener);
  clause->branches = take(branch_stack_, mark);
  return clause;
}

const Command* CommandParser::parse_do_group(const Opener& opener) {
  const Token& token = peek_command();
  const ReservedWord word = reserved(token);
  // `for x in a; { ...; }` is an undocumented form that ksh and bash share.
  const bool braces =
      word == ReservedWord::LeftBrace && !cx_.options.posix && opener.spelling != "while" && opener.spelling != "until";
  if (word != ReservedWord::Do && !braces) {
    if (token.kind == TokenKind::EndOfInput) fail_missing("done", opener);
    fail_unexpected(token, fmt::format("`do' was expected for the `{}' of line {}", opener.spelling, opener.line));
  }
  const ReservedWord end = braces ? ReservedWord::RightBrace : ReservedWord::Done;
  advance();
  const Command* body = parse_body(braces ? "inside { }" : "after `do'", opener, end);
  expect(end, opener);
  return body;
}

Command* CommandParser::parse_loop(bool is_until) {
  const Opener opener = make_opener(is_until ? "until" : "while", peek());
  advance();
  LoopClause* loop = make<LoopClause>(opener.line);
  loop->is_until = is_until;
  loop->condition = parse_body(is_until ? "after `until'" : "after `while'", opener, ReservedWord::Done);
  loop->body = parse_do_group(opener);
  return loop;
}

Name CommandParser::parse_variable_name(std::string_view of) {
  const Token& token = peek();
  if (token.kind != TokenKind::Word) fail_unexpected(token, fmt::format("a variable name must follow `{}'", of));
  if (!token.is_plain || !is_identifier(token.text)) {
    cx_.fail(fmt::format("{} is not a valid variable name for `{}'", describe(token), of), token.start, token.line);
  }
  const Name name = NameTable::intern(token.text);
  advance();
  return name;
}

std::span<const Word* const> CommandParser::parse_word_list() {
  const size_t mark = word_stack_.size();
  while (peek().kind == TokenKind::Word) {
    const Word* word = lexer_.take_word(WordContext::Argument);
    word_stack_.push_back(word);
  }
  const Token& token = peek();
  if (token.kind == TokenKind::Semicolon || token.kind == TokenKind::Newline) {
    advance();
  } else if (token.kind != TokenKind::EndOfInput) {
    fail_unexpected(token, "`;' or a newline must end the list of words");
  }
  skip_newlines();
  return take(word_stack_, mark);
}

// Behind the variable of `for` and `select`.
template <typename Clause>
void CommandParser::parse_loop(Clause& clause, const Opener& opener) {
  if (lexer_.peek_before_in().kind == TokenKind::Semicolon) {
    advance();
    skip_newlines();
  } else {
    skip_newlines_before_in();
    if (reserved(peek()) == ReservedWord::In) {
      advance();
      clause.has_in = true;
      clause.words = parse_word_list();
    }
  }
  clause.body = parse_do_group(opener);
}

Command* CommandParser::parse_for() {
  const Opener opener = make_opener("for", peek());
  advance();
  if (peek().kind == TokenKind::LeftParenthesis && !cx_.options.posix && cx_.input->current() == '(') {
    advance();
    cx_.input->skip();
    return parse_arith_for(opener);
  }
  ForClause* clause = make<ForClause>(opener.line);
  clause->variable = parse_variable_name("for");
  parse_loop(*clause, opener);
  return clause;
}

const ArithExpression* CommandParser::parse_for_expression(uint32_t line, bool last) {
  Input& in = *cx_.input;
  const ArithExpression* expression = words_.parse_arithmetic(ArithEnd::Semicolon, line);
  const char end = in.look();
  if (expression == nullptr || end != (last ? ')' : ';')) {
    cx_.fail(last ? "`))' must end the three expressions of `for (('" : "`;' must separate the expressions of `for (('",
             in.position(), in.line());
  }
  in.skip();
  if (last) {
    in.look();
    in.skip();
  }
  const bool is_blank = expression->word->is_literal && trim_blanks(expression->word->literal).empty();
  return is_blank ? nullptr : expression;
}

// Behind `for ((`.
Command* CommandParser::parse_arith_for(const Opener& opener) {
  const uint32_t line = opener.line;
  ArithForClause* clause = make<ArithForClause>(line);
  clause->init = parse_for_expression(line, false);
  clause->condition = parse_for_expression(line, false);
  clause->step = parse_for_expression(line, true);
  if (peek(true).kind == TokenKind::Semicolon) advance();
  skip_newlines();
  clause->body = parse_do_group(opener);
  return clause;
}

Command* CommandParser::parse_select() {
  const Opener opener = make_opener("select", peek());
  advance();
  SelectClause* clause = make<SelectClause>(opener.line);
  clause->variable = parse_variable_name("select");
  parse_loop(*clause, opener);
  return clause;
}

Command* CommandParser::parse_case() {
  const Opener opener = make_opener("case", peek());
  advance();
  CaseClause* clause = make<CaseClause>(opener.line);
  const Token& word = peek();
  if (word.kind != TokenKind::Word) fail_unexpected(word, "a word must follow `case'");
  clause->word = lexer_.take_word(WordContext::Single);
  skip_newlines_before_in();
  const Token& in = peek();
  if (reserved(in) != ReservedWord::In) {
    if (in.kind == TokenKind::EndOfInput) fail_missing("esac", opener);
    fail_unexpected(in, "`in' was expected after the word of `case'");
  }
  advance();
  const size_t mark = case_stack_.size();
  for (;;) {
    skip_newlines();
    if (reserved(peek()) == ReservedWord::Esac) break;
    CaseClause::Item item = parse_case_item(opener);
    case_stack_.push_back(item);
    if (reserved(peek()) == ReservedWord::Esac) break;
  }
  advance();
  clause->items = take(case_stack_, mark);
  return clause;
}

CaseClause::Item CommandParser::parse_case_item(const Opener& opener) {
  CaseClause::Item item;
  const size_t mark = word_stack_.size();
  if (peek().kind == TokenKind::LeftParenthesis) advance();
  for (;;) {
    const Token& token = peek();
    if (token.kind != TokenKind::Word) {
      if (token.kind == TokenKind::EndOfInput) fail_missing("esac", opener);
      fail_unexpected(token, "a pattern was expected");
    }
    const Word* pattern = lexer_.take_word(WordContext::Single);
    word_stack_.push_back(pattern);
    const Token& next = peek();
    if (next.kind == TokenKind::RightParenthesis) break;
    if (next.kind != TokenKind::Pipe) {
      if (next.kind == TokenKind::EndOfInput) fail_missing("esac", opener);
      fail_unexpected(next, "`)' must end the patterns of `case'");
    }
    advance();
  }
  advance();
  item.patterns = take(word_stack_, mark);
  item.body = parse_list(false);
  const Token& end = peek(true);
  switch (end.kind) {
    case TokenKind::DoubleSemicolon: item.end = CaseClause::End::Break; break;
    case TokenKind::SemicolonAmpersand: item.end = CaseClause::End::FallThrough; break;
    case TokenKind::DoubleSemicolonAmpersand: item.end = CaseClause::End::Continue; break;
    default:
      if (reserved(end) == ReservedWord::Esac) return item;
      fail_unexpected(end, "esac", &opener);
  }
  advance();
  skip_newlines();
  return item;
}

// `coproc [NAME] command`
Command* CommandParser::parse_coprocess() {
  const uint32_t line = peek().line;
  advance();
  Coprocess* coprocess = make<Coprocess>(line);
  const Token& token = peek(true);
  if (token.kind == TokenKind::Word && token.is_plain && is_identifier(token.text) &&
      reserved(token) == ReservedWord::None) {
    const size_t start = token.start;
    const uint32_t first_line = token.line;
    const Name name = NameTable::intern(token.text);
    advance();
    const Token& next = peek(true);
    const ReservedWord word = reserved(next);
    const bool compound = next.kind == TokenKind::LeftParenthesis ||
                          (word != ReservedWord::None && word != ReservedWord::In && word != ReservedWord::Time);
    if (compound) {
      coprocess->name = name;
    } else {
      lexer_.rewind_word();
      cx_.input->rewind(start, first_line);
    }
  }
  coprocess->body = parse_command();
  return coprocess;
}

}  // namespace mish::syntax
