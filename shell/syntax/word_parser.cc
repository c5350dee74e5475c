// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/word_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/syntax/brace_parser.h"
#include "shell/syntax/command.h"

namespace mish::syntax {

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
  if (!stack_is_low() && !input->is_retried_too_often()) return;
  ParseFailure failure{ParseFailure::Reason::TooDeep, "maximum nesting depth reached", input->line(), 0, {}};
  input->locate(input->position(), failure);
  throw failure;
}

// ---- building words ----

void WordParser::reset() {
  in_document_ = false;
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
  const bool outer_is_document = std::exchange(in_document_, true);
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
      parse_backquotes(b, true, cx_.options.posix);  // in bash a here-document has no double-quotes
    }
  }
  in_document_ = outer_is_document;
  Word* word = finish(b, WordContext::Value, line);
  end_source(&word->source, start, fixups_mark);
  return word;
}

bool WordParser::tilde_may_start(const Builder& b, WordContext context) const {
  if (is_empty(b)) return true;
  if (b.text_quoted || text_.size() == b.text_mark) return false;
  const std::string_view text = std::string_view(text_).substr(b.text_mark);
  if (context == WordContext::Value) return text.back() == ':';
  // An argument that looks like an assignment (a bash extension, off in POSIX mode): name=~, name[1]+=x:~
  if (cx_.options.posix || context != WordContext::Argument) return false;
  std::string_view beginning = text;
  if (parts_.size() != b.parts_mark) {
    const WordPart& first = parts_[b.parts_mark];
    if (first.kind != PartKind::Literal || first.quoted) return false;
    beginning = first.text;
  }
  const size_t equals = beginning.find('=');
  if (equals == std::string_view::npos) return false;
  std::string_view target = beginning.substr(0, equals);
  if (target.ends_with('+')) target.remove_suffix(1);
  if (target.ends_with(']')) target = target.substr(0, target.find('['));
  if (!is_identifier(target)) return false;
  return text.back() == ':' || (beginning.data() == text.data() && text.size() == equals + 1);
}

// At `~`. `closer` ends the word besides the characters that end any word.
bool WordParser::parse_tilde(Builder& b, bool in_value, char closer) {
  Input& in = *cx_.input;
  std::string name;
  size_t n = 1;
  char c;
  for (;; ++n) {
    while (in.look_ahead(n) == '\\' && in.look_ahead(n + 1) == '\n') n += 2;
    c = in.look_ahead(n);
    if (!has_class(c, kNameCharacter) && c != '.' && c != '+' && c != '-' && c != '@') break;
    name += c;
  }
  // As in bash a colon ends the prefix in every word, outside POSIX mode: `-v ~:/home`.
  const bool is_end = c == '/' || c == closer || (c == ':' && (in_value || !cx_.options.posix));
  if (!is_end && !has_class(c, kMetaCharacter)) return false;
  WordPart& part = add_part(b, PartKind::Tilde, false, in.line());
  part.text = cx_.arena->copy(name);
  in.take_until(in.position() + n);
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

// Whether `c`, no plain character, ends a word that has no open parenthesis of a pattern.
bool WordParser::ends_word(const Builder& b, char c, WordContext context) const {
  switch (c) {
    case '(': {
      if (context == WordContext::Regex) return false;
      const bool after_prefix = cx_.input->position() != 0 && text_.size() > b.text_mark && !b.text_quoted &&
                                std::strchr("?*+@!", text_.back()) != nullptr;
      return !(cx_.options.extglob && !cx_.options.posix && after_prefix);
    }
    case '|': return context != WordContext::Regex || cx_.input->look_ahead(1) == '|';
    default: return true;
  }
}

void WordParser::parse_unquoted(Builder& b, WordContext context) {
  Input& in = *cx_.input;
  uint32_t depth = 0;  // of parentheses of extended patterns
  const uint32_t line = in.line();
  auto take = [&](char c) {
    add_char(b, c, false);
    in.skip();
  };
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
      case '\\': parse_backslash(b); break;
      case '\'': parse_single_quotes(b); break;
      case '"':
        in.skip();
        parse_double_quotes(b);
        break;
      case '$': parse_dollar(b, false); break;
      case '`': parse_backquotes(b, false, false); break;
      case '~': {
        const bool in_value = context == WordContext::Value || !is_empty(b);
        if (depth != 0 || !tilde_may_start(b, context) || !parse_tilde(b, in_value, '\0')) take(c);
        break;
      }
      case '*':
      case '?':
        b.has_glob = true;
        take(c);
        break;
      case '[':
        b.has_bracket = true;
        take(c);
        break;
      case '{':
        b.has_brace = true;
        take(c);
        break;
      case '<':
      case '>':
        if (!cx_.options.posix && depth == 0 && context != WordContext::Regex && in.look_ahead(1) == '(') {
          parse_process_substitution(b);
          break;
        }
        [[fallthrough]];
      default:  // ( ) | & ; blanks, newline
        if (depth == 0 && ends_word(b, c, context)) return;
        parse_group_character(b, c, context, depth);
        break;
    }
  }
}

}  // namespace mish::syntax
