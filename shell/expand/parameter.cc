// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/parameter.h"

#include <algorithm>

#include "shell/base/locale.h"
#include "shell/base/quoting.h"
#include "shell/syntax/parser.h"

namespace mish::expand {

using state::Option;
using state::ShellError;
using state::Variable;
using syntax::ParameterExpansion;
using syntax::ParameterKind;
using syntax::ParameterOp;
using syntax::Subscript;
namespace attribute = state::attribute;

struct ParameterExpander::Value {
  explicit Value(Arena& arena) : items(arena) {}
  bool is_list = false;
  bool joins = false;
  std::string_view text;  // no list; null view: unset
  FieldList items;

  bool is_set() const { return is_list ? !items.empty() : text.data() != nullptr; }
  bool is_null() const {
    if (!is_list) return text.empty();
    return items.empty() || (items.size() == 1 && items[0].empty());
  }
};

std::string parameter_name(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::Positional: return std::to_string(parameter.number);
    case ParameterKind::Special: return std::string(1, parameter.special);
    case ParameterKind::Variable: break;
  }
  std::string name(text(parameter.name));
  if (parameter.subscript != nullptr) name.append("[").append(parameter.subscript->text).append("]");
  return name;
}

void ParameterExpander::expand(const ParameterExpansion& p, bool quoted) {
  if (p.op == ParameterOp::Bad) {
    throw ShellError(ShellError::Kind::Substitution, std::string(p.text) + ": bad substitution");
  }
  if (p.op == ParameterOp::NamesByPrefix) return expand_prefix(p, quoted);
  if (p.op == ParameterOp::Keys) return expand_keys(parameter_of(p), quoted);

  bool is_name_of_reference = p.indirect && p.kind == ParameterKind::Variable && p.subscript == nullptr &&
                              (state_.variables.attributes(p.name) & attribute::Nameref) != 0;
  if (is_name_of_reference) {
    return out_.add(arena_.copy(state_.variables.end_of_references(p.name)), quoted);
  }
  Parameter parameter = p.indirect ? follow_indirection(p) : parameter_of(p);

  switch (p.op) {
    case ParameterOp::None: {
      Value value = fetch(parameter);
      require_set(value, p);
      return emit(value, quoted);
    }
    case ParameterOp::Default:
    case ParameterOp::AssignDefault:
    case ParameterOp::ErrorIfUnset:
    case ParameterOp::Alternate: return expand_conditional(p, parameter, quoted);
    case ParameterOp::Length: return expand_length(parameter, quoted);
    case ParameterOp::RemoveSmallestPrefix:
    case ParameterOp::RemoveLargestPrefix:
    case ParameterOp::RemoveSmallestSuffix:
    case ParameterOp::RemoveLargestSuffix: {
      if (is_left_alone(p, parameter, quoted)) return;
      // The operand comes first: it may change the parameter, whose value is only borrowed.
      pattern::Pattern pattern =
          p.word != nullptr ? ex_.expand_pattern(*p.word, Expander::PatternPlace::Trim) : pattern::Pattern();
      Value value = fetch(parameter);
      require_set(value, p);
      return emit_changed(value, quoted, [&](std::string_view text) { return trim(p.op, text, pattern); });
    }
    case ParameterOp::Substring: return expand_slice(p, parameter, quoted);
    case ParameterOp::ReplaceFirst:
    case ParameterOp::ReplaceAll:
    case ParameterOp::ReplacePrefix:
    case ParameterOp::ReplaceSuffix: {
      if (is_left_alone(p, parameter, quoted)) return;
      char anchor = '\0';
      char* may_be_anchored = p.op == ParameterOp::ReplaceFirst ? &anchor : nullptr;
      pattern::Pattern pattern =
          p.word != nullptr ? ex_.expand_pattern(*p.word, Expander::PatternPlace::Match, nullptr, may_be_anchored)
                            : pattern::Pattern();
      ParameterOp op = p.op;
      if (anchor != '\0') op = anchor == '#' ? ParameterOp::ReplacePrefix : ParameterOp::ReplaceSuffix;
      Replacement replacement = expand_replacement(p.replacement);
      Value value = fetch(parameter);
      require_set(value, p);
      return emit_changed(value, quoted,
                          [&](std::string_view text) { return replace(op, text, pattern, replacement, arena_); });
    }
    case ParameterOp::UpperFirst:
    case ParameterOp::UpperAll:
    case ParameterOp::LowerFirst:
    case ParameterOp::LowerAll:
    case ParameterOp::ToggleFirst:
    case ParameterOp::ToggleAll: {
      if (is_left_alone(p, parameter, quoted)) return;
      pattern::Pattern pattern = p.word != nullptr ? ex_.expand_pattern(*p.word) : pattern::Pattern();
      bool is_any = pattern.is_literal() && pattern.literal_text().empty();
      Value value = fetch(parameter);
      require_set(value, p);
      return emit_changed(value, quoted, [&](std::string_view text) {
        return change_case(p.op, text, is_any ? nullptr : &pattern, arena_);
      });
    }
    case ParameterOp::Transform: return expand_transform(p, parameter, quoted);
    case ParameterOp::NamesByPrefix:
    case ParameterOp::Keys:
    case ParameterOp::Bad: return;  // dealt with above
  }
}

