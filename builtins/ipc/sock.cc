// SPDX-License-Identifier: GPL-3.0-or-later
// sock: sockets (ipc/endpoint.h) at the prompt. A socket is a descriptor of the shell: `cat <&$FD` and `echo >&$FD`
// work.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtins/ipc/mailboxes.h"
#include "builtins/ipc/nouns.h"
#include "ipc/endpoint.h"
#include "ipc/inventory.h"
#include "shell/base/fd.h"
#include "shell/base/text.h"
#include "shell/process/fd_plan.h"

namespace mish::builtins {

namespace {

/// Operand 0 as an open descriptor of a socket.
std::optional<int> socket_operand(Call& call) {
  std::optional<int> fd = parse_id(call.operand(0));
  struct stat status {};
  if (fd && fstat(*fd, &status) == 0 && S_ISSOCK(status.st_mode)) return fd;
  call.fail({ipc::Status::NoObject, EBADF, "no open socket has this number"});
  return std::nullopt;
}
Completion no_socket() { return Completion::of(static_cast<int>(ipc::Status::NoObject)); }

/// Hands a new socket to the user: its number into the variable of -v.
Completion give(Call& call, UniqueFd fd) {
  Result<UniqueFd> moved = move_above_9(std::move(fd));
  if (!moved.ok()) return call.fail(ipc::error_from_errno(moved.code()));
  Completion done = call.result(std::to_string(moved->get()));
  if (done.status != 0) return done;
  // From now on the user's, as after exec {fd}<...: redirections find it, commands inherit it.
  if (Result<void> shared = set_close_on_exec(moved->get(), false); !shared.ok())
    return call.fail(ipc::error_from_errno(shared.code()));
  static_cast<void>(moved->release());
  return done;
}

Completion listen(Call& call) {
  ipc::Outcome<ipc::Endpoint> endpoint = ipc::Endpoint::parse(call.operand(0));
  if (!endpoint) return call.usage(endpoint.error().sentence);
  int backlog = static_cast<int>(call.integer("backlog", 1, INT32_MAX).value_or(128));
  if (call.failed()) return call.failure();
  ipc::Outcome<UniqueFd> fd = ipc::listen_at(*endpoint, backlog);
  if (!fd) return call.fail(fd.error());
  if (std::string_view variable = call.value("address-var"); variable.data() != nullptr) {
    ipc::Outcome<ipc::Endpoint> address = ipc::local_endpoint(fd->get());
    if (address && endpoint->transport == ipc::Transport::Multicast) address->transport = endpoint->transport;
    if (!call.assign(variable, address ? address->text() : std::string())) return call.failure();
  }
  return give(call, std::move(*fd));
}

Completion connect(Call& call) {
  ipc::Outcome<ipc::Endpoint> endpoint = ipc::Endpoint::parse(call.operand(0));
  if (!endpoint) return call.usage(endpoint.error().sentence);
  ipc::Outcome<UniqueFd> fd = call.waiting([&](const ipc::Wait& wait) { return ipc::connect_to(*endpoint, wait); });
  return fd ? give(call, std::move(*fd)) : call.fail(fd.error());
}

Completion accept(Call& call) {
  std::optional<int> listener = socket_operand(call);
  if (!listener) return no_socket();
  ipc::Outcome<ipc::Accepted> accepted =
      call.waiting([&](const ipc::Wait& wait) { return ipc::accept_from(*listener, wait); });
  if (!accepted) return call.fail(accepted.error());
  if (std::string_view variable = call.value("peer-var"); variable.data() != nullptr) {
    ipc::PeerCredentials who = ipc::peer_credentials(accepted->fd.get());
    std::string text = accepted->peer.is_local() ? fmt::format("pid:{}", who.pid) : accepted->peer.text();
    if (!call.assign(variable, text)) return call.failure();
  }
  return give(call, std::move(accepted->fd));
}

std::optional<ipc::Framing> framing_of(Call& call, int fd) {
  std::string_view text = call.value("frame");
  if (text.data() == nullptr) return ipc::default_framing(fd);
  ipc::Outcome<ipc::Framing> framing = ipc::parse_framing(text);
  if (framing) return *framing;
  call.usage(framing.error().sentence);
  return std::nullopt;
}

Completion send(Call& call) {
  std::optional<int> fd = socket_operand(call);
  if (!fd) return no_socket();
  std::optional<ipc::Framing> framing = framing_of(call, *fd);
  if (!framing) return call.failure();
  std::optional<std::string> message = call.message();
  if (!message) return call.input_failure();
  ipc::Outcome<void> done =
      call.waiting([&](const ipc::Wait& wait) { return ipc::send_framed(*fd, *message, *framing, wait); });
  return done ? call.done() : call.fail(done.error());
}

Completion recv(Call& call) {
  std::optional<int> fd = socket_operand(call);
  if (!fd) return no_socket();
  std::optional<ipc::Framing> framing = framing_of(call, *fd);
  std::optional<uint64_t> limit = call.size("max");
  if (!framing || call.failed()) return call.failure();
  ipc::Outcome<std::string> message = call.waiting([&](const ipc::Wait& wait) {
    return ipc::receive_framed(*fd, *framing, limit.value_or(uint64_t{64} << 20), wait);
  });
  if (!message) return call.fail(message.error());
  return call.result(*message, *framing == ipc::Framing::Whole);
}

Cell endpoint_cell(const ipc::Outcome<ipc::Endpoint>& endpoint) {
  if (!endpoint) return no_cell();
  std::string text = endpoint->text();
  return text.back() == ':' ? no_cell() : text_cell(text);
}

Cell transport_cell(const ipc::Outcome<ipc::Endpoint>& local) {
  return local ? text_cell(ipc::transport_name(local->transport)) : no_cell();
}

bool is_listening(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;
}

Completion stat(Call& call) {
  std::optional<int> fd = socket_operand(call);
  if (!fd) return no_socket();
  ipc::PeerCredentials who = ipc::peer_credentials(*fd);
  ipc::Outcome<ipc::Endpoint> local = ipc::local_endpoint(*fd);
  bool knows_peer = local && local->is_local() && !is_listening(*fd) && who.pid != 0;
  Record record;
  record.add("kind", text_cell("socket"));
  record.add("fd", number_cell(*fd));
  record.add("transport", transport_cell(local));
  record.add("local", endpoint_cell(local));
  record.add("peer", endpoint_cell(ipc::peer_endpoint(*fd)));
  record.add("listening", bool_cell(is_listening(*fd)));
  record.add("peer_pid", knows_peer ? number_cell(who.pid) : no_cell());
  record.add("peer_user", knows_peer ? user_cell(who.uid) : no_cell());
  return record.print(call);
}

/// The user's: not the doorbell of the mailboxes, nor what a redirection keeps for later.
std::vector<int> own_sockets() {
  std::vector<int> out = open_descriptors();
  std::erase_if(out, [](int fd) {
    struct stat status {};
    return fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode) || !process::is_user_fd(fd);
  });
  return out;
}

Completion list(Call& call) {
  if (call.has("all")) {
    Table table{{"path", "PATH"}, {"type", "TYPE"}, {"listening", "LISTENING"}};
    for (const ipc::LocalSocket& s : ipc::list_local_sockets()) {
      table.add({text_cell(s.path), text_cell(s.type), bool_cell(s.is_listening)});
    }
    return table.print(call);
  }
  Table table{
      {"fd", "FD"}, {"transport", "TRANSPORT"}, {"local", "LOCAL"}, {"peer", "PEER"}, {"listening", "LISTENING"}};
  for (int fd : own_sockets()) {
    ipc::Outcome<ipc::Endpoint> local = ipc::local_endpoint(fd);
    table.add({number_cell(fd), transport_cell(local), endpoint_cell(local), endpoint_cell(ipc::peer_endpoint(fd)),
               bool_cell(is_listening(fd))});
  }
  return table.print(call);
}

Completion close(Call& call) {
  std::optional<int> fd = socket_operand(call);
  if (!fd) return no_socket();
  if (std::string_view half = call.value("only"); half.data() != nullptr) {
    if (half != "send" && half != "recv") return call.usage("--only takes send or recv");
    shutdown(*fd, half == "send" ? SHUT_WR : SHUT_RD);
    return call.done();
  }
  ipc::Outcome<ipc::Endpoint> local = ipc::local_endpoint(*fd);
  bool has_file = is_listening(*fd) && local && local->is_local() && !local->path.empty() && local->path[0] != '@';
  ::close(*fd);
  if (has_file) unlink(local->path.c_str());  // a listening socket's file is of no use without it
  return call.done();
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  for (int fd : own_sockets()) out.push_back(std::to_string(fd));
  return out;
}

constexpr OptionRow kFdVariable{"variable", 'v', "FD", "store the descriptor's number in FD instead of printing it"};
constexpr OptionRow kAddressVariable{"address-var", 0, "VAR",
                                     "store the address (with the port the system chose) in VAR"};
constexpr OptionRow kPeerVariable{"peer-var", 0, "VAR", "store who connected in VAR (an address, or pid:N)"};
constexpr OptionRow kBacklog{"backlog", 0, "N", "connections that may wait (default 128)"};
constexpr OptionRow kFrame{"frame", 0, "F",
                           "where a message ends: line, nul, len (4 bytes length), whole (end of file)"};
constexpr OptionRow kMost{"max", 0, "B", "the longest message (default 64M)"};
constexpr OptionRow kOnly{"only", 0, "send|recv", "close one direction"};
constexpr OptionRow kAll{"all", 0, "", "all local sockets with a name, of every program"};

constexpr OptionRow kListenOptions[] = {kFdVariable, kAddressVariable, kBacklog};
constexpr OptionRow kConnectOptions[] = {kFdVariable, kTimeoutOption};
constexpr OptionRow kAcceptOptions[] = {kFdVariable, kPeerVariable, kNoWaitOption, kTimeoutOption};
constexpr OptionRow kSendOptions[] = {kFrame, kNoWaitOption, kTimeoutOption, kFileOption};
constexpr OptionRow kRecvOptions[] = {kVariableOption, kFrame, kMost, kNoWaitOption, kTimeoutOption};
constexpr OptionRow kJsonOptions[] = {kJsonOption};
constexpr OptionRow kListOptions[] = {kAll, kJsonOption};
constexpr OptionRow kCloseOptions[] = {kOnly};

constexpr Verb kVerbs[] = {
    {"listen", listen, "ADDR -v FD [--address-var VAR]",
     "wait for connections (tcp, unix, seqpacket) or messages (udp, mcast)",
     "sock listen tcp:127.0.0.1:0 -v L --address-var where", kListenOptions, 1, 1},
    {"connect", connect, "ADDR -v FD [--timeout D]",
     "connect to ADDR: tcp:HOST:PORT udp:... mcast:GROUP:PORT unix:PATH seqpacket:PATH",
     "sock connect tcp:localhost:80 -v S; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&$S; cat <&$S", kConnectOptions, 1, 1},
    {"accept", accept, "FD -v NEW [--peer-var VAR] [--nowait | --timeout D]", "take the next connection",
     "sock accept $L -v C", kAcceptOptions, 1, 1},
    {"send", send, "FD [--frame F] [-f FILE | data]", "send one message", "sock send $C --frame len -f picture.png",
     kSendOptions, 1, 1, true},
    {"recv", recv, "FD [--frame F] [-v VAR] [--nowait | --timeout D]", "receive one message (status 7 at the end)",
     "while sock recv $C -v line; do echo \"$line\"; done", kRecvOptions, 1, 1},
    {"stat", stat, "FD [--json]", "tell both addresses, and who is at the other end of a local socket", "sock stat $C",
     kJsonOptions, 1, 1},
    {"list", list, "[--all] [--json]", "list the sockets of this shell", "sock list", kListOptions, 0, 0},
    {"close", close, "FD [--only send|recv]", "close a socket; a listening one's file goes too", "sock close $C",
     kCloseOptions, 1, 1},
};

}  // namespace

const Noun kSockNoun{"sock", "sockets: TCP, UDP, multicast and local ones", kVerbs, objects};

}  // namespace mish::builtins
