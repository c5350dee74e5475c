// SPDX-License-Identifier: GPL-3.0-or-later
// ${...}, $(...), backquotes, $((...)), subscripts and process substitution inside words (XCU 2.6).
#include <cstring>

#include "shell/base/text.h"
#include "shell/syntax/arith_parser.h"
#include "shell/syntax/command.h"
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

namespace {
// So many nested `$((` are read a second time, as command substitutions, when they turn out not to be arithmetic.
constexpr uint32_t kRetriedAttempts = 16;

// <file: one input redirection and nothing else.
bool reads_file(const Command* body) {
  if (body == nullptr || body->kind != CommandKind::Simple) return false;
  const auto& simple = as<SimpleCommand>(*body);
  return simple.words.empty() && simple.assignments.empty() && simple.redirections.size() == 1 &&
         simple.redirections[0].kind == RedirectionKind::Input && simple.redirections[0].fd == 0;
}

// XCU 2.5.2
constexpr bool is_special_parameter(char c) {
  switch (c) {
    case '@':
    case '*':
    case '#':
    case '?':
    case '-':
    case '$':
    case '!':
    case '0': return true;
    default: return false;
  }
}
}  // namespace

std::string_view WordParser::scan_name() {
  Input& in = *cx_.input;
  const size_t start = in.position();
  const char* p = in.data() + start;
  while (has_class(*p, kNameCharacter)) ++p;
  if (*p != '\0' && *p != '\\') {
    const size_t end = static_cast<size_t>(p - in.data());
    in.set_position(end);
    return in.view(start, end);
  }
  name_.clear();
  while (has_class(in.look(), kNameCharacter)) {
    name_ += in.current();
    in.skip();
  }
  return name_;
}

void WordParser::parse_dollar(Builder& b, bool quoted) {
  Input& in = *cx_.input;
  const size_t start = in.position();
  const uint32_t line = in.line();
  in.skip();
  const char c = in.look();
  if (is_name_start(c) || is_digit(c) || is_special_parameter(c)) {
    auto* p = cx_.arena->make<ParameterExpansion>();
    p->line = line;
    parse_short_parameter(*p, c);
    record(&p->text, start, in.position());
    add_part(b, PartKind::Parameter, quoted, line).parameter = p;
    return;
  }
  switch (c) {
    case '{':
      in.skip();
      parse_braced_parameter(b, quoted, start, line);
      return;
    case '(':
      in.skip();
      parse_command_substitution(b, quoted, start, line);
      return;
    case '\'':
      if (!quoted) {
        in.skip();
        parse_ansi_c(b);
        return;
      }
      break;
    case '"':
      if (!quoted && !cx_.options.posix) {  // $"...": translated strings; there is no catalogue, so the string itself
        in.skip();
        parse_double_quotes(b);
        return;
      }
      break;
    case '[':
      if (!cx_.options.posix) {
        in.skip();
        parse_bracket_arithmetic(b, quoted, line);
        return;
      }
      break;
    default: break;
  }
  add_char(b, '$', quoted);
}

// $name, $1, $?: without braces.
void WordParser::parse_short_parameter(ParameterExpansion& p, char c) {
  if (is_name_start(c)) {
    p.name = NameTable::intern(scan_name());
    return;
  }
  cx_.input->skip();
  if (c >= '1' && c <= '9') {
    p.kind = ParameterKind::Positional;
    p.number = c - '0';
  } else {
    p.kind = ParameterKind::Special;
    p.special = c;
  }
}

bool WordParser::parse_parameter_head(ParameterExpansion& p) {
  Input& in = *cx_.input;
  const char c = in.look();
  if (is_name_start(c)) {
    p.kind = ParameterKind::Variable;
    p.name = NameTable::intern(scan_name());
    if (in.look() == '[') {
      in.skip();
      p.subscript = parse_subscript();
    }
    return true;
  }
  if (is_digit(c)) {
    int64_t number = 0;
    while (is_digit(in.look())) {
      if (number < INT64_MAX / 10 - 1) number = number * 10 + (in.current() - '0');
      in.skip();
    }
    p.kind = number == 0 ? ParameterKind::Special : ParameterKind::Positional;
    p.special = number == 0 ? '0' : '\0';
    p.number = number;
    return true;
  }
  if (c != '\0' && std::strchr("@*#?-$!", c) != nullptr) {
    p.kind = ParameterKind::Special;
    p.special = c;
    in.skip();
    return true;
  }
  return false;
}

