// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/command_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "shell/base/text.h"
#include "shell/syntax/hints.h"

namespace mish::syntax {

// Saves the lexer and the stacks around the commands of a substitution, also when they fail: an attempt that read them
// may be rolled back and go on.
class CommandParser::LevelGuard {
 public:
  LevelGuard(CommandParser& parser, bool defers_aliases)
      : parser_(parser),
        input_(parser.cx_.input),
        level_(parser.lexer_.enter_level(true, defers_aliases)),
        sizes_{parser.word_stack_.size(),    parser.assignment_stack_.size(), parser.redirection_stack_.size(),
               parser.command_stack_.size(), parser.list_stack_.size(),       parser.and_or_stack_.size(),
               parser.case_stack_.size(),    parser.branch_stack_.size()} {}
  ~LevelGuard() {
    parser_.cx_.input = input_;
    parser_.lexer_.leave_level(std::move(level_), keep_pending_);
    parser_.word_stack_.resize(sizes_[0]);
    parser_.assignment_stack_.resize(sizes_[1]);
    parser_.redirection_stack_.resize(sizes_[2]);
    parser_.command_stack_.resize(sizes_[3]);
    parser_.list_stack_.resize(sizes_[4]);
    parser_.and_or_stack_.resize(sizes_[5]);
    parser_.case_stack_.resize(sizes_[6]);
    parser_.branch_stack_.resize(sizes_[7]);
  }
  LevelGuard(const LevelGuard&) = delete;
  LevelGuard& operator=(const LevelGuard&) = delete;
  void keep_pending() { keep_pending_ = true; }

