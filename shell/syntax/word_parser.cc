// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/word_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/syntax/arith_parser.h"
#include "shell/syntax/brace_parser.h"
#include "shell/syntax/command.h"

namespace mish::syntax {

namespace {
// So many nested `$((` are read a second time, as command substitutions, when they turn out not to be arithmetic.
constexpr uint32_t kRetriedAttempts = 16;
}  // namespace

void ParseContext::fail(std::string message, size_t position, uint32_t line) const {
  ParseFailure failure{ParseFailure::Reason::Syntax, std::move(message), line, 0, {}};
  input->locate(position, failure);
  throw failure;
}

void ParseContext::fail_unclosed(std::string_view closer, std::string_view opener, uint32_t line) const {
  ParseFailure failure{
      ParseFailure::Reason::Incomplete,
      fmt::format("unexpected end of file while looking for `{}' to close the {} of line {}", closer, opener, line),
      input->line(),
      0,
      {}};
  input->locate(input->size(), failure);
  throw failure;
}

void ParseContext::check_depth() const {
  if (!stack_is_low()) return;
  ParseFailure failure{ParseFailure::Reason::TooDeep, "maximum nesting depth reached", input->line(), 0, {}};
  input->locate(input->position(), failure);
  throw failure;
}

// ---- building words ----

void WordParser::reset() {
  parts_.clear();
  text_.clear();
  fixups_.clear();
  elements_.clear();
  source_depth_ = 0;
}

void WordParser::roll_back(const Mark& mark) {
  parts_.resize(mark.parts);
  text_.resize(mark.text);
  fixups_.resize(mark.fixups);
  source_depth_ = mark.depth;
}

void WordParser::add_text(Builder& b, std::string_view text, bool quoted) {
  if (b.text_quoted != quoted) {
    flush(b);
    b.text_quoted = quoted;
  }
  text_.append(text);
}

void WordParser::flush(Builder& b) {
  if (text_.size() == b.text_mark) return;
  WordPart part;
  part.quoted = b.text_quoted;
  part.line = cx_.input->line();
  part.text = cx_.arena->copy(std::string_view(text_).substr(b.text_mark));
  text_.resize(b.text_mark);
  parts_.push_back(part);
}

WordPart& WordParser::add_part(Builder& b, PartKind kind, bool quoted, uint32_t line) {
  flush(b);
  WordPart part;
  part.kind = kind;
  part.quoted = quoted;
  part.line = line;
  parts_.push_back(part);
  return parts_.back();
}

// Text as written of everything inside a word is kept once: the outermost word copies its text, inner ones become views
// of that copy. So deep nesting costs no more than its length.
void WordParser::end_source(std::string_view* where, size_t start, size_t fixups_mark) {
  const size_t end = cx_.input->position();
  if (--source_depth_ != 0) {
    record(where, start, end);
    return;
  }
  *where = cx_.arena->copy(cx_.input->view(start, end));
  for (size_t i = fixups_mark; i < fixups_.size(); ++i) {
    *fixups_[i].where = where->substr(fixups_[i].start - start, fixups_[i].length);
  }
  fixups_.resize(fixups_mark);
}

// As end_source(), for text that itself is not kept.
void WordParser::close_source(size_t start, size_t fixups_mark) {
  if (source_depth_ > 1) {
    --source_depth_;
    return;
  }
  std::string_view text;
  end_source(&text, start, fixups_mark);
}

Word* WordParser::make_plain_word(std::string_view text, uint32_t line) {
  struct WordAndPart {
    Word word;
    WordPart part;
  };
  auto* both = cx_.arena->make<WordAndPart>();
  Word& word = both->word;
  word.literal = word.source = both->part.text = cx_.arena->copy(text);
  if (!text.empty()) word.parts = {&both->part, 1};
  word.line = both->part.line = line;
  word.is_literal = true;
  return &word;
}

bool WordParser::has_bracket_pair(const Builder& b) const {
  return has_pattern_characters({parts_.data() + b.parts_mark, parts_.size() - b.parts_mark});
}

Word* WordParser::finish(Builder& b, WordContext context, uint32_t line) {
  flush(b);
  std::span<const WordPart> parts(parts_.data() + b.parts_mark, parts_.size() - b.parts_mark);
  std::vector<WordPart> with_braces;
  bool too_deep = false;
  if (b.has_brace && context == WordContext::Argument && cx_.options.brace_expansion && !cx_.options.posix &&
      parse_braces(*cx_.arena, parts, with_braces, too_deep)) {
    if (too_deep) {
      throw ParseFailure{ParseFailure::Reason::TooDeep, "maximum nesting depth reached", line, 0, {}};
    }
    parts = with_braces;
  }
  Word* word = cx_.arena->make<Word>();
  word->parts = cx_.arena->copy_span(parts);
  word->line = line;
  word->has_quotes = b.has_quotes;
  const bool has_pattern = context != WordContext::Value && (b.has_glob || (b.has_bracket && has_bracket_pair(b)));
  set_word_flags(*word, *cx_.arena, has_pattern);
  if (context == WordContext::Value) word->may_split = word->may_glob = false;
  parts_.resize(b.parts_mark);
  return word;
}

// ---- words ----

const Word* WordParser::parse_word(WordContext context) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position();
  if (context != WordContext::Regex) {
    const char* p = in.data() + start;
    while (has_class(*p, kPlainCharacter)) ++p;
    if (has_class(*p, kMetaCharacter) && *p != '\0' && *p != '(' && *p != '<' && *p != '>') {
      const size_t end = static_cast<size_t>(p - in.data());
      in.set_position(end);
      return make_plain_word(in.view(start, end), line);
    }
  }
  const size_t fixups_mark = fixups_.size();
  begin_source();
  Builder b = begin();
  parse_unquoted(b, context);
  Word* word = finish(b, context, line);
  end_source(&word->source, start, fixups_mark);
  return word;
}

