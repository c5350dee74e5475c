// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/endpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "shell/base/text.h"

namespace mish::ipc {

namespace {

Error usage(std::string sentence) { return {Status::Usage, EINVAL, std::move(sentence)}; }

int socket_type(Transport transport) {
  switch (transport) {
    case Transport::Tcp:
    case Transport::Unix: return SOCK_STREAM;
    case Transport::Udp:
    case Transport::Multicast: return SOCK_DGRAM;
    case Transport::SeqPacket: return SOCK_SEQPACKET;
  }
  return SOCK_STREAM;
}

struct LocalAddress {
  sockaddr_un address{};
  socklen_t length = 0;
};

Outcome<LocalAddress> local_address(const std::string& path) {
  LocalAddress out;
  out.address.sun_family = AF_UNIX;
  if (path.empty()) return usage("the path is empty");
  if (path.size() >= sizeof out.address.sun_path) {
    return usage(fmt::format("the path is longer than {} bytes", sizeof out.address.sun_path - 1));
  }
  std::memcpy(out.address.sun_path, path.data(), path.size());
  if (path[0] == '@') out.address.sun_path[0] = '\0';
  out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1));
  return out;
}

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Outcome<AddressList> resolve(const Endpoint& endpoint, bool is_passive) {
  // The resolver takes any number and uses its lowest 16 bits.
  if (auto number = parse_integer(endpoint.port); number && (*number < 0 || *number > UINT16_MAX)) {
    return usage(fmt::format("'{}' is no port: 0 to {}", endpoint.port, UINT16_MAX));
  }
  addrinfo hints{};
  hints.ai_socktype = socket_type(endpoint.transport);
  hints.ai_flags = is_passive ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  int code = getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(), endpoint.port.c_str(), &hints, &list);
  if (code == 0) return AddressList(list, freeaddrinfo);
  std::string_view what = code == EAI_SERVICE ? std::string_view(endpoint.port) : std::string_view(endpoint.host);
  return Error{Status::NoObject, ENXIO,
               fmt::format("{}: {}", what, code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code))};
}

void set_flag(int fd, int level, int option) {
  int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

/// Joins the group of `address` on every interface the system chooses.
int join_group(int fd, const addrinfo& address) {
  if (address.ai_family == AF_INET6) {
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = reinterpret_cast<const sockaddr_in6*>(address.ai_addr)->sin6_addr;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
  }
  ip_mreqn request{};
  request.imr_multiaddr = reinterpret_cast<const sockaddr_in*>(address.ai_addr)->sin_addr;
  if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0) return 0;
  // Without a route for multicast the system finds no interface: the loopback serves processes of one machine.
  request.imr_address.s_addr = htonl(INADDR_LOOPBACK);
  return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
}

Outcome<UniqueFd> listen_on_network(const Endpoint& endpoint, int backlog) {
  Outcome<AddressList> addresses = resolve(endpoint, true);
  if (!addresses) return addresses.error();
  int code = EADDRNOTAVAIL;
  for (const addrinfo* a = addresses->get(); a != nullptr; a = a->ai_next) {
    UniqueFd fd(socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    if (!fd) {
      code = errno;
      continue;
    }
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    bool is_group = endpoint.transport == Transport::Multicast;
    if (bind(fd.get(), a->ai_addr, a->ai_addrlen) == 0 && (!is_group || join_group(fd.get(), *a) == 0) &&
        (endpoint.transport != Transport::Tcp || listen(fd.get(), backlog) == 0)) {
      return fd;
    }
    code = errno;
  }
  if (code == EADDRINUSE) return Error{Status::Exists, code, "the address is in use"};
  return error_from_errno(code);
}

/// Whether nobody listens at a socket file any more.
bool is_stale(const LocalAddress& address, int type) {
  UniqueFd probe(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.address), address.length) != 0 &&
         errno == ECONNREFUSED;
}

