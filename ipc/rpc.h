// SPDX-License-Identifier: GPL-3.0-or-later
// Remote procedure calls over ports: a call (function, arguments, standard input) and its answer (status, standard
// output and error) as messages, and the list of functions a server offers. Numbers travel most significant byte first,
// so that the same bytes serve another machine at the far end of ssh.
#ifndef MISH_IPC_RPC_H_
#define MISH_IPC_RPC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/status.h"

namespace mish::ipc {

struct RpcCall {
  enum class Kind : uint8_t { Call = 1, Schema = 2 };
  Kind kind = Kind::Call;
  std::string function;
  std::vector<std::string> arguments;
  std::string input;
};

struct RpcReply {
  int status = 0;  // exit status; 127 when the server does not offer the function
  std::string output, error;
  uint64_t input_used = 0;  // bytes of the input that were read: the rest is still the caller's
};

/// One function of a server.
struct RpcFunction {
  std::string name;
  std::string description;
};

std::string marshal(const RpcCall& call);
std::string marshal(const RpcReply& reply);
std::string marshal(const std::vector<RpcFunction>& schema);
/// Damaged when the bytes are none, or of another version.
Outcome<RpcCall> unmarshal_call(std::string_view bytes);
Outcome<RpcReply> unmarshal_reply(std::string_view bytes);
Outcome<std::vector<RpcFunction>> unmarshal_schema(std::string_view bytes);

}  // namespace mish::ipc

#endif  // MISH_IPC_RPC_H_
