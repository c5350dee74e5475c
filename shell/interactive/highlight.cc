// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/highlight.h"

#include <sys/stat.h>

#include <algorithm>

#include "shell/base/text.h"
#include "shell/syntax/token.h"

namespace mish::interactive {

namespace {

/// Lines longer than this are left plain: nobody reads the colours of a pasted file.
constexpr size_t kLongestLine = 16 * 1024;

bool is_operator(char c) { return std::string_view("|&;<>()").find(c) != std::string_view::npos; }

bool opens_command(std::string_view word) {
  for (std::string_view keyword : {"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc"}) {
    if (word == keyword) return true;
  }
  return false;
}

}  // namespace

/// One pass over the text.
class Highlighter::Scan {
 public:
  Scan(Highlighter& owner, std::string_view text, std::vector<Style>& styles)
      : owner_(owner), text_(text), styles_(styles) {}

  void run() {
    while (at_ < text_.size()) step();
  }

 private:
  void paint(size_t begin, size_t end, Style style) {
    std::fill(styles_.begin() + static_cast<ptrdiff_t>(begin),
              styles_.begin() + static_cast<ptrdiff_t>(std::min(end, text_.size())), style);
  }

  void step() {
    char c = text_[at_];
    if (c == '\n') {
      expects_command_ = true;
      ++at_;
    } else if (is_blank(c)) {
      ++at_;
    } else if (c == '#') {
      size_t end = std::min(text_.find('\n', at_), text_.size());
      paint(at_, end, Style::Comment);
      at_ = end;
    } else if (is_operator(c)) {
      bool is_redirection = c == '<' || c == '>';
      paint(at_, at_ + 1, Style::Operator);
      if (is_redirection) {
        after_redirection_ = true;
      } else if (!(c == '&' && at_ > 0 && (text_[at_ - 1] == '>' || text_[at_ - 1] == '<'))) {
        expects_command_ = true;
        after_redirection_ = false;
      }
      ++at_;
    } else {
      word();
    }
  }

  /// A word: its parts are painted first, then the whole if it is a plain command name, option or path.
  void word() {
    size_t begin = at_;
    bool is_plain = true;
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (is_blank(c) || c == '\n' || is_operator(c)) break;
      if (c == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (c == '\'' || c == '"') {
        is_plain = false;
        quoted(c);
      } else if (c == '$' || c == '`') {
        is_plain = false;
        expansion();
      } else {
        ++at_;
      }
    }
    finish_word(begin, is_plain);
  }

  void finish_word(size_t begin, bool is_plain) {
    std::string word(text_.substr(begin, at_ - begin));
    if (after_redirection_) {
      after_redirection_ = false;
      return;
    }
    if (expects_command_) {
      size_t equals = word.find('=');
      if (equals != std::string::npos && equals > 0 && is_identifier(std::string_view(word).substr(0, equals))) {
        paint(begin, begin + equals, Style::Variable);
        return;
      }
      expects_command_ = false;
      if (!is_plain) return;
      Style style = owner_.command_style(word);
      paint(begin, at_, style);
      if (style == Style::Keyword && opens_command(word)) expects_command_ = true;
      return;
    }
    if (!is_plain) return;
    if (word.size() > 1 && word[0] == '-') {
      paint(begin, at_, Style::Option);
    } else if (word == "in" || word == "do" || word == "then") {
      return;
    } else if (word.find('/') != std::string::npos && word.find_first_of("*?[") == std::string::npos) {
      struct stat status;
      std::string path = word;
      if (path.starts_with("~/")) path = std::string(owner_.state_.variables.text(names::HOME)) + path.substr(1);
      if (stat(path.c_str(), &status) == 0) paint(begin, at_, Style::Path);
    }
  }

  void quoted(char quote) {
    size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (quote == '"' && (text_[at_] == '$' || text_[at_] == '`')) {
        paint(begin, at_, Style::String);
        expansion();
        begin = at_;
      } else {
        ++at_;
      }
    }
    bool is_open = at_ >= text_.size();
    if (!is_open) ++at_;
    paint(begin, at_, is_open ? Style::Error : Style::String);
  }