 private:
  CommandParser& parser_;
  Input* input_;
  Lexer::Level level_;
  size_t sizes_[8];
  bool keep_pending_ = false;
};

void CommandParser::reset() {
  words_.reset();
  word_stack_.clear();
  assignment_stack_.clear();
  redirection_stack_.clear();
  command_stack_.clear();
  list_stack_.clear();
  and_or_stack_.clear();
  case_stack_.clear();
  branch_stack_.clear();
}

// ---- errors ----

std::string CommandParser::describe(const Token& token) const {
  switch (token.kind) {
    case TokenKind::EndOfInput: return "end of file";
    case TokenKind::Newline: return "newline";
    case TokenKind::Word:
    case TokenKind::IoNumber:
    case TokenKind::IoVariable: {
      constexpr size_t kLongestShown = 40;
      if (token.is_plain) return fmt::format("`{}'", token.text.substr(0, kLongestShown));
      // Not parsed yet: show its beginning.
      const Input& in = *cx_.input;
      size_t end = token.start;
      while (end < in.size() && end - token.start < kLongestShown && !has_class(in.data()[end], kMetaCharacter)) ++end;
      return fmt::format("`{}'", in.view(token.start, end));
    }
    default: return fmt::format("`{}'", spelling(token.kind));
  }
}

// A misspelled closing word between the opener and here.
std::string CommandParser::hint(std::string_view wanted, const Opener& opener) const {
  const Input& in = *cx_.input;
  return find_misspelling(in.view(opener.start, std::max(opener.start, in.position())), opener.line, wanted);
}

void CommandParser::fail_missing(std::string_view wanted, const Opener& opener) {
  ParseFailure failure{ParseFailure::Reason::Incomplete,
                       fmt::format("unexpected end of file while looking for `{}' to close the `{}' of line {}{}",
                                   wanted, opener.spelling, opener.line, hint(wanted, opener)),
                       cx_.input->line(),
                       0,
                       {}};
  cx_.input->locate(cx_.input->size(), failure);
  throw failure;
}

void CommandParser::fail_unexpected(const Token& token, std::string_view wanted, const Opener* opener) {
  if (token.kind == TokenKind::EndOfInput) {
    if (opener != nullptr) fail_missing(wanted, *opener);
    std::string message = wanted.empty() ? "unexpected end of file" : fmt::format("unexpected end of file; {}", wanted);
    ParseFailure failure{ParseFailure::Reason::Incomplete, std::move(message), token.line, 0, {}};
    cx_.input->locate(token.start, failure);
    throw failure;
  }
  std::string message = fmt::format("unexpected {}", describe(token));
  if (opener != nullptr && !wanted.empty()) {
    message +=
        fmt::format(" while looking for `{}' to close the `{}' of line {}", wanted, opener->spelling, opener->line);
    message += hint(wanted, *opener);
  } else if (!wanted.empty()) {
    message += fmt::format("; {}", wanted);
  } else if (const std::string_view opens = opener_of(token.is_plain ? token.text : spelling(token.kind));
             !opens.empty()) {
    message += fmt::format("; there is no `{}' before it", opens);
  }
  cx_.fail(std::move(message), token.start, token.line);
}

void CommandParser::expect(ReservedWord word, const Opener& opener) {
  const Token& token = peek(true);
  if (reserved(token) != word) fail_unexpected(token, spelling(word), &opener);
  advance();
}

void CommandParser::expect(TokenKind kind, const Opener& opener) {
  const Token& token = peek();
  if (token.kind != kind) fail_unexpected(token, spelling(kind), &opener);
  advance();
}

// ---- lists ----

void CommandParser::skip_newlines() {
  while (peek().kind == TokenKind::Newline) advance();
}

const Token& CommandParser::peek_command() {
  for (;;) {
    skip_newlines();
    const Token& token = peek(true);
    if (token.kind != TokenKind::Newline) return token;
  }
}

void CommandParser::skip_newlines_before_in() {
  while (lexer_.peek_before_in().kind == TokenKind::Newline) advance();
}

bool CommandParser::is_bang_group(const Token& token) const {
  if (token.kind != TokenKind::Word || token.is_plain) return false;
  const char* text = cx_.input->data() + token.start;
  return text[0] == '!' && text[1] == '(';
}

bool CommandParser::ends_line(TokenKind kind) {
  return kind == TokenKind::Newline || kind == TokenKind::Semicolon || kind == TokenKind::EndOfInput;
}

bool CommandParser::starts_command() {
  const Token& token = peek(true);
  switch (token.kind) {
    case TokenKind::Word:
      switch (reserved(token)) {
        case ReservedWord::Then:
        case ReservedWord::Else:
        case ReservedWord::Elif:
        case ReservedWord::Fi:
        case ReservedWord::Do:
        case ReservedWord::Done:
        case ReservedWord::Esac:
        case ReservedWord::RightBrace: return false;
        default: return true;
      }
    case TokenKind::IoNumber:
    case TokenKind::IoVariable:
    case TokenKind::LeftParenthesis: return true;
    default: return is_redirection_operator(token.kind);
  }
}

const Command* CommandParser::parse_program(bool all) {
  const Command* root = parse_list(!all);
  const Token& token = peek();
  if (token.kind == TokenKind::Newline) {
    advance();
  } else if (token.kind == TokenKind::EndOfInput) {
    lexer_.read_here_documents();
  } else {
    fail_unexpected(token);
  }
  return root;
}

// The items of a list: and-or lists with their separators. A complete command ends at the first newline.
const Command* CommandParser::parse_list(bool complete) {
  const size_t mark = list_stack_.size();
  for (;;) {
    if (!complete) peek_command();
    if (!starts_command()) break;
    List::Item item;
    item.command = parse_and_or();
    const TokenKind separator = peek().kind;
    item.is_async = separator == TokenKind::Ampersand;
    list_stack_.push_back(item);
    if (item.is_async || separator == TokenKind::Semicolon) {
      advance();
    } else if (separator != TokenKind::Newline || complete) {
      break;
    }
  }
  const size_t count = list_stack_.size() - mark;
  if (count == 0) return nullptr;
  if (count == 1 && !list_stack_.back().is_async) {
    const Command* only = list_stack_.back().command;
    list_stack_.resize(mark);
    return only;
  }
  List* list = make<List>(list_stack_[mark].command->line);
  list->items = take(list_stack_, mark);
  return list;
}

// The list of a compound command, which must not be empty; `end` closes it and is not consumed.
const Command* CommandParser::parse_body(std::string_view of, const Opener& opener, ReservedWord end) {
  const Command* body = parse_list(false);
  if (body == nullptr) {
    const Token& token = peek(true);
    if (token.kind == TokenKind::EndOfInput) fail_missing(spelling(end), opener);
    fail_unexpected(token, fmt::format("a command is missing {}", of));
  }
  return body;
}

const Command* CommandParser::parse_and_or() {
  const Command* first = parse_pipeline();
  TokenKind kind = peek().kind;
  if (kind != TokenKind::AndIf && kind != TokenKind::OrIf) return first;
  const size_t mark = and_or_stack_.size();
  and_or_stack_.push_back({first, false});
  while (kind == TokenKind::AndIf || kind == TokenKind::OrIf) {
    advance();
    peek_command();
    const bool is_or = kind == TokenKind::OrIf;
    const Command* next = parse_pipeline();
    and_or_stack_.push_back({next, is_or});
    kind = peek().kind;
  }
  AndOr* node = make<AndOr>(first->line);
  node->items = take(and_or_stack_, mark);
  return node;
}

// ---- pipelines ----

const Command* CommandParser::parse_pipeline() {
  const uint32_t line = peek(true).line;
  bool negated = false, has_prefix = false, timed = false, timed_posix = false;
  for (;;) {
    const Token& token = peek(true);
    if (is_bang_group(token)) {
      lexer_.split_bang();
      negated = !negated;
      has_prefix = true;
      continue;
    }
    const ReservedWord word = reserved(token);
    if (word == ReservedWord::Bang) {
      advance();
      negated = !negated;
    } else if (word == ReservedWord::Time) {
      advance();
      timed = true;
      while (peek().is_plain && (peek().text == "-p" || peek().text == "--")) {
        timed_posix = timed_posix || peek().text == "-p";
        advance();
      }
    } else {
      break;
    }
    has_prefix = true;
  }
  const size_t mark = command_stack_.size();
  // `!` and `time` alone are a pipeline of an empty command in the bash language, where a command could end a line.
  if (has_prefix && !cx_.options.posix && ends_line(peek().kind)) {
    SimpleCommand* empty = make<SimpleCommand>(line);
    empty->all_literal = empty->is_plain = true;
    command_stack_.push_back(empty);
  } else {
    const Command* first = parse_command();
    if (!has_prefix && peek().kind != TokenKind::Pipe && peek().kind != TokenKind::PipeAmpersand) return first;
    command_stack_.push_back(first);
  }
  for (;;) {
    const TokenKind kind = peek().kind;
    if (kind != TokenKind::Pipe && kind != TokenKind::PipeAmpersand) break;
    if (kind == TokenKind::PipeAmpersand) merge_errors(*command_stack_.back());
    advance();
    peek_command();
    const Command* next = parse_command();
    command_stack_.push_back(next);
  }
  Pipeline* node = make<Pipeline>(line);
  node->commands = take(command_stack_, mark);
  node->negated = negated;
  node->timed = timed;
  node->timed_posix = timed_posix;
  return node;
}

// `a |& b` is `a 2>&1 | b`, the redirection being the last of the command. Where a function is defined nothing is
// written, and the redirection would be printed as one of its body.
void CommandParser::merge_errors(const Command& command) {
  if (command.kind == CommandKind::Function) return;
  static constexpr WordPart kOutput{PartKind::Literal, false, 0, "1", {}};
  auto* word = cx_.arena->make<Word>();
  word->parts = {&kOutput, 1};
  word->literal = word->source = "1";
  word->line = command.line;
  word->is_literal = true;
  std::span<Redirection> all = cx_.arena->make_span<Redirection>(command.redirections.size() + 1);
  std::copy(command.redirections.begin(), command.redirections.end(), all.begin());
  Redirection& last = all.back();
  last.kind = RedirectionKind::DuplicateOutput;
  last.fd = 2;
  last.line = command.line;
  last.word = word;
  auto& changed = const_cast<Command&>(command);  // just made, and by this parser
  changed.redirections = all;
  if (command.kind == CommandKind::Simple) static_cast<SimpleCommand&>(changed).is_plain = false;
}

// ---- commands ----

const Command* CommandParser::parse_command() {
  cx_.check_depth();
  const Token& token = peek(true);
  const ReservedWord word = reserved(token);
  if (word == ReservedWord::None && token.kind != TokenKind::LeftParenthesis) return parse_simple();
  Command* command = parse_compound(token, word);
  if (command == nullptr) return parse_simple();
  if (command->kind == CommandKind::Function || command->kind == CommandKind::Coprocess) return command;
  const size_t mark = redirection_stack_.size();
  for (;;) {
    // As bash does, where a reserved word could stand: `} catch {` with an alias for `; ... ||`.
    const bool may_be_alias = !cx_.options.posix && redirection_stack_.size() == mark;
    const TokenKind kind = peek(may_be_alias).kind;
    // `(...) }` but not `(...) >file }`: behind a redirection no reserved word is recognised (XCU 2.4).
    if (kind == TokenKind::Word && redirection_stack_.size() != mark) fail_unexpected(peek());
    if (!is_redirection_operator(kind) && kind != TokenKind::IoNumber && kind != TokenKind::IoVariable) break;
    parse_redirection();
  }
  command->redirections = take_redirections(mark);
  return command;
}

// Null if the reserved word is an ordinary word here.
Command* CommandParser::parse_compound(const Token& token, ReservedWord word) {
  switch (word) {
    case ReservedWord::None: return parse_parenthesis();
    case ReservedWord::LeftBrace: return parse_group();
    case ReservedWord::If: return parse_if();
    case ReservedWord::While: return parse_loop(false);
    case ReservedWord::Until: return parse_loop(true);
    case ReservedWord::For: return parse_for();
    case ReservedWord::Case: return parse_case();
    case ReservedWord::Select: return parse_select();
    case ReservedWord::Function: return parse_function();
    case ReservedWord::Coproc: return parse_coprocess();
    case ReservedWord::LeftBracket: return parse_conditional();
    case ReservedWord::In:
    case ReservedWord::RightBracket:
    case ReservedWord::Time: return nullptr;
    case ReservedWord::Then:
    case ReservedWord::Else:
    case ReservedWord::Elif:
    case ReservedWord::Fi:
    case ReservedWord::Do:
    case ReservedWord::Done:
    case ReservedWord::Esac:
    case ReservedWord::RightBrace:
    case ReservedWord::Bang: fail_unexpected(token, "a command was expected");
  }
  return nullptr;
}

const Assignment* CommandParser::parse_prefix_assignment(const Token& token) {
  if (token.is_plain) {
    size_t name = 0;
    while (name < token.text.size() && has_class(token.text[name], kNameCharacter)) ++name;
    size_t equals = name;
    if (!cx_.options.posix && equals < token.text.size() && token.text[equals] == '+') ++equals;
    if (name == 0 || equals >= token.text.size() || token.text[equals] != '=' || is_digit(token.text[0]))
      return nullptr;
  } else if (!is_name_start(cx_.input->data()[token.start])) {
    return nullptr;
  }
  lexer_.rewind_word();
  return words_.parse_assignment();
}

bool CommandParser::takes_assignments(const Word& word, size_t words_mark, bool& arrays_only) const {
  arrays_only = false;
  if (!word.is_literal) return false;
  // words[0], or behind `command` and `builtin`
  for (size_t i = words_mark; i < word_stack_.size(); ++i) {
    const std::string_view before = word_stack_[i]->is_literal ? word_stack_[i]->literal : std::string_view();
    if (before != "command" && before != "builtin" && before != "-p" && before != "--") return false;
  }
  const std::string_view name = word.literal;
  if (name == "export" || name == "readonly") return true;
  if (cx_.options.posix) return name == "local" || name == "declare" || name == "typeset";
  if (name == "local" || name == "declare" || name == "typeset") return true;
  arrays_only = name == "eval" || name == "let" || name == "alias";  // a=(...) is one word to them, as in bash
  return arrays_only;
}

// An operand of a declaration utility, or null if it has not the form of an assignment.
const Word* CommandParser::parse_operand(const Token& token, bool arrays_only) {
  if (token.is_plain) {
    const size_t equals = token.text.find('=');
    if (equals == std::string_view::npos || !is_name_start(token.text[0])) return nullptr;
    if (arrays_only) {
      if (equals + 1 != token.text.size() || cx_.input->current() != '(') return nullptr;
      lexer_.rewind_word();
      return words_.parse_array_text(equals + 1);
    }
  } else if (arrays_only || !is_name_start(cx_.input->data()[token.start])) {
    return nullptr;
  }
  const size_t start = token.start;
  const uint32_t line = token.line;
  lexer_.rewind_word();
  const Word* word = words_.parse_declaration_operand();
  if (word == nullptr) {
    cx_.input->rewind(start, line);
    return words_.parse_word(WordContext::Argument);
  }
  return word;
}

const Command* CommandParser::parse_simple() {
  const uint32_t line = peek(true).line;
  const size_t words_mark = word_stack_.size();
  const size_t assignments_mark = assignment_stack_.size();
  const size_t redirections_mark = redirection_stack_.size();
  bool is_declaration = false, operands = false, arrays_only = false, may_prefix = true, all_literal = true;
  for (;;) {
    const Token& token = may_prefix ? lexer_.peek_behind_prefix() : peek();
    if (token.kind == TokenKind::Word) {
      const Word* word = nullptr;
      if (may_prefix) {
        const bool is_plain = token.is_plain;
        if (const Assignment* assignment = parse_prefix_assignment(token)) {
          assignment_stack_.push_back(*assignment);
          continue;
        }
        word = is_plain ? lexer_.take_word(WordContext::Argument) : nullptr;
        if (word == nullptr) {
          lexer_.rewind_word();
          word = words_.parse_word(WordContext::Argument);
        }
        may_prefix = false;
        if (word->is_literal) const_cast<Word*>(word)->name = NameTable::intern(word->literal);
        if (peek().kind == TokenKind::LeftParenthesis) {
          if (assignment_stack_.size() != assignments_mark || redirection_stack_.size() != redirections_mark ||
              !may_name_function(*word) || word->literal == spelling(ReservedWord::In)) {
            fail_unexpected(peek());
          }
          return parse_parentheses_of_function(word->is_literal ? word->literal : word->source, line);
        }
        operands = takes_assignments(*word, words_mark, arrays_only);
      } else {
        if (cx_.options.keyword) [[unlikely]] {
          if (const Assignment* assignment = parse_prefix_assignment(token)) {
            assignment_stack_.push_back(*assignment);
            continue;
          }
        }
        if (operands) word = parse_operand(token, arrays_only);
        if (word == nullptr) word = lexer_.take_word(WordContext::Argument);
        if (!operands && word_stack_.size() - words_mark <= 3)
          operands = takes_assignments(*word, words_mark, arrays_only);
      }
      is_declaration = is_declaration || (operands && !arrays_only);
      all_literal = all_literal && word->is_literal;
      word_stack_.push_back(word);
    } else if (is_redirection_operator(token.kind) || token.kind == TokenKind::IoNumber ||
               token.kind == TokenKind::IoVariable) {
      parse_redirection();
    } else {
      break;
    }
  }
  SimpleCommand* command = make<SimpleCommand>(line);
  command->words = take(word_stack_, words_mark);
  command->assignments = take(assignment_stack_, assignments_mark);
  command->redirections = take_redirections(redirections_mark);
  if (command->words.empty() && command->assignments.empty() && command->redirections.empty()) {
    fail_unexpected(peek(), "a command was expected");
  }
  command->is_declaration = is_declaration;
  command->all_literal = all_literal;
  command->is_plain = command->assignments.empty() && command->redirections.empty();
  return command;
}

// ---- redirections ----

std::span<const Redirection> CommandParser::take_redirections(size_t mark) {
  if (redirection_stack_.size() == mark) return {};
  return take(redirection_stack_, mark);
}

namespace {
// 3, -, or 3-: the word of <& and >& that names a descriptor.
bool is_descriptor_word(std::string_view text) {
  if (!text.empty() && text.back() == '-') text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c); });
}

