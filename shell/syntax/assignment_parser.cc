// SPDX-License-Identifier: GPL-3.0-or-later
// Assignments and the compound values of arrays.
#include <fmt/format.h>

#include "shell/base/text.h"
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

bool WordParser::is_assignment_operator(size_t position) {
  Input& in = *cx_.input;
  const size_t offset = position - in.position();
  char c = in.look_ahead(offset);
  if (c == '+') c = in.look_ahead(offset + 1);
  return c == '=';
}

// The `]` that closes the `[` at `bracket`, found without parsing: quotes and nested brackets are skipped. npos if an
// unquoted operator or, outside of `( )`, the line ends the word before.
size_t WordParser::find_subscript_end(size_t bracket, bool is_element) {
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
      case '`': quote = c; break;
      case '[': ++brackets; break;
      case ']':
        if (--brackets == 0) return i;
        break;
      case '(': ++parentheses; break;
      case ')':
        if (parentheses == 0) return std::string_view::npos;
        --parentheses;
        break;
      case '\n':
      case ';':
        if (parentheses == 0 && !is_element) return std::string_view::npos;
        break;
      default: break;
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
    const size_t close = find_subscript_end(in.position(), false);
    if (close != std::string_view::npos && is_assignment_operator(close + 1)) {
      in.skip();
      const size_t fixups_mark = fixups_.size();
      begin_source();
      const Subscript* subscript = parse_subscript();
      close_source(start, fixups_mark);
      const size_t end = in.position();
      const Assignment* assignment = parse_assignment_tail(name, subscript, line);
      subscript_end_ = end;  // only now: the value may hold other assignments
      return assignment;
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
      case '\t': in.skip(); break;
      case '\n': in.take_newline(); break;
      case '#': {
        const size_t end = in.find('\n', in.position());
        in.set_position(end == std::string_view::npos ? in.size() : end);
        break;
      }
      default: return;
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
      const size_t close = find_subscript_end(in.position(), true);
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
  if (assignment->is_array) {
    add_text(b, in.view(start, in.position()), false);
  } else {
    // The subscript stays as written: the utility expands it, once.
    add_text(b, assignment->subscript != nullptr ? in.view(start, subscript_end_) : text(assignment->name), false);
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

void WordParser::append_word(Builder& b) {
  const Word* word = parse_word(WordContext::Argument);
  flush(b);
  parts_.insert(parts_.end(), word->parts.begin(), word->parts.end());
  b.has_quotes = b.has_quotes || word->has_quotes;
}

const Word* WordParser::parse_array_text(size_t head) {
  cx_.check_depth();
  Input& in = *cx_.input;
  const size_t start = in.position();
  const uint32_t line = in.line();
  const size_t fixups_mark = fixups_.size();
  begin_source();
  Builder b = begin();
  add_text(b, in.view(start, start + head), false);
  in.skip(head + 1);
  for (char separator = '(';; separator = ' ') {
    skip_array_blanks();
    const char c = in.look();
    if (c == '\0') cx_.fail_unclosed(")", "`(' of the array", line);
    if (c != ')' || separator == '(') add_char(b, separator, false);
    if (c == ')') break;
    const size_t before = in.position();
    append_word(b);
    if (in.position() == before) {
      cx_.fail(fmt::format("unexpected `{}' in the value of an array", in.look()), before, in.line());
    }
  }
  in.skip();
  add_char(b, ')', false);
  if (!has_class(in.look(), kMetaCharacter)) append_word(b);  // let a=(4*3)/2
  Word* word = finish(b, WordContext::Argument, line);
  end_source(&word->source, start, fixups_mark);
  return word;
}

}  // namespace mish::syntax