// Behind `${#`. True if it is the length of a parameter; otherwise the parameter is $# and the position unchanged.
bool WordParser::parse_length(ParameterExpansion& p) {
  Input& in = *cx_.input;
  const size_t back = in.position();
  const char c = in.look();
  if (c != '}' && parse_parameter_head(p)) {
    const bool named = p.kind == ParameterKind::Variable || is_digit(c);
    if (in.look() == '}' || named) {
      p.op = ParameterOp::Length;
      return true;
    }
  }
  in.set_position(back);
  p.kind = ParameterKind::Special;
  p.special = '#';
  return false;
}

// Behind `${!`. True if the expansion is complete but for its operator; false: the parameter is $!.
// Names lead on in every mode; in POSIX mode `${!?}` is $! with an operator and an empty word.
bool WordParser::parse_indirection(ParameterExpansion& p) {
  Input& in = *cx_.input;
  const char c = in.look();
  const char after = in.look_ahead(1);
  const bool names = is_name_start(c) || is_digit(c);
  const bool special = !cx_.options.posix && c != '\0' && std::strchr("@*#?-$!", c) != nullptr && after == '}';
  if (!names && !special) {
    p.kind = ParameterKind::Special;
    p.special = '!';
    return false;
  }
  parse_parameter_head(p);
  p.indirect = true;
  const char next = in.look();
  if (p.subscript != nullptr && p.subscript->kind != Subscript::Kind::Expression && next == '}') {
    p.op = ParameterOp::Keys;
    p.indirect = false;
  } else if ((next == '*' || next == '@') && in.look_ahead(1) == '}' && p.kind == ParameterKind::Variable &&
             p.subscript == nullptr) {
    p.op = ParameterOp::NamesByPrefix;
    p.indirect = false;
    p.special = next;
    in.skip();
  }
  return true;
}

bool WordParser::parse_case_operator(ParameterExpansion& p, ParameterOp first, ParameterOp all, char c) {
  Input& in = *cx_.input;
  in.skip();
  p.op = first;
  if (in.look() == c) {
    in.skip();
    p.op = all;
  }
  p.word = parse_inner_word(End::Brace, Style::Unquoted, p.line);
  return true;
}

void WordParser::parse_replace(ParameterExpansion& p) {
  Input& in = *cx_.input;
  in.skip();
  p.op = ParameterOp::ReplaceFirst;
  switch (in.look()) {
    case '/':
      p.op = ParameterOp::ReplaceAll;
      in.skip();
      break;
    case '#':
      p.op = ParameterOp::ReplacePrefix;
      in.skip();
      break;
    case '%':
      p.op = ParameterOp::ReplaceSuffix;
      in.skip();
      break;
    default: break;
  }
  // bash: a third slash is the first character of the pattern: ${x////-}.
  const bool begins_with_slash = p.op == ParameterOp::ReplaceAll && in.look() == '/';
  p.word = parse_inner_word(begins_with_slash ? End::SecondSlash : End::Slash, Style::Unquoted, p.line);
  if (in.look() != '/') return;
  in.skip();
  p.replacement = parse_inner_word(End::Brace, Style::Unquoted, p.line);
}

void WordParser::parse_slice(ParameterExpansion& p) {
  Input& in = *cx_.input;
  p.op = ParameterOp::Substring;
  p.offset = parse_inner_arithmetic(End::Offset, p.line);
  if (in.look() != ':') return;
  in.skip();
  p.length = parse_inner_arithmetic(End::Offset, p.line);
}

