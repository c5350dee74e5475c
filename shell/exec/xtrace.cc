// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/xtrace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/syntax/printer.h"

namespace mish::exec {

namespace {

/// While PS4 is expanded nothing is traced with it, and $? stays what it was.
class ExpandingPs4 {
 public:
  explicit ExpandingPs4(ExecutionContext& context) : context_(context), status_(context.state.last_status) {
    context_.state.options.set(Option::XTrace, false);
    context_.is_in_ps4 = true;
  }
  ~ExpandingPs4() {
    context_.is_in_ps4 = false;
    context_.state.options.set(Option::XTrace, true);
    context_.state.last_status = status_;
  }
  ExpandingPs4(const ExpandingPs4&) = delete;
  ExpandingPs4& operator=(const ExpandingPs4&) = delete;

 private:
  ExecutionContext& context_;
  int status_;
};

/// Expands the text of PS4; a broken one is left as it is written.
void expand(ExecutionContext& context, std::string& text) {
  ExpandingPs4 expanding(context);
  try {
    text = context.expander.expand_text(text);
  } catch (const state::ShellError& error) {
    if (error.is_fatal()) throw;
  }
}

/// PS4 expanded, its first character repeated for each level of eval and command substitution (bash).
std::string prefix(ExecutionContext& context) {
  state::ShellState& state = context.state;
  std::string_view ps4 = state.variables.text_or_null(names::PS4);
  if (ps4.data() == nullptr) return {};
  std::string text(ps4);
  if (!context.is_in_ps4) expand(context, text);
  if (state.is_posix() || text.empty()) return text;
  size_t levels = 0;
  for (const state::Frame& frame : state.calls.frames()) {
    if (frame.kind == state::FrameKind::Eval || frame.kind == state::FrameKind::Source) ++levels;
  }
  levels += static_cast<size_t>(state.substitution_depth);
  return levels == 0 ? text : std::string(levels, text[0]) + text;
}

void write_line(ExecutionContext& context, std::string_view line) {
  std::string_view target = context.state.variables.text_or_null(names::BASH_XTRACEFD);
  std::optional<int64_t> fd = target.data() == nullptr ? std::nullopt : parse_integer(target);
  if (fd && !context.state.is_posix() && *fd >= 0 && *fd < 1 << 20 && fcntl(static_cast<int>(*fd), F_GETFD) >= 0) {
    Result<void> written = write_all(static_cast<int>(*fd), line);
    if (std::exchange(context.is_trace_lost, !written.ok()) || written.ok() || *fd == STDERR_FILENO) return;
    context.services.report(std::string("BASH_XTRACEFD: ") + std::string(written.error().message()));
    return;
  }
  context.err.write(line);
  context.err.flush();
}

void append_fields(std::string& line, std::span<const std::string_view> fields) {
  for (std::string_view field : fields) {
    if (!line.empty() && line.back() != ' ') line += ' ';
    line += quote(field);
  }
}

}  // namespace

void trace_text(ExecutionContext& context, std::string_view text) {
  write_line(context, prefix(context) + std::string(text) + '\n');
}

void trace_command(ExecutionContext& context, std::string_view assignments, std::span<const std::string_view> fields) {
  std::string line(assignments);
  if (!line.empty() && !fields.empty()) line += ' ';
  append_fields(line, fields);
  trace_text(context, line);
}

void trace_loop(ExecutionContext& context, std::string_view loop, Name variable, bool has_in,
                std::span<const syntax::Word* const> words) {
  std::string line = fmt::format("{} {} in", loop, text(variable));
  if (!has_in) line += " \"$@\"";
  for (const syntax::Word* word : words) line += ' ' + syntax::print_word(*word);
  trace_text(context, line);
}

std::string traced_assignment(const syntax::Assignment& assignment, std::string_view value) {
  std::string target(text(assignment.name));
  if (assignment.subscript != nullptr) target += fmt::format("[{}]", assignment.subscript->text);
  return target + (assignment.append ? "+=" : "=") + (value.empty() ? std::string() : quote(value));
}

}  // namespace mish::exec
