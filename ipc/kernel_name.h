// SPDX-License-Identifier: GPL-3.0-or-later
// How a user names a kernel object: POSIX objects by the kernel's own names ("OS" and "/OS" are shm_open's "/OS"),
// System V objects by key ("key:0x1234") or id ("id:7"). Other programs chose these names, so the rule is the kernel's,
// not the narrower one of our own objects.
#ifndef MISH_IPC_KERNEL_NAME_H_
#define MISH_IPC_KERNEL_NAME_H_

#include <sys/ipc.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/status.h"

namespace mish::ipc {

enum class Api : uint8_t { Posix, SystemV, File };
/// "posix", "sysv", "file".
std::string_view api_name(Api api);

struct KernelName {
  Api api = Api::Posix;
  std::string name;         // Posix: without the slash. File: the path
  key_t key = IPC_PRIVATE;  // SystemV
  int id = -1;              // SystemV: >= 0 when named by id

  /// "/OS" for the POSIX calls.
  std::string posix_path() const { return "/" + name; }
  /// As the user may write it again: "OS", "key:0x1234", "id:7", the path.
  std::string text() const;
};

/// A POSIX name: 1 to 250 bytes without '/', not "." or "..", one leading '/' allowed. Usage otherwise.
Outcome<KernelName> posix_name(std::string_view text);
/// A System V key: decimal, 0x hexadecimal, 0 octal, or "private".
Outcome<KernelName> sysv_key(std::string_view text);
Outcome<KernelName> sysv_id(std::string_view text);
/// Any of them: "key:K", "id:N" or a POSIX name.
Outcome<KernelName> parse_kernel_name(std::string_view text);

/// Non-negative integer in C notation (decimal, 0x, 0).
Outcome<uint64_t> parse_unsigned(std::string_view text);
/// A size in bytes: an integer with an optional suffix K, M, G or T (powers of 1024), "B" or "iB" after it allowed.
Outcome<uint64_t> parse_size(std::string_view text);
/// A length of time in ns: a decimal number with ns, us, ms, s (default), m, h or d.
Outcome<int64_t> parse_duration(std::string_view text);
/// Octal permissions, at most 0777.
Outcome<mode_t> parse_mode(std::string_view text);
/// "4096", "64K", "1.5M": for sentences and tables.
std::string size_text(uint64_t bytes);

}  // namespace mish::ipc

#endif  // MISH_IPC_KERNEL_NAME_H_