const Word* WordParser::parse_text() {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position();
  const size_t fixups_mark = fixups_.size();
  begin_source();
  Builder b = begin();
  for (;;) {
    const char* p = in.data() + in.position();
    const char* run = p;
    while (!has_class(*p, kDoubleQuoteStop) || *p == '"' || *p == '\n') ++p;
    if (p != run) {
      add_text(b, {run, static_cast<size_t>(p - run)}, true);
      in.take_until(static_cast<size_t>(p - in.data()));
    }
    const char c = in.current();
    if (c == '\0') {
      if (in.fill()) continue;
      break;
    }
    if (c == '\\') {
      const char next = in.look_ahead(1);
      if (next == '\n') {
        in.skip();
        in.take_newline();
      } else if (next == '$' || next == '`' || next == '\\') {
        add_char(b, next, true);
        in.skip(2);
      } else {
        add_char(b, c, true);
        in.skip();
      }
    } else if (c == '$') {
      parse_dollar(b, true);
    } else {
      parse_backquotes(b, true);
    }
  }
  Word* word = finish(b, WordContext::Value, line);
  end_source(&word->source, start, fixups_mark);
  return word;
}

bool WordParser::tilde_may_start(const Builder& b, WordContext context) const {
  if (is_empty(b)) return true;
  if (b.text_quoted || text_.size() == b.text_mark) return false;
  const std::string_view text = std::string_view(text_).substr(b.text_mark);
  if (context == WordContext::Value) return text.back() == ':';
  // An argument that looks like an assignment (a bash extension, off in POSIX mode): name=~ and name=x:~
  if (cx_.options.posix || context != WordContext::Argument) return false;
  std::string_view beginning = text;
  if (parts_.size() != b.parts_mark) {
    const WordPart& first = parts_[b.parts_mark];
    if (first.kind != PartKind::Literal || first.quoted) return false;
    beginning = first.text;
  }
  const size_t equals = beginning.find('=');
  if (equals == std::string_view::npos || !is_identifier(beginning.substr(0, equals))) return false;
  return text.back() == ':' || (beginning.data() == text.data() && text.size() == equals + 1);
}

