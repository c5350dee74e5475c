// SPDX-License-Identifier: GPL-3.0-or-later
// The text being parsed: one contiguous buffer that grows at its end with what the Source hands out and that ends in a
// NUL (NUL bytes of the script are dropped). Positions are offsets, so they survive growth. Alias substitution
// (XCU 2.3.1) replaces text in the buffer and remembers where the replacement ends; nothing else ever changes text.
#ifndef MISH_SHELL_SYNTAX_INPUT_H_
#define MISH_SHELL_SYNTAX_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "shell/syntax/source.h"

namespace mish::syntax {

/// What stops a parse; private to this layer, caught by the entry points of Parser.
struct ParseFailure {
  enum class Reason : uint8_t { Syntax, TooDeep, Incomplete, Interrupted, ReadError };
  Reason reason = Reason::Syntax;
  std::string message;
  uint32_t line = 0;
  uint32_t column = 0;
  std::string source_line;
};

class Input {
 public:
  /// Empty until open().
  Input() = default;
  /// A complete text, copied.
  Input(std::string_view text, uint32_t line);
  ~Input();
  /// Starts anew: reads from `source` (borrowed) as needed. Keeps its memory.
  void open(Source& source, uint32_t line);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// The character at the position, '\0' at the end of the buffer; reads nothing.
  char current() const { return data_[position_]; }
  const char* data() const { return data_; }
  size_t position() const { return position_; }
  size_t size() const { return size_; }
  /// Bytes of memory held.
  size_t capacity() const { return capacity_; }
  void set_position(size_t position) { position_ = position; }
  /// Back to `position`, which is in line `line`.
  void rewind(size_t position, uint32_t line) {
    position_ = position;
    line_ = line;
  }
  void skip(size_t n = 1) { position_ += n; }
  uint32_t line() const { return line_; }

  /// The next character after removal of line continuations (XCU 2.2.1); reads more text when needed.
  /// '\0' at the end of the input. Does not consume the character (but the continuations).
  char look() {
    char c = data_[position_];
    if (c != '\0' && c != '\\') [[likely]]
      return c;
    return look_slow();
  }
  /// As look(), without removing continuations.
  char look_raw() {
    char c = data_[position_];
    if (c != '\0') [[likely]]
      return c;
    return fill() ? data_[position_] : '\0';
  }
  /// The raw character `n` after the position ('\0' beyond the end).
  char look_ahead(size_t n);
  /// Consumes the newline at the position and counts it.
  void take_newline() {
    ++position_;
    if (regions_.empty() || position_ > regions_.front().end) ++line_;
  }
  /// Consumes up to `position`, counting the newlines between.
  void take_until(size_t position);
  /// Offset of the next `c` at or after `from`, reading as needed; npos if the input ends before.
  size_t find(char c, size_t from);
  /// Appends text from the source. False at the end of input. Throws ParseFailure (Interrupted, ReadError).
  bool fill();
  std::string_view view(size_t start, size_t end) const { return {data_ + start, end - start}; }

  /// Forgets consumed text; the next command starts here.
  void begin_command();
  /// The command has begun: what is read from now on is a continuation (PS2).
  void mark_started() { started_ = true; }
  /// Drops what is left of the current line (recovery after an error).
  void drop_line();
  /// Whether only blanks, newlines and comments are left and the source is known to have nothing more.
  bool is_blank_to_end() const;
  /// What the current command has consumed so far, before alias substitution.
  std::string_view consumed_text() const;

  // Alias substitution.
  /// Replaces the text from `start` to the position by `value` and goes back to `start`. False when aliases put
  /// 16 MiB into this command already: aliases that hold each other twice double the text with each level.
  bool substitute_alias(std::string_view name, size_t start, std::string_view value);
  /// Whether the text at `start` comes from the substitution of the alias `name`.
  bool is_inside_alias(std::string_view name, size_t start) const;
  /// Leaves the substitutions that end at or before `start`; true if one of them ended in a blank, so that the word
  /// at `start` is to be looked up too.
  bool leave_aliases(size_t start) { return !regions_.empty() && leave_aliases_slow(start); }

  /// A place to come back to when an attempt to read something fails. Attempts nest.
  struct Attempt {
    size_t position;
    uint32_t line;
    size_t edits;
    bool has_regions;
  };
  Attempt begin_attempt();
  void end_attempt() { --attempts_; }
  /// Number of attempts under way.
  uint32_t attempts() const { return attempts_; }
  /// Undoes everything since `attempt`, alias substitutions included, and ends it.
  void roll_back(const Attempt& attempt);
  /// Whether this command was read again and again: each level of nested attempts may take all of its text.
  bool is_retried_too_often() const { return retried_text_ > kMostRetriedText; }
  /// The `((` at `position` was found not to begin an arithmetic expression. Remembered for this command, so that
  /// nested ambiguities are each decided once.
  void set_not_arithmetic(size_t position) { not_arithmetic_.insert(position); }
  bool is_not_arithmetic(size_t position) const {
    return !not_arithmetic_.empty() && not_arithmetic_.contains(position);
  }

  /// Fills line, column and text of the line of the place `position` into `failure`.
  void locate(size_t position, ParseFailure& failure) const;

 private:
  struct AliasRegion {
    std::string name;
    size_t end;
    bool ends_in_blank;
  };
  struct Edit {
    size_t start;
    size_t inserted;
    std::string removed;
    std::vector<AliasRegion> regions;  // as they were before
  };

  static constexpr size_t kMostRetriedText = size_t(256) << 20;

  char look_slow();
  bool leave_aliases_slow(size_t start);
  void reserve(size_t more);
  void replace(size_t start, size_t length, std::string_view with);
  void give_back_tail();

  Source* source_ = nullptr;
  char* data_ = const_cast<char*>("");
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t position_ = 0;
  size_t command_start_ = 0;
  uint32_t line_ = 1;
  bool started_ = false;
  bool ended_ = false;
  size_t tail_size_ = 0;      // that many bytes at the end of the buffer directly precede `pending_` in the source
  std::string_view pending_;  // handed out by the source, not yet in the buffer
  std::vector<AliasRegion> regions_;
  std::vector<Edit> edits_;  // only while an attempt is open
  uint32_t attempts_ = 0;
  size_t retried_text_ = 0;  // bytes that failed attempts at this command took
  std::unordered_set<size_t> not_arithmetic_;
  size_t alias_text_ = 0;   // bytes that aliases put into this command
  bool is_edited_ = false;  // an alias was substituted in this command: `original_` holds its text
  std::string original_;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_INPUT_H_
