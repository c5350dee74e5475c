// SPDX-License-Identifier: GPL-3.0-or-later
// Collects the pieces of one word as they are expanded and makes fields of them: splits the results of expansions at
// IFS characters (XCU 2.6.5) while they arrive, remembers which bytes were quoted, and hands finished fields to
// pathname expansion. For words that are not split it just joins, and for patterns it gives the quoting marks.
#ifndef MISH_SHELL_EXPAND_FIELD_BUILDER_H_
#define MISH_SHELL_EXPAND_FIELD_BUILDER_H_

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/expand/expander.h"

namespace mish::expand {

class FieldBuilder {
 public:
  enum class Mode : uint8_t {
    Fields,   // split, and glob if asked to
    Single,   // one text
    Pattern,  // one text with quoting marks
  };
  /// `fields` receives the fields of Mode::Fields, null otherwise. `globs`: whether pathname expansion is to be done.
  FieldBuilder(Expander& expander, Mode mode, FieldList* fields, bool globs);

  bool is_splitting() const { return mode_ == Mode::Fields; }

  /// Quoted text: literal, never split; the field exists even if it is empty.
  void add_quoted(std::string_view text) {
    is_present_ = true;
    after_blank_ = false;
    if (text.empty()) return;
    if (tracks_quotes_) note_quoted(text.size());
    append(text);
  }
  /// Unquoted text of the word itself: not split, but may hold pattern characters.
  void add_literal(std::string_view text) {
    after_blank_ = false;
    if (globs_) note_pattern(text);
    append(text);
  }
  /// Unquoted result of an expansion.
  void add_result(std::string_view text) {
    if (mode_ == Mode::Fields) {
      add_split(text);
    } else {
      append(text);
    }
  }
  void add(std::string_view text, bool quoted) { quoted ? add_quoted(text) : add_result(text); }
  /// The values of a list: one field each, or joined by the first character of IFS (`joins` and quoted, or no
  /// splitting).
  void add_list(std::span<const std::string_view> items, bool joins, bool quoted);

  /// Ends the last field (Mode::Fields).
  void finish() {
    if (in_field()) end_field();
  }
  /// The whole text, NUL-terminated, in the scratch arena.
  std::string_view finish_text();
  /// For each byte of the text whether it was quoted; empty if none was. Call before finish_text().
  std::string_view marks();

 private:
  struct Range {
    size_t begin, end;
  };
  /// The quoted ranges of a field; the first few need no allocation.
  class RangeList {
   public:
    bool empty() const { return size_ == 0; }
    Range& back() { return size_ <= kInline ? inline_[size_ - 1] : more_.back(); }
    const Range& operator[](size_t i) const { return i < kInline ? inline_[i] : more_[i - kInline]; }
    size_t size() const { return size_; }
    void push_back(Range range) {
      if (size_ < kInline) {
        inline_[size_] = range;
      } else {
        more_.push_back(range);
      }
      ++size_;
    }
    void clear() {
      size_ = 0;
      more_.clear();
    }

   private:
    static constexpr size_t kInline = 4;
    Range inline_[kInline];
    size_t size_ = 0;
    std::vector<Range> more_;
  };
  bool in_field() const { return cursor_ != field_ || is_present_; }
  size_t length() const { return static_cast<size_t>(cursor_ - field_); }
  void append(std::string_view text) {
    if (text.size() >= static_cast<size_t>(limit_ - cursor_)) grow(text.size());
    if (!text.empty()) std::memcpy(cursor_, text.data(), text.size());
    cursor_ += text.size();
  }
  void grow(size_t more);
  void note_quoted(size_t size);
  void note_pattern(std::string_view text);
  void add_split(std::string_view text);
  void separate(bool is_blank);
  void end_field();
  void end_item();

  Expander& expander_;
  FieldList* fields_;
  Mode mode_;
  bool globs_;
  bool tracks_quotes_;
  bool is_present_ = false;   // something quoted was added: the field exists even if empty
  bool after_blank_ = false;  // IFS white space has just ended a field: a separator after it belongs to the same end
  bool may_match_ = false;    // the field holds an unquoted pattern character
  char* field_ = nullptr;     // start of the field that is being built
  char* cursor_ = nullptr;
  char* limit_ = nullptr;  // one byte before it is kept for the NUL
  RangeList quoted_;       // of the field; only with tracks_quotes_
};

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_FIELD_BUILDER_H_
