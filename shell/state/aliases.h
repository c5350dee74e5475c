// SPDX-License-Identifier: GPL-3.0-or-later
// Aliases; answers the parser's AliasLookup.
#ifndef MISH_SHELL_STATE_ALIASES_H_
#define MISH_SHELL_STATE_ALIASES_H_

#include <map>
#include <string>
#include <string_view>

#include "shell/syntax/parser.h"

namespace mish::state {

class AliasTable final : public syntax::AliasLookup {
 public:
  const std::string* find_alias(std::string_view name) const override;
  bool has_aliases() const override { return !aliases_.empty(); }
  void set(std::string_view name, std::string_view value);
  bool remove(std::string_view name);
  void clear() { aliases_.clear(); }
  const std::map<std::string, std::string, std::less<>>& all() const { return aliases_; }

 private:
  std::map<std::string, std::string, std::less<>> aliases_;  // sorted, as `alias` prints them
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_ALIASES_H_
