// SPDX-License-Identifier: GPL-3.0-or-later
// Names of redirection targets that are no files: /dev/tcp/HOST/PORT, /dev/udp/HOST/PORT, /dev/mbox/NAME. The executor
// asks the one function that main hands it; who implements it is unknown here. Off in POSIX mode.
#ifndef MISH_SHELL_API_VIRTUAL_FILES_H_
#define MISH_SHELL_API_VIRTUAL_FILES_H_

#include <string_view>

#include "shell/base/fd.h"
#include "shell/base/result.h"

namespace mish::api {

/// Opens `path` (NUL-terminated) as a virtual file with the flags of open(2). Sets `is_virtual` false, and returns any
/// error, when the name is an ordinary one. The descriptor is close-on-exec.
using OpenVirtualFile = Result<UniqueFd> (*)(std::string_view path, int flags, bool& is_virtual);

}  // namespace mish::api

#endif  // MISH_SHELL_API_VIRTUAL_FILES_H_
