// SPDX-License-Identifier: GPL-3.0-or-later
// Aliases; answers the parser's AliasLookup. Copies share the table until one changes it.
#ifndef MISH_SHELL_STATE_ALIASES_H_
#define MISH_SHELL_STATE_ALIASES_H_

#include <map>
#include <string>
#include <string_view>

#include "shell/state/copy_on_write.h"
#include "shell/syntax/parser.h"

namespace mish::state {

class AliasTable final : public syntax::AliasLookup {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;  // sorted, as `alias` prints them

  const std::string* find_alias(std::string_view name) const override;
  bool has_aliases() const override { return !aliases_.read().empty(); }
  /// Defines or redefines.
  void set(std::string_view name, std::string_view value);
  /// False when there is no such alias.
  bool remove(std::string_view name);
  void clear() { aliases_.reset(); }
  const Map& all() const { return aliases_.read(); }

 private:
  CopyOnWrite<Map> aliases_;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_ALIASES_H_