struct RedirectionOperator {
  TokenKind token;
  RedirectionKind kind;
  int default_fd;
};

constexpr RedirectionOperator kRedirections[] = {
    {TokenKind::Great, RedirectionKind::Output, 1},
    {TokenKind::Less, RedirectionKind::Input, 0},
    {TokenKind::GreatAmpersand, RedirectionKind::DuplicateOutput, 1},
    {TokenKind::DoubleGreat, RedirectionKind::Append, 1},
    {TokenKind::DoubleLess, RedirectionKind::HereDocument, 0},
    {TokenKind::DoubleLessDash, RedirectionKind::HereDocument, 0},
    {TokenKind::TripleLess, RedirectionKind::HereString, 0},
    {TokenKind::LessAmpersand, RedirectionKind::DuplicateInput, 0},
    {TokenKind::LessGreat, RedirectionKind::InputOutput, 0},
    {TokenKind::Clobber, RedirectionKind::Clobber, 1},
    {TokenKind::AmpersandGreat, RedirectionKind::OutputBoth, 1},
    {TokenKind::AmpersandDoubleGreat, RedirectionKind::AppendBoth, 1},
};

const RedirectionOperator* find_redirection(TokenKind token) {
  const auto* row = std::find_if(std::begin(kRedirections), std::end(kRedirections),
                                 [&](const RedirectionOperator& candidate) { return candidate.token == token; });
  return row == std::end(kRedirections) ? nullptr : row;
}
}  // namespace