// At `~`. `closer` ends the word besides the characters that end any word.
bool WordParser::parse_tilde(Builder& b, bool in_value, char closer) {
  Input& in = *cx_.input;
  size_t n = 1;
  char c;
  for (;; ++n) {
    c = in.look_ahead(n);
    if (!has_class(c, kNameCharacter) && c != '.' && c != '+' && c != '-' && c != '@') break;
  }
  if (c != '/' && c != closer && !(c == ':' && in_value) && !has_class(c, kMetaCharacter)) return false;
  WordPart& part = add_part(b, PartKind::Tilde, false, in.line());
  part.text = cx_.arena->copy(in.view(in.position() + 1, in.position() + n));
  in.skip(n);
  return true;
}

void WordParser::parse_backslash(Builder& b) {
  Input& in = *cx_.input;
  const char next = in.look_ahead(1);
  if (next == '\n') {
    in.skip();
    in.take_newline();
    return;
  }
  b.has_quotes = true;
  if (next == '\0') {  // a backslash at the very end stands for itself
    add_char(b, '\\', true);
    in.skip();
    return;
  }
  add_char(b, next, true);
  in.skip(2);
}

// An extended pattern group or a regular expression: parentheses nest, and within them blanks and operators are text.
void WordParser::parse_group_character(Builder& b, char c, WordContext context, uint32_t& depth) {
  Input& in = *cx_.input;
  if (c == '(') ++depth;
  if (c == ')') --depth;
  if (context != WordContext::Regex) b.has_glob = true;
  add_char(b, c, false);
  if (c == '\n') {
    in.take_newline();
  } else {
    in.skip();
  }
}

void WordParser::parse_unquoted(Builder& b, WordContext context) {
  Input& in = *cx_.input;
  const bool extglob = cx_.options.extglob && !cx_.options.posix;
  uint32_t depth = 0;  // of parentheses of extended patterns
  const uint32_t line = in.line();
  for (;;) {
    const char* p = in.data() + in.position();
    const char* run = p;
    while (has_class(*p, kPlainCharacter)) ++p;
    if (p != run) {
      add_text(b, {run, static_cast<size_t>(p - run)}, false);
      in.skip(static_cast<size_t>(p - run));
    }
    const char c = in.current();
    if (c == '\0' && in.fill()) continue;
    switch (c) {
      case '\0':
        if (depth != 0) cx_.fail_unclosed(")", "`(' of the pattern", line);
        return;
      case '\\':
        parse_backslash(b);
        break;
      case '\'':
        parse_single_quotes(b);
        break;
      case '"':
        in.skip();
        parse_double_quotes(b);
        break;
      case '$':
        parse_dollar(b, false);
        break;
      case '`':
        parse_backquotes(b, false);
        break;
      case '~':
        if (depth != 0 || !tilde_may_start(b, context) ||
            !parse_tilde(b, context == WordContext::Value || !is_empty(b), '\0')) {
          add_char(b, c, false);
          in.skip();
        }
        break;
      case '*':
      case '?':
        b.has_glob = true;
        add_char(b, c, false);
        in.skip();
        break;
      case '[':
        b.has_bracket = true;
        add_char(b, c, false);
        in.skip();
        break;
      case '{':
        b.has_brace = true;
        add_char(b, c, false);
        in.skip();
        break;
      case '(': {
        const bool after_prefix = in.position() != 0 && text_.size() > b.text_mark && !b.text_quoted &&
                                  std::strchr("?*+@!", text_.back()) != nullptr;
        if (depth == 0 && context != WordContext::Regex && !(extglob && after_prefix)) return;
        parse_group_character(b, c, context, depth);
        break;
      }
      case ')':
        if (depth == 0) return;
        parse_group_character(b, c, context, depth);
        break;
      case '|':
        if (depth == 0 && context != WordContext::Regex) return;
        if (depth == 0 && in.look_ahead(1) == '|') return;
        parse_group_character(b, c, context, depth);
        break;
      case '<':
      case '>':
        if (!cx_.options.posix && depth == 0 && context != WordContext::Regex && in.look_ahead(1) == '(') {
          parse_process_substitution(b);
          break;
        }
        [[fallthrough]];
      default:  // blanks, newline, & ;
        if (depth == 0) return;
        parse_group_character(b, c, context, depth);
        break;
    }
  }
}