bool ParameterExpander::is_left_alone(const ParameterExpansion& p, const Parameter& parameter, bool quoted) {
  auto has_expansions = [](const syntax::Word* word) { return word != nullptr && !word->is_literal; };
  if (!has_expansions(p.word) && !has_expansions(p.replacement)) return false;
  Value value = fetch(parameter);
  const bool is_trim = p.op >= ParameterOp::RemoveSmallestPrefix && p.op <= ParameterOp::RemoveLargestSuffix;
  if (value.is_set() && !(is_trim && !value.is_list && value.text.empty())) return false;
  require_set(value, p);
  emit(value, quoted);
  return true;
}

Parameter ParameterExpander::follow_indirection(const ParameterExpansion& p) {
  Parameter base = parameter_of(p);
  Value value = fetch(base);
  if (!value.is_set()) {
    // bash: a positional parameter that is not set, an element of a variable that is set, and a variable that is
    // declared but has no value refer to nothing; the operators see a parameter not set.
    if (base.kind == ParameterKind::Positional) return base;
    const Variable* variable = base.kind == ParameterKind::Variable ? state_.variables.resolve(base.name) : nullptr;
    if (variable != nullptr && (variable->has(attribute::Declared) || !variable->value.is_unset())) return base;
    throw ShellError(ShellError::Kind::Substitution, parameter_name(base) + ": invalid indirect expansion");
  }
  std::string_view target = value.is_list ? value.items[0] : value.text;
  Parameter result;
  result.is_computed = true;
  if (auto number = parse_integer(target); number && is_digit(target[0])) {
    result.kind = *number == 0 ? ParameterKind::Special : ParameterKind::Positional;
    result.special = '0';
    result.number = *number;
  } else if (target.size() == 1 && std::string_view("@*#?-$!").find(target[0]) != std::string_view::npos) {
    result.kind = ParameterKind::Special;
    result.special = target[0];
  } else if (auto reference = syntax::parse_reference(target, arena_)) {
    result.name = reference->name;
    result.subscript = reference->subscript;
  } else {
    throw ShellError(ShellError::Kind::Expansion, std::string(target) + ": invalid variable name");
  }
  return result;
}

ParameterExpander::Value ParameterExpander::fetch(const Parameter& parameter) {
  Value value(arena_);
  if (parameter.is_list()) {
    value.is_list = true;
    value.joins = parameter.joins();
    ex_.fetch_list(parameter, value.items);
  } else {
    value.text = ex_.fetch(parameter);
  }
  return value;
}

void ParameterExpander::require_set(const Value& value, const ParameterExpansion& p) {
  if (value.is_list || value.is_set() || !state_.is_on(Option::NoUnset)) return;
  ex_.throw_unset(parameter_name(parameter_of(p)));
}

void ParameterExpander::emit(const Value& value, bool quoted) {
  if (value.is_list) {
    out_.add_list(value.items.span(), value.joins, quoted);
  } else {
    out_.add(value.text, quoted);
  }
}

template <typename Operation>
void ParameterExpander::emit_changed(const Value& value, bool quoted, Operation operation) {
  if (!value.is_list) return out_.add(value.text.data() != nullptr ? operation(value.text) : value.text, quoted);
  FieldList changed(arena_);
  for (std::string_view item : value.items.span()) changed.push_back(operation(item));
  out_.add_list(changed.span(), value.joins, quoted);
}

