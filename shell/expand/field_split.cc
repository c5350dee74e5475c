// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/field_split.h"

#include "shell/base/locale.h"

namespace mish::expand {

using state::FieldSeparators;

namespace {

/// Reads the text character by character and says what each is to field splitting.
class Scanner {
 public:
  Scanner(const FieldSeparators& separators, std::string_view text, std::string_view protect)
      : separators_(separators), text_(text), protect_(protect) {}

  uint8_t class_at(size_t at) const {
    if (at >= text_.size() || (!protect_.empty() && protect_[at] != 0)) return FieldSeparators::kNone;
    uint8_t byte_class = separators_.byte_class[static_cast<unsigned char>(text_[at])];
    if (byte_class == FieldSeparators::kNone || static_cast<unsigned char>(text_[at]) < 0x80) return byte_class;
    bool found = separators_.text.find(text_.substr(at, character_length(text_, at))) != std::string::npos;
    if (!found) return FieldSeparators::kNone;
    return byte_class == FieldSeparators::kMultibyteLead ? uint8_t(FieldSeparators::kOther) : byte_class;
  }
  bool is_blank(size_t at) const { return class_at(at) == FieldSeparators::kWhitespace; }
  size_t next(size_t at) const { return at + (separators_.has_high_bytes ? character_length(text_, at) : 1); }
  size_t skip_blanks(size_t at) const {
    while (is_blank(at)) ++at;
    return at;
  }
  size_t end_of_field(size_t at) const {
    while (at < text_.size() && class_at(at) == FieldSeparators::kNone) at = next(at);
    return at;
  }
  /// The offset after the delimiter at `at`: white space around at most one other separator.
  size_t skip_delimiter(size_t at) const {
    at = skip_blanks(at);
    if (class_at(at) == FieldSeparators::kOther) at = skip_blanks(next(at));
    return at;
  }

 private:
  const FieldSeparators& separators_;
  std::string_view text_;
  std::string_view protect_;
};

}  // namespace

void split_fields(const FieldSeparators& separators, std::string_view text, std::string_view protect, size_t limit,
                  std::vector<FieldRange>& fields) {
  if (separators.is_null) {
    if (!text.empty()) fields.push_back({0, text.size()});
    return;
  }
  Scanner scanner(separators, text, protect);
  size_t first = fields.size();
  size_t at = scanner.skip_blanks(0);
  while (at < text.size()) {
    size_t end = scanner.end_of_field(at);
    size_t next = scanner.skip_delimiter(end);
    if (limit != 0 && fields.size() - first + 1 == limit) {
      // The last field takes the rest; a delimiter that ends the text after just one more field is dropped with it.
      if (next < text.size()) {
        end = text.size();
        while (end > at && scanner.is_blank(end - 1)) --end;
      }
      fields.push_back({at, end});
      return;
    }
    fields.push_back({at, end});
    at = next;
  }
}

}  // namespace mish::expand
