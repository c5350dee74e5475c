// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/token.h"

namespace mish::syntax {

std::string_view spelling(TokenKind kind) {
  switch (kind) {
    case TokenKind::EndOfInput: return "end of file";
    case TokenKind::Newline: return "newline";
    case TokenKind::Word: return "word";
    case TokenKind::IoNumber: return "number";
    case TokenKind::IoVariable: return "{name}";
    case TokenKind::Semicolon: return ";";
    case TokenKind::DoubleSemicolon: return ";;";
    case TokenKind::SemicolonAmpersand: return ";&";
    case TokenKind::DoubleSemicolonAmpersand: return ";;&";
    case TokenKind::Ampersand: return "&";
    case TokenKind::AndIf: return "&&";
    case TokenKind::Pipe: return "|";
    case TokenKind::PipeAmpersand: return "|&";
    case TokenKind::OrIf: return "||";
    case TokenKind::LeftParenthesis: return "(";
    case TokenKind::RightParenthesis: return ")";
    case TokenKind::Less: return "<";
    case TokenKind::Great: return ">";
    case TokenKind::DoubleLess: return "<<";
    case TokenKind::DoubleLessDash: return "<<-";
    case TokenKind::TripleLess: return "<<<";
    case TokenKind::DoubleGreat: return ">>";
    case TokenKind::LessAmpersand: return "<&";
    case TokenKind::GreatAmpersand: return ">&";
    case TokenKind::LessGreat: return "<>";
    case TokenKind::Clobber: return ">|";
    case TokenKind::AmpersandGreat: return "&>";
    case TokenKind::AmpersandDoubleGreat: return "&>>";
  }
  return "";
}

namespace {
constexpr std::string_view kReservedWords[] = {
    "",   "if",   "then", "else",     "elif", "fi", "case", "esac", "for", "select", "while",  "until",
    "do", "done", "in",   "function", "time", "{",  "}",    "!",    "[[",  "]]",     "coproc",
};

ReservedWord expect(std::string_view text, ReservedWord word) {
  return text == kReservedWords[static_cast<size_t>(word)] ? word : ReservedWord::None;
}

bool is_of_bash(ReservedWord word) {
  return word == ReservedWord::Function || word == ReservedWord::Select || word == ReservedWord::Time ||
         word == ReservedWord::Coproc || word == ReservedWord::LeftBracket || word == ReservedWord::RightBracket;
}
}  // namespace

std::string_view spelling(ReservedWord word) { return kReservedWords[static_cast<size_t>(word)]; }

std::span<const std::string_view> reserved_words() { return std::span(kReservedWords).subspan(1); }

ReservedWord find_reserved_word(std::string_view text, bool posix) {
  if (text.empty() || text.size() > 8) return ReservedWord::None;
  const char second = text.size() > 1 ? text[1] : '\0';
  ReservedWord found = ReservedWord::None;
  switch (text[0]) {
    case '{': found = expect(text, ReservedWord::LeftBrace); break;
    case '}': found = expect(text, ReservedWord::RightBrace); break;
    case '!': found = expect(text, ReservedWord::Bang); break;
    case '[': found = expect(text, ReservedWord::LeftBracket); break;
    case ']': found = expect(text, ReservedWord::RightBracket); break;
    case 'c': found = expect(text, second == 'a' ? ReservedWord::Case : ReservedWord::Coproc); break;
    case 'd': found = expect(text, text.size() == 2 ? ReservedWord::Do : ReservedWord::Done); break;
    case 'e':
      if (second == 's') {
        found = expect(text, ReservedWord::Esac);
      } else if (text.size() == 4) {
        found = text[2] == 's' ? expect(text, ReservedWord::Else) : expect(text, ReservedWord::Elif);
      }
      break;
    case 'f':
      if (second == 'i') {
        found = expect(text, ReservedWord::Fi);
      } else {
        found = expect(text, second == 'o' ? ReservedWord::For : ReservedWord::Function);
      }
      break;
    case 'i': found = expect(text, second == 'f' ? ReservedWord::If : ReservedWord::In); break;
    case 's': found = expect(text, ReservedWord::Select); break;
    case 't': found = expect(text, second == 'h' ? ReservedWord::Then : ReservedWord::Time); break;
    case 'u': found = expect(text, ReservedWord::Until); break;
    case 'w': found = expect(text, ReservedWord::While); break;
    default: break;
  }
  return posix && is_of_bash(found) ? ReservedWord::None : found;
}

}  // namespace mish::syntax