void CommandParser::parse_redirection() {
  Redirection redirection;
  const Token& first = peek();
  redirection.line = first.line;
  const bool has_number = first.kind == TokenKind::IoNumber;
  if (has_number) {
    int fd = 0;
    for (char c : first.text) fd = fd * 10 + (c - '0');
    redirection.fd = fd;
    advance();
  } else if (first.kind == TokenKind::IoVariable) {
    if (std::optional<VariableReference> reference = parse_reference(first.text, *cx_.arena)) {
      redirection.fd_variable = reference->name;
      redirection.fd_subscript = reference->subscript;
    } else {
      fail_unexpected(first);
    }
    advance();
  }
  const TokenKind op = peek().kind;
  advance();
  const RedirectionOperator* meaning = find_redirection(op);
  if (meaning == nullptr) fail_unexpected(peek());
  redirection.kind = meaning->kind;
  redirection.strip_tabs = op == TokenKind::DoubleLessDash;
  const bool has_fd = has_number || redirection.fd_variable != kNoName;
  if (redirection.fd < 0 && redirection.fd_variable == kNoName) redirection.fd = meaning->default_fd;
  const Token& target = peek();
  // `>&2>file`, as in bash; elsewhere what stands before an operator belongs to it.
  const bool may_be_number = op == TokenKind::GreatAmpersand || op == TokenKind::LessAmpersand;
  if (target.kind != TokenKind::Word && !(may_be_number && target.kind == TokenKind::IoNumber)) {
    fail_unexpected(target, fmt::format("a word is missing after `{}'", spelling(op)));
  }
  if (redirection.kind == RedirectionKind::HereDocument) {
    parse_here_document(redirection, target);
  } else {
    redirection.word =
        lexer_.take_word(redirection.kind == RedirectionKind::HereString ? WordContext::Single : WordContext::Argument);
    if (op == TokenKind::GreatAmpersand && !has_fd && !cx_.options.posix && redirection.word->is_literal &&
        !is_descriptor_word(redirection.word->literal)) {
      redirection.kind = RedirectionKind::OutputBoth;
    }
  }
  redirection_stack_.push_back(redirection);
}