Outcome<UniqueFd> listen_on_path(const Endpoint& endpoint, int backlog) {
  Outcome<LocalAddress> address = local_address(endpoint.path);
  if (!address) return address.error();
  int type = socket_type(endpoint.transport);
  UniqueFd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd) return error_from_errno(errno);
  const auto* name = reinterpret_cast<const sockaddr*>(&address->address);
  bool is_bound = bind(fd.get(), name, address->length) == 0;
  struct stat status {};
  if (!is_bound && errno == EADDRINUSE && lstat(endpoint.path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
      is_stale(*address, type)) {
    unlink(endpoint.path.c_str());
    is_bound = bind(fd.get(), name, address->length) == 0;
  }
  if (!is_bound) {
    if (errno == EADDRINUSE) return Error{Status::Exists, errno, "somebody else listens here already"};
    return error_from_errno(errno);
  }
  if (listen(fd.get(), backlog) != 0) return error_from_errno(errno);
  return fd;
}

/// Finishes a connect(2) of a nonblocking socket. 0 or an errno.
Outcome<void> finish_connect(int fd, const Wait& wait) {
  WaitResult result = wait_for_fd(fd, POLLOUT, wait);
  if (result != WaitResult::Ready) return wait_error(result, wait, "the connection is not there yet");
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return error_from_errno(code);
  return {};
}

Error connect_error(int code) {
  if (code == ECONNREFUSED) return {Status::Closed, code, "nobody listens there"};
  if (code == ENOENT) return {Status::NoObject, code, "there is no such socket"};
  return error_from_errno(code);
}

Outcome<UniqueFd> connect_socket(int family, int type, const sockaddr* address, socklen_t length, const Wait& wait) {
  UniqueFd fd(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return error_from_errno(errno);
  if (connect(fd.get(), address, length) != 0) {
    int code = errno;
    if (code == EAGAIN && family == AF_UNIX) {
      // A full backlog of a local socket: only a blocking connect waits for it.
      fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
      if (wait.is_nowait()) return Error{Status::WouldBlock, EAGAIN, "the other side has no room for a connection"};
      WaitTimer timer(wait);
      while (connect(fd.get(), address, length) != 0) {
        if (errno != EINTR) return connect_error(errno);
        if (wait.interrupt.stop()) return wait_error(WaitResult::Interrupted, wait, {});
        if (wait.remaining_ns() == 0) return wait_error(WaitResult::TimedOut, wait, {});
      }
      return fd;
    }
    if (code != EINPROGRESS && code != EINTR) return connect_error(code);
    Wait patient = wait;
    if (patient.is_nowait()) patient.deadline = kForever;
    if (Outcome<void> done = finish_connect(fd.get(), patient); !done) {
      return done.error().error_number != 0 && done.status() != Status::Interrupted
                 ? connect_error(done.error().error_number)
                 : done.error();
    }
  }
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  return fd;
}

Endpoint endpoint_of(const sockaddr_storage& address, socklen_t length, int type) {
  Endpoint out;
  if (address.ss_family == AF_UNIX) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(address);
    out.transport = type == SOCK_SEQPACKET ? Transport::SeqPacket : Transport::Unix;
    size_t n = length > offsetof(sockaddr_un, sun_path) ? length - offsetof(sockaddr_un, sun_path) : 0;
    if (n == 0) return out;
    if (local.sun_path[0] == '\0')
      out.path = "@" + std::string(local.sun_path + 1, n - 1);
    else
      out.path.assign(local.sun_path, strnlen(local.sun_path, n));
    return out;
  }
  out.transport = type == SOCK_DGRAM ? Transport::Udp : Transport::Tcp;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    out.host = host;
    out.port = port;
  }
  return out;
}

int type_of(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 ? type : -1;
}

