// SPDX-License-Identifier: GPL-3.0-or-later
// Word expansion: the order of XCU 2.6 and its entry points. Everything returned is NUL-terminated and lives in the
// scratch arena of the state (or in the Program, for literal words) until the caller's ArenaScope ends. All functions
// throw state::ShellError for expansion errors.
#ifndef MISH_SHELL_EXPAND_EXPANDER_H_
#define MISH_SHELL_EXPAND_EXPANDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/expand/hooks.h"
#include "shell/pattern/pathname.h"
#include "shell/pattern/pattern.h"
#include "shell/state/shell_state.h"
#include "shell/syntax/program.h"
#include "shell/syntax/word.h"

namespace mish::expand {

/// Fields in the scratch arena. Growable by the expander only.
class FieldList {
 public:
  explicit FieldList(Arena& arena) : arena_(&arena) {}
  void push_back(std::string_view field) {
    if (size_ == capacity_) grow();
    data_[size_++] = field;
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view operator[](size_t i) const { return data_[i]; }
  std::span<const std::string_view> span() const { return {data_, size_}; }
  void truncate(size_t size) { size_ = size; }

 private:
  void grow();
  Arena* arena_;
  std::string_view* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class FieldBuilder;

/// What a parameter expansion is applied to, after indirection was followed.
struct Parameter {
  syntax::ParameterKind kind = syntax::ParameterKind::Variable;
  char special = 0;
  bool is_computed = false;  // made from text at run time: its subscript never runs commands
  Name name = kNoName;
  int64_t number = 0;
  const syntax::Subscript* subscript = nullptr;

  bool is_list() const {
    return (kind == syntax::ParameterKind::Special && (special == '@' || special == '*')) ||
           (subscript != nullptr && subscript->kind != syntax::Subscript::Kind::Expression);
  }
  bool joins() const {  // * rather than @
    return subscript != nullptr ? subscript->kind == syntax::Subscript::Kind::Star : special == '*';
  }
};

/// One element of a compound array value, expanded but for the index of an indexed array.
struct ExpandedElement {
  bool has_subscript = false;
  bool append = false;
  const syntax::ArithExpression* index = nullptr;
  std::string_view key;
  std::string_view value;
};

class Expander {
 public:
  Expander(state::ShellState& state, ExpansionHooks& hooks) : state_(state), hooks_(hooks) {}

  /// All expansions of XCU 2.6 incl. field splitting and pathname expansion; appends zero or more fields.
  void expand_fields(const syntax::Word& word, FieldList& fields);
  void expand_fields(std::span<const syntax::Word* const> words, FieldList& fields) {
    for (const syntax::Word* word : words) {
      if (word->is_literal) {
        fields.push_back(word->literal);
      } else {
        expand_fields(*word, fields);
      }
    }
  }
  /// Tilde, parameter, command, arithmetic, quote removal; one string, no splitting, no globbing: the word after
  /// `case`, here-strings, [[ ]] operands. `"$@"` and `"$*"` join with a space resp. IFS.
  std::string_view expand_single(const syntax::Word& word);
  /// A redirection target: one field. In the bash language pathnames are expanded too; nothing when that does not make
  /// exactly one field ("ambiguous redirect").
  std::optional<std::string_view> expand_redirection_target(const syntax::Word& word);
  /// Value of an assignment (tilde after = and : was decided by the parser).
  std::string_view expand_assignment_value(const syntax::Word& word);
  /// Here-document body (double-quote context, " is not special).
  std::string_view expand_here_document(const syntax::Word& word) { return expand_single(word); }
  /// Where a pattern stands, which decides on the options it honours: ${x#p} takes no notice of nocasematch, and in
  /// [[ == ]] extended patterns need no extglob.
  enum class PatternPlace : uint8_t { Trim, Match, Condition };
  /// A pattern: quoted parts match literally. The result lives in the scratch arena.
  /// `shown`, if given, becomes the text of the pattern for a trace: quoted characters with a backslash. `anchor`, if
  /// given, takes an unquoted # or % that an expansion put in front: with it ${x/p/} looks at one end only.
  pattern::Pattern expand_pattern(const syntax::Word& word, PatternPlace place = PatternPlace::Match,
                                  std::string* shown = nullptr, char* anchor = nullptr);
  /// Extended regular expression for =~: quoted parts are escaped to match literally.
  std::string_view expand_regex(const syntax::Word& word);

  /// Performs `assignment` on the variables (scalar, element, compound array). Returns nothing; throws ShellError.
  void assign(const syntax::Assignment& assignment);
  /// The elements of the compound value of `assignment`, for an indexed or an `associative` array. Their texts live in
  /// the scratch arena. Throws ShellError.
  std::vector<ExpandedElement> expand_elements(const syntax::Assignment& assignment, bool associative);
  /// Stores what expand_elements() made: `assignment` with the same `associative`. Throws ShellError.
  void store_elements(const syntax::Assignment& assignment, std::span<const ExpandedElement> elements,
                      bool associative);

  /// Value of an arithmetic expression (XCU 2.6.4). Throws ShellError.
  int64_t evaluate(const syntax::ArithExpression& expression);
  /// Parses and evaluates text at run time: `let`, declare -i, subscripts of read and printf -v, [[ -eq ]] values.
  int64_t evaluate_text(std::string_view text);
  /// Index or key of `subscript` for the variable `name`: for an associative array `key` is set and true returned. With
  /// `is_computed` the subscript was made from text at run time (see computed_subscript()).
  bool evaluate_subscript(Name name, const syntax::Subscript& subscript, int64_t& index, std::string_view& key,
                          bool is_computed = false);
  /// The text of a subscript that came out of a variable: of a nameref, of ${!x}, of an expression in a variable's
  /// value. Expanded as in bash, but for one thing: data never runs a command, so one with a substitution of commands
  /// is an error.
  std::string_view computed_subscript(const syntax::Subscript& subscript);
  /// The same for text not yet parsed; lives in the scratch arena.
  std::string_view computed_subscript(std::string_view text);
  /// Appends the pathnames that match `text`, or `text` itself, nothing or an error, as the options say. `quoted` marks
  /// the quoted bytes (may be empty). Also used by `compgen -G`.
  void expand_pathname(std::string_view text, std::string_view quoted, FieldList& fields);

  /// Parses `text` (PS1, PS4, ENV, ${v@P}) as a double-quoted word and expands it.
  std::string expand_text(std::string_view text);
  /// Parses `text` (a word of compgen -W) as an unquoted word and expands it, but for pathnames. Throws ShellError.
  std::vector<std::string> expand_list(std::string_view text);

  /// Status of the last command substitution performed since begin_command(); nullopt-like -1 if none was.
  int last_substitution_status() const { return substitution_status_; }
  void begin_command() { substitution_status_ = -1; }
  void note_substitution(int status) { substitution_status_ = status; }

  state::ShellState& state() { return state_; }
  ExpansionHooks& hooks() { return hooks_; }

 private:
  friend class FieldBuilder;
  friend class ParameterExpander;
  friend class Arithmetic;

  /// Expands parts into `out`. `in_operand`: the parts are the word of ${x-word}, whose unquoted text is itself the
  /// result of an expansion; `quoted`: the whole stands in double quotes.
  void add_parts(std::span<const syntax::WordPart> parts, FieldBuilder& out, bool in_operand, bool quoted);
  void add_brace_text(const syntax::BraceExpansion& brace, FieldBuilder& out, bool in_operand, bool quoted);
  void add_tilde(const syntax::WordPart& part, const syntax::WordPart* next, FieldBuilder& out);
  void expand_parts(std::span<const syntax::WordPart> parts, bool may_glob, FieldList& fields);
  bool expand_simple_parameter(const syntax::ParameterExpansion& parameter, bool quoted, FieldList& fields);
  bool split_in_place(std::string_view text, FieldList& fields);
  /// The value of ${x}, ${#x}, ${x#p}, ${x:o:l} and their kin as a view that is valid until a variable changes (null
  /// when unset). False (nothing done) for lists and all other operators.
  bool borrow_parameter(const syntax::ParameterExpansion& p, std::string_view& text);

  /// The compiled pattern of a word that is just unquoted text, kept from the last time where that is possible.
  pattern::Pattern constant_pattern(std::string_view text, const pattern::PatternOptions& options);

  /// Output of a command substitution without its trailing newlines; in `buffer`.
  std::string_view run_substitution(const syntax::CommandSubstitution& substitution, std::string& buffer);

  /// Text of a parameter that is no list; null view when unset. Throws for nounset only where said.
  std::string_view fetch(const Parameter& parameter);
  std::string_view fetch_element(const Parameter& parameter);
  void fetch_list(const Parameter& parameter, FieldList& items);
  /// How many there are, without listing them: loops ask for ${#a[@]} each time.
  size_t count_list(const Parameter& parameter);
  [[noreturn]] void throw_unset(std::string_view name);
  std::string_view integer_text(int64_t value);

  void assign_scalar(const syntax::Assignment& assignment);
  bool assign_from_parameter(Name name, const syntax::ParameterExpansion& p);
  bool assign_by_appending(Name name, const syntax::Word& word);
  syntax::ParserOptions text_options() const;
  void store_associative(Name name, std::span<const ExpandedElement> elements);
  void store_indexed(Name name, std::span<const ExpandedElement> elements, bool append);

  struct CachedText {
    std::string text;
    syntax::ProgramPtr program;
    const syntax::Word* word = nullptr;
  };

  /// A compiled constant pattern. Never replaced, because a Pattern that refers to it may be in use: a slot that is
  /// taken by another text just does not help.
  struct CachedPattern {
    Arena arena{256};
    std::string_view text;
    uint32_t locale_generation = 0;
    pattern::PatternOptions options;
    pattern::Pattern pattern;
  };
  static constexpr size_t kCachedPatterns = 256;

  state::ShellState& state_;
  ExpansionHooks& hooks_;
  int substitution_status_ = -1;
  pattern::PathnameExpander globber_;
  std::vector<CachedText> texts_;  // the last few of expand_text: prompts are the same each time
  size_t next_text_ = 0;
  std::unique_ptr<std::unique_ptr<CachedPattern>[]> patterns_;
  std::string spare_;  // a buffer for command substitutions, kept between them
};

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_EXPANDER_H_
