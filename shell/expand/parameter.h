// SPDX-License-Identifier: GPL-3.0-or-later
// Parameter expansion (XCU 2.6.2 and the forms of bash): ${...} with its operators over single values and lists.
#ifndef MISH_SHELL_EXPAND_PARAMETER_H_
#define MISH_SHELL_EXPAND_PARAMETER_H_

#include <optional>
#include <string>
#include <string_view>

#include "shell/expand/expander.h"
#include "shell/expand/field_builder.h"
#include "shell/expand/string_operations.h"

namespace mish::expand {

class ParameterExpander {
 public:
  ParameterExpander(Expander& expander, FieldBuilder& out)
      : ex_(expander), out_(out), state_(expander.state_), arena_(expander.state_.scratch) {}

  /// Expands into the builder. `quoted`: within double quotes. Throws ShellError.
  void expand(const syntax::ParameterExpansion& p, bool quoted);

  /// The parameter `p` is about, indirection not followed.
  static Parameter parameter_of(const syntax::ParameterExpansion& p) {
    return {p.kind, p.special, false, p.name, p.number, p.subscript};
  }

 private:
  struct Value;  // text or list, as fetched

  /// Whether the operands of a change are not expanded, for there is nothing to change: as in bash of a parameter that
  /// is not set, of # and % of an empty one too. It has then been put out.
  bool is_left_alone(const syntax::ParameterExpansion& p, const Parameter& parameter, bool quoted);
  Parameter follow_indirection(const syntax::ParameterExpansion& p);
  Value fetch(const Parameter& parameter);
  void emit(const Value& value, bool quoted);
  void expand_conditional(const syntax::ParameterExpansion& p, const Parameter& parameter, bool quoted);
  void expand_operand(const syntax::Word* word, bool quoted);
  void assign_default(const syntax::ParameterExpansion& p, const Parameter& parameter, bool quoted);
  void expand_length(const Parameter& parameter, bool quoted);
  bool is_assigned(const Parameter& parameter) const;
  void expand_slice(const syntax::ParameterExpansion& p, const Parameter& parameter, bool quoted);
  void slice_list(const Parameter& parameter, int64_t offset, std::optional<int64_t> length, bool quoted);
  void expand_keys(const Parameter& parameter, bool quoted);
  void expand_prefix(const syntax::ParameterExpansion& p, bool quoted);
  void expand_transform(const syntax::ParameterExpansion& p, const Parameter& parameter, bool quoted);
  std::string_view transform(char letter, Name name, std::string_view text);
  std::string declaration(const Parameter& parameter, const Value& value);
  void key_value_pairs(const Parameter& parameter, bool as_words, bool quoted);
  std::string attribute_letters(Name name) const;
  Replacement expand_replacement(const syntax::Word* word);
  void require_set(const Value& value, const syntax::ParameterExpansion& p);
  /// Applies `operation` (text to text) to the value or to each item of the list.
  template <typename Operation>
  void emit_changed(const Value& value, bool quoted, Operation operation);

  Expander& ex_;
  FieldBuilder& out_;
  state::ShellState& state_;
  Arena& arena_;
};

/// How messages call the parameter: `x`, `a[1]`, `1`, `@`.
std::string parameter_name(const Parameter& parameter);

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_PARAMETER_H_
