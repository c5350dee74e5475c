// SPDX-License-Identifier: GPL-3.0-or-later
// The text between the ends of an expansion: the word of ${x:-word}, the expression of $((...)), the subscript in [...]
// (XCU 2.6.2, 2.6.4). Where it ends depends on what it stands in, and on the quotes, parentheses and brackets open in
// it.
#include "shell/syntax/word_parser.h"

namespace mish::syntax {

// The text inside ${...}, $((...)), [...] up to its end, which is not consumed.
class WordParser::InnerText {
 public:
  InnerText(WordParser& parser, Builder& b, End end, Style style, uint32_t line)
      : parser_(parser), cx_(parser.cx_), in_(*parser.cx_.input), b_(b), end_(end), style_(style), line_(line) {}

  // False: an arithmetic expression that was to end with `))` met a lone `)`.
  bool parse();

 private:
  enum class Verdict : uint8_t { Character, End, LoneParenthesis };

  bool is_quoted() const { return style_ != Style::Unquoted; }
  bool is_bash() const { return !cx_.options.posix; }
  // The $ of "${x-$"..."}", but not in here-documents: as in bash.
  bool begins_translation() const {
    return style_ == Style::Quoted && is_bash() && !inner_quotes_ && !apostrophes_ && !parser_.in_document_;
  }
  void take_run();
  bool finish_at_end_of_input();
  bool take_more_than_a_character(char c);
  bool take_backslash();
  void note_apostrophe();
  void take_apostrophes();
  bool take_ansi_c_quotes();
  Verdict judge(char c);
  Verdict judge_parenthesis();

