// SPDX-License-Identifier: GPL-3.0-or-later
// Parses a text and shows what came out of it as one string: the dumps of its commands, one a line, or the error.
#ifndef MISH_TESTS_SHELL_SYNTAX_PARSE_SUPPORT_H_
#define MISH_TESTS_SHELL_SYNTAX_PARSE_SUPPORT_H_

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "shell/syntax/parser.h"
#include "shell/syntax/printer.h"

namespace mish::syntax {

class FakeAliases final : public AliasLookup {
 public:
  FakeAliases() = default;
  FakeAliases(std::initializer_list<std::pair<const std::string, std::string>> aliases)
      : aliases_(aliases.begin(), aliases.end()) {}
  void set(const std::string& name, const std::string& value) { aliases_[name] = value; }
  const std::string* find_alias(std::string_view name) const override {
    auto found = aliases_.find(name);
    return found == aliases_.end() ? nullptr : &found->second;
  }
  bool has_aliases() const override { return !aliases_.empty(); }

 private:
  std::map<std::string, std::string, std::less<>> aliases_;
};

inline std::string parse(Source& source, const ParserOptions& options = {}, const AliasLookup* aliases = nullptr) {
  Parser parser(source, options, aliases, "test");
  std::string out;
  for (;;) {
    ParseResult result = parser.parse_command();
    if (!out.empty() && result.status != ParseStatus::EndOfFile) out += '\n';
    if (!result.warning.empty()) out += fmt::format("warning: {}\n", result.warning);
    switch (result.status) {
      case ParseStatus::Command: out += dump(result.program->root()); continue;
      case ParseStatus::EndOfFile: return out;
      case ParseStatus::Error:
      case ParseStatus::Incomplete:
        return out + fmt::format("{}:{}:{}: {}", result.status == ParseStatus::Error ? "error" : "incomplete",
                                 result.error.line, result.error.column, result.error.message);
      case ParseStatus::Interrupted: return out + "interrupted";
      case ParseStatus::ReadError: return out + "read error";
    }
  }
}

inline std::string parse(std::string_view text, const ParserOptions& options = {},
                         const AliasLookup* aliases = nullptr) {
  StringSource source(text);
  return parse(source, options, aliases);
}

inline std::string parse_posix(std::string_view text) {
  ParserOptions options;
  options.posix = true;
  return parse(text, options);
}

/// Hands out the lines of a text one by one and counts them.
class LineSource final : public Source {
 public:
  explicit LineSource(std::string_view text) : text_(text) {}
  Status next_line(LinePurpose purpose, std::string_view& line) override {
    if (text_.empty()) return Status::EndOfFile;
    size_t newline = text_.find('\n');
    line_ = text_.substr(0, newline == std::string_view::npos ? newline : newline + 1);
    text_.remove_prefix(line_.size());
    line = line_;
    ++lines_read;
    purposes += purpose == LinePurpose::FirstLine ? '1' : '2';
    return Status::Line;
  }
  bool is_interactive() const override { return interactive; }
  int lines_read = 0;
  std::string purposes;
  bool interactive = false;

 private:
  std::string_view text_;
  std::string line_;
};

}  // namespace mish::syntax

#endif  // MISH_TESTS_SHELL_SYNTAX_PARSE_SUPPORT_H_
