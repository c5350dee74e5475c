// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens of the shell language (XCU 2.3, 2.10.1): kinds, the reserved words, and the table of character classes that
// drives every scanner of this layer.
#ifndef MISH_SHELL_SYNTAX_TOKEN_H_
#define MISH_SHELL_SYNTAX_TOKEN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mish::syntax {

enum class TokenKind : uint8_t {
  EndOfInput,
  Newline,
  Word,
  IoNumber,    // digits right before < or >
  IoVariable,  // {name} or {name[subscript]} right before < or >
  Semicolon,
  DoubleSemicolon,
  SemicolonAmpersand,
  DoubleSemicolonAmpersand,
  Ampersand,
  AndIf,
  Pipe,
  PipeAmpersand,
  OrIf,
  LeftParenthesis,
  RightParenthesis,
  Less,
  Great,
  DoubleLess,
  DoubleLessDash,
  TripleLess,
  DoubleGreat,
  LessAmpersand,
  GreatAmpersand,
  LessGreat,
  Clobber,
  AmpersandGreat,
  AmpersandDoubleGreat,
};

/// Whether a token of this kind is a redirection operator.
constexpr bool is_redirection_operator(TokenKind kind) { return kind >= TokenKind::Less; }

/// The operator as written, or a description ("newline", "end of file", "word") for messages.
std::string_view spelling(TokenKind kind);

/// One token. A plain word consists of ordinary characters only (no quotes, expansions, pattern characters, braces or
/// tilde), so its text is known; any other word is parsed by the WordParser when it is taken.
struct Token {
  TokenKind kind = TokenKind::EndOfInput;
  bool is_plain = false;
  uint32_t line = 0;
  size_t start = 0;       // offsets in the Input
  size_t end = 0;         // of operators and plain words
  std::string_view text;  // plain words, IoNumber, IoVariable: valid until the next token is scanned
};

enum class ReservedWord : uint8_t {
  None,
  If,
  Then,
  Else,
  Elif,
  Fi,
  Case,
  Esac,
  For,
  Select,  // of bash
  While,
  Until,
  Do,
  Done,
  In,
  Function,  // of bash
  Time,      // of bash
  LeftBrace,
  RightBrace,
  Bang,
  LeftBracket,   // of bash
  RightBracket,  // of bash
  Coproc,        // of bash
};

/// The reserved word `text`, or None. With `posix` only those of XCU 2.4.
ReservedWord find_reserved_word(std::string_view text, bool posix);
std::string_view spelling(ReservedWord word);
/// All of them, of POSIX and of bash, in the order in which `compgen -k` lists them.
std::span<const std::string_view> reserved_words();

// Character classes. A set bit in kCharacterClass[c]:
inline constexpr uint8_t kMetaCharacter = 1;   // ends a word: blank newline | & ; < > ( ) and NUL
inline constexpr uint8_t kPlainCharacter = 2;  // means itself anywhere in an unquoted word
inline constexpr uint8_t kNameCharacter = 4;   // [A-Za-z0-9_]
inline constexpr uint8_t kDigitCharacter = 8;
inline constexpr uint8_t kDoubleQuoteStop = 16;  // \ $ ` " newline NUL: looked at inside double quotes
inline constexpr uint8_t kInnerStop = 32;        // may mean something inside ${...}, $((...)), [...]

constexpr std::array<uint8_t, 256> make_character_classes() {
  std::array<uint8_t, 256> classes{};
  for (size_t i = 0; i < 256; ++i) classes[i] = kPlainCharacter;
  auto each = [](std::string_view set, auto action) {
    for (char c : set) action(static_cast<unsigned char>(c));
  };
  each("'\"\\`$*?[~{", [&](unsigned char c) { classes[c] = 0; });
  each(" \t\n|&;<>()", [&](unsigned char c) { classes[c] = kMetaCharacter; });
  classes[0] = kMetaCharacter;
  for (unsigned char c = '0'; c <= '9'; ++c) classes[c] |= kNameCharacter | kDigitCharacter;
  for (unsigned char c = 'a'; c <= 'z'; ++c) classes[c] |= kNameCharacter;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) classes[c] |= kNameCharacter;
  classes['_'] |= kNameCharacter;
  each("\\$`\"\n", [&](unsigned char c) { classes[c] |= kDoubleQuoteStop | kInnerStop; });
  classes[0] |= kDoubleQuoteStop | kInnerStop;
  each("'~{}()[]/:?;*|&<> \t", [&](unsigned char c) { classes[c] |= kInnerStop; });
  return classes;
}
inline constexpr std::array<uint8_t, 256> kCharacterClass = make_character_classes();

inline bool has_class(char c, uint8_t bits) { return (kCharacterClass[static_cast<unsigned char>(c)] & bits) != 0; }

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_TOKEN_H_
