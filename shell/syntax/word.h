// SPDX-License-Identifier: GPL-3.0-or-later
// A word and its parts. Quoting is structure: each part says whether it was quoted, no control bytes are ever mixed
// into text. What can be known when a word is parsed (is it literal, may it split, may it glob) is decided there once.
// Types only; all of them live in the arena of a Program.
#ifndef MISH_SHELL_SYNTAX_WORD_H_
#define MISH_SHELL_SYNTAX_WORD_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/name.h"

namespace mish::syntax {

struct ArithExpression;
struct Assignment;
struct Command;
struct Word;

enum class PartKind : uint8_t {
  Literal,              // text
  Tilde,                // text = what follows ~ up to / : or the end ("" for ~ alone); never quoted
  Parameter,            // $x ${...}
  CommandSubstitution,  // $( ) and backquotes
  Arithmetic,           // $(( )) and $[ ]
  ProcessSubstitution,  // <( ) >( )
  Brace,                // {a,b} or {1..9}: alternatives or range; only in words with may_brace
};

enum class ParameterKind : uint8_t {
  Variable,    // name (and perhaps a subscript)
  Positional,  // number >= 1 ($0 is Special)
  Special,     // special: one of @ * # ? - $ ! 0
};

enum class ParameterOp : uint8_t {
  None,
  Length,  // ${#x}
  Default,
  AssignDefault,
  ErrorIfUnset,
  Alternate,  // - = ? +   (with colon)
  RemoveSmallestPrefix,
  RemoveLargestPrefix,
  RemoveSmallestSuffix,
  RemoveLargestSuffix,  // # ## % %%
  Substring,            // ${x:offset:length}
  ReplaceFirst,
  ReplaceAll,
  ReplacePrefix,
  ReplaceSuffix,  // / // /# /%
  UpperFirst,
  UpperAll,
  LowerFirst,
  LowerAll,
  ToggleFirst,
  ToggleAll,      // ^ ^^ , ,, ~ ~~
  Transform,      // @Q @E @P @A @a @U @u @L @K @k
  NamesByPrefix,  // ${!prefix*} ${!prefix@}: special is '*' or '@'
  Keys,           // ${!a[@]} ${!a[*]}
  Bad,            // not a valid expansion: "bad substitution" when it is expanded
};

/// a[...]: the meaning of the text depends on the array's type, which is known only when it is evaluated.
struct Subscript {
  enum class Kind : uint8_t { Expression, At, Star };
  Kind kind = Kind::Expression;
  const Word* word = nullptr;              // as a key of an associative array
  const ArithExpression* index = nullptr;  // as an index of an indexed array
  std::string_view text;                   // as written
};

struct ParameterExpansion {
  ParameterKind kind = ParameterKind::Variable;
  ParameterOp op = ParameterOp::None;
  bool colon = false;     // :- := :? :+
  bool indirect = false;  // ${!x...}
  bool braces = false;
  char special = 0;    // Special: the character; NamesByPrefix: '*' or '@'
  char transform = 0;  // Transform: the letter, ? for what is none of them
  Name name = kNoName;
  int64_t number = 0;  // Positional
  uint32_t line = 0;
  const Subscript* subscript = nullptr;
  const Word* word = nullptr;         // operand: default word, pattern (trim, replace, case), or null
  const Word* replacement = nullptr;  // Replace*: may be null (= empty)
  const ArithExpression* offset = nullptr;
  const ArithExpression* length = nullptr;
  std::string_view text;  // as written, from $ to the end, for messages and printing
};

struct CommandSubstitution {
  const Command* body = nullptr;  // null: empty body
  std::string_view text;          // the source between the delimiters, for printing
  bool backquotes = false;
  // POSIX mode: aliases act on the text when it is expanded (XCU 2.2.3, 2.3.1), not on body.
  bool defers_aliases = false;
  bool reads_file = false;  // $(<file): body is a simple command with one input redirection and nothing else
  uint32_t line = 0;
  mutable uint32_t containment = 0;  // cache of exec/containment (generation << 2 | verdict)
};

struct ProcessSubstitution {
  const Command* body = nullptr;
  std::string_view text;
  bool reads = true;        // <( ): the command's output is read
  bool reads_file = false;  // <(<file)
};

struct BraceExpansion {
  std::span<const Word* const> alternatives;  // {a,b}: two or more
  bool is_range = false;                      // {x..y[..step]}
  bool is_character_range = false;
  int64_t first = 0, last = 0, step = 1;
  uint8_t width = 0;  // zero padding: digits of the wider end, 0 = none
  std::string_view text;
};

struct WordPart {
  PartKind kind = PartKind::Literal;
  bool quoted = false;  // within '...', "...", $'...' or after a backslash
  uint32_t line = 0;
  std::string_view text;  // Literal, Tilde
  union {
    const ParameterExpansion* parameter = nullptr;
    const CommandSubstitution* command;
    const ArithExpression* arithmetic;
    const ProcessSubstitution* process;
    const BraceExpansion* brace;
  };
};

/// A word. An empty quoted string ('' or "") is a quoted Literal with empty text; "$@" alone in its quotes is one
/// quoted Parameter part and nothing else, so that it can vanish.
struct Word {
  std::span<const WordPart> parts;
  std::string_view literal;  // is_literal: the text after quote removal, NUL-terminated
  std::string_view source;   // as written
  Name name = kNoName;       // is_literal and first word of a command: its interned text
  uint32_t line = 0;
  bool is_literal = false;  // needs no expansion: no expansions, no tilde, no brace, no unquoted * ? [ (or extglob)
  bool has_quotes = false;  // any quoting at all (a quoted word is never a reserved word, alias or assignment)
  bool may_split = false;   // holds an unquoted expansion whose result is subject to field splitting
  bool may_glob = false;    // holds unquoted pattern characters or unquoted expansions
  bool has_tilde = false;
  bool may_brace = false;
  bool is_single_parameter = false;  // parts is exactly one Parameter part ($x or "$x")
  /// The same word read as an assignment (NAME=..., NAME+=..., NAME[...]=...), for operands of declaration utilities
  /// (XCU 2.9.1.1); null when it has not that form.
  const Assignment* assignment = nullptr;
};

/// One element of a compound array value: `word`, or `[subscript]=word`.
struct ArrayElement {
  const Subscript* subscript = nullptr;
  const Word* word = nullptr;
  bool append = false;  // [k]+=v
};

struct Assignment {
  Name name = kNoName;
  bool append = false;  // +=
  bool is_array = false;
  const Subscript* subscript = nullptr;
  const Word* word = nullptr;  // the value as a word in assignment context (tildes after = and :); null = empty
  std::span<const ArrayElement> elements;  // is_array
  const ArithExpression* plain_arithmetic =
      nullptr;  // the value is exactly one unquoted or quoted $(( )): no text is needed
  uint32_t line = 0;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_WORD_H_