// --- ${x-w} ${x=w} ${x?w} ${x+w} ---

void ParameterExpander::expand_conditional(const ParameterExpansion& p, const Parameter& parameter, bool quoted) {
  Value value = fetch(parameter);
  bool has_value = p.colon ? value.is_set() && !value.is_null() : value.is_set();
  if (has_value && p.colon && quoted && value.is_list && value.joins && state_.separators.is_null) {
    has_value = std::ranges::any_of(value.items.span(), [](std::string_view item) { return !item.empty(); });
  }
  if (p.op == ParameterOp::Alternate) {
    if (has_value) return expand_operand(p.word, quoted);
    if (quoted && !(value.is_list && !value.joins && value.items.empty())) out_.add_quoted({});
    return;
  }
  if (has_value) return emit(value, quoted);
  if (p.op == ParameterOp::Default) return expand_operand(p.word, quoted);
  if (p.op == ParameterOp::AssignDefault) return assign_default(p, parameter, quoted);
  std::string message = parameter_name(parameter) + ": ";
  std::string_view text = p.word != nullptr ? ex_.expand_single(*p.word) : std::string_view();
  if (p.word == nullptr) text = p.colon ? "parameter null or not set" : "parameter not set";
  throw ShellError(ShellError::Kind::Unset, message.append(text));
}

void ParameterExpander::expand_operand(const syntax::Word* word, bool quoted) {
  if (word == nullptr || word->parts.empty()) {
    if (quoted) out_.add_quoted({});
    return;
  }
  if (quoted) out_.add_quoted({});  // "${x+$@}" without parameters is one empty field, as in all shells but yash
  ex_.add_parts(word->parts, out_, true, quoted);
}

void ParameterExpander::assign_default(const ParameterExpansion& p, const Parameter& parameter, bool quoted) {
  if (parameter.kind != ParameterKind::Variable || parameter.is_list()) {
    throw ShellError(ShellError::Kind::Expansion, "$" + parameter_name(parameter) + ": cannot assign in this way");
  }
  std::string_view text = p.word != nullptr ? ex_.expand_single(*p.word) : std::string_view("", 0);
  if (parameter.subscript == nullptr) {
    state_.variables.assign(parameter.name, text);
  } else {
    int64_t index;
    std::string_view key;
    if (ex_.evaluate_subscript(parameter.name, *parameter.subscript, index, key, parameter.is_computed)) {
      state_.variables.assign_key(parameter.name, key, text);
    } else {
      state_.variables.assign_element(parameter.name, index, text);
    }
  }
  // What results is the new value: attributes (-i, -u) may have changed the text.
  out_.add(ex_.fetch(parameter), quoted);
}

// --- ${#x} ---

/// Whether a list exists, be it empty.
bool ParameterExpander::is_assigned(const Parameter& parameter) const {
  if (parameter.kind == ParameterKind::Special) return true;
  const Variable* variable = state_.variables.resolve(parameter.name);
  return variable != nullptr && !variable->value.is_unset() && !variable->has(attribute::Declared);
}

void ParameterExpander::expand_length(const Parameter& parameter, bool quoted) {
  size_t length;
  if (parameter.is_list()) {
    length = ex_.count_list(parameter);
    if (length == 0 && state_.is_on(Option::NoUnset) && !is_assigned(parameter))
      ex_.throw_unset(parameter_name(parameter));
  } else {
    std::string_view text = ex_.fetch(parameter);
    if (text.data() == nullptr && state_.is_on(Option::NoUnset)) ex_.throw_unset(parameter_name(parameter));
    length = count_characters(text);
  }
  out_.add(ex_.integer_text(static_cast<int64_t>(length)), quoted);
}

// --- ${x:offset:length} ---