// ---- quotes ----

void WordParser::parse_single_quotes(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position() + 1;
  const size_t end = in.find('\'', start);
  if (end == std::string_view::npos) cx_.fail_unclosed("'", "quote", line);
  b.has_quotes = true;
  if (end == start) {
    add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
  } else {
    add_text(b, in.view(start, end), true);
  }
  in.take_until(end + 1);
}

void WordParser::parse_double_quotes(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  b.has_quotes = true;
  flush(b);
  b.text_quoted = true;
  const size_t parts_before = parts_.size();
  for (;;) {
    const char* p = in.data() + in.position();
    const char* run = p;
    while (!has_class(*p, kDoubleQuoteStop)) ++p;
    if (p != run) {
      add_text(b, {run, static_cast<size_t>(p - run)}, true);
      in.skip(static_cast<size_t>(p - run));
    }
    const char c = in.current();
    if (c == '\0' && in.fill()) continue;
    switch (c) {
      case '\0':
        cx_.fail_unclosed("\"", "quote", line);
      case '"':
        in.skip();
        if (parts_.size() == parts_before && text_.size() == b.text_mark) {
          add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
        }
        return;
      case '\n':
        add_char(b, c, true);
        in.take_newline();
        break;
      case '$':
        parse_dollar(b, true);
        break;
      case '`':
        parse_backquotes(b, true);
        break;
      default: {  // backslash
        const char next = in.look_ahead(1);
        if (next == '\n') {
          in.skip();
          in.take_newline();
        } else if (next == '$' || next == '`' || next == '"' || next == '\\') {
          add_char(b, next, true);
          in.skip(2);
        } else {
          add_char(b, c, true);
          in.skip();
        }
      }
    }
  }
}

// $'...' (XCU 2.2.4). The input stands behind the opening quote.
void WordParser::parse_ansi_c(Builder& b) {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  b.has_quotes = true;
  std::string text;
  bool truncated = false;  // an escape gave NUL: the rest of the string is dropped
  for (;;) {
    const char c = in.look_raw();
    if (c == '\0') cx_.fail_unclosed("'", "$' quote", line);
    if (c == '\'') {
      in.skip();
      break;
    }
    if (c == '\\') {
      in.skip();
      if (in.look_raw() == '\0') cx_.fail_unclosed("'", "$' quote", line);
      decode_escape(text, truncated);
      continue;
    }
    if (!truncated) text += c;
    if (c == '\n') {
      in.take_newline();
    } else {
      in.skip();
    }
  }
  if (text.empty()) {
    add_part(b, PartKind::Literal, true, line).text = cx_.arena->copy("");
  } else {
    add_text(b, text, true);
  }
}