void CommandParser::parse_here_document(Redirection& redirection, const Token& target) {
  const size_t start = target.start;
  const uint32_t line = target.line;
  const Word* word = lexer_.take_word(WordContext::Single);
  redirection.word = word;
  redirection.delimiter_quoted = word->has_quotes;
  if (word->is_literal) {
    redirection.delimiter = word->literal;
  } else {
    // No expansion is performed on the delimiter: its text with the quotes removed.
    std::string text;
    char quote = '\0';
    const std::string_view source = cx_.input->view(start, cx_.input->position());
    for (size_t i = 0; i < source.size(); ++i) {
      const char c = source[i];
      if (c == quote) {
        quote = '\0';
      } else if (quote == '\0' && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == '\\' && quote != '\'' && i + 1 < source.size()) {
        text += source[++i];
      } else {
        text += c;
      }
    }
    redirection.delimiter = cx_.arena->copy(text);
  }
  Word* body = cx_.arena->make<Word>();
  redirection.body = body;
  lexer_.add_here_document({body, redirection.delimiter, redirection.delimiter_quoted, redirection.strip_tabs, line});
}

// ---- substitutions ----

const Command* CommandParser::parse_substitution(uint32_t line, bool& defers_aliases) {
  defers_aliases = cx_.options.posix && !takes_aliases_;
  if (!defers_aliases || !lexer_.aliases_enabled()) return parse_to_parenthesis(line, defers_aliases);
  // Where aliases bring the reserved words (`$(OPEN cmd; CLOSE)`), the text is a command with them only: every shell
  // takes it so.
  const WordParser::Mark before = words_.mark();
  const Input::Attempt attempt = cx_.input->begin_attempt();
  try {
    const Command* body = parse_to_parenthesis(line, true);
    cx_.input->end_attempt();
    return body;
  } catch (const ParseFailure& failure) {
    if (failure.reason != ParseFailure::Reason::Syntax && failure.reason != ParseFailure::Reason::Incomplete) throw;
  }
  words_.roll_back(before);
  cx_.input->roll_back(attempt);
  defers_aliases = false;
  takes_aliases_ = true;  // inside too, lest each level be read twice
  struct Restore {
    bool& takes_aliases;
    ~Restore() { takes_aliases = false; }
  } restore{takes_aliases_};
  return parse_to_parenthesis(line, false);
}

