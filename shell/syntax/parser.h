// SPDX-License-Identifier: GPL-3.0-or-later
// Recursive descent over the grammar of XCU 2.10 and the compound commands of bash. Reads one complete command (a line
// with everything it needs: here-documents, open quotes, compound commands) at a time.
#ifndef MISH_SHELL_SYNTAX_PARSER_H_
#define MISH_SHELL_SYNTAX_PARSER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shell/base/diagnostic.h"
#include "shell/syntax/command.h"
#include "shell/syntax/program.h"
#include "shell/syntax/source.h"

namespace mish::syntax {

/// Alias substitution (XCU 2.3.1) asks here; the state layer's alias table implements it.
class AliasLookup {
 public:
  virtual ~AliasLookup() = default;
  /// The value of the alias `name`, null if there is none. Valid until the next call.
  virtual const std::string* find_alias(std::string_view name) const = 0;
  /// Whether there is any alias at all (lets the parser skip the look-up).
  virtual bool has_aliases() const = 0;
};

/// What the parser may recognise. Read again before each complete command, so `set -o posix`, `shopt -s extglob` and
/// `shopt -s expand_aliases` act from the next command on.
struct ParserOptions {
  bool posix = false;   // none of the bash language beyond XCU
  bool extglob = true;  // extended patterns are recognised (inside [[ ]] they always are)
  bool expand_aliases = true;
  bool interactive = false;  // # comments honour interactive_comments
  bool interactive_comments = true;
  bool brace_expansion = true;
  bool keyword = false;  // set -k: assignments are found anywhere in a simple command
};

struct SyntaxError {
  std::string message;  // without location: "unexpected `fi'; ..."
  uint32_t line = 0;    // line and column where it was noticed, counted from 1
  uint32_t column = 0;
  std::string source_line;  // text of that line, without newline
};

enum class ParseStatus : uint8_t {
  Command,  // program->root() is a complete command (or null: blank line or comment)
  EndOfFile,
  Error,        // error tells; the rest of the line was dropped
  Incomplete,   // the text ended inside a construct (error says in which: for `-c`, eval, files that is a syntax error)
  Interrupted,  // the source was interrupted while a line was being read
  ReadError,    // source.error() tells
};

struct ParseResult {
  ParseStatus status = ParseStatus::EndOfFile;
  ProgramPtr program;
  SyntaxError error;
  std::string warning;  // to be shown although the command is fine: a here-document ended by the end of the file
};

class Parser {
 public:
  /// `source`, `options` and `aliases` (may be null) are borrowed. `first_line` numbers the first line of the source.
  Parser(Source& source, const ParserOptions& options, const AliasLookup* aliases, std::string_view source_name,
         uint32_t first_line = 1);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Reads and parses the next complete command.
  ParseResult parse_command();
  /// Reads everything to the end of the source as one Program (eval, -c and command files in one piece are not read
  /// this way: aliases and options may change between their commands; used for traps with cached text, functions
  /// imported from the environment and -n checks).
  ParseResult parse_all();
  /// Number of the line that would be read next.
  uint32_t line() const;
  /// The text of the last complete command as it was read, with its newlines, for history and `set -v` of the caller.
  std::string_view last_text() const;
  /// Whether it is certain, without reading from the source, that no command follows: the source handed out all of its
  /// text and only blanks, newlines and comments are left. Lets the last command of `-c` replace the shell.
  bool is_at_end() const;

  class Implementation;

 private:
  std::unique_ptr<Implementation> impl_;
};

/// Parses `text` as an arithmetic expression into `arena` (run-time texts: values of variables, expanded words).
/// Null and `error` filled on a syntax error.
const ArithNode* parse_arithmetic(std::string_view text, Arena& arena, std::string& error);

/// Parses `text` as one word in double-quote context without the quotes (PS1, PS4, ENV, here-document style
/// re-expansion,
/// ${v@P}). Null on a syntax error, `error` filled.
const Word* parse_text_as_word(std::string_view text, const ParserOptions& options, Program& program,
                               std::string& error);

/// Parses `text` as one unquoted word of which all characters are part (compgen -W). Null on a syntax error, `error`
/// filled.
const Word* parse_text_as_list(std::string_view text, const ParserOptions& options, Program& program,
                               std::string& error);

/// Parses `text` as a parameter reference, `name` or `name[subscript]` (indirection, namerefs, read, unset, printf -v,
/// [[ -v ]]). nullopt when it is none. A subscript with unbalanced quotes has a text only.
struct VariableReference {
  Name name = kNoName;
  const Subscript* subscript = nullptr;
};
std::optional<VariableReference> parse_reference(std::string_view text, Arena& arena);

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_PARSER_H_
