// SPDX-License-Identifier: GPL-3.0-or-later
// Text to tokens (XCU 2.3): operators, plain words, where other words begin, comments, alias substitution, and the
// bodies of here-documents behind the newline that ends their line. Reserved words are recognised by the parser.
#ifndef MISH_SHELL_SYNTAX_LEXER_H_
#define MISH_SHELL_SYNTAX_LEXER_H_

#include <string>
#include <utility>
#include <vector>

#include "shell/syntax/command.h"
#include "shell/syntax/token.h"
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

/// A here-document whose body has not been read yet.
struct PendingHereDocument {
  Word* body = nullptr;  // to be filled
  std::string_view delimiter;
  bool quoted = false;
  bool strip_tabs = false;
  uint32_t line = 0;
};

class Lexer {
 public:
  Lexer(ParseContext& context, WordParser& words) : cx_(context), words_(words) {}
  /// Whose aliases are substituted (may be null).
  void set_aliases(const AliasLookup* aliases) { aliases_ = aliases; }

  /// The next token. At the beginning of a command (`command_position`) a plain word that is an alias is replaced first
  /// (XCU 2.3.1), elsewhere only after an alias that ends in a blank.
  const Token& peek(bool command_position = false) {
    if (!have_) scan();
    if (may_be_alias_ && (command_position || check_alias_)) substitute_aliases(command_position);
    return token_;
  }
  /// As peek(true) behind assignments and redirections, where no reserved word is recognised.
  const Token& peek_behind_prefix() {
    if (!have_) scan();
    if (may_be_alias_) substitute_aliases(false);
    return token_;
  }
  /// As peek(), where `in` and `do` are recognised as reserved words and therefore not looked up.
  const Token& peek_before_in() {
    expects_in_ = true;
    peek();
    expects_in_ = false;
    return token_;
  }
  /// Consumes the peeked token: an operator or newline. Behind a newline the pending here-documents are read.
  void advance();
  /// Consumes the peeked word.
  const Word* take_word(WordContext context);
  /// The peeked word was or will be read from the input by somebody else, from its start: goes back there.
  void rewind_word();
  /// The `!` of a word that begins with `!(` was meant as the reserved word: consumes it.
  void split_bang();

  /// To the next character that is no blank, when no token is peeked.
  void skip_blanks();

  void add_here_document(const PendingHereDocument& document) { pending_.push_back(document); }

  /// Everything that belongs to one level of `$(`; saved around an inner level.
  struct Level {
    Token token;
    bool have;
    bool check_alias;
    bool aliases_enabled;
    std::vector<PendingHereDocument> pending;
  };
  Level enter_level(bool is_substitution, bool defers_aliases = false);
  /// `keep_pending`: here-documents left over from the inner level are read after the outer line.
  void leave_level(Level&& level, bool keep_pending);
  uint32_t level() const { return level_; }
  /// Whether aliases act on what is read now.
  bool aliases_enabled() const { return aliases_enabled_; }

  /// Before a complete command; `aliases_enabled` as the options say now.
  void begin_command(bool aliases_enabled);
  /// The warning of the last command (here-document ended by the end of the file), empty if none.
  std::string take_warning() { return std::exchange(warning_, {}); }
  /// Reads what is pending at the end of the input or before the end of a command without a newline.
  void read_here_documents();

 private:
  void scan();
  void scan_operator(char c);
  void scan_word();
  void scan_joined_word();
  bool take_unusual_name();
  bool scan_io_variable();
  size_t after_continuations(size_t n);
  void substitute_aliases(bool command_position);
  void set_plain(std::string_view text, size_t end);
  std::string_view scan_here_document(const PendingHereDocument& document, std::string& stripped);
  void read_here_document(const PendingHereDocument& document);
  bool is_delimiter_before_parenthesis(std::string_view line, const PendingHereDocument& document) const;

  ParseContext& cx_;
  WordParser& words_;
  const AliasLookup* aliases_ = nullptr;
  Token token_;
  bool have_ = false;
  bool aliases_enabled_ = false;
  bool may_be_alias_ = false;  // the token is a word not looked up yet, and there are aliases
  bool expects_in_ = false;
  bool check_alias_ = false;  // it follows an alias that ended in a blank
  uint32_t level_ = 0;        // of command substitutions
  std::string joined_;        // text of a plain word with line continuations inside
  std::vector<PendingHereDocument> pending_;
  std::string warning_;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_LEXER_H_