const Command* CommandParser::parse_to_parenthesis(uint32_t line, bool defers_aliases) {
  LevelGuard guard(*this, defers_aliases);
  const Command* body = parse_list(false);
  const Token& token = peek();
  if (token.kind != TokenKind::RightParenthesis) {
    const Opener opener{"$(", line, cx_.input->position()};
    fail_unexpected(token, ")", &opener);
  }
  guard.keep_pending();
  return body;
}

const Command* CommandParser::parse_backquoted(std::string_view text, uint32_t line) {
  Input inner(text, line);
  const uint32_t depth = words_.enter_input();
  struct Restore {
    WordParser& words;
    uint32_t depth;
    ~Restore() { words.leave_input(depth); }
  } restore{words_, depth};
  LevelGuard guard(*this, false);
  cx_.input = &inner;
  const Command* body = parse_list(false);
  if (const Token& token = peek(); token.kind != TokenKind::EndOfInput) fail_unexpected(token);
  lexer_.read_here_documents();
  return body;
}

// ---- functions ----

// bash: any word without quotes and expansions, `equal?` too; it stands for itself.
bool CommandParser::may_name_function(const Word& word) const {
  if (word.has_quotes) return false;
  if (word.is_literal) return true;
  return !cx_.options.posix && std::ranges::all_of(word.parts, [](const WordPart& part) {
    return part.kind == PartKind::Literal || part.kind == PartKind::Tilde || part.kind == PartKind::Brace;
  });
}