  WordParser& parser_;
  ParseContext& cx_;
  Input& in_;
  Builder& b_;
  End end_;
  const Style style_;
  const uint32_t line_;        // of what is to be ended
  bool inner_quotes_ = false;  // within "..." inside a quoted ${...}
  bool apostrophes_ = false;   // between '...' there
  uint32_t depth_ = 0;         // parentheses or brackets
  uint32_t brackets_ = 0;      // of subscripts in an arithmetic expression
  uint32_t ternaries_ = 0;     // whose colon is still to come
};

bool WordParser::InnerText::parse() {
  for (;;) {
    take_run();
    const char c = in_.current();
    if (c == '\0') {
      if (in_.fill()) continue;
      return finish_at_end_of_input();
    }
    if (take_more_than_a_character(c)) continue;
    const Verdict verdict = judge(c);
    if (verdict != Verdict::Character) return verdict == Verdict::End;
    parser_.add_char(b_, c, is_quoted());
    in_.skip();
  }
}

// Characters without a meaning.
void WordParser::InnerText::take_run() {
  const char* run = in_.data() + in_.position();
  const char* p = run;
  while (!has_class(*p, kInnerStop)) ++p;
  if (p == run) return;
  parser_.add_text(b_, {run, static_cast<size_t>(p - run)}, is_quoted());
  in_.skip(static_cast<size_t>(p - run));
}

// True where the text is all there is to parse.
bool WordParser::InnerText::finish_at_end_of_input() {
  switch (end_) {
    case End::Brace:
    case End::Slash:
    case End::SecondSlash:
    case End::Offset: cx_.fail_unclosed("}", "`${'", line_);
    case End::Bracket: cx_.fail_unclosed("]", "`['", line_);
    case End::Text: return true;
    case End::Parenthesis:
    case End::Semicolon: cx_.fail_unclosed("))", "`(('", line_);
  }
  return false;
}

// Quotes, expansions and newlines: true when `c` began one, which is consumed.
bool WordParser::InnerText::take_more_than_a_character(char c) {
  switch (c) {
    case '\n':
      parser_.add_char(b_, c, is_quoted());
      in_.take_newline();
      return true;
    case '\\': return take_backslash();
    case '\'':
      if (style_ == Style::Quoted) {
        note_apostrophe();
        return false;
      }
      if (style_ == Style::Arithmetic && brackets_ == 0 && end_ != End::Bracket && end_ != End::Text) {
        take_apostrophes();
        return true;
      }
      parser_.parse_single_quotes(b_);
      return true;
    case '"':
      in_.skip();
      if (style_ == Style::Quoted) {
        if (!apostrophes_) inner_quotes_ = !inner_quotes_;
      } else {
        parser_.parse_double_quotes(b_);
      }
      b_.has_quotes = true;
      return true;
    case '$':
      if (in_.look_ahead(1) == '"' && begins_translation()) {
        in_.skip();
      } else if (!take_ansi_c_quotes()) {
        parser_.parse_dollar(b_, is_quoted());
      }
      return true;
    case '`': parser_.parse_backquotes(b_, is_quoted(), is_quoted()); return true;
    case '~': return style_ == Style::Unquoted && parser_.is_empty(b_) && parser_.parse_tilde(b_, false, '}');
    case '<':
    case '>':
      if (style_ != Style::Unquoted || !is_bash() || in_.look_ahead(1) != '(') return false;
      parser_.parse_process_substitution(b_);
      return true;
    default: return false;
  }
}

bool WordParser::InnerText::take_backslash() {
  const char next = in_.look_ahead(1);
  const bool escapes = style_ == Style::Unquoted || end_ == End::Bracket || end_ == End::Text || next == '\n' ||
                       next == '$' || next == '`' || next == '"' || next == '\\' ||
                       (style_ == Style::Quoted && next == '}');
  if (escapes) {
    parser_.parse_backslash(b_);
  } else {
    parser_.add_char(b_, '\\', true);
    in_.skip();
  }
  return true;
}

// bash: the apostrophes in "${x:-'{}'}" mean themselves, but between two of them no brace ends the expansion. One that
// is alone in its line is just a character.
void WordParser::InnerText::note_apostrophe() {
  if (inner_quotes_ || !is_bash()) return;
  const char* next = in_.data() + in_.position() + 1;
  while (*next != '\'' && *next != '\n' && *next != '\0') ++next;
  apostrophes_ = !apostrophes_ && *next == '\'';
}

// Apostrophes quote nothing in an arithmetic expression (XCU 2.6.4): they are an error, but in the key of a subscript.
// Up to the second no parenthesis counts.
void WordParser::InnerText::take_apostrophes() {
  const size_t end = in_.find('\'', in_.position() + 1);
  if (end == std::string_view::npos) cx_.fail_unclosed("'", "quote", in_.line());
  parser_.add_text(b_, in_.view(in_.position(), end + 1), true);
  in_.take_until(end + 1);
}

// $'...' is known in the key of an associative array; and in "${x:-$'a'}" (not in here-documents) by bash.
bool WordParser::InnerText::take_ansi_c_quotes() {
  if (in_.look_ahead(1) != '\'') return false;
  const bool is_key = end_ == End::Bracket || end_ == End::Text;
  if (!is_key && !(style_ == Style::Quoted && !parser_.in_document_ && is_bash())) return false;
  in_.skip(2);
  parser_.parse_ansi_c(b_);
  return true;
}

// Whether `c` ends the text; notes what is open and what a pattern may be made of.
WordParser::InnerText::Verdict WordParser::InnerText::judge(char c) {
  switch (c) {
    case '}':
      if (end_ == End::Offset) return Verdict::End;
      if ((end_ == End::Brace || end_ == End::Slash || end_ == End::SecondSlash) && !inner_quotes_ && !apostrophes_)
        return Verdict::End;
      break;
    case '/':
      if (end_ == End::Slash) return Verdict::End;
      if (end_ == End::SecondSlash) end_ = End::Slash;
      break;
    case '(':
      if (style_ == Style::Arithmetic) ++depth_;
      if (style_ == Style::Unquoted && is_bash()) b_.has_glob = true;  // perhaps +( ) @( ) !( )
      break;
    case ')':
      if (style_ == Style::Arithmetic) return judge_parenthesis();
      break;
    case '[':
      if (end_ == End::Bracket) ++depth_;
      if (style_ == Style::Arithmetic) ++brackets_;
      b_.has_bracket = true;
      break;
    case ']':
      if (end_ == End::Bracket && depth_-- == 0) return Verdict::End;
      if (brackets_ != 0) --brackets_;
      break;
    case '?':
      if (end_ == End::Offset && depth_ == 0) ++ternaries_;
      b_.has_glob = true;
      break;
    case '*': b_.has_glob = true; break;
    case ':':
      if (end_ != End::Offset || depth_ != 0) break;
      if (ternaries_ == 0) return Verdict::End;
      --ternaries_;
      break;
    case ';':
      if (end_ == End::Semicolon && depth_ == 0) return Verdict::End;
      break;
    default: break;
  }
  return Verdict::Character;
}

// A `)` in an arithmetic expression.
WordParser::InnerText::Verdict WordParser::InnerText::judge_parenthesis() {
  if (depth_ != 0) {
    --depth_;
    return Verdict::Character;
  }
  if (end_ != End::Parenthesis && end_ != End::Semicolon) return Verdict::Character;
  size_t n = 1;  // a line continuation may stand between the two
  while (in_.look_ahead(n) == '\\' && in_.look_ahead(n + 1) == '\n') n += 2;
  if (cx_.options.posix && in_.look_ahead(n) == '\0') cx_.fail_unclosed("))", "`(('", line_);
  return in_.look_ahead(n) == ')' ? Verdict::End : Verdict::LoneParenthesis;
}

bool WordParser::parse_inner(Builder& b, End end, Style style, uint32_t line) {
  return InnerText(*this, b, end, style, line).parse();
}

}  // namespace mish::syntax