void ParameterExpander::expand_slice(const ParameterExpansion& p, const Parameter& whole, bool quoted) {
  Parameter parameter = whole;
  if (parameter.subscript != nullptr && parameter.is_list()) {
    // bash: of an ordinary variable ${x[@]:1:2} is ${x:1:2}.
    const Variable* variable = state_.variables.resolve(parameter.name);
    const bool is_scalar = variable != nullptr && variable->value.kind() == state::Value::Kind::Scalar;
    if (is_scalar) parameter.subscript = nullptr;
  }
  Value value(arena_);
  if (!parameter.is_list()) {
    value = fetch(parameter);
    require_set(value, p);
    if (!value.is_set()) return out_.add(value.text, quoted);  // bash: the expressions are not looked at
    value.text = arena_.copy(value.text);                      // they may change the parameter
  }
  int64_t offset = p.offset != nullptr ? ex_.evaluate(*p.offset) : 0;
  std::optional<int64_t> length;
  if (p.length != nullptr) length = ex_.evaluate(*p.length);
  if (parameter.is_list()) return slice_list(parameter, offset, length, quoted);
  std::optional<std::string_view> part = substring(value.text, offset, length);
  if (!part) {
    throw ShellError(ShellError::Kind::Expansion, std::to_string(*length) + ": substring expression < 0");
  }
  out_.add(*part, quoted);
}

namespace {

/// bash: the length of a list's slice may not be negative; where there is nothing to take it is not looked at.
void check_length(std::optional<int64_t> length) {
  if (!length || *length >= 0) return;
  throw ShellError(ShellError::Kind::Expansion, std::to_string(*length) + ": substring expression < 0");
}

}  // namespace

void ParameterExpander::slice_list(const Parameter& parameter, int64_t offset, std::optional<int64_t> length,
                                   bool quoted) {
  FieldList items(arena_);
  bool is_positional = parameter.kind == ParameterKind::Special;
  if (is_positional) items.push_back(state_.zero);  // ${@:0} begins with $0
  const Variable* variable = is_positional ? nullptr : state_.variables.resolve(parameter.name);
  const state::IndexedArray* indexed = variable != nullptr ? variable->value.indexed() : nullptr;
  if (indexed != nullptr && variable->value.kind() == state::Value::Kind::Indexed) {
    // The offset is an index, the length counts elements: holes do not count.
    offset = indexed->absolute(offset);
    if (offset >= 0 && offset <= indexed->last_index()) {
      check_length(length);
      for (auto it = indexed->from(offset); it.valid() && (!length || static_cast<int64_t>(items.size()) < *length);
           it.next()) {
        items.push_back(it.value());
      }
    }
    return out_.add_list(items.span(), parameter.joins(), quoted);
  }
  ex_.fetch_list(parameter, items);
  int64_t count = static_cast<int64_t>(items.size());
  if (variable != nullptr && variable->value.kind() == state::Value::Kind::Associative) {
    // bash counts the elements of an associative array from 1, and of no length is the one it stands at.
    if (offset < 0) offset += count + 1;
    if (offset >= 0 && offset <= count) check_length(length);
    offset = offset < 0 ? -1 : std::max<int64_t>(offset - 1, 0);
    if (length) *length = std::max<int64_t>(*length, 1);
  } else if (offset < 0) {
    offset += count;
  }
  if (offset >= 0 && (is_positional ? offset <= count : offset < count)) check_length(length);
  if (offset < 0 || offset > count) offset = count;
  std::span<const std::string_view> rest = items.span().subspan(static_cast<size_t>(offset));
  if (length) rest = rest.first(std::min(rest.size(), static_cast<size_t>(*length)));
  out_.add_list(rest, parameter.joins(), quoted);
}

// --- ${!a[@]} ${!prefix*} ---

void ParameterExpander::expand_keys(const Parameter& parameter, bool quoted) {
  FieldList keys(arena_);
  if (const Variable* variable = state_.variables.resolve(parameter.name)) {
    switch (variable->value.kind()) {
      case state::Value::Kind::Unset: break;
      case state::Value::Kind::Scalar: keys.push_back("0"); break;
      case state::Value::Kind::Indexed:
        for (auto it = variable->value.indexed()->first(); it.valid(); it.next())
          keys.push_back(ex_.integer_text(it.index()));
        break;
      case state::Value::Kind::Associative:
        for (const auto* entry : variable->value.associative()->listed()) {
          keys.push_back(entry->key);
        }
        break;
    }
  }
  out_.add_list(keys.span(), parameter.joins(), quoted);
}

void ParameterExpander::expand_prefix(const ParameterExpansion& p, bool quoted) {
  FieldList names(arena_);
  for (Name name : state_.variables.names_with_prefix(text(p.name))) {
    if ((state_.variables.attributes(name) & attribute::Declared) == 0) names.push_back(text(name));
  }
  out_.add_list(names.span(), p.special == '*', quoted);
}

// --- ${x@Q} and its kin ---

