// SPDX-License-Identifier: GPL-3.0-or-later
// The order of XCU 2.6 over the parts of a word, with short ways for the words that scripts are full of.
#include "shell/expand/expander.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/expand/arithmetic.h"
#include "shell/expand/brace.h"
#include "shell/expand/field_builder.h"
#include "shell/expand/parameter.h"
#include "shell/expand/tilde.h"
#include "shell/syntax/parser.h"

namespace mish::expand {

using state::FieldSeparators;
using state::Option;
using state::ShellError;
using state::Variable;
using syntax::ParameterExpansion;
using syntax::ParameterKind;
using syntax::ParameterOp;
using syntax::PartKind;
using syntax::Word;
using syntax::WordPart;
namespace attribute = state::attribute;

void FieldList::grow() {
  size_t capacity = capacity_ == 0 ? 8 : capacity_ * 2;
  auto* fresh =
      static_cast<std::string_view*>(arena_->allocate(capacity * sizeof(std::string_view), alignof(std::string_view)));
  if (size_ != 0) std::memcpy(static_cast<void*>(fresh), data_, size_ * sizeof(std::string_view));
  data_ = fresh;
  capacity_ = capacity;
}

std::string_view Expander::integer_text(int64_t value) {
  char* text = static_cast<char*>(state_.scratch.allocate(kMaxIntegerText + 1, 1));
  size_t length = format_integer(value, text);
  text[length] = '\0';
  return {text, length};
}

void Expander::throw_unset(std::string_view name) {
  throw ShellError(ShellError::Kind::Unset, std::string(name) + ": parameter not set");
}

// --- parameters without operators ---

std::string_view Expander::fetch(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::Variable:
      if (parameter.subscript != nullptr) return fetch_element(parameter);
      return state_.variables.text_or_null(parameter.name);
    case ParameterKind::Positional: return state_.positional.at(static_cast<size_t>(parameter.number));
    case ParameterKind::Special:
      switch (parameter.special) {
        case '#': return integer_text(static_cast<int64_t>(state_.positional.count()));
        case '?': return integer_text(state_.last_status);
        case '$': return integer_text(state_.shell_pid);
        case '!': return state_.last_background == 0 ? std::string_view() : integer_text(state_.last_background);
        case '-': return state_.scratch.copy(state_.options.flags());
        case '0': return state_.zero;
        default: return {};  // @ and * are lists
      }
  }
  return {};
}

std::string_view Expander::fetch_element(const Parameter& parameter) {
  int64_t index;
  std::string_view key;
  bool is_keyed = evaluate_subscript(parameter.name, *parameter.subscript, index, key, parameter.is_computed);
  const Variable* variable = state_.variables.resolve(parameter.name);
  if (variable == nullptr || variable->value.is_unset()) return {};
  const std::string* element = nullptr;
  if (is_keyed) {
    element = variable->value.associative()->find(key);
  } else {
    const state::IndexedArray* array = variable->value.indexed();
    if (array != nullptr) {
      index = array->absolute(index);
    } else if (index < 0) {
      ++index;  // a scalar is its own last element
    }
    if (index < 0) {  // bash: said, but the script goes on as with an element that is not set
      hooks_.warn(parameter_name(parameter) + ": bad array subscript");
      return {};
    }
    if (array == nullptr) return index == 0 ? variable->value.text() : std::string_view();
    element = array->find(index);
  }
  return element != nullptr ? std::string_view(*element) : std::string_view();
}

void Expander::fetch_list(const Parameter& parameter, FieldList& items) {
  if (parameter.kind == ParameterKind::Special) {
    for (std::string_view argument : state_.positional.all()) items.push_back(argument);
    return;
  }
  const Variable* variable = state_.variables.resolve(parameter.name);
  if (variable == nullptr) return;
  switch (variable->value.kind()) {
    case state::Value::Kind::Unset: return;
    case state::Value::Kind::Scalar: return items.push_back(variable->value.text());
    case state::Value::Kind::Indexed:
      for (auto it = variable->value.indexed()->first(); it.valid(); it.next()) items.push_back(it.value());
      return;
    case state::Value::Kind::Associative:
      for (const auto* entry : variable->value.associative()->listed()) {
        items.push_back(entry->value);
      }
      return;
  }
}

