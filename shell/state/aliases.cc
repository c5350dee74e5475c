// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/aliases.h"

namespace mish::state {

const std::string* AliasTable::find_alias(std::string_view name) const {
  const Map& map = aliases_.read();
  auto it = map.find(name);
  return it != map.end() ? &it->second : nullptr;
}

void AliasTable::set(std::string_view name, std::string_view value) {
  aliases_.write().insert_or_assign(std::string(name), std::string(value));
}

bool AliasTable::remove(std::string_view name) {
  if (find_alias(name) == nullptr) return false;
  Map& map = aliases_.write();
  map.erase(map.find(name));
  return true;
}

}  // namespace mish::state
