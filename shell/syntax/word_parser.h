// SPDX-License-Identifier: GPL-3.0-or-later
// Inside a word: quoting (XCU 2.2), ${...}, $(...), backquotes, arithmetic, subscripts, process substitution, and the
// compound values of assignments. Reads from the Input of its ParseContext; commands inside words are parsed by whoever
// implements SubstitutionParser. Decides the flags of every word (word.h).
#ifndef MISH_SHELL_SYNTAX_WORD_PARSER_H_
#define MISH_SHELL_SYNTAX_WORD_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/base/arena.h"
#include "shell/syntax/arith.h"
#include "shell/syntax/input.h"
#include "shell/syntax/parser.h"
#include "shell/syntax/token.h"
#include "shell/syntax/word.h"

namespace mish::syntax {

/// What the rooms of one parser share.
struct ParseContext {
  Arena* arena = nullptr;
  Input* input = nullptr;
  ParserOptions options;

  /// Throws the failure `message`, noticed at the offset `position` of the input, in line `line`.
  [[noreturn]] void fail(std::string message, size_t position, uint32_t line) const;
  /// Throws: the input ended while `closer` was looked for, which closes `opener`, begun in line `line`.
  [[noreturn]] void fail_unclosed(std::string_view closer, std::string_view opener, uint32_t line) const;
  /// Throws when the stack is nearly used up.
  void check_depth() const;
};

/// Commands inside words.
class SubstitutionParser {
 public:
  virtual ~SubstitutionParser() = default;
  /// The input stands behind the `(`. Parses a list and consumes the `)` that ends it; null if it is empty.
  /// `defers_aliases` is set if no alias acted on the text: in POSIX mode they do when it is expanded (XCU 2.2.3).
  virtual const Command* parse_substitution(uint32_t line, bool& defers_aliases) = 0;
  /// Parses the text of a backquoted substitution after its own level of backslashes was removed.
  virtual const Command* parse_backquoted(std::string_view text, uint32_t line) = 0;
};

/// What a word is for, as far as it matters to how it is read.
enum class WordContext : uint8_t {
  Argument,  // command words, redirection targets, words of for: braces, tilde, patterns
  Single,    // no braces: the word and the patterns of case, operands of [[ ]], here-strings
  Value,     // of an assignment: tilde also after `:`, pattern characters mean themselves
  Regex,     // right side of =~
};

enum class ArithEnd : uint8_t {
  DoubleParenthesis,  // ))
  Semicolon,          // ; or )) of for ((;;))
};

class WordParser {
 public:
  WordParser(ParseContext& context, SubstitutionParser& substitutions) : cx_(context), substitutions_(substitutions) {}

  /// The word at the position, up to the character that ends it (XCU 2.3). Empty only in context Value or Regex.
  const Word* parse_word(WordContext context);
  /// A word of ordinary characters.
  Word* make_plain_word(std::string_view text, uint32_t line);
  /// The assignment at the position (which is the start of a word), or null, with the position unchanged, if there is
  /// none.
  const Assignment* parse_assignment();
  /// An assignment as operand of a declaration utility: a Word with `assignment` set; null as above.
  const Word* parse_declaration_operand();
  /// `a=(...)` for a utility that declares nothing but reads it as one word (eval, let, alias): an ordinary word of the
  /// `head` characters before the `(`, the elements with a blank between them, and what follows the `)`.
  const Word* parse_array_text(size_t head);
  /// The input stands behind `((` or, for ArithEnd::Semicolon, at an expression of for ((;;)). Parses to the end; `))`
  /// is consumed for DoubleParenthesis, nothing for Semicolon. Null when the text is no arithmetic expression (a `)`
  /// without the second one).
  const ArithExpression* parse_arithmetic(ArithEnd end, uint32_t line);
  /// The whole input as text in double-quote context where `"` is an ordinary character (here-documents, prompts).
  const Word* parse_text();
  /// The whole input as one unquoted word in which blanks and operators mean themselves; pathnames are not expanded.
  const Word* parse_list_text();
  /// The expressions of the operands of -eq and friends.
  const ArithExpression* make_arithmetic(const Word& word);
  /// The whole input as a subscript's text.
  const Subscript* parse_subscript_text(std::string_view text);

  /// Forgets what a failed parse left behind.
  void reset();

  /// Saves and clears the depth of words while another Input is parsed.
  uint32_t enter_input() { return std::exchange(source_depth_, 0u); }
  void leave_input(uint32_t depth) { source_depth_ = depth; }

  struct Mark {
    size_t parts, text, fixups;
    uint32_t depth;
  };
  Mark mark() const { return {parts_.size(), text_.size(), fixups_.size(), source_depth_}; }
  void roll_back(const Mark& mark);