size_t Expander::count_list(const Parameter& parameter) {
  if (parameter.kind == ParameterKind::Special) return state_.positional.count();
  const Variable* variable = state_.variables.resolve(parameter.name);
  if (variable == nullptr) return 0;
  switch (variable->value.kind()) {
    case state::Value::Kind::Unset: return 0;
    case state::Value::Kind::Scalar: return 1;
    case state::Value::Kind::Indexed: return variable->value.indexed()->count();
    case state::Value::Kind::Associative: return variable->value.associative()->count();
  }
  return 0;
}

bool Expander::borrow_parameter(const ParameterExpansion& p, std::string_view& text) {
  Parameter parameter = ParameterExpander::parameter_of(p);
  if (p.indirect || parameter.is_list()) return false;
  // Operands come first: they may change the parameter.
  switch (p.op) {
    case ParameterOp::None:
    case ParameterOp::Length: text = fetch(parameter); break;
    case ParameterOp::RemoveSmallestPrefix:
    case ParameterOp::RemoveLargestPrefix:
    case ParameterOp::RemoveSmallestSuffix:
    case ParameterOp::RemoveLargestSuffix: {
      // From nothing there is nothing to remove: the operand is not expanded.
      if (p.word != nullptr && !p.word->is_literal && (text = fetch(parameter)).empty()) break;
      pattern::Pattern pattern = p.word != nullptr ? expand_pattern(*p.word, PatternPlace::Trim) : pattern::Pattern();
      text = fetch(parameter);
      if (text.data() != nullptr) text = trim(p.op, text, pattern);
      break;
    }
    case ParameterOp::Substring: {
      if (parameter.subscript != nullptr) return false;
      text = fetch(parameter);
      if (text.data() == nullptr) break;  // bash: the expressions are not looked at
      int64_t offset = p.offset != nullptr ? evaluate(*p.offset) : 0;
      std::optional<int64_t> length;
      if (p.length != nullptr) length = evaluate(*p.length);
      text = fetch(parameter);  // again: they may have changed it
      std::optional<std::string_view> part = substring(text, offset, length);
      if (!part) throw ShellError(ShellError::Kind::Expansion, std::to_string(*length) + ": substring expression < 0");
      text = *part;
      break;
    }
    default: return false;
  }
  if (text.data() == nullptr && state_.is_on(Option::NoUnset)) throw_unset(parameter_name(parameter));
  if (p.op == ParameterOp::Length) text = integer_text(static_cast<int64_t>(count_characters(text)));
  return true;
}

bool Expander::evaluate_subscript(Name name, const syntax::Subscript& subscript, int64_t& index, std::string_view& key,
                                  bool is_computed) {
  if (subscript.kind != syntax::Subscript::Kind::Expression) {
    const Variable* variable = state_.variables.resolve(name);
    if (variable == nullptr || variable->value.kind() != state::Value::Kind::Associative) {
      throw ShellError(ShellError::Kind::Assignment,
                       std::string(text(name)) + "[" + std::string(subscript.text) + "]: bad array subscript");
    }
    key = subscript.text;  // bash: keys like others
    return true;
  }
  if (subscript.text.empty() && (subscript.word == nullptr || subscript.word->parts.empty())) {
    throw ShellError(ShellError::Kind::Assignment, std::string(text(name)) + "[]: bad array subscript");
  }
  std::string_view written = is_computed ? computed_subscript(subscript) : subscript.text;
  const Variable* variable = state_.variables.resolve(name);
  if (variable != nullptr && variable->value.kind() == state::Value::Kind::Associative) {
    key = is_computed || subscript.word == nullptr ? written : expand_single(*subscript.word);
    return true;
  }
  Arithmetic arithmetic(*this);
  index = is_computed || subscript.index == nullptr ? arithmetic.evaluate_text(written)
                                                    : arithmetic.evaluate(*subscript.index);
  return false;
}