// Behind the backslash of an escape of $'...'.
void WordParser::decode_escape(std::string& out, bool& truncated) {
  Input& in = *cx_.input;
  auto number = [&](int base, int most, uint32_t& value) {
    int n = 0;
    for (value = 0; n < most; ++n) {
      const int digit = hex_value(in.look_raw());
      if (digit < 0 || digit >= base) break;
      value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
      in.skip();
    }
    return n;
  };
  auto put_byte = [&](uint32_t value) {
    if (static_cast<char>(value) == '\0') truncated = true;
    if (!truncated) out += static_cast<char>(value);
  };
  const char c = in.look_raw();
  uint32_t value = 0;
  if (c >= '0' && c <= '7') {
    number(8, 3, value);
    put_byte(value);
    return;
  }
  if (c == '\n') {
    if (!truncated) out += "\\\n";
    in.take_newline();
    return;
  }
  in.skip();
  switch (c) {
    case 'a':
      put_byte('\a');
      return;
    case 'b':
      put_byte('\b');
      return;
    case 'e':
    case 'E':
      put_byte(27);
      return;
    case 'f':
      put_byte('\f');
      return;
    case 'n':
      put_byte('\n');
      return;
    case 'r':
      put_byte('\r');
      return;
    case 't':
      put_byte('\t');
      return;
    case 'v':
      put_byte('\v');
      return;
    case '\\':
    case '\'':
    case '"':
    case '?':
      put_byte(static_cast<unsigned char>(c));
      return;
    case 'x':
      if (number(16, 2, value) == 0) {
        if (!truncated) out += "\\x";
      } else {
        put_byte(value);
      }
      return;
    case 'u':
    case 'U':
      if (number(16, c == 'u' ? 4 : 8, value) == 0) {
        if (!truncated) (out += '\\') += c;
      } else if (value == 0) {
        truncated = true;
      } else if (!truncated) {
        append_character(out, value);
      }
      return;
    case 'c': {
      char control = in.look_raw();
      if (control == '\0' || control == '\'') {
        if (!truncated) out += "\\c";
        return;
      }
      in.skip();
      if (control == '\\' && in.look_raw() == '\\') in.skip();
      put_byte(control == '?' ? 127u : static_cast<uint32_t>(control) & 0x1f);
      return;
    }
    default:
      if (!truncated) (out += '\\') += c;
      return;
  }
}

// ---- expansions ----

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
  if (is_name_start(c)) {
    auto* p = cx_.arena->make<ParameterExpansion>();
    p->name = NameTable::intern(scan_name());
    p->line = line;
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
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
    case '0':
    case '@':
    case '*':
    case '#':
    case '?':
    case '-':
    case '$':
    case '!': {
      auto* p = cx_.arena->make<ParameterExpansion>();
      in.skip();
      p->line = line;
      if (c >= '1' && c <= '9') {
        p->kind = ParameterKind::Positional;
        p->number = c - '0';
      } else {
        p->kind = ParameterKind::Special;
        p->special = c;
      }
      record(&p->text, start, in.position());
      add_part(b, PartKind::Parameter, quoted, line).parameter = p;
      return;
    }
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
    default:
      break;
  }
  add_char(b, '$', quoted);
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
bool WordParser::parse_indirection(ParameterExpansion& p) {
  Input& in = *cx_.input;
  const char c = in.look();
  const char after = in.look_ahead(1);
  const bool names = is_name_start(c) || is_digit(c);
  const bool special = c != '\0' && std::strchr("@*#?-$!", c) != nullptr && after == '}';
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
    default:
      break;
  }
  p.word = parse_inner_word(End::Slash, Style::Unquoted, p.line);
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
    case '-':
      p.op = ParameterOp::Default;
      break;
    case '=':
      p.op = ParameterOp::AssignDefault;
      break;
    case '?':
      p.op = ParameterOp::ErrorIfUnset;
      break;
    case '+':
      p.op = ParameterOp::Alternate;
      break;
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
    case '/':
      parse_replace(p);
      return true;
    case '^':
      return parse_case_operator(p, ParameterOp::UpperFirst, ParameterOp::UpperAll, c);
    case ',':
      return parse_case_operator(p, ParameterOp::LowerFirst, ParameterOp::LowerAll, c);
    case '~':
      return parse_case_operator(p, ParameterOp::ToggleFirst, ParameterOp::ToggleAll, c);
    case '@':
      in.skip();
      c = in.look();
      if (c == '\0' || std::strchr("QEPAaUuLKk", c) == nullptr) return false;
      in.skip();
      p.op = ParameterOp::Transform;
      p.transform = c;
      return true;
    default:
      return false;
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