 private:
  // A word under construction: its parts are parts_[parts_mark...], its unfinished literal text_[text_mark...].
  struct Builder {
    size_t parts_mark;
    size_t text_mark;
    bool text_quoted = false;
    bool has_quotes = false;
    bool has_glob = false;
    bool has_bracket = false;
    bool has_brace = false;
  };
  enum class Style : uint8_t { Unquoted, Quoted, Arithmetic };
  enum class End : uint8_t { Brace, Slash, SecondSlash, Parenthesis, Semicolon, Bracket, Offset, Text };
  struct Fixup {
    std::string_view* where;
    size_t start;
    size_t length;
  };

  Builder begin() const { return {parts_.size(), text_.size()}; }
  void add_text(Builder& b, std::string_view text, bool quoted);
  void add_char(Builder& b, char c, bool quoted) { add_text(b, {&c, 1}, quoted); }
  void flush(Builder& b);
  WordPart& add_part(Builder& b, PartKind kind, bool quoted, uint32_t line);
  bool is_empty(const Builder& b) const { return parts_.size() == b.parts_mark && text_.size() == b.text_mark; }
  Word* finish(Builder& b, WordContext context, uint32_t line);
  bool has_bracket_pair(const Builder& b) const;

  // Where text of the input is kept as written: see record().
  void begin_source() { ++source_depth_; }
  void end_source(std::string_view* where, size_t start, size_t fixups_mark);
  void close_source(size_t start, size_t fixups_mark);
  void record(std::string_view* where, size_t start, size_t end) { fixups_.push_back({where, start, end - start}); }

  void parse_unquoted(Builder& b, WordContext context);
  void parse_group_character(Builder& b, char c, WordContext context, uint32_t& depth);
  void parse_backslash(Builder& b);
  void parse_single_quotes(Builder& b);
  void parse_double_quotes(Builder& b);
  void parse_ansi_c(Builder& b);
  class AnsiCText;
  void decode_escape(AnsiCText& text);
  void decode_hexadecimal(AnsiCText& text);
  void decode_control(AnsiCText& text);
  bool parse_tilde(Builder& b, bool in_value, char closer);
  bool ends_word(const Builder& b, char c, WordContext context) const;
  bool tilde_may_start(const Builder& b, WordContext context) const;
  void parse_dollar(Builder& b, bool quoted);
  void parse_braced_parameter(Builder& b, bool quoted, size_t start, uint32_t line);
  void parse_short_parameter(ParameterExpansion& p, char c);
  bool parse_parameter_head(ParameterExpansion& p);
  bool parse_length(ParameterExpansion& p);
  bool parse_indirection(ParameterExpansion& p);
  bool parse_operator(ParameterExpansion& p, bool quoted);
  bool parse_case_operator(ParameterExpansion& p, ParameterOp first, ParameterOp all, char c);
  void parse_replace(ParameterExpansion& p);
  void parse_slice(ParameterExpansion& p);
  void parse_command_substitution(Builder& b, bool quoted, size_t start, uint32_t line);
  void parse_backquotes(Builder& b, bool quoted, bool unescapes_quotes);
  void parse_process_substitution(Builder& b);
  bool parse_arithmetic_part(Builder& b, bool quoted, size_t start, uint32_t line);
  void parse_bracket_arithmetic(Builder& b, bool quoted, uint32_t line);
  void take_double_parenthesis();
  class InnerText;
  // False: an arithmetic expression that was to end with `))` met a lone `)`.
  bool parse_inner(Builder& b, End end, Style style, uint32_t line);
  const Word* parse_inner_word(End end, Style style, uint32_t line);
  const ArithExpression* parse_inner_arithmetic(End end, uint32_t line);
  const Subscript* parse_subscript();
  std::string_view scan_name();
  const Assignment* parse_assignment_tail(Name name, const Subscript* subscript, uint32_t line);
  void parse_array_value(Assignment& assignment);
  void append_word(Builder& b);
  void skip_array_blanks();
  size_t find_subscript_end(size_t bracket, bool is_element);
  bool is_assignment_operator(size_t position);

  ParseContext& cx_;
  SubstitutionParser& substitutions_;
  std::vector<WordPart> parts_;
  std::string text_;
  std::string name_;  // a name with line continuations inside
  std::vector<Fixup> fixups_;
  std::vector<ArrayElement> elements_;
  bool in_document_ = false;   // in text where `"` is ordinary, and not within quotes of an expansion there
  uint32_t source_depth_ = 0;  // words under construction around this place, in this Input
  size_t subscript_end_ = 0;   // behind the `]` of the assignment to an element parsed last
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_WORD_PARSER_H_
