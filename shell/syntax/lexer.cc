// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "shell/base/text.h"

namespace mish::syntax {

namespace {
constexpr size_t kLongestIoNumber = 9;  // digits; more cannot be a descriptor
}  // namespace

void Lexer::begin_command(bool aliases_enabled) {
  have_ = false;
  check_alias_ = false;
  level_ = 0;
  pending_.clear();
  aliases_enabled_ = aliases_enabled && aliases_ != nullptr && aliases_->has_aliases();
}

Lexer::Level Lexer::enter_level(bool is_substitution, bool defers_aliases) {
  Level level{token_, have_, check_alias_, aliases_enabled_, std::move(pending_)};
  if (defers_aliases) aliases_enabled_ = false;
  have_ = false;
  pending_.clear();
  if (is_substitution) ++level_;
  return level;
}

void Lexer::leave_level(Level&& level, bool keep_pending) {
  token_ = level.token;
  have_ = level.have;
  check_alias_ = level.check_alias;
  aliases_enabled_ = level.aliases_enabled;
  std::vector<PendingHereDocument> inner = std::move(pending_);
  pending_ = std::move(level.pending);
  if (keep_pending) pending_.insert(pending_.end(), inner.begin(), inner.end());
  if (level_ != 0) --level_;
}

void Lexer::skip_blanks() {
  for (char c = cx_.input->look(); c == ' ' || c == '\t'; c = cx_.input->look()) cx_.input->skip();
}

// ---- tokens ----

void Lexer::set_plain(std::string_view text, size_t end) {
  token_.kind = TokenKind::Word;
  token_.is_plain = true;
  token_.text = text;
  token_.end = end;
  cx_.input->set_position(end);
}

void Lexer::scan() {
  Input& in = *cx_.input;
  char c;
  for (;;) {
    const char* p = in.data() + in.position();
    while (*p == ' ' || *p == '\t') ++p;
    in.set_position(static_cast<size_t>(p - in.data()));
    c = in.look();
    if (c == ' ' || c == '\t') continue;
    if (c != '#' || (cx_.options.interactive && !cx_.options.interactive_comments)) break;
    const size_t newline = in.find('\n', in.position());
    in.set_position(newline == std::string_view::npos ? in.size() : newline);
  }
  have_ = true;
  may_be_alias_ = false;
  token_.is_plain = false;
  token_.start = token_.end = in.position();
  token_.line = in.line();
  check_alias_ = in.leave_aliases(token_.start);
  if (!has_class(c, kMetaCharacter)) {
    scan_word();
  } else {
    scan_operator(c);
  }
  if (token_.kind != TokenKind::Newline && token_.kind != TokenKind::EndOfInput) in.mark_started();
}

void Lexer::scan_operator(char c) {
  Input& in = *cx_.input;
  const bool bash = !cx_.options.posix;
  if (c == '\0') {
    token_.kind = TokenKind::EndOfInput;
    return;
  }
  if (c == '\n') {
    token_.kind = TokenKind::Newline;
    return;
  }
  if ((c == '<' || c == '>') && bash && in.look_ahead(1) == '(') {
    token_.kind = TokenKind::Word;
    return;
  }
  in.skip();
  auto next = [&in](char wanted) {
    if (in.look() != wanted) return false;
    in.skip();
    return true;
  };
  switch (c) {
    case ';':
      if (next(';')) {
        token_.kind = bash && next('&') ? TokenKind::DoubleSemicolonAmpersand : TokenKind::DoubleSemicolon;
      } else {
        token_.kind = next('&') ? TokenKind::SemicolonAmpersand : TokenKind::Semicolon;
      }
      break;
    case '&':
      if (next('&')) {
        token_.kind = TokenKind::AndIf;
      } else if (bash && next('>')) {
        token_.kind = next('>') ? TokenKind::AmpersandDoubleGreat : TokenKind::AmpersandGreat;
      } else {
        token_.kind = TokenKind::Ampersand;
      }
      break;
    case '|':
      if (next('|')) {
        token_.kind = TokenKind::OrIf;
      } else {
        token_.kind = bash && next('&') ? TokenKind::PipeAmpersand : TokenKind::Pipe;
      }
      break;
    case '(': token_.kind = TokenKind::LeftParenthesis; break;
    case ')': token_.kind = TokenKind::RightParenthesis; break;
    case '<':
      if (next('<')) {
        if (next('-')) {
          token_.kind = TokenKind::DoubleLessDash;
        } else {
          token_.kind = bash && next('<') ? TokenKind::TripleLess : TokenKind::DoubleLess;
        }
      } else if (next('&')) {
        token_.kind = TokenKind::LessAmpersand;
      } else {
        token_.kind = next('>') ? TokenKind::LessGreat : TokenKind::Less;
      }
      break;
    default:  // >
      if (next('>')) {
        token_.kind = TokenKind::DoubleGreat;
      } else if (next('&')) {
        token_.kind = TokenKind::GreatAmpersand;
      } else {
        token_.kind = next('|') ? TokenKind::Clobber : TokenKind::Great;
      }
      break;
  }
  token_.end = in.position();
}

void Lexer::scan_word() {
  Input& in = *cx_.input;
  token_.kind = TokenKind::Word;
  may_be_alias_ = aliases_enabled_;
  size_t end = token_.start;
  char c;
  for (;;) {
    const char* p = in.data() + end;
    while (has_class(*p, kPlainCharacter)) ++p;
    c = *p;
    end = static_cast<size_t>(p - in.data());
    if (c != '\0' || !in.fill()) break;
  }
  if (c == '\\') {
    if (in.look_ahead(end - token_.start + 1) == '\n') scan_joined_word();
    return;
  }
  if (!has_class(c, kMetaCharacter)) {
    if (c == '~' && end == token_.start + 1 && in.data()[token_.start] == '=' &&
        has_class(in.look_ahead(after_continuations(2)), kMetaCharacter)) {
      set_plain("=~", end + 1);
    }
    if (end != token_.start) return;
    if (c == '{') {
      if (has_class(in.look_ahead(after_continuations(1)), kMetaCharacter)) {
        set_plain("{", end + 1);
      } else {
        scan_io_variable();
      }
    } else if (c == '[') {
      const char next = in.look_ahead(after_continuations(1));
      if (has_class(next, kMetaCharacter)) {
        set_plain("[", end + 1);
      } else if (next == '[' && in.look_ahead(1) == '[' &&
                 has_class(in.look_ahead(after_continuations(2)), kMetaCharacter)) {
        set_plain("[[", end + 2);
      }
    }
    return;
  }
  const std::string_view text = in.view(token_.start, end);
  if (c == '(') {
    const bool extglob = cx_.options.extglob && !cx_.options.posix;
    const bool group = text.back() == '!' || text.back() == '@' || text.back() == '+';
    // `c++()` defines a function; an empty group is a pattern of its own at most.
    if (extglob && group && (text.size() == 1 || in.look_ahead(end - token_.start + 1) != ')')) return;
  } else if (c == '<' || c == '>') {
    if (!cx_.options.posix && in.look_ahead(end - token_.start + 1) == '(') return;
    if (text.size() <= kLongestIoNumber &&
        std::all_of(text.begin(), text.end(), [](char digit) { return is_digit(digit); })) {
      set_plain(text, end);
      token_.kind = TokenKind::IoNumber;
      may_be_alias_ = false;
      return;
    }
  }
  set_plain(in.view(token_.start, end), end);
}

// The index, counted from the position, of the character at `n` or behind the line continuations that stand there.
size_t Lexer::after_continuations(size_t n) {
  Input& in = *cx_.input;
  while (in.look_ahead(n) == '\\' && in.look_ahead(n + 1) == '\n') n += 2;
  return n;
}

// A word that would be plain but for line continuations inside it.
void Lexer::scan_joined_word() {
  Input& in = *cx_.input;
  joined_.clear();
  while (has_class(in.look(), kPlainCharacter)) {
    joined_ += in.current();
    in.skip();
  }
  const char c = in.look();
  const bool group = c == '(' && (joined_.back() == '!' || joined_.back() == '@' || joined_.back() == '+');
  const bool process = (c == '<' || c == '>') && !cx_.options.posix && in.look_ahead(1) == '(';
  if (!has_class(c, kMetaCharacter) || group || process) {
    in.rewind(token_.start, token_.line);
    return;
  }
  set_plain(joined_, in.position());
  if ((c == '<' || c == '>') && joined_.size() <= kLongestIoNumber &&
      std::all_of(joined_.begin(), joined_.end(), [](char digit) { return is_digit(digit); })) {
    token_.kind = TokenKind::IoNumber;
    may_be_alias_ = false;
  }
}

// {name}< or {name[subscript]}>
bool Lexer::scan_io_variable() {
  Input& in = *cx_.input;
  if (cx_.options.posix || !is_name_start(in.look_ahead(1))) return false;
  size_t n = 2;
  while (has_class(in.look_ahead(n), kNameCharacter)) ++n;
  if (in.look_ahead(n) == '[') {
    // A subscript on one line without blanks or quotes; anything else is a word.
    while (in.look_ahead(n) != ']' && !has_class(in.look_ahead(n), kMetaCharacter)) ++n;
    if (in.look_ahead(n) != ']') return false;
    ++n;
  }
  if (in.look_ahead(n) != '}') return false;
  const char c = in.look_ahead(n + 1);
  if (c != '<' && c != '>') return false;
  token_.kind = TokenKind::IoVariable;
  token_.text = in.view(token_.start + 1, token_.start + n);
  token_.end = token_.start + n + 1;
  in.set_position(token_.end);
  return true;
}

void Lexer::advance() {
  have_ = false;
  if (token_.kind != TokenKind::Newline) return;
  cx_.input->take_newline();
  if (!pending_.empty()) read_here_documents();
}

const Word* Lexer::take_word(WordContext context) {
  have_ = false;
  if (token_.is_plain) return words_.make_plain_word(token_.text, token_.line);
  return words_.parse_word(context);
}

void Lexer::rewind_word() {
  have_ = false;
  cx_.input->rewind(token_.start, token_.line);
}

void Lexer::split_bang() {
  have_ = false;
  cx_.input->rewind(token_.start + 1, token_.line);
}

// ---- aliases ----

// A word that is not plain but has neither quotes nor expansions, like `[x]` or `a*`, may name an alias too in bash.
// Puts its text into the token; false when it is none of these.
bool Lexer::take_unusual_name() {
  if (token_.kind != TokenKind::Word || cx_.options.posix) return false;
  Input& in = *cx_.input;
  size_t length = 0;
  for (char c; !has_class(c = in.look_ahead(length), kMetaCharacter); ++length) {
    if (c == '\\' || c == '\'' || c == '"' || c == '`' || c == '$' || c == '=') return false;
  }
  if (length == 0 || in.look_ahead(length) == '(') return false;
  token_.text = in.view(token_.start, token_.start + length);
  return true;
}

void Lexer::substitute_aliases(bool command_position) {
  const bool check = check_alias_;
  while (may_be_alias_) {
    may_be_alias_ = false;
    if (!token_.is_plain && !take_unusual_name()) return;
    // What is recognised as a reserved word is not looked up (XCU 2.3.1); at the beginning of a command bash looks
    // even these up unless it is in POSIX mode.
    const ReservedWord word = find_reserved_word(token_.text, cx_.options.posix);
    if (expects_in_ && (word == ReservedWord::In || word == ReservedWord::Do)) return;
    if (cx_.options.posix && command_position && word != ReservedWord::None && word != ReservedWord::In) return;
    const std::string* value = aliases_->find_alias(token_.text);
    if (value == nullptr) return;
    Input& in = *cx_.input;
    if (in.is_inside_alias(token_.text, token_.start)) return;
    if (!token_.is_plain) in.set_position(token_.start + token_.text.size());
    if (!in.substitute_alias(token_.text, token_.start, *value)) {
      ParseFailure failure{ParseFailure::Reason::TooDeep, "aliases make this command too long", in.line(), 0, {}};
      in.locate(token_.start, failure);
      throw failure;
    }
    scan();
    check_alias_ = check_alias_ || check;
  }
}

// ---- here-documents ----

void Lexer::read_here_documents() {
  std::vector<PendingHereDocument> documents = std::move(pending_);
  pending_.clear();
  for (const PendingHereDocument& document : documents) read_here_document(document);
}

// `EOF)` ends a here-document inside $( ), too, as in bash.
bool Lexer::is_delimiter_before_parenthesis(std::string_view line, const PendingHereDocument& document) const {
  return level_ != 0 && !cx_.options.posix && line.size() > document.delimiter.size() &&
         line[document.delimiter.size()] == ')' && line.starts_with(document.delimiter);
}

namespace {

// Whether an odd number of backslashes ends the line.
bool ends_in_backslash(std::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  return (line.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
}

}  // namespace

// Reads up to and with the line of the delimiter. The body is a piece of the input, or `stripped` of its tabs.
std::string_view Lexer::scan_here_document(const PendingHereDocument& document, std::string& stripped) {
  Input& in = *cx_.input;
  const size_t body_start = in.position();
  size_t body_end = body_start;
  size_t stripped_end = 0;
  std::string joined;  // a logical line joined from several (XCU 2.7.4)
  bool continued = false;
  for (;;) {
    const size_t start = in.position();
    if (!continued || in.look_raw() == '\0') {
      body_end = start;
      stripped_end = stripped.size();
    }
    if (in.look_raw() == '\0') {
      warning_ = fmt::format("here-document of line {} ended by the end of the file (wanted `{}')", document.line,
                             document.delimiter);
      break;
    }
    const size_t newline = in.find('\n', start);
    const bool has_newline = newline != std::string_view::npos;
    const size_t end = has_newline ? newline : in.size();
    const size_t next = has_newline ? newline + 1 : end;
    std::string_view line = in.view(start, end);
    const std::string_view whole = line;  // `<<-` with a delimiter that begins with a tab
    if (document.strip_tabs && !continued) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    const bool continues = has_newline && !document.quoted && ends_in_backslash(line);
    bool is_end = false;
    if (continued || continues) {
      if (!continued) joined.clear();
      joined.append(line.substr(0, line.size() - (continues ? 1 : 0)));
      is_end = !continues && joined == document.delimiter;
    } else if (is_delimiter_before_parenthesis(line, document)) {
      in.take_until(end - line.size() + document.delimiter.size());
      break;
    } else {
      is_end = line == document.delimiter || whole == document.delimiter;
    }
    in.take_until(next);
    if (is_end) break;
    if (document.strip_tabs) {
      stripped.append(line);
      if (has_newline) stripped += '\n';
    }
    continued = continues;
  }
  return document.strip_tabs ? std::string_view(stripped).substr(0, stripped_end) : in.view(body_start, body_end);
}

void Lexer::read_here_document(const PendingHereDocument& document) {
  const uint32_t first_line = cx_.input->line();
  std::string stripped;
  const std::string_view body = scan_here_document(document, stripped);
  if (document.quoted || body.find_first_of("\\$`") == std::string_view::npos) {
    *document.body = *words_.make_plain_word(body, first_line);
    document.body->has_quotes = true;
    for (const WordPart& part : document.body->parts) const_cast<WordPart&>(part).quoted = true;
    return;
  }
  Input text(body, first_line);
  Input* outer = cx_.input;
  Level level = enter_level(false);
  const uint32_t depth = words_.enter_input();
  cx_.input = &text;
  struct Restore {
    Lexer& lexer;
    Level& level;
    Input* outer;
    uint32_t depth;
    uint32_t saved_level;
    ~Restore() {
      lexer.cx_.input = outer;
      lexer.words_.leave_input(depth);
      lexer.leave_level(std::move(level), false);
      lexer.level_ = saved_level;
    }
  } restore{*this, level, outer, depth, level_};
  *document.body = *words_.parse_text();
}

}  // namespace mish::syntax
