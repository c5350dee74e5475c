// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/virtual_files.h"

#include "builtins/ipc/mailboxes.h"
#include "ipc/endpoint.h"

namespace mish::builtins {

Result<UniqueFd> open_virtual_file(std::string_view path, int flags, bool& is_virtual) {
  Result<UniqueFd> mailbox = open_mailbox_path(path, flags, is_virtual);
  if (is_virtual) return mailbox;
  return ipc::open_network_path(path, is_virtual);
}

}  // namespace mish::builtins