// Behind `name`, at `(`.
Command* CommandParser::parse_parentheses_of_function(std::string_view name, uint32_t line) {
  peek();
  advance();
  const Token& close = peek();
  if (close.kind != TokenKind::RightParenthesis) {
    fail_unexpected(close, fmt::format("`)' must follow to define the function `{}'", name));
  }
  if (cx_.options.posix && !is_identifier(name)) {
    cx_.fail(fmt::format("`{}' is not a valid function name", name), close.start, line);
  }
  advance();
  return parse_function_body(NameTable::intern(name), line);
}

/// From where the body may stand; as in bash neither another definition nor a coprocess nor what ! and time begin.
Command* CommandParser::parse_function_body(Name name, uint32_t line) {
  FunctionDefinition* function = make<FunctionDefinition>(line);
  function->name = name;
  function->source_name = cx_.arena->copy(source_name_);
  const Token& token = peek_command();
  switch (reserved(token)) {
    case ReservedWord::LeftBrace:
    case ReservedWord::If:
    case ReservedWord::While:
    case ReservedWord::Until:
    case ReservedWord::For:
    case ReservedWord::Case:
    case ReservedWord::Select:
    case ReservedWord::LeftBracket: break;
    case ReservedWord::None:
      if (token.kind == TokenKind::LeftParenthesis) break;
      [[fallthrough]];
    default: fail_unexpected(token, "the body of a function must be a compound command such as { ...; }");
  }
  function->body = parse_command();
  return function;
}

// `function name [()] compound-command`
Command* CommandParser::parse_function() {
  const uint32_t line = peek().line;
  advance();
  const Token& token = peek();
  if (token.kind != TokenKind::Word) fail_unexpected(token, "the name of a function must follow `function'");
  const size_t start = token.start;
  const Word* word = lexer_.take_word(WordContext::Single);
  const std::string_view text = word->is_literal ? word->literal : cx_.input->view(start, cx_.input->position());
  const Name name = NameTable::intern(text);
  if (peek().kind == TokenKind::LeftParenthesis) {
    // `()`, or already the body
    Input& in = *cx_.input;
    size_t n = 0;
    while (in.look_ahead(n) == ' ' || in.look_ahead(n) == '\t') ++n;
    if (in.look_ahead(n) == ')') {
      advance();
      peek();
      advance();
    }
  }
  return parse_function_body(name, line);
}

}  // namespace mish::syntax