  /// $name, ${...}, $((...)), $(...) and `...`: the commands inside are coloured by a scan of their own.
  void expansion() {
    size_t begin = at_;
    if (text_[at_] == '`') {
      size_t end = std::min(text_.find('`', at_ + 1), text_.size());
      nested(at_ + 1, end);
      paint(begin, begin + 1, Style::Variable);
      if (end < text_.size()) paint(end, end + 1, Style::Variable);
      at_ = std::min(end + 1, text_.size());
      return;
    }
    char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (next == '(' || next == '{') {
      size_t end = matching(at_ + 1);
      bool is_command = next == '(' && !(at_ + 2 < text_.size() && text_[at_ + 2] == '(');
      paint(begin, end, Style::Variable);
      if (is_command) nested(at_ + 2, end > at_ + 2 && text_[end - 1] == ')' ? end - 1 : end);
      at_ = end;
      return;
    }
    if (next == '\'') {
      ++at_;
      size_t i = at_ + 1;
      while (i < text_.size() && text_[i] != '\'') i += text_[i] == '\\' ? 2 : 1;
      at_ = std::min(i + 1, text_.size());
      paint(begin, at_, i < text_.size() ? Style::String : Style::Error);
      return;
    }
    ++at_;
    if (next != '\0' && is_name_start(next)) {
      while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    } else if (next != '\0' && std::string_view("@*#?-$!0123456789").find(next) != std::string_view::npos) {
      ++at_;
    } else {
      return;
    }
    paint(begin, at_, Style::Variable);
  }

  void nested(size_t begin, size_t end) {
    if (end <= begin || depth_ > 16) return;
    std::vector<Style> inner(end - begin, Style::Plain);
    Scan scan(owner_, text_.substr(begin, end - begin), inner);
    scan.depth_ = depth_ + 1;
    scan.run();
    std::copy(inner.begin(), inner.end(), styles_.begin() + static_cast<ptrdiff_t>(begin));
  }

  /// Position behind the bracket that closes the one at `at`, or the end of the text.
  size_t matching(size_t at) const {
    char open = text_[at];
    char close = open == '(' ? ')' : '}';
    int depth = 0;
    for (size_t i = at; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == '\\')
        ++i;
      else if (c == '\'')
        i = std::min(text_.find('\'', i + 1), text_.size());
      else if (c == open)
        ++depth;
      else if (c == close && --depth == 0)
        return i + 1;
    }
    return text_.size();
  }

  Highlighter& owner_;
  std::string_view text_;
  std::vector<Style>& styles_;
  size_t at_ = 0;
  bool expects_command_ = true;
  bool after_redirection_ = false;
  int depth_ = 0;
};

Style Highlighter::command_style(const std::string& word) {
  auto it = commands_.find(word);
  if (it != commands_.end()) return it->second;
  Style style = Style::Command;
  if (syntax::find_reserved_word(word, state_.is_posix()) != syntax::ReservedWord::None) {
    style = Style::Keyword;
  } else if (word.find_first_of("*?[~{") != std::string::npos) {
    style = Style::Plain;  // what it becomes is known when it is expanded
  } else {
    api::FoundCommand found = services_.find_command(word, api::RunOptions{});
    bool is_known = found.kind != api::FoundCommand::Kind::NotFound && !found.is_unexecutable;
    if (!is_known && state_.aliases.find_alias(word) != nullptr) is_known = true;
    if (!is_known && state_.is_on(state::Option::AutoCd)) {
      struct stat status;
      is_known = stat(word.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    style = is_known ? Style::Command : Style::UnknownCommand;
  }
  commands_.emplace(word, style);
  return style;
}

const std::vector<Style>& Highlighter::highlight(std::string_view text) {
  if (text == last_text_ && styles_.size() == text.size()) return styles_;
  last_text_ = text;
  styles_.assign(text.size(), Style::Plain);
  if (text.size() <= kLongestLine) Scan(*this, text, styles_).run();
  return styles_;
}

}  // namespace mish::interactive
