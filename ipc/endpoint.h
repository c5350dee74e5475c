// SPDX-License-Identifier: GPL-3.0-or-later
// Socket addresses as one word (tcp:HOST:PORT, udp:HOST:PORT, mcast:GROUP:PORT, unix:PATH, seqpacket:PATH) and framing:
// where a message ends on a stream that knows no messages. Also /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT.
#ifndef MISH_IPC_ENDPOINT_H_
#define MISH_IPC_ENDPOINT_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/status.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"
#include "shell/base/result.h"

namespace mish::ipc {

enum class Transport : uint8_t { Tcp, Udp, Multicast, Unix, SeqPacket };
std::string_view transport_name(Transport transport);

struct Endpoint {
  Transport transport = Transport::Tcp;
  std::string host;  // tcp, udp, mcast; empty = every address of this machine
  std::string port;  // a number or a name of /etc/services; "0" = the system chooses
  std::string path;  // unix, seqpacket; "@name" = the abstract name space of Linux

  /// Usage when it is none of the forms. IPv6 addresses in brackets: tcp:[::1]:80.
  static Outcome<Endpoint> parse(std::string_view text);
  std::string text() const;
  bool is_local() const { return transport == Transport::Unix || transport == Transport::SeqPacket; }
  /// Whether each message arrives whole by itself, so that no framing is needed.
  bool keeps_messages() const { return transport != Transport::Tcp && transport != Transport::Unix; }
};

/// A socket that listens (tcp, unix, seqpacket) or receives (udp, mcast: joins the group). A socket file that nobody
/// listens on any more is replaced; Exists when somebody does.
Outcome<UniqueFd> listen_at(const Endpoint& endpoint, int backlog);
/// A connected socket. Closed when nobody listens there, TimedOut, Interrupted.
Outcome<UniqueFd> connect_to(const Endpoint& endpoint, const Wait& wait);
struct Accepted {
  UniqueFd fd;
  Endpoint peer;
};
Outcome<Accepted> accept_from(int listener, const Wait& wait);

/// Addresses of an open socket. NotPermitted never; Usage when `fd` is no socket.
Outcome<Endpoint> local_endpoint(int fd);
Outcome<Endpoint> peer_endpoint(int fd);
/// Who is at the other end of a local socket: cannot be forged. pid 0 when unknown.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};
PeerCredentials peer_credentials(int fd);

/// Where a message ends: at a newline, at a NUL, after a length of four bytes (most significant first), at end of file;
/// Message: the transport itself keeps messages apart.
enum class Framing : uint8_t { Line, Nul, Length, Whole, Message };
Outcome<Framing> parse_framing(std::string_view text);
/// The framing of a socket when the user names none.
Framing default_framing(int fd);

/// Sends one message, framed. Closed when the other side is gone (never SIGPIPE).
Outcome<void> send_framed(int fd, std::string_view message, Framing framing, const Wait& wait);
/// Receives one message. Reads not one byte more than it, so that other readers of the descriptor find the next one.
/// Closed at end of file (a last line without its newline is given before). TooBig beyond `limit` bytes.
Outcome<std::string> receive_framed(int fd, Framing framing, size_t limit, const Wait& wait);

/// "/dev/tcp/HOST/PORT" and "/dev/udp/HOST/PORT" as a connected socket. `is_network` false: another path. EINVAL for
/// a malformed one, ECONNREFUSED and so on from the connection, ENXIO when the host is unknown.
Result<UniqueFd> open_network_path(std::string_view path, bool& is_network);

}  // namespace mish::ipc

#endif  // MISH_IPC_ENDPOINT_H_