std::string ParameterExpander::attribute_letters(Name name) const {
  const Variable* variable = state_.variables.resolve(name);
  if (variable == nullptr) return {};
  std::string letters;
  if (variable->value.kind() == state::Value::Kind::Indexed) letters += 'a';
  if (variable->value.kind() == state::Value::Kind::Associative) letters += 'A';
  constexpr std::pair<state::Attributes, char> kLetters[] = {
      {attribute::Integer, 'i'}, {attribute::ReadOnly, 'r'}, {attribute::Trace, 't'}, {attribute::Exported, 'x'},
      {attribute::Capital, 'c'}, {attribute::Lower, 'l'},    {attribute::Upper, 'u'}};
  for (const auto& [bit, letter] : kLetters) {
    if (variable->has(bit)) letters += letter;
  }
  return letters;
}

namespace {

/// Quoted even where that is not needed: '...', or $'...' for what does not print.
std::string quote_always(std::string_view text) {
  std::string quoted = quote(text);
  return quoted.starts_with("$'") ? quoted : quote_single(text);
}

}  // namespace

std::string_view ParameterExpander::transform(char letter, Name name, std::string_view text) {
  switch (letter) {
    case 'Q':
    case 'K':
    case 'k': return arena_.copy(quote_always(text));
    case 'E': return arena_.copy(decode_escapes(text));
    case 'P': return arena_.copy(ex_.hooks_.render_prompt(text));
    case 'U': return change_case(ParameterOp::UpperAll, text, nullptr, arena_);
    case 'u': return change_case(ParameterOp::UpperFirst, text, nullptr, arena_);
    case 'L': return change_case(ParameterOp::LowerAll, text, nullptr, arena_);
    case 'a': return arena_.copy(attribute_letters(name));
    default: return text;
  }
}

namespace {

/// ${@@A}: the words of the `set` command that makes these the positional parameters.
void positional_setting(const FieldList& parameters, Arena& arena, FieldList& words) {
  words.push_back("set");
  words.push_back("--");
  for (std::string_view each : parameters.span()) words.push_back(arena.copy(quote_always(each)));
}

}  // namespace

std::string ParameterExpander::declaration(const Parameter& parameter, const Value& value) {
  std::string letters = attribute_letters(parameter.name);
  std::string result = letters.empty() ? std::string() : "declare -" + letters + " ";
  const Name name = state_.variables.target(parameter.name);  // of a reference: what it stands for
  result += text(name);
  const Variable* variable = state_.variables.resolve(name);
  if (!value.is_set() && (!value.is_list || variable == nullptr || variable->has(attribute::Declared))) return result;
  const bool is_array = value.is_list && variable != nullptr && variable->value.is_array();
  if (!is_array) {
    const std::string_view scalar = value.is_list ? variable->value.text() : value.text;
    return result.append("=").append(quote_always(scalar));
  }
  result += "=(";
  if (const auto* indexed = variable->value.indexed()) {
    for (auto it = indexed->first(); it.valid(); it.next()) {
      result.append("[").append(std::to_string(it.index())).append("]=").append(quote_double(it.value())).append(" ");
    }
  } else if (const auto* keyed = variable->value.associative()) {
    for (const auto* entry : keyed->listed()) {
      bool is_plain = quote(entry->key) == entry->key;
      result.append("[")
          .append(is_plain ? entry->key : quote_double(entry->key))
          .append("]=")
          .append(quote_double(entry->value))
          .append(" ");
    }
  }
  if (result.back() == ' ' && variable->value.kind() != state::Value::Kind::Associative) result.pop_back();
  return result + ")";
}

void ParameterExpander::key_value_pairs(const Parameter& parameter, bool as_words, bool quoted) {
  const Variable* variable = state_.variables.resolve(parameter.name);
  FieldList pairs(arena_);
  std::string joined;
  auto add = [&](std::string_view key, std::string_view value) {
    if (as_words) {
      pairs.push_back(key);
      pairs.push_back(value);
    } else {
      joined.append(key).append(" ").append(quote_double(value)).append(" ");
    }
  };
  if (variable != nullptr && variable->value.kind() == state::Value::Kind::Indexed) {
    for (auto it = variable->value.indexed()->first(); it.valid(); it.next())
      add(ex_.integer_text(it.index()), it.value());
  } else if (variable != nullptr && variable->value.kind() == state::Value::Kind::Associative) {
    for (const auto* entry : variable->value.associative()->listed()) {
      add(as_words ? std::string_view(entry->key) : arena_.copy(quote(entry->key)), entry->value);
    }
  }
  // bash leaves the last blank of an associative array, as in `declare -p`.
  if (!joined.empty() && variable->value.kind() == state::Value::Kind::Indexed) joined.pop_back();
  if (!joined.empty()) pairs.push_back(arena_.copy(joined));
  out_.add_list(pairs.span(), parameter.joins(), quoted);
}