namespace {

/// Whether the expansion of `word` may run a command.
bool runs_commands(const Word* word) {
  if (word == nullptr) return false;
  if (stack_is_low()) return true;
  auto in_expression = [](const syntax::ArithExpression* expression) {
    return expression != nullptr && (expression->word == nullptr || runs_commands(expression->word));
  };
  return std::any_of(word->parts.begin(), word->parts.end(), [&](const WordPart& part) {
    switch (part.kind) {
      case PartKind::Literal:
      case PartKind::Tilde: return false;
      case PartKind::CommandSubstitution:
      case PartKind::ProcessSubstitution:
      case PartKind::Brace: return true;
      case PartKind::Arithmetic: return in_expression(part.arithmetic);
      case PartKind::Parameter: break;
    }
    const ParameterExpansion& p = *part.parameter;
    // ${v@P} expands what is in the variable.
    if (p.op == ParameterOp::Transform) return true;
    return runs_commands(p.word) || runs_commands(p.replacement) || in_expression(p.offset) ||
           in_expression(p.length) || (p.subscript != nullptr && runs_commands(p.subscript->word));
  });
}

}  // namespace

std::string_view Expander::computed_subscript(const syntax::Subscript& subscript) {
  if (subscript.word == nullptr) return subscript.text;
  if (runs_commands(subscript.word)) {
    std::string text(subscript.text.empty() ? subscript.word->source : subscript.text);
    throw ShellError(ShellError::Kind::Expansion, "[" + text + "]: a subscript out of a variable runs no command");
  }
  return expand_single(*subscript.word);
}

std::string_view Expander::computed_subscript(std::string_view text) {
  if (text.find_first_of("$\"'\\") == std::string_view::npos) return text;
  if (stack_is_low()) throw ShellError(ShellError::Kind::Exhausted, "maximum recursion depth exceeded");  // r='a[$r]'
  auto reference = syntax::parse_reference("_[" + std::string(text) + "]", state_.scratch);
  return reference && reference->subscript != nullptr ? computed_subscript(*reference->subscript) : text;
}

// --- fields ---

