// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/complete_command.h"

#include "shell/syntax/parser.h"

namespace mish::interactive {

namespace {

/// Hands out the lines of a text and notes whether the parser wanted more than there is.
class ProbeSource final : public syntax::Source {
 public:
  explicit ProbeSource(std::string_view text) : text_(text) {}
  Status next_line(syntax::LinePurpose purpose, std::string_view& line) override {
    if (text_.empty()) {
      wanted_more_ = wanted_more_ || purpose == syntax::LinePurpose::Continuation;
      return Status::EndOfFile;
    }
    size_t newline = text_.find('\n');
    size_t size = newline == std::string_view::npos ? text_.size() : newline + 1;
    line = text_.substr(0, size);
    text_.remove_prefix(size);
    return Status::Line;
  }
  bool wanted_more() const { return wanted_more_; }

 private:
  std::string_view text_;
  bool wanted_more_ = false;
};

}  // namespace

bool needs_more_lines(const state::ShellState& state, std::string_view text) {
  syntax::ParserOptions options;
  options.posix = state.is_posix();
  options.extglob = state.is_on(state::Option::ExtGlob) && !options.posix;
  options.expand_aliases = true;
  options.interactive = true;
  options.interactive_comments = state.is_on(state::Option::InteractiveComments);
  options.brace_expansion = state.is_on(state::Option::BraceExpand) && !options.posix;
  ProbeSource source(text);
  syntax::Parser parser(source, options, &state.aliases, "");
  while (true) {
    syntax::ParseResult result = parser.parse_command();
    if (source.wanted_more()) return true;
    if (result.status != syntax::ParseStatus::Command) return result.status == syntax::ParseStatus::Incomplete;
  }
}

}  // namespace mish::interactive
