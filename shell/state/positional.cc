// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/positional.h"

namespace mish::state {

void PositionalParameters::assign(std::span<const std::string_view> arguments) {
  auto storage = std::make_shared<Storage>();
  size_t bytes = 0;
  for (std::string_view argument : arguments) bytes += argument.size() + 1;
  storage->bytes.reserve(bytes);
  storage->views.reserve(arguments.size());
  for (std::string_view argument : arguments) {
    size_t start = storage->bytes.size();
    storage->bytes.append(argument);
    storage->bytes.push_back('\0');
    storage->views.emplace_back(storage->bytes.data() + start, argument.size());
  }
  owned_ = std::move(storage);  // only now: the arguments may be the old parameters
  view_ = owned_->views;
}

}  // namespace mish::state