bool WordParser::parse_operator(ParameterExpansion& p, bool quoted) {
  Input& in = *cx_.input;
  const Style operand = quoted ? Style::Quoted : Style::Unquoted;
  char c = in.look();
  if (c == ':') {
    in.skip();
    c = in.look();
    if (c != '-' && c != '=' && c != '?' && c != '+') {
      if (c == '}') return false;
      parse_slice(p);
      return true;
    }
    p.colon = true;
  }
  switch (c) {
    case '-': p.op = ParameterOp::Default; break;
    case '=': p.op = ParameterOp::AssignDefault; break;
    case '?': p.op = ParameterOp::ErrorIfUnset; break;
    case '+': p.op = ParameterOp::Alternate; break;
    case '#':
    case '%': {
      const bool prefix = c == '#';
      in.skip();
      const bool largest = in.look() == c;
      if (largest) in.skip();
      p.op = prefix ? (largest ? ParameterOp::RemoveLargestPrefix : ParameterOp::RemoveSmallestPrefix)
                    : (largest ? ParameterOp::RemoveLargestSuffix : ParameterOp::RemoveSmallestSuffix);
      p.word = parse_inner_word(End::Brace, Style::Unquoted, p.line);
      return true;
    }
    case '/': parse_replace(p); return true;
    case '^': return parse_case_operator(p, ParameterOp::UpperFirst, ParameterOp::UpperAll, c);
    case ',': return parse_case_operator(p, ParameterOp::LowerFirst, ParameterOp::LowerAll, c);
    case '~': return parse_case_operator(p, ParameterOp::ToggleFirst, ParameterOp::ToggleAll, c);
    case '@': {
      in.skip();
      p.op = ParameterOp::Transform;
      size_t count = 0;
      for (; has_class(in.look(), kNameCharacter); ++count) {
        c = in.current();
        in.skip();
      }
      p.transform = count == 1 && std::strchr("QEPAaUuLKk", c) != nullptr ? c : '?';
      return true;
    }
    default: return false;
  }
  in.skip();
  p.word = parse_inner_word(End::Brace, operand, p.line);
  return true;
}

// Behind `${`.
void WordParser::parse_braced_parameter(Builder& b, bool quoted, size_t start, uint32_t line) {
  cx_.check_depth();
  Input& in = *cx_.input;
  auto* p = cx_.arena->make<ParameterExpansion>();
  p->braces = true;
  p->line = line;
  flush(b);
  bool ok = true;
  bool complete = false;
  const char c = in.look();
  if (c == '#') {
    in.skip();
    complete = parse_length(*p);
  } else if (c == '!') {
    in.skip();
    parse_indirection(*p);
  } else {
    ok = parse_parameter_head(*p);
  }
  if (ok && in.look() != '}') {
    ok = !complete && p->op == ParameterOp::None && parse_operator(*p, quoted);
  }
  if (!ok || in.look() != '}') {
    if (in.look() == '\0') cx_.fail_unclosed("}", "`${'", line);
    // Not a valid expansion: an error only when it is expanded (as in bash; dash and POSIX leave it open).
    // `${${a} b}` ends where its own brace does.
    const bool nests = !cx_.options.posix && p->kind == ParameterKind::Special && p->special == '$' &&
                       p->op == ParameterOp::None && !p->indirect && in.look() == '{';
    if (nests) in.set_position(in.position() - 1);
    Builder rest = begin();
    parse_inner(rest, End::Brace, quoted ? Style::Quoted : Style::Unquoted, line);
    parts_.resize(rest.parts_mark);
    text_.resize(rest.text_mark);
    p->op = ParameterOp::Bad;
  }
  in.skip();
  record(&p->text, start, in.position());
  add_part(b, PartKind::Parameter, quoted, line).parameter = p;
}

const Word* WordParser::parse_inner_word(End end, Style style, uint32_t line) {
  Input& in = *cx_.input;
  const size_t start = in.position();
  Builder b = begin();
  b.text_quoted = style == Style::Quoted;
  parse_inner(b, end, style, line);
  if (is_empty(b) && in.position() == start) return nullptr;
  Word* word = finish(b, WordContext::Single, line);
  record(&word->source, start, in.position());
  return word;
}

const Word* WordParser::parse_list_text() {
  const uint32_t line = cx_.input->line();
  const size_t fixups_mark = fixups_.size();
  begin_source();
  Builder b = begin();
  parse_inner(b, End::Text, Style::Unquoted, line);
  Word* word = finish(b, WordContext::Single, line);
  word->may_glob = false;
  end_source(&word->source, 0, fixups_mark);
  return word;
}