/// Sends all bytes with the wait's limit; sockets without SIGPIPE, other descriptors by write(2).
Outcome<void> send_bytes(int fd, std::string_view bytes, bool is_message, const Wait& wait) {
  bool is_socket = type_of(fd) >= 0;
  do {
    // MSG_DONTWAIT without touching the flags of a descriptor that others share.
    ssize_t n = is_socket ? ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                          : ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      if (is_message) return {};
      bytes.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return error_from_errno(errno);
    WaitResult result = wait_for_fd(fd, POLLOUT, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "the other side has no room");
  } while (!bytes.empty());
  return {};
}

/// Reads exactly `size` bytes appended to `out`; fewer only at end of file. The number read.
Outcome<size_t> receive_bytes(int fd, size_t size, std::string& out, const Wait& wait) {
  size_t start = out.size();
  out.resize(start + size);
  size_t done = 0;
  while (done < size) {
    WaitResult result = wait_for_fd(fd, POLLIN, wait);
    if (result != WaitResult::Ready) {
      out.resize(start + done);
      return wait_error(result, wait, "nothing has arrived");
    }
    ssize_t n = ::read(fd, out.data() + start + done, size - done);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) {
      int code = errno;
      out.resize(start + done);
      return error_from_errno(code);
    }
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  out.resize(start + done);
  return done;
}

Error closed() { return {Status::Closed, 0, "the other side has closed"}; }
Error too_big(size_t limit) {
  return {Status::TooBig, EMSGSIZE, fmt::format("the message is longer than {} bytes", limit)};
}

/// Up to and including `end`. Looks ahead with MSG_PEEK, so that what follows stays in the socket.
Outcome<std::string> receive_until(int fd, char end, size_t limit, const Wait& wait) {
  std::string out;
  bool is_socket = type_of(fd) >= 0;
  char ahead[4096];
  for (;;) {
    size_t take = 1;  // other descriptors cannot be looked into: byte by byte, as read(1) must
    if (is_socket) {
      WaitResult result = wait_for_fd(fd, POLLIN, wait);
      if (result != WaitResult::Ready) return wait_error(result, wait, "nothing has arrived");
      ssize_t n = recv(fd, ahead, sizeof ahead, MSG_PEEK | MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0) return error_from_errno(errno);
      const void* at = n > 0 ? memchr(ahead, end, static_cast<size_t>(n)) : nullptr;
      take = at != nullptr ? static_cast<size_t>(static_cast<const char*>(at) - ahead) + 1
                           : static_cast<size_t>(std::max<ssize_t>(n, 1));
    }
    Outcome<size_t> n = receive_bytes(fd, take, out, wait);
    if (!n) return n.error();
    if (*n == 0) return out.empty() ? Outcome<std::string>(closed()) : Outcome<std::string>(out);
    if (out.back() == end) {
      out.pop_back();
      return out;
    }
    if (out.size() > limit) return too_big(limit);
  }
}

Outcome<std::string> receive_message(int fd, size_t limit, const Wait& wait) {
  for (;;) {
    WaitResult result = wait_for_fd(fd, POLLIN, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "nothing has arrived");
    char probe = 0;
    ssize_t size = recv(fd, &probe, 1, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return error_from_errno(errno);
    if (size == 0 && type_of(fd) != SOCK_DGRAM) return closed();
    if (static_cast<size_t>(size) > limit) return too_big(limit);
    std::string out(static_cast<size_t>(size), '\0');
    ssize_t n = recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return error_from_errno(errno);
    out.resize(static_cast<size_t>(n));
    return out;
  }
}

}  // namespace

std::string_view transport_name(Transport transport) {
  switch (transport) {
    case Transport::Tcp: return "tcp";
    case Transport::Udp: return "udp";
    case Transport::Multicast: return "mcast";
    case Transport::Unix: return "unix";
    case Transport::SeqPacket: return "seqpacket";
  }
  return "";
}