void ParameterExpander::expand_transform(const ParameterExpansion& p, const Parameter& parameter, bool quoted) {
  bool is_array_list = parameter.kind == ParameterKind::Variable && parameter.is_list();
  const Variable* array = is_array_list ? state_.variables.resolve(parameter.name) : nullptr;
  if ((p.transform == 'K' || p.transform == 'k') && array != nullptr && array->value.is_array()) {
    return key_value_pairs(parameter, p.transform == 'k', quoted);
  }
  if (p.transform == 'a' && parameter.kind == ParameterKind::Variable && !parameter.is_list()) {
    if (parameter.subscript != nullptr) static_cast<void>(fetch(parameter));  // it may be wrong
    std::string letters = attribute_letters(parameter.name);                  // also of a variable without a value
    if (letters.empty() && state_.is_on(Option::NoUnset)) require_set(fetch(parameter), p);
    return out_.add(arena_.copy(letters), quoted);
  }
  Value value = fetch(parameter);
  require_set(value, p);
  if (p.transform == '?' && value.is_set()) {  // bash: not known, which ends a script
    throw ShellError(ShellError::Kind::Unset, std::string(p.text) + ": bad substitution");
  }
  if (p.transform == 'A') {
    bool is_variable = parameter.kind == ParameterKind::Variable;
    if (is_variable && (value.is_set() || !attribute_letters(parameter.name).empty())) {
      std::string_view text = arena_.copy(declaration(parameter, value));
      if (!value.is_list || value.joins || !text.ends_with(')')) return out_.add(text, quoted);
      // The words of a command, as bash has them: declare, its options, the array.
      FieldList words(arena_);
      for (size_t blank; words.size() < 2 && (blank = text.find(' ')) != std::string_view::npos;) {
        words.push_back(text.substr(0, blank));
        text.remove_prefix(blank + 1);
      }
      words.push_back(text);
      out_.add_list(words.span(), false, quoted);
    } else if (!is_variable && value.is_list && value.is_set()) {
      FieldList words(arena_);
      positional_setting(value.items, arena_, words);
      if (value.joins) {
        std::string command(words[0]);
        for (size_t i = 1; i < words.size(); ++i) command.append(" ").append(words[i]);
        return out_.add(arena_.copy(command), quoted);
      }
      out_.add_list(words.span(), false, quoted);
    } else if (quoted && !value.is_list) {
      out_.add_quoted({});
    }
    return;
  }
  emit_changed(value, quoted, [&](std::string_view text) { return transform(p.transform, parameter.name, text); });
}

// --- replacement ---

Replacement ParameterExpander::expand_replacement(const syntax::Word* word) {
  if (word == nullptr) return {};
  if (!state_.is_on(Option::PatSubReplacement) || state_.is_posix()) return {ex_.expand_single(*word), {}};
  FieldBuilder builder(ex_, FieldBuilder::Mode::Pattern, nullptr, false);
  ex_.add_parts(word->parts, builder, true, false);
  std::string_view marks = builder.marks();
  std::string_view text = builder.finish_text();
  if (text.find_first_of("&\\") == std::string_view::npos) return {text, {}};
  // An unquoted & stands for the match; \& from an expansion is an &, and \\ a backslash.
  std::string result, references;
  for (size_t i = 0; i < text.size(); ++i) {
    bool is_quoted = !marks.empty() && marks[i] != 0;
    bool escapes = text[i] == '\\' && !is_quoted && i + 1 < text.size() && (text[i + 1] == '&' || text[i + 1] == '\\');
    if (escapes) ++i;
    result += text[i];
    references += static_cast<char>(text[i] == '&' && !is_quoted && !escapes);
  }
  return {arena_.copy(result), arena_.copy(references)};
}

}  // namespace mish::expand