const ArithExpression* WordParser::parse_inner_arithmetic(End end, uint32_t line) {
  Input& in = *cx_.input;
  const size_t start = in.position();
  Builder b = begin();
  if (!parse_inner(b, end, Style::Arithmetic, line)) {
    parts_.resize(b.parts_mark);
    text_.resize(b.text_mark);
    return nullptr;
  }
  flush(b);
  bool too_deep = false;
  ArithExpression* expression =
      make_arith_expression(*cx_.arena, {parts_.data() + b.parts_mark, parts_.size() - b.parts_mark}, {}, too_deep);
  parts_.resize(b.parts_mark);
  if (too_deep) {
    ParseFailure failure{ParseFailure::Reason::TooDeep, "maximum nesting depth reached", in.line(), 0, {}};
    in.locate(in.position(), failure);
    throw failure;
  }
  record(&expression->text, start, in.position());
  return expression;
}

// Behind `[`; consumes the `]`.
const Subscript* WordParser::parse_subscript() {
  cx_.check_depth();
  Input& in = *cx_.input;
  auto* subscript = cx_.arena->make<Subscript>();
  const char c = in.look();
  if ((c == '@' || c == '*') && in.look_ahead(1) == ']') {
    subscript->kind = c == '@' ? Subscript::Kind::At : Subscript::Kind::Star;
    subscript->text = c == '@' ? "@" : "*";
    in.skip(2);
    return subscript;
  }
  const size_t start = in.position();
  subscript->index = parse_inner_arithmetic(End::Bracket, in.line());
  subscript->word = subscript->index->word;
  record(&subscript->text, start, in.position());
  in.skip();
  return subscript;
}

const Subscript* WordParser::parse_subscript_text(std::string_view text) {
  if (text == "@" || text == "*") {
    auto* subscript = cx_.arena->make<Subscript>();
    subscript->kind = text == "@" ? Subscript::Kind::At : Subscript::Kind::Star;
    subscript->text = text;
    return subscript;
  }
  const size_t fixups_mark = fixups_.size();
  auto* subscript = cx_.arena->make<Subscript>();
  begin_source();
  subscript->index = parse_inner_arithmetic(End::Text, cx_.input->line());
  subscript->word = subscript->index->word;
  end_source(&subscript->text, 0, fixups_mark);
  return subscript;
}

// Behind `$(`.
void WordParser::parse_command_substitution(Builder& b, bool quoted, size_t start, uint32_t line) {
  Input& in = *cx_.input;
  if (in.look() == '(' && parse_arithmetic_part(b, quoted, start, line)) return;
  cx_.check_depth();
  flush(b);
  auto* node = cx_.arena->make<CommandSubstitution>();
  node->line = line;
  const size_t text_start = in.position();
  node->body = substitutions_.parse_substitution(line, node->defers_aliases);
  record(&node->text, text_start, in.position() - 1);
  node->reads_file = reads_file(node->body);
  add_part(b, PartKind::CommandSubstitution, quoted, line).command = node;
}

// Behind `$(`, at `(`: XCU 2.6.3 lets `$((` begin either; it is arithmetic if it ends with `))`.
bool WordParser::parse_arithmetic_part(Builder& b, bool quoted, size_t start, uint32_t line) {
  Input& in = *cx_.input;
  const size_t place = in.position();
  if (in.is_not_arithmetic(place)) return false;
  cx_.check_depth();
  flush(b);
  const Mark before = mark();
  const Input::Attempt attempt = in.begin_attempt();
  in.skip();
  try {
    if (const ArithExpression* expression = parse_inner_arithmetic(End::Parenthesis, line)) {
      in.end_attempt();
      take_double_parenthesis();
      add_part(b, PartKind::Arithmetic, quoted, line).arithmetic = expression;
      return true;
    }
  } catch (const ParseFailure& failure) {
    if (failure.reason != ParseFailure::Reason::Syntax && failure.reason != ParseFailure::Reason::Incomplete) throw;
    // POSIX: an arithmetic expansion without end is an error even if it could be a command substitution.
    if (cx_.options.posix && failure.reason == ParseFailure::Reason::Incomplete) throw;
    // Nested attempts that all run into the end of the file would cost their square: then the error stands.
    if (in.attempts() > kRetriedAttempts || in.find(')', start) == std::string_view::npos) throw;
  }
  roll_back(before);
  in.roll_back(attempt);
  in.set_not_arithmetic(place);
  return false;
}