Outcome<Endpoint> Endpoint::parse(std::string_view text) {
  Endpoint out;
  size_t colon = text.find(':');
  std::string_view kind = text.substr(0, colon);
  bool is_known = false;
  for (Transport t : {Transport::Tcp, Transport::Udp, Transport::Multicast, Transport::Unix, Transport::SeqPacket}) {
    if (kind != transport_name(t)) continue;
    out.transport = t;
    is_known = true;
  }
  if (colon == std::string_view::npos || !is_known) {
    return usage(fmt::format(
        "'{}' is no address (tcp:HOST:PORT udp:HOST:PORT mcast:GROUP:PORT unix:PATH seqpacket:PATH)", text));
  }
  std::string_view rest = text.substr(colon + 1);
  if (out.is_local()) {
    out.path = rest;
    Outcome<LocalAddress> address = local_address(out.path);
    if (!address) return address.error();
    return out;
  }
  size_t last = rest.rfind(':');
  if (last == std::string_view::npos || last + 1 == rest.size()) return usage(fmt::format("'{}' names no port", text));
  std::string_view host = rest.substr(0, last);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "*") host = {};
  out.host = host;
  out.port = rest.substr(last + 1);
  return out;
}

std::string Endpoint::text() const {
  if (is_local()) return fmt::format("{}:{}", transport_name(transport), path);
  bool needs_brackets = host.find(':') != std::string::npos;
  return fmt::format("{}:{}{}{}:{}", transport_name(transport), needs_brackets ? "[" : "", host,
                     needs_brackets ? "]" : "", port);
}

Outcome<UniqueFd> listen_at(const Endpoint& endpoint, int backlog) {
  return endpoint.is_local() ? listen_on_path(endpoint, backlog) : listen_on_network(endpoint, backlog);
}

Outcome<UniqueFd> connect_to(const Endpoint& endpoint, const Wait& wait) {
  int type = socket_type(endpoint.transport);
  if (endpoint.is_local()) {
    Outcome<LocalAddress> address = local_address(endpoint.path);
    if (!address) return address.error();
    return connect_socket(AF_UNIX, type, reinterpret_cast<const sockaddr*>(&address->address), address->length, wait);
  }
  Outcome<AddressList> addresses = resolve(endpoint, false);
  if (!addresses) return addresses.error();
  Outcome<UniqueFd> last = error_from_errno(EADDRNOTAVAIL);
  for (const addrinfo* a = addresses->get(); a != nullptr; a = a->ai_next) {
    last = connect_socket(a->ai_family, type, a->ai_addr, a->ai_addrlen, wait);
    if (last || last.status() == Status::Interrupted || last.status() == Status::TimedOut) break;
    if (endpoint.transport == Transport::Multicast && last.error().error_number == ENETUNREACH) {
      // No route for multicast: send on the loopback.
      UniqueFd fd(socket(a->ai_family, type | SOCK_CLOEXEC, 0));
      in_addr loopback{htonl(INADDR_LOOPBACK)};
      setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
      if (connect(fd.get(), a->ai_addr, a->ai_addrlen) == 0) return fd;
    }
  }
  return last;
}

Outcome<Accepted> accept_from(int listener, const Wait& wait) {
  for (;;) {
    WaitResult result = wait_for_fd(listener, POLLIN, wait);
    if (result != WaitResult::Ready) return wait_error(result, wait, "nobody has connected");
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    UniqueFd fd(accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC));
    if (fd) {
      Endpoint peer = endpoint_of(address, length, type_of(fd.get()));
      return Accepted{std::move(fd), std::move(peer)};
    }
    if (errno == EINTR || errno == ECONNABORTED || errno == EAGAIN) continue;
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTSOCK) return usage("this descriptor does not listen");
    return error_from_errno(errno);
  }
}

Outcome<Endpoint> local_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return usage("this descriptor is no socket");
  return endpoint_of(address, length, type_of(fd));
}

Outcome<Endpoint> peer_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return errno == ENOTCONN ? Error{Status::Closed, ENOTCONN, "not connected"} : usage("this descriptor is no socket");
  }
  return endpoint_of(address, length, type_of(fd));
}

PeerCredentials peer_credentials(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return {credentials.pid, credentials.uid, credentials.gid};
}