namespace {

/// What a byte of an unquoted result means: 0 nothing, or a pattern character (separators are in FieldSeparators).
constexpr auto kPatternBytes = [] {
  std::array<bool, 256> table{};
  for (char c : {'*', '?', '[', '+', '@', '!'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

/// Field splitting of a text that is the whole word: one copy, NULs written where fields end. False (nothing done) when
/// it needs more than that: pattern characters, separators that are not ASCII.
bool Expander::split_in_place(std::string_view text, FieldList& fields) {
  const FieldSeparators& separators = state_.separators;
  if (separators.has_high_bytes) return false;
  const uint8_t* classes = separators.byte_class;
  bool globs = !state_.is_on(Option::NoGlob);
  size_t first = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(text[i]);
    if (globs && kPatternBytes[byte]) return false;
    if (classes[byte] != FieldSeparators::kNone && first == text.size()) first = i;
  }
  if (text.empty()) return true;
  std::string_view copy = state_.scratch.copy(text);
  if (first == text.size()) {
    fields.push_back(copy);
    return true;
  }
  char* bytes = const_cast<char*>(copy.data());  // our own copy in the arena
  size_t start = 0;
  bool after_blank =
      true;  // nothing ended yet: leading white space is dropped, a leading separator ends an empty field
  bool ended_by_blank = false;
  for (size_t i = 0; i < copy.size(); ++i) {
    uint8_t byte_class = classes[static_cast<unsigned char>(bytes[i])];
    if (byte_class == FieldSeparators::kNone) {
      if (after_blank) start = i;
      after_blank = ended_by_blank = false;
      continue;
    }
    bool is_blank = byte_class == FieldSeparators::kWhitespace;
    if (!after_blank) {
      bytes[i] = '\0';
      fields.push_back({bytes + start, i - start});
      ended_by_blank = is_blank;
    } else if (!is_blank) {
      if (!ended_by_blank) fields.push_back({"", 0});
      ended_by_blank = false;
    }
    after_blank = true;
  }
  if (!after_blank) fields.push_back({bytes + start, copy.size() - start});
  return true;
}

/// $x and "$x" as whole words. False (nothing done) when the general way has to be taken.
bool Expander::expand_simple_parameter(const ParameterExpansion& p, bool quoted, FieldList& fields) {
  if (p.op != ParameterOp::None || p.subscript != nullptr || p.indirect) return false;
  std::string_view text;
  switch (p.kind) {
    case ParameterKind::Variable: {
      const Variable* variable = state_.variables.find(p.name);
      if (variable == nullptr) break;
      bool is_plain = !variable->has(attribute::Special | attribute::Nameref | attribute::Bound);
      if (is_plain && variable->value.holds_integer() && (quoted || !state_.separators.splits_integers)) {
        fields.push_back(integer_text(variable->value.integer()));
        return true;
      }
      bool is_scalar = is_plain && variable->value.kind() == state::Value::Kind::Scalar;
      text = is_scalar ? variable->value.text() : state_.variables.text_or_null(p.name);
      break;
    }
    case ParameterKind::Positional: text = state_.positional.at(static_cast<size_t>(p.number)); break;
    case ParameterKind::Special:
      if (p.special == '*') return false;
      if (p.special == '@') {
        if (!quoted) return false;
        for (std::string_view argument : state_.positional.all()) fields.push_back(state_.scratch.copy(argument));
        return true;
      }
      text = fetch(ParameterExpander::parameter_of(p));
      break;
  }
  if (text.data() == nullptr) {
    if (state_.is_on(Option::NoUnset)) throw_unset(parameter_name(ParameterExpander::parameter_of(p)));
    if (quoted) fields.push_back({"", 0});
    return true;
  }
  if (quoted) {
    fields.push_back(state_.scratch.copy(text));
    return true;
  }
  return split_in_place(text, fields);
}

void Expander::expand_fields(const Word& word, FieldList& fields) {
  if (word.is_literal) return fields.push_back(word.literal);
  if (word.is_single_parameter) {
    const WordPart& part = word.parts[0];
    if (part.parameter->op == ParameterOp::None) {
      if (expand_simple_parameter(*part.parameter, part.quoted, fields)) return;
    } else if (std::string_view text; borrow_parameter(*part.parameter, text)) {
      if (part.quoted) return fields.push_back(state_.scratch.copy(text));
      if (split_in_place(text, fields)) return;
      FieldBuilder builder(*this, FieldBuilder::Mode::Fields, &fields, true);
      builder.add_result(text);
      return builder.finish();
    }
  }
  if (!word.may_brace || !state_.is_on(Option::BraceExpand)) return expand_parts(word.parts, word.may_glob, fields);

  class WordMaker final : public BraceExpander {
   public:
    WordMaker(Expander& expander, bool may_glob, FieldList& out)
        : BraceExpander(expander.state_.scratch), expander_(expander), may_glob_(may_glob), out_(out) {}
    void produce(std::span<const WordPart> parts) override { expander_.expand_parts(parts, may_glob_, out_); }

   private:
    Expander& expander_;
    bool may_glob_;
    FieldList& out_;
  };
  WordMaker(*this, word.may_glob, fields).expand(word.parts);
}

void Expander::expand_parts(std::span<const WordPart> parts, bool may_glob, FieldList& fields) {
  bool is_integer = parts.size() == 1 && parts[0].kind == PartKind::Arithmetic &&
                    (parts[0].quoted || !state_.separators.splits_integers);
  if (is_integer) return fields.push_back(integer_text(evaluate(*parts[0].arithmetic)));
  FieldBuilder builder(*this, FieldBuilder::Mode::Fields, &fields, may_glob);
  if (parts.size() == 1 && parts[0].kind == PartKind::CommandSubstitution && !parts[0].quoted) {
    std::string buffer;
    std::string_view output = run_substitution(*parts[0].command, buffer);
    if (!split_in_place(output, fields)) {
      builder.add_result(output);
      builder.finish();
    }
    spare_ = std::move(buffer);
    return;
  }
  add_parts(parts, builder, false, false);
  builder.finish();
}

void Expander::add_parts(std::span<const WordPart> parts, FieldBuilder& out, bool in_operand, bool quoted) {
  if (stack_is_low()) throw ShellError(ShellError::Kind::Exhausted, "words are nested too deeply");
  for (const WordPart& part : parts) {
    bool is_quoted = quoted || part.quoted;
    switch (part.kind) {
      case PartKind::Literal:
        if (is_quoted) {
          out.add_quoted(part.text);
        } else if (in_operand) {
          out.add_result(part.text);
        } else {
          out.add_literal(part.text);
        }
        break;
      case PartKind::Tilde: add_tilde(part, &part + 1 < parts.data() + parts.size() ? &part + 1 : nullptr, out); break;
      case PartKind::Parameter: ParameterExpander(*this, out).expand(*part.parameter, is_quoted); break;
      case PartKind::CommandSubstitution: {
        std::string buffer;
        out.add(run_substitution(*part.command, buffer), is_quoted);
        spare_ = std::move(buffer);
        break;
      }
      case PartKind::Arithmetic: out.add(integer_text(evaluate(*part.arithmetic)), is_quoted); break;
      case PartKind::ProcessSubstitution: out.add_quoted(hooks_.open_process_substitution(*part.process)); break;
      case PartKind::Brace: add_brace_text(*part.brace, out, in_operand, is_quoted); break;
    }
  }
}

/// A brace expression where braces are not expanded: its text, the expansions inside it done.
void Expander::add_brace_text(const syntax::BraceExpansion& brace, FieldBuilder& out, bool in_operand, bool quoted) {
  if (brace.is_range) {
    out.add_literal("{");
    out.add_literal(brace.text);
    return out.add_literal("}");
  }
  out.add_literal("{");
  for (size_t i = 0; i < brace.alternatives.size(); ++i) {
    if (i > 0) out.add_literal(",");
    add_parts(brace.alternatives[i]->parts, out, in_operand, quoted);
  }
  out.add_literal("}");
}

void Expander::add_tilde(const WordPart& part, const WordPart* next, FieldBuilder& out) {
  std::optional<std::string> home = expand_tilde(state_, part.text);
  if (!home) {
    out.add_literal("~");
    out.add_literal(part.text);
    return;
  }
  // ~/x with HOME=/ is /x, not //x (XCU 2.6.1).
  bool slash_follows = next != nullptr && next->kind == PartKind::Literal && next->text.starts_with("/");
  if (slash_follows && !home->empty() && home->back() == '/') home->pop_back();
  out.add_quoted(*home);
}

std::string_view Expander::run_substitution(const syntax::CommandSubstitution& substitution, std::string& buffer) {
  buffer = std::move(spare_);
  buffer.clear();
  note_substitution(hooks_.run_command_substitution(substitution, buffer));
  if (std::memchr(buffer.data(), '\0', buffer.size()) != nullptr) {
    buffer.erase(std::remove(buffer.begin(), buffer.end(), '\0'), buffer.end());
    hooks_.warn("command substitution: ignored null bytes in the output");
  }
  std::string_view output = buffer;
  while (!output.empty() && output.back() == '\n') output.remove_suffix(1);
  return output;
}

// --- pathnames ---

namespace {

/// Where the pattern of GLOBIGNORE ends that begins at `at`: a colon in a bracket expression separates nothing.
size_t end_of_ignored(std::string_view list, size_t at) {
  for (size_t i = at; i < list.size(); ++i) {
    if (list[i] == ':') return i;
    if (list[i] == '\\') ++i;
    if (i >= list.size() || list[i] != '[') continue;
    size_t close = i + 1 < list.size() && (list[i + 1] == '!' || list[i + 1] == '^') ? i + 2 : i + 1;
    bool has_class = list.substr(close, 2) == "[:";
    close = has_class ? list.find(":]", close + 2) : list.find(']', close + 1);
    if (has_class && close != std::string_view::npos) close = list.find(']', close + 2);
    if (close != std::string_view::npos) i = close;
  }
  return list.size();
}

std::string_view first_components(std::string_view path, ptrdiff_t count) {
  size_t end = 0;
  for (; end < path.size(); ++end) {
    if (path[end] == '/' && --count == 0) break;
  }
  return path.substr(0, end);
}

}  // namespace

void Expander::expand_pathname(std::string_view text, std::string_view quoted, FieldList& fields) {
  bool extglob = state_.is_on(Option::ExtGlob) && !state_.is_posix();
  if (!pattern::has_special_characters(text, quoted, extglob)) return fields.push_back(text);
  pattern::GlobOptions options;
  options.extglob = extglob;
  options.dot_glob = state_.is_on(Option::DotGlob);
  options.glob_star = state_.is_on(Option::GlobStar);
  options.ignore_case = state_.is_on(Option::NoCaseGlob);
  options.skip_dots = state_.is_on(Option::GlobSkipDots) && !state_.is_posix();
  std::string_view ignored = state_.is_posix() ? std::string_view() : state_.variables.text_or_null(names::GLOBIGNORE);
  if (!ignored.empty()) options.skip_dots = true;

  std::vector<std::string_view> matches;
  Result<void> result = globber_.expand(text, quoted, options, state_.scratch, matches);
  if (!result) {
    throw ShellError(ShellError::Kind::Expansion, std::string(text) + ": cannot read the directory " +
                                                      globber_.error_path() + ": " +
                                                      std::string(result.error().message()));
  }
  if (!ignored.empty()) {
    ArenaScope scope(state_.scratch);
    for (size_t at = 0; at <= ignored.size();) {
      size_t end = end_of_ignored(ignored, at);
      std::string_view one = ignored.substr(at, end - at);
      pattern::Pattern pattern = pattern::Pattern::compile(one, {}, {extglob, options.ignore_case}, state_.scratch);
      // The * and ? of it match no slash, but for a * at the end.
      auto slashes = std::ranges::count(one, '/');
      std::erase_if(matches, [&](std::string_view match) {
        if (one.ends_with('*')) match = first_components(match, slashes + 1);
        return std::ranges::count(match, '/') == slashes && pattern.matches(match);
      });
      at = end + 1;
    }
  }
  for (std::string_view match : matches) fields.push_back(match);
  if (!matches.empty()) return;
  if (state_.is_on(Option::FailGlob)) {
    throw ShellError(ShellError::Kind::Substitution, std::string(text) + ": no match for the pattern");
  }
  if (!state_.is_on(Option::NullGlob)) fields.push_back(text);
}

// --- single texts ---

std::string_view Expander::expand_single(const Word& word) {
  if (word.is_literal) return word.literal;
  if (word.is_single_parameter) {
    if (std::string_view text; borrow_parameter(*word.parts[0].parameter, text)) return state_.scratch.copy(text);
  }
  FieldBuilder builder(*this, FieldBuilder::Mode::Single, nullptr, false);
  add_parts(word.parts, builder, false, false);
  return builder.finish_text();
}

std::string_view Expander::expand_assignment_value(const Word& word) { return expand_single(word); }

std::optional<std::string_view> Expander::expand_redirection_target(const Word& word) {
  if (word.is_literal) return word.literal;
  if (state_.is_posix()) return expand_single(word);
  FieldList fields(state_.scratch);
  expand_fields(word, fields);
  if (fields.size() != 1) return std::nullopt;
  return fields[0];
}

pattern::Pattern Expander::constant_pattern(std::string_view text, const pattern::PatternOptions& options) {
  constexpr size_t kLongest = 256;
  if (text.size() > kLongest) return pattern::Pattern::compile(text, {}, options, state_.scratch);
  uint64_t hash = text.size();
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  if (patterns_ == nullptr) patterns_ = std::make_unique<std::unique_ptr<CachedPattern>[]>(kCachedPatterns);
  std::unique_ptr<CachedPattern>& slot = patterns_[(hash >> 16) % kCachedPatterns];
  if (slot == nullptr) {
    slot = std::make_unique<CachedPattern>();
    slot->text = slot->arena.copy(text);
    slot->options = options;
    slot->locale_generation = g_locale_generation;
    slot->pattern = pattern::Pattern::compile(slot->text, {}, options, slot->arena);
  }
  bool is_same = slot->text == text && slot->options == options && slot->locale_generation == g_locale_generation;
  return is_same ? slot->pattern : pattern::Pattern::compile(text, {}, options, state_.scratch);
}

pattern::Pattern Expander::expand_pattern(const Word& word, PatternPlace place, std::string* shown, char* anchor) {
  pattern::PatternOptions options;
  options.extglob = (place == PatternPlace::Condition || state_.is_on(Option::ExtGlob)) && !state_.is_posix();
  options.ignore_case = place != PatternPlace::Trim && state_.is_on(Option::NoCaseMatch);
  bool is_plain = word.parts.size() == 1 && word.parts[0].kind == PartKind::Literal && !word.parts[0].quoted;
  if (shown == nullptr) [[likely]] {
    if (word.is_literal && !options.ignore_case) return pattern::Pattern::literal(word.literal);
    if (is_plain) return constant_pattern(word.parts[0].text, options);
  }
  FieldBuilder builder(*this, FieldBuilder::Mode::Pattern, nullptr, false);
  add_parts(word.parts, builder, false, false);
  std::string_view marks = builder.marks();
  std::string_view text = builder.finish_text();
  if (shown != nullptr) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (i < marks.size() && marks[i] != 0) *shown += '\\';
      *shown += text[i];
    }
  }
  const bool is_anchored =
      anchor != nullptr && !text.empty() && (text[0] == '#' || text[0] == '%') && (marks.empty() || marks[0] == 0);
  if (is_anchored) {
    *anchor = text[0];
    text.remove_prefix(1);
    if (!marks.empty()) marks.remove_prefix(1);
  }
  return pattern::Pattern::compile(text, marks, options, state_.scratch);
}

std::string_view Expander::expand_regex(const Word& word) {
  FieldBuilder builder(*this, FieldBuilder::Mode::Pattern, nullptr, false);
  add_parts(word.parts, builder, false, false);
  std::string_view marks = builder.marks();
  std::string_view text = builder.finish_text();
  if (marks.empty()) return text;
  // Quoted characters match themselves: a backslash before the special ones, but none in a bracket expression, where it
  // would be a member.
  std::string result;
  size_t bracket = std::string_view::npos;  // where the unquoted bracket expression begins that is open
  for (size_t i = 0; i < text.size(); ++i) {
    bool is_quoted = marks[i] != 0;
    bool in_bracket = bracket != std::string_view::npos;
    if (is_quoted && !in_bracket && std::string_view("\\.[]{}()*+?^$|").find(text[i]) != std::string_view::npos)
      result += '\\';
    result += text[i];
    if (is_quoted) continue;
    if (!in_bracket && text[i] == '\\' && i + 1 < text.size()) {
      result += text[++i];
    } else if (!in_bracket && text[i] == '[') {
      bracket = i + 1 < text.size() && text[i + 1] == '^' ? i + 1 : i;
    } else if (in_bracket && text[i] == ']' && i > bracket + 1) {
      bracket = std::string_view::npos;
    }
  }
  return state_.scratch.copy(result);
}

syntax::ParserOptions Expander::text_options() const {
  syntax::ParserOptions options;
  options.posix = state_.is_posix();
  options.extglob = state_.is_on(Option::ExtGlob);
  return options;
}

std::vector<std::string> Expander::expand_list(std::string_view text) {
  const syntax::ProgramPtr program = syntax::ProgramPtr::create();
  std::string error;
  const Word* word = syntax::parse_text_as_list(text, text_options(), *program, error);
  if (word == nullptr) throw ShellError(ShellError::Kind::Expansion, std::string(text) + ": " + error);
  ArenaScope scope(state_.scratch);
  FieldList fields(state_.scratch);
  expand_fields(*word, fields);
  return {fields.span().begin(), fields.span().end()};
}

std::string Expander::expand_text(std::string_view text) {
  const CachedText* found = nullptr;
  for (const CachedText& cached : texts_) {
    if (cached.text == text) found = &cached;
  }
  if (found == nullptr) {
    constexpr size_t kKept = 4;
    CachedText fresh{std::string(text), syntax::ProgramPtr::create(), nullptr};
    std::string error;
    fresh.word = syntax::parse_text_as_word(fresh.text, text_options(), *fresh.program, error);
    if (fresh.word == nullptr) throw ShellError(ShellError::Kind::Expansion, fresh.text + ": " + error);
    if (texts_.size() < kKept) {
      texts_.push_back(std::move(fresh));
      found = &texts_.back();
    } else {
      texts_[next_text_] = std::move(fresh);
      found = &texts_[next_text_];
      next_text_ = (next_text_ + 1) % kKept;
    }
  }
  syntax::ProgramPtr keep = found->program;  // the expansion may itself expand texts and drop this one
  const Word& word = *found->word;
  ArenaScope scope(state_.scratch);
  return std::string(expand_single(word));
}

// --- arithmetic ---

int64_t Expander::evaluate(const syntax::ArithExpression& expression) { return Arithmetic(*this).evaluate(expression); }

int64_t Expander::evaluate_text(std::string_view text) { return Arithmetic(*this).evaluate_text(text); }

}  // namespace mish::expand
