// SPDX-License-Identifier: GPL-3.0-or-later
// Recursive descent over the grammar of XCU 2.10: lists, pipelines, simple and compound commands. Works on the tokens
// of one Lexer; entry points, errors and recovery are the business of parser.cc.
#ifndef MISH_SHELL_SYNTAX_COMMAND_PARSER_H_
#define MISH_SHELL_SYNTAX_COMMAND_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/syntax/command.h"
#include "shell/syntax/lexer.h"
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

class CommandParser final : public SubstitutionParser {
 public:
  CommandParser() : words_(cx_, *this), lexer_(cx_, words_) {}

  /// Before the first use and for each new source. `source_name` is kept in the functions defined.
  void open(const AliasLookup* aliases, std::string_view source_name) {
    lexer_.set_aliases(aliases);
    source_name_.assign(source_name);
  }

  ParseContext& context() { return cx_; }
  Lexer& lexer() { return lexer_; }
  WordParser& words() { return words_; }

  /// Forgets what a failed parse left behind.
  void reset();
  /// The commands up to the end of the line (`all` false: a complete command; its newline is consumed) or of the input.
  /// Null if there is none. Throws ParseFailure.
  const Command* parse_program(bool all);

  const Command* parse_substitution(uint32_t line, bool& defers_aliases) override;
  const Command* parse_backquoted(std::string_view text, uint32_t line) override;

 private:
  class LevelGuard;
  struct Opener {  // what a reserved word or parenthesis closes, for messages
    std::string_view spelling;
    uint32_t line;
    size_t start;
  };
  /// The token that opens a construct; read before it is consumed.
  static Opener make_opener(std::string_view spelling, const Token& token) {
    return {spelling, token.line, token.start};
  }

  const Token& peek(bool command_position = false) { return lexer_.peek(command_position); }
  void advance() { lexer_.advance(); }
  void skip_newlines();
  /// The token behind the newlines that may precede a command; aliases may bring in more of them.
  const Token& peek_command();
  void skip_newlines_before_in();
  ReservedWord reserved(const Token& token) const {
    if (token.kind != TokenKind::Word || !token.is_plain) return ReservedWord::None;
    return find_reserved_word(token.text, cx_.options.posix);
  }
  static bool ends_line(TokenKind kind);
  bool starts_command();
  bool is_bang_group(const Token& token) const;
  [[noreturn]] void fail_unexpected(const Token& token, std::string_view wanted = {}, const Opener* opener = nullptr);
  [[noreturn]] void fail_missing(std::string_view wanted, const Opener& opener);
  void expect(ReservedWord word, const Opener& opener);
  void expect(TokenKind kind, const Opener& opener);
  std::string hint(std::string_view wanted, const Opener& opener) const;
  std::string describe(const Token& token) const;

  const Command* parse_list(bool complete);
  const Command* parse_to_parenthesis(uint32_t line, bool defers_aliases);
  const Command* parse_body(std::string_view of, const Opener& opener, ReservedWord end);
  const Command* parse_and_or();
  const Command* parse_pipeline();
  const Command* parse_command();
  Command* parse_compound(const Token& token, ReservedWord word);
  const Command* parse_simple();
  bool takes_assignments(const Word& word, size_t words_mark, bool& arrays_only) const;
  const Word* parse_operand(const Token& token, bool arrays_only);
  const Assignment* parse_prefix_assignment(const Token& token);
  void parse_redirection();
  void parse_here_document(Redirection& redirection, const Token& target);
  void merge_errors(const Command& command);
  std::span<const Redirection> take_redirections(size_t mark);
  bool may_name_function(const Word& word) const;
  Command* parse_parentheses_of_function(std::string_view name, uint32_t line);
  Command* parse_function_body(Name name, uint32_t line);
  Command* parse_function();
  Command* parse_parenthesis();
  const ArithExpression* try_arithmetic(uint32_t line);
  Command* parse_group();
  Command* parse_if();
  Command* parse_loop(bool is_until);
  template <typename Clause>
  void parse_loop(Clause& clause, const Opener& opener);
  Command* parse_for();
  Command* parse_arith_for(const Opener& opener);
  const ArithExpression* parse_for_expression(uint32_t line, bool last);
  Command* parse_select();
  const Command* parse_do_group(const Opener& opener);
  Name parse_variable_name(std::string_view of);
  std::span<const Word* const> parse_word_list();
  Command* parse_case();
  CaseClause::Item parse_case_item(const Opener& opener);
  Command* parse_coprocess();
  Command* parse_conditional();
  const ConditionNode* parse_condition_or(const Opener& opener);
  const ConditionNode* parse_condition_and(const Opener& opener);
  const ConditionNode* parse_condition_term(const Opener& opener);
  const ConditionNode* parse_condition_words(const Opener& opener);
  const ConditionNode* parse_binary_condition(const Word* left, const Opener& opener);
  const Word* take_condition_word(const Opener& opener);
  bool at_condition_end(const Token& token) const;

  template <typename T>
  T* make(uint32_t line) {
    T* node = cx_.arena->make<T>();
    node->kind = T::kKind;
    node->line = line;
    return node;
  }
  /// Moves the elements of `stack` behind `mark` into the arena.
  template <typename T>
  std::span<T> take(std::vector<T>& stack, size_t mark) {
    std::span<T> taken = cx_.arena->copy_span(std::span<const T>(stack.data() + mark, stack.size() - mark));
    stack.resize(mark);
    return taken;
  }

  ParseContext cx_;
  WordParser words_;
  Lexer lexer_;
  std::string source_name_;
  bool takes_aliases_ = false;  // a `$(` is read again, with aliases
  // Elements of the nodes under construction; every function works above the size it found.
  std::vector<const Word*> word_stack_;
  std::vector<Assignment> assignment_stack_;
  std::vector<Redirection> redirection_stack_;
  std::vector<const Command*> command_stack_;
  std::vector<List::Item> list_stack_;
  std::vector<AndOr::Item> and_or_stack_;
  std::vector<CaseClause::Item> case_stack_;
  std::vector<IfClause::Branch> branch_stack_;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_COMMAND_PARSER_H_
