// SPDX-License-Identifier: GPL-3.0-or-later
// Command nodes (XCU 2.9 and 2.10, with the compound commands of bash). Plain tagged structs in a Program's arena;
// evaluation lives elsewhere. `as<ForClause>(command)` is the checked cast.
#ifndef MISH_SHELL_SYNTAX_COMMAND_H_
#define MISH_SHELL_SYNTAX_COMMAND_H_

#include <cassert>
#include <cstdint>
#include <span>
#include <string_view>

#include "shell/base/name.h"
#include "shell/syntax/arith.h"
#include "shell/syntax/word.h"

namespace mish::syntax {

enum class RedirectionKind : uint8_t {
  Input,            // <
  Output,           // >
  Clobber,          // >|
  Append,           // >>
  InputOutput,      // <>
  DuplicateInput,   // <&  (word: digits, '-', digits followed by '-')
  DuplicateOutput,  // >&
  HereDocument,     // << and <<-
  HereString,       // <<<
  OutputBoth,       // &>  and >&word where word is no number
  AppendBoth,       // &>>
};

struct Redirection {
  RedirectionKind kind = RedirectionKind::Input;
  int fd = -1;                              // the descriptor redirected (defaults filled in: 0 or 1)
  Name fd_variable = kNoName;               // {name}>file
  const Subscript* fd_subscript = nullptr;  // {name[subscript]}>file
  uint32_t line = 0;
  const Word* word = nullptr;  // target, or the here-string
  // Here-documents:
  const Word* body = nullptr;  // in double-quote context; a literal word when the delimiter was quoted
  std::string_view delimiter;  // after quote removal
  bool delimiter_quoted = false;
  bool strip_tabs = false;
};

enum class CommandKind : uint8_t {
  Simple,
  Pipeline,  // two or more commands, or one with ! or time
  AndOr,     // && ||
  List,      // sequential and asynchronous items
  Group,     // { ; }
  Subshell,  // ( )
  For,
  ArithFor,  // for (( ; ; ))
  Case,
  If,
  Loop,  // while, until
  Function,
  Conditional,  // [[ ]]
  Arithmetic,   // (( ))
  Select,
  Coprocess,
};

/// Base of all nodes. A list of one command is that command itself: no node is wrapped needlessly.
struct Command {
  CommandKind kind;
  uint32_t line = 0;
  std::span<const Redirection> redirections;  // of simple and compound commands
};

struct SimpleCommand : Command {
  static constexpr CommandKind kKind = CommandKind::Simple;
  std::span<const Assignment> assignments;
  std::span<const Word* const> words;
  bool is_declaration = false;  // words[0] is literally a declaration utility (perhaps after `command` or `builtin`)
  bool all_literal = false;     // no word needs expansion: argv is known
  bool is_plain = false;        // no assignments and no redirections
  /// What the executor remembers of the last search for words[0]; valid while `cache_generation` is current.
  mutable uint32_t cache_generation = 0;
  mutable uint32_t cache_extra = 0;
  mutable const void* cache_target = nullptr;
};

struct Pipeline : Command {
  static constexpr CommandKind kKind = CommandKind::Pipeline;
  std::span<const Command* const> commands;
  bool negated = false;
  bool timed = false;
  bool timed_posix = false;  // time -p
};

struct AndOr : Command {
  static constexpr CommandKind kKind = CommandKind::AndOr;
  struct Item {
    const Command* command = nullptr;
    bool is_or = false;  // joined to what precedes by ||; meaningless for the first
  };
  std::span<const Item> items;
};

struct List : Command {
  static constexpr CommandKind kKind = CommandKind::List;
  struct Item {
    const Command* command = nullptr;
    bool is_async = false;  // followed by &
  };
  std::span<const Item> items;
};

struct Group : Command {
  static constexpr CommandKind kKind = CommandKind::Group;
  const Command* body = nullptr;
};

struct Subshell : Command {
  static constexpr CommandKind kKind = CommandKind::Subshell;
  const Command* body = nullptr;
  mutable uint32_t containment = 0;  // see CommandSubstitution
};

struct ForClause : Command {
  static constexpr CommandKind kKind = CommandKind::For;
  Name variable = kNoName;
  bool has_in = false;  // otherwise "$@"
  std::span<const Word* const> words;
  const Command* body = nullptr;
};

struct ArithForClause : Command {
  static constexpr CommandKind kKind = CommandKind::ArithFor;
  const ArithExpression* init = nullptr;  // each may be null
  const ArithExpression* condition = nullptr;
  const ArithExpression* step = nullptr;
  const Command* body = nullptr;
};

struct SelectClause : Command {
  static constexpr CommandKind kKind = CommandKind::Select;
  Name variable = kNoName;
  bool has_in = false;
  std::span<const Word* const> words;
  const Command* body = nullptr;
};

struct CaseClause : Command {
  static constexpr CommandKind kKind = CommandKind::Case;
  enum class End : uint8_t { Break, FallThrough, Continue };  // ;; ;& ;;&
  struct Item {
    std::span<const Word* const> patterns;
    const Command* body = nullptr;  // null: empty
    End end = End::Break;
  };
  const Word* word = nullptr;
  std::span<const Item> items;
};

struct IfClause : Command {
  static constexpr CommandKind kKind = CommandKind::If;
  struct Branch {
    const Command* condition = nullptr;
    const Command* body = nullptr;
  };
  std::span<const Branch> branches;  // if, elif ...
  const Command* else_body = nullptr;
};

struct LoopClause : Command {
  static constexpr CommandKind kKind = CommandKind::Loop;
  bool is_until = false;
  const Command* condition = nullptr;
  const Command* body = nullptr;
};

struct FunctionDefinition : Command {
  static constexpr CommandKind kKind = CommandKind::Function;
  Name name = kNoName;
  const Command* body = nullptr;  // a compound command; its redirections are the function's
  std::string_view source_name;   // where it was defined
};

enum class ConditionKind : uint8_t { Word, Unary, Binary, Not, And, Or };
struct ConditionNode {
  ConditionKind kind = ConditionKind::Word;
  std::string_view op;                           // "-f", "==", "=~", "-lt", "<" ...
  const Word* left = nullptr;                    // operand of Word and Unary, left of Binary
  const Word* right = nullptr;                   // Binary: for == != = a pattern, for =~ a regular expression
  const ConditionNode* first = nullptr;          // Not, And, Or
  const ConditionNode* second = nullptr;         // And, Or
  const ArithExpression* left_number = nullptr;  // -eq and friends: the operands as expressions
  const ArithExpression* right_number = nullptr;
};

struct Conditional : Command {
  static constexpr CommandKind kKind = CommandKind::Conditional;
  const ConditionNode* root = nullptr;
};

struct ArithmeticCommand : Command {
  static constexpr CommandKind kKind = CommandKind::Arithmetic;
  const ArithExpression* expression = nullptr;
};

struct Coprocess : Command {
  static constexpr CommandKind kKind = CommandKind::Coprocess;
  Name name = names::COPROC;
  const Command* body = nullptr;
};

/// Checked downcast.
template <typename T>
const T& as(const Command& command) {
  assert(command.kind == T::kKind);
  return static_cast<const T&>(command);
}

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_COMMAND_H_