void WordParser::parse_bracket_arithmetic(Builder& b, bool quoted, uint32_t line) {
  cx_.check_depth();
  Input& in = *cx_.input;
  flush(b);
  const ArithExpression* expression = parse_inner_arithmetic(End::Bracket, line);
  in.skip();
  add_part(b, PartKind::Arithmetic, quoted, line).arithmetic = expression;
}

// At the opening backquote. One level of backslashes is removed before the text is parsed (XCU 2.6.3);
// `unescapes_quotes`: also those before double-quotes, as inside double-quotes.
void WordParser::parse_backquotes(Builder& b, bool quoted, bool unescapes_quotes) {
  cx_.check_depth();
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position() + 1;
  flush(b);
  in.skip();
  std::string text;
  for (;;) {
    const char c = in.look_raw();
    if (c == '\0') cx_.fail_unclosed("`", "backquote", line);
    if (c == '`') break;
    if (c == '\\') {
      const char next = in.look_ahead(1);
      if (next == '$' || next == '`' || next == '\\' || (unescapes_quotes && next == '"')) {
        text += next;
        in.skip(2);
        continue;
      }
      if (next == '\n') {  // a line continuation, also where single quotes are seen when the text is parsed
        in.skip();
        in.take_newline();
        continue;
      }
      if (next != '\0') {
        text += c;
        text += next;
        in.skip(2);
        continue;
      }
    }
    text += c;
    if (c == '\n') {
      in.take_newline();
    } else {
      in.skip();
    }
  }
  auto* node = cx_.arena->make<CommandSubstitution>();
  node->line = line;
  node->backquotes = true;
  const Mark before = mark();
  record(&node->text, start, in.position());
  in.skip();
  try {
    node->body = substitutions_.parse_backquoted(text, line);
  } catch (const ParseFailure& failure) {
    if (failure.reason != ParseFailure::Reason::Syntax && failure.reason != ParseFailure::Reason::Incomplete) throw;
    // Other shells parse the text when it runs: what is wrong in it is the substitution's failure, not the script's.
    roll_back(before);
    node->text = cx_.arena->copy(text);
  }
  node->reads_file = reads_file(node->body);
  add_part(b, PartKind::CommandSubstitution, quoted, line).command = node;
}

// At `<(` or `>(`.
void WordParser::parse_process_substitution(Builder& b) {
  cx_.check_depth();
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  flush(b);
  auto* node = cx_.arena->make<ProcessSubstitution>();
  node->reads = in.current() == '<';
  in.skip(2);
  const size_t start = in.position();
  bool defers_aliases = false;  // there is no such substitution in POSIX mode
  node->body = substitutions_.parse_substitution(line, defers_aliases);
  node->reads_file = node->reads && reads_file(node->body);
  record(&node->text, start, in.position() - 1);
  add_part(b, PartKind::ProcessSubstitution, false, line).process = node;
}

// At the `))` that parse_inner() found; a line continuation may stand between the two.
void WordParser::take_double_parenthesis() {
  Input& in = *cx_.input;
  in.skip();
  in.look();
  in.skip();
}

const ArithExpression* WordParser::parse_arithmetic(ArithEnd end, uint32_t line) {
  Input& in = *cx_.input;
  const size_t start = in.position();
  const size_t fixups_mark = fixups_.size();
  begin_source();
  const ArithExpression* expression =
      parse_inner_arithmetic(end == ArithEnd::Semicolon ? End::Semicolon : End::Parenthesis, line);
  if (expression == nullptr) {
    --source_depth_;
    return nullptr;
  }
  close_source(start, fixups_mark);
  if (end == ArithEnd::DoubleParenthesis) take_double_parenthesis();
  return expression;
}

const ArithExpression* WordParser::make_arithmetic(const Word& word) {
  bool too_deep = false;
  ArithExpression* expression =
      make_arith_expression(*cx_.arena, word.parts, word.is_literal ? word.literal : word.source, too_deep);
  if (too_deep) cx_.check_depth();
  return expression;
}

}  // namespace mish::syntax
