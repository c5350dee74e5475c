// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/shell_state.h"

#include <unistd.h>

#include "shell/base/locale.h"
#include "shell/base/text.h"

namespace mish::state {

ShellState::ShellState() : variables(*this), shell_pid(getpid()), parent_pid(getppid()) {
  separators.byte_class[static_cast<unsigned char>(' ')] = FieldSeparators::kWhitespace;
  separators.byte_class[static_cast<unsigned char>('\t')] = FieldSeparators::kWhitespace;
  separators.byte_class[static_cast<unsigned char>('\n')] = FieldSeparators::kWhitespace;
}

void update_separators(ShellState& state) {
  FieldSeparators& separators = state.separators;
  std::string_view ifs = state.variables.text_or_null(names::IFS);
  separators = FieldSeparators{};
  if (ifs.data() != nullptr) separators.text = ifs;
  separators.is_null = separators.text.empty();
  separators.is_default = separators.text == " \t\n";
  if (separators.is_null) {
    separators.first = '\0';
    separators.first_length = 0;
    return;
  }
  const std::string& text = separators.text;
  separators.first = text[0];
  separators.first_length = static_cast<uint8_t>(character_length(text, 0));
  for (size_t i = 0; i < text.size();) {
    size_t length = character_length(text, i);
    auto byte = static_cast<unsigned char>(text[i]);
    uint8_t& byte_class = separators.byte_class[byte];
    if (byte >= 0x80) separators.has_high_bytes = true;
    if (length > 1) {
      byte_class = FieldSeparators::kMultibyteLead;
    } else if (is_space(text[i])) {
      byte_class = FieldSeparators::kWhitespace;
    } else {
      byte_class = FieldSeparators::kOther;
      if (is_digit(text[i]) || text[i] == '-') separators.splits_integers = true;
    }
    i += length;
  }
}

}  // namespace mish::state
