// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/api/prompt_commands.h"

#include <string>
#include <utility>
#include <vector>

#include "shell/base/text.h"

namespace mish::api {

namespace {

std::optional<int> run_one(ShellServices& services, state::ShellState& state, std::string_view text) {
  std::optional<int> exit_status;
  int status = state.last_status;
  std::vector<int> statuses = state.pipe_statuses;
  try {
    state::Completion completion = services.run_text(text, "PROMPT_COMMAND");
    if (completion.flow == state::Flow::Exit) exit_status = completion.status;
  } catch (const state::ShellError& error) {
    services.report(error.message());
  }
  state.last_status = status;
  state.pipe_statuses = std::move(statuses);
  return exit_status;
}

}  // namespace

std::optional<int> run_prompt_commands(ShellServices& services, state::ShellState& state) {
  const state::Variable* variable = state.variables.resolve(names::PROMPT_COMMAND);
  if (variable == nullptr || variable->value.is_unset()) return std::nullopt;
  std::vector<std::string> commands;  // copied: they may change the variable
  if (const state::IndexedArray* array = variable->value.indexed()) {
    for (auto it = array->first(); it.valid(); it.next()) commands.push_back(it.value());
  } else {
    commands.emplace_back(variable->value.text());
  }
  for (const std::string& command : commands) {
    if (trim_blanks(command).empty()) continue;
    if (std::optional<int> exit_status = run_one(services, state, command)) return exit_status;
  }
  return std::nullopt;
}

}  // namespace mish::api