Outcome<Framing> parse_framing(std::string_view text) {
  if (text == "line") return Framing::Line;
  if (text == "nul") return Framing::Nul;
  if (text == "len") return Framing::Length;
  if (text == "whole") return Framing::Whole;
  return usage(fmt::format("'{}' is no framing (line, nul, len, whole)", text));
}

Framing default_framing(int fd) {
  return type_of(fd) == SOCK_STREAM || type_of(fd) < 0 ? Framing::Line : Framing::Message;
}

Outcome<void> send_framed(int fd, std::string_view message, Framing framing, const Wait& wait) {
  std::string framed;
  switch (framing) {
    case Framing::Message:
      if (message.empty() && type_of(fd) == SOCK_SEQPACKET) {
        return usage("an empty message would be read as the end of the connection");
      }
      return send_bytes(fd, message, true, wait);
    case Framing::Whole: return message.empty() ? Outcome<void>() : send_bytes(fd, message, false, wait);
    case Framing::Line:
    case Framing::Nul: {
      char end = framing == Framing::Line ? '\n' : '\0';
      if (message.find(end) != std::string_view::npos) {
        return usage(fmt::format("the message holds a {}: use another --frame", end == '\n' ? "newline" : "NUL"));
      }
      framed.reserve(message.size() + 1);
      framed = message;
      framed.push_back(end);
      break;
    }
    case Framing::Length: {
      if (message.size() > UINT32_MAX) return too_big(UINT32_MAX);
      for (int shift = 24; shift >= 0; shift -= 8) framed.push_back(static_cast<char>(message.size() >> shift & 0xff));
      framed += message;
      break;
    }
  }
  return send_bytes(fd, framed, false, wait);
}

Outcome<std::string> receive_framed(int fd, Framing framing, size_t limit, const Wait& wait) {
  std::string out;
  switch (framing) {
    case Framing::Message: return receive_message(fd, limit, wait);
    case Framing::Line: return receive_until(fd, '\n', limit, wait);
    case Framing::Nul: return receive_until(fd, '\0', limit, wait);
    case Framing::Whole:
      for (;;) {
        WaitResult result = wait_for_fd(fd, POLLIN, wait);
        if (result != WaitResult::Ready) return wait_error(result, wait, "nothing has arrived");
        char buffer[65536];
        ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return error_from_errno(errno);
        if (n == 0) return out;
        if (out.size() + static_cast<size_t>(n) > limit) return too_big(limit);
        out.append(buffer, static_cast<size_t>(n));
      }
    case Framing::Length: break;
  }
  Outcome<size_t> n = receive_bytes(fd, 4, out, wait);
  if (!n) return n.error();
  if (*n == 0) return closed();
  if (*n < 4) return Error{Status::Damaged, 0, "the stream ended within a length"};
  size_t length = 0;
  for (char c : out) length = length << 8 | static_cast<unsigned char>(c);
  if (length > limit) return too_big(limit);
  out.clear();
  n = receive_bytes(fd, length, out, wait);
  if (!n) return n.error();
  if (*n < length) return Error{Status::Damaged, 0, "the stream ended within a message"};
  return out;
}

Result<UniqueFd> open_network_path(std::string_view path, bool& is_network) {
  bool is_tcp = path.starts_with("/dev/tcp/");
  is_network = is_tcp || path.starts_with("/dev/udp/");
  if (!is_network) return Errno(ENOENT);
  std::string_view rest = path.substr(9);
  size_t slash = rest.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) return Errno(EINVAL);
  Endpoint endpoint;
  endpoint.transport = is_tcp ? Transport::Tcp : Transport::Udp;
  endpoint.host = rest.substr(0, slash);
  endpoint.port = rest.substr(slash + 1);
  Outcome<UniqueFd> fd = connect_to(endpoint, Wait::forever());
  if (fd) return std::move(*fd);
  return Errno(fd.error().error_number != 0 ? fd.error().error_number : EIO);
}

}  // namespace mish::ipc
