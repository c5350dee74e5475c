// SPDX-License-Identifier: GPL-3.0-or-later
// Redirection targets that are no files: /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT are sockets; /dev/mbox/NAME is a
// pipe to a helper process that sends each line as a message, or writes each message as a line until the mailbox is
// closed.
#ifndef MISH_BUILTINS_IPC_VIRTUAL_FILES_H_
#define MISH_BUILTINS_IPC_VIRTUAL_FILES_H_

#include <string_view>

#include "shell/api/virtual_files.h"

namespace mish::builtins {

/// An api::OpenVirtualFile. ENOENT when there is no such mailbox, EACCES when it may not be used, EINVAL for a
/// malformed name or /dev/mbox opened for both reading and writing; for the network the errno of the connection.
Result<UniqueFd> open_virtual_file(std::string_view path, int flags, bool& is_virtual);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_VIRTUAL_FILES_H_
