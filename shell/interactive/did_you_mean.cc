// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/did_you_mean.h"

#include "shell/base/text.h"

namespace mish::interactive {

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  if (word.size() < 2) return {};
  const int limit = word.size() <= 4 ? 1 : 2;
  std::string_view nearest;
  int nearest_distance = limit + 1;
  for (const std::string& name : names) {
    if (name.size() + 2 < word.size() || word.size() + 2 < name.size()) continue;
    int distance = edit_distance(word, name, limit);
    if (distance < nearest_distance) {
      nearest_distance = distance;
      nearest = name;
    }
  }
  return std::string(nearest);
}

}  // namespace mish::interactive