// The text inside ${...}, $((...)), [...] up to its end, which is not consumed. False: an arithmetic expression that
// was to end with `))` met a lone `)`.
bool WordParser::parse_inner(Builder& b, End end, Style style, uint32_t line) {
  Input& in = *cx_.input;
  const bool text_quoted = style != Style::Unquoted;
  bool inner_quotes = false;  // within "..." inside a quoted ${...}
  uint32_t depth = 0;
  uint32_t ternaries = 0;
  for (;;) {
    const char* p = in.data() + in.position();
    const char* run = p;
    while (!has_class(*p, kInnerStop)) ++p;
    if (p != run) {
      add_text(b, {run, static_cast<size_t>(p - run)}, text_quoted);
      in.skip(static_cast<size_t>(p - run));
    }
    const char c = in.current();
    if (c == '\0' && in.fill()) continue;
    switch (c) {
      case '\0':
        switch (end) {
          case End::Brace:
          case End::Slash:
          case End::Offset:
            cx_.fail_unclosed("}", "`${'", line);
          case End::Bracket:
            cx_.fail_unclosed("]", "`['", line);
          case End::Text:
            return true;
          case End::Parenthesis:
          case End::Semicolon:
            cx_.fail_unclosed("))", "`(('", line);
        }
        return false;
      case '\n':
        add_char(b, c, text_quoted);
        in.take_newline();
        continue;
      case '\\': {
        const char next = in.look_ahead(1);
        const bool escapes = style == Style::Unquoted || end == End::Bracket || end == End::Text || next == '\n' ||
                             next == '$' || next == '`' || next == '"' || next == '\\' ||
                             (style == Style::Quoted && next == '}');
        if (escapes) {
          parse_backslash(b);
        } else {
          add_char(b, c, true);
          in.skip();
        }
        continue;
      }
      case '\'':
        if (style == Style::Quoted) break;
        parse_single_quotes(b);
        continue;
      case '"':
        in.skip();
        if (style == Style::Quoted) {
          inner_quotes = !inner_quotes;
        } else {
          parse_double_quotes(b);
        }
        b.has_quotes = true;
        continue;
      case '$':
        parse_dollar(b, text_quoted);
        continue;
      case '`':
        parse_backquotes(b, text_quoted);
        continue;
      case '}':
        if (end == End::Brace || end == End::Slash) {
          if (!inner_quotes) return true;
        } else if (end == End::Offset) {
          return true;
        }
        break;
      case '/':
        if (end == End::Slash) return true;
        break;
      case '(':
        if (style == Style::Arithmetic) ++depth;
        if (style == Style::Unquoted && !cx_.options.posix) b.has_glob = true;  // perhaps +( ) @( ) !( )
        break;
      case ')':
        if (style != Style::Arithmetic) break;
        if (depth != 0) {
          --depth;
          break;
        }
        if (end == End::Parenthesis || end == End::Semicolon) {
          size_t n = 1;  // a line continuation may stand between the two
          while (in.look_ahead(n) == '\\' && in.look_ahead(n + 1) == '\n') n += 2;
          if (cx_.options.posix && in.look_ahead(n) == '\0') cx_.fail_unclosed("))", "`(('", line);
          return in.look_ahead(n) == ')';
        }
        break;
      case '[':
        if (end == End::Bracket) ++depth;
        b.has_bracket = true;
        break;
      case ']':
        if (end == End::Bracket && depth-- == 0) return true;
        break;
      case '?':
        if (end == End::Offset) ++ternaries;
        b.has_glob = true;
        break;
      case '*':
        b.has_glob = true;
        break;
      case ':':
        if (end == End::Offset && depth == 0) {
          if (ternaries == 0) return true;
          --ternaries;
        }
        break;
      case ';':
        if (end == End::Semicolon && depth == 0) return true;
        break;
      case '~':
        if (style == Style::Unquoted && is_empty(b) && parse_tilde(b, false, '}')) continue;
        break;
      case '<':
      case '>':
        if (style == Style::Unquoted && !cx_.options.posix && in.look_ahead(1) == '(') {
          parse_process_substitution(b);
          continue;
        }
        break;
      default:
        break;
    }
    add_char(b, c, text_quoted);
    in.skip();
  }
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
  node->defers_aliases = cx_.options.posix;
  const size_t text_start = in.position();
  node->body = substitutions_.parse_substitution(line);
  record(&node->text, text_start, in.position() - 1);
  if (node->body != nullptr && node->body->kind == CommandKind::Simple) {
    const auto& simple = as<SimpleCommand>(*node->body);
    node->reads_file = simple.words.empty() && simple.assignments.empty() && simple.redirections.size() == 1 &&
                       simple.redirections[0].kind == RedirectionKind::Input && simple.redirections[0].fd == 0;
  }
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

// At the opening backquote. One level of backslashes is removed before the text is parsed (XCU 2.6.3).
void WordParser::parse_backquotes(Builder& b, bool quoted) {
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
      if (next == '$' || next == '`' || next == '\\' || (quoted && next == '"')) {
        text += next;
        in.skip(2);
        continue;
      }
      if (next != '\0' && next != '\n') {
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
  record(&node->text, start, in.position());
  in.skip();
  node->body = substitutions_.parse_backquoted(text, line);
  if (node->body != nullptr && node->body->kind == CommandKind::Simple) {
    const auto& simple = as<SimpleCommand>(*node->body);
    node->reads_file = simple.words.empty() && simple.assignments.empty() && simple.redirections.size() == 1 &&
                       simple.redirections[0].kind == RedirectionKind::Input && simple.redirections[0].fd == 0;
  }
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
  node->body = substitutions_.parse_substitution(line);
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

// ---- assignments ----

bool WordParser::is_assignment_operator(size_t position) {
  Input& in = *cx_.input;
  const size_t offset = position - in.position();
  char c = in.look_ahead(offset);
  if (c == '+') c = in.look_ahead(offset + 1);
  return c == '=';
}

// The `]` that closes the `[` at `bracket`, found without parsing: quotes and nested brackets are skipped. npos if the
// line or an unquoted operator ends the word before.
size_t WordParser::find_subscript_end(size_t bracket) {
  Input& in = *cx_.input;
  const size_t base = in.position();
  uint32_t brackets = 0;
  uint32_t parentheses = 0;
  char quote = '\0';
  for (size_t i = bracket;; ++i) {
    const char c = in.look_ahead(i - base);
    if (c == '\0') return std::string_view::npos;
    if (c == '\\' && quote != '\'') {
      ++i;
      continue;
    }
    if (quote != '\0') {
      if (c == quote) quote = '\0';
      continue;
    }
    switch (c) {
      case '\'':
      case '"':
      case '`':
        quote = c;
        break;
      case '[':
        ++brackets;
        break;
      case ']':
        if (--brackets == 0) return i;
        break;
      case '(':
        ++parentheses;
        break;
      case ')':
        if (parentheses == 0) return std::string_view::npos;
        --parentheses;
        break;
      case '\n':
      case ';':
        if (parentheses == 0) return std::string_view::npos;
        break;
      default:
        break;
    }
  }
}

const Assignment* WordParser::parse_assignment() {
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t start = in.position();
  const char* p = in.data() + start;
  if (!is_name_start(*p)) return nullptr;
  while (has_class(*p, kNameCharacter)) ++p;
  if (*p != '=' && *p != '+' && *p != '[' && *p != '\\' && *p != '\0') return nullptr;
  const std::string_view name_text = scan_name();
  const char c = in.look();
  if (c == '[' && !cx_.options.posix) {
    const Name name = NameTable::intern(name_text);
    const size_t close = find_subscript_end(in.position());
    if (close != std::string_view::npos && is_assignment_operator(close + 1)) {
      in.skip();
      const size_t fixups_mark = fixups_.size();
      begin_source();
      const Subscript* subscript = parse_subscript();
      close_source(start, fixups_mark);
      return parse_assignment_tail(name, subscript, line);
    }
  } else if (c == '=' || (c == '+' && !cx_.options.posix && in.look_ahead(1) == '=')) {
    return parse_assignment_tail(NameTable::intern(name_text), nullptr, line);
  }
  in.set_position(start);
  return nullptr;
}

// At `=` or `+=`.
const Assignment* WordParser::parse_assignment_tail(Name name, const Subscript* subscript, uint32_t line) {
  Input& in = *cx_.input;
  auto* assignment = cx_.arena->make<Assignment>();
  assignment->name = name;
  assignment->subscript = subscript;
  assignment->line = line;
  if (in.look() == '+') {
    assignment->append = true;
    in.skip();
    in.look();
  }
  in.skip();
  const char c = in.look();
  if (c == '(' && !cx_.options.posix) {
    if (subscript != nullptr) {
      cx_.fail("a list cannot be assigned to one element of an array", in.position(), in.line());
    }
    parse_array_value(*assignment);
    return assignment;
  }
  if (has_class(c, kMetaCharacter) && !((c == '<' || c == '>') && in.look_ahead(1) == '(')) return assignment;
  assignment->word = parse_word(WordContext::Value);
  if (assignment->word->parts.empty()) {
    assignment->word = nullptr;
  } else if (assignment->word->parts.size() == 1 && assignment->word->parts[0].kind == PartKind::Arithmetic) {
    assignment->plain_arithmetic = assignment->word->parts[0].arithmetic;
  }
  return assignment;
}

void WordParser::skip_array_blanks() {
  Input& in = *cx_.input;
  for (;;) {
    switch (in.look()) {
      case ' ':
      case '\t':
        in.skip();
        break;
      case '\n':
        in.take_newline();
        break;
      case '#': {
        const size_t end = in.find('\n', in.position());
        in.set_position(end == std::string_view::npos ? in.size() : end);
        break;
      }
      default:
        return;
    }
  }
}

// At `(`: elements of a compound value up to `)`.
void WordParser::parse_array_value(Assignment& assignment) {
  cx_.check_depth();
  Input& in = *cx_.input;
  const uint32_t line = in.line();
  const size_t elements_mark = elements_.size();
  assignment.is_array = true;
  in.skip();
  for (;;) {
    skip_array_blanks();
    const char c = in.look();
    if (c == ')') break;
    if (c == '\0') cx_.fail_unclosed(")", "`(' of the array", line);
    ArrayElement element;
    if (c == '[') {
      const size_t close = find_subscript_end(in.position());
      if (close != std::string_view::npos && is_assignment_operator(close + 1)) {
        const size_t start = in.position();
        const size_t fixups_mark = fixups_.size();
        in.skip();
        begin_source();
        element.subscript = parse_subscript();
        close_source(start, fixups_mark);
        if (in.look() == '+') {
          element.append = true;
          in.skip();
        }
        in.skip();
      }
    }
    const size_t before = in.position();
    element.word = parse_word(element.subscript != nullptr ? WordContext::Value : WordContext::Argument);
    if (in.position() == before && element.subscript == nullptr) {
      cx_.fail(fmt::format("unexpected `{}' in the value of an array", in.look()), in.position(), in.line());
    }
    elements_.push_back(element);
  }
  in.skip();
  assignment.elements = cx_.arena->copy_span(
      std::span<const ArrayElement>(elements_.data() + elements_mark, elements_.size() - elements_mark));
  elements_.resize(elements_mark);
}

const Word* WordParser::parse_declaration_operand() {
  Input& in = *cx_.input;
  const size_t start = in.position();
  const uint32_t line = in.line();
  const size_t fixups_mark = fixups_.size();
  begin_source();
  const Assignment* assignment = parse_assignment();
  if (assignment == nullptr) {
    --source_depth_;
    return nullptr;
  }
  Builder b = begin();
  if (assignment->is_array || assignment->subscript != nullptr) {
    add_text(b, in.view(start, in.position()), false);
  } else {
    add_text(b, text(assignment->name), false);
    add_text(b, assignment->append ? "+=" : "=", false);
    if (assignment->word != nullptr) {
      flush(b);
      parts_.insert(parts_.end(), assignment->word->parts.begin(), assignment->word->parts.end());
      b.has_quotes = assignment->word->has_quotes;
    }
  }
  Word* word = finish(b, WordContext::Value, line);
  word->assignment = assignment;
  end_source(&word->source, start, fixups_mark);
  return word;
}

}  // namespace mish::syntax
