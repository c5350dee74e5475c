// SPDX-License-Identifier: GPL-3.0-or-later
// Ports in the manner of the ALPC of Windows: a server owns a named connection port; who connects gets a private pair
// of communication ports. Messages up to 256 bytes are copied through the socket, longer ones go through one re-used
// section of shared memory per direction (a sealed memfd, so that no peer can cut it short under our feet). The peer's
// credentials come from the kernel; when the peer dies the other side knows at once.
#ifndef MISH_IPC_PORT_H_
#define MISH_IPC_PORT_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/endpoint.h"
#include "ipc/object_name.h"
#include "ipc/status.h"
#include "ipc/wait.h"
#include "shell/base/private_fd.h"

namespace mish::ipc {

/// Messages up to this many bytes are copied through the socket.
inline constexpr size_t kInlineLimit = 256;
/// The largest message.
inline constexpr uint64_t kPortMessageLimit = uint64_t{1} << 32;

struct PortStatistics {
  uint64_t sent_copied = 0, sent_by_section = 0, received_copied = 0, received_by_section = 0;
  uint64_t sent_bytes = 0, received_bytes = 0;
  uint64_t send_section = 0, receive_section = 0;  // bytes of the sections in use
};

/// One end of a private pair.
class CommunicationPort {
 public:
  /// Takes over a connected SOCK_SEQPACKET socket.
  explicit CommunicationPort(UniqueFd socket);
  ~CommunicationPort();
  CommunicationPort(CommunicationPort&& other) noexcept;
  CommunicationPort& operator=(CommunicationPort&& other) noexcept;

  /// Connects to the connection port `name`. NoObject; Closed when its server is dead; NotPermitted. With a time limit
  /// it waits for the server to appear.
  static Outcome<CommunicationPort> connect(const ObjectName& name, const Wait& wait);

  /// Closed when the peer is gone; TooBig beyond kPortMessageLimit or without memory for the section. Given up in the
  /// middle (TimedOut, Interrupted), none of it arrives.
  Outcome<void> send(std::string_view message, const Wait& wait);
  /// The next message, whole. Closed at the end; Damaged when the peer does not speak the protocol.
  Outcome<std::string> receive(const Wait& wait);
  /// Whether receive() would return at once; takes in what has arrived.
  bool is_ready();

  int fd() const { return socket_.get(); }
  /// Moves the socket to a descriptor the user does not use (10 or more).
  Result<void> move_above_9();
  const PeerCredentials& peer() const { return peer_; }
  const PortStatistics& statistics() const { return statistics_; }

 private:
  struct Section {
    std::byte* memory = nullptr;
    uint64_t size = 0;
    bool is_busy = false;  // the peer has not copied the last piece out yet
  };
  Outcome<void> send_packet(uint8_t kind, uint8_t flags, std::string_view bytes, uint64_t length, int attached,
                            const Wait& wait);
  Outcome<void> send_by_section(std::string_view message, const Wait& wait);
  Outcome<int> prepare_section(uint64_t size);
  /// Reads and handles one packet.
  Outcome<void> take_packet(const Wait& wait);
  Outcome<void> take_section_piece(uint64_t length, UniqueFd attached);
  void append_piece(std::string_view bytes, bool is_last, bool by_section);
  static void drop(Section& section);

  PrivateFd socket_;
  PeerCredentials peer_;
  PortStatistics statistics_;
  Section outgoing_;
  Section incoming_;
  std::string partial_;            // pieces of a message that is not whole yet
  std::deque<std::string> inbox_;  // whole messages taken in while waiting for something else
  bool is_at_end_ = false;
  bool owes_cancel_ = false;  // the peer has pieces of a message that was given up
};

/// The named port of a server.
class ConnectionPort {
 public:
  /// Exists when a live server has the name; a dead one's is replaced. The name goes when the object is destroyed by
  /// the process that made it.
  static Outcome<ConnectionPort> listen(const ObjectName& name, mode_t mode);
  ~ConnectionPort();
  ConnectionPort(ConnectionPort&& other) noexcept;
  ConnectionPort& operator=(ConnectionPort&& other) = delete;

  Outcome<CommunicationPort> accept(const Wait& wait);
  int fd() const { return socket_.get(); }
  Result<void> move_above_9();
  const ObjectName& name() const { return name_; }
  /// Keeps the name when this object goes (the descriptor was handed on).
  int release();

  struct Info {
    std::string name;
    uid_t uid = 0;
    mode_t mode = 0;
    time_t changed = 0;
    bool is_alive = false;
    pid_t server = 0;   // 0 when dead, or when we may not know
    uint64_t file = 0;  // inode of the socket file, and its device as the kernel numbers it
    uint32_t device = 0;
  };
  /// The ports in this user's directory.
  static std::vector<Info> list();
  static Outcome<Info> stat(const ObjectName& name);
  /// Removes the name; the server and its connections live on.
  static Outcome<void> remove(const ObjectName& name);

 private:
  ConnectionPort(ObjectName name, UniqueFd socket)
      : name_(std::move(name)), socket_(std::move(socket)), maker_(getpid()) {}
  ObjectName name_;
  PrivateFd socket_;
  pid_t maker_;
};

/// A server's loop over its connection port and all its communication ports.
class PortServer {
 public:
  explicit PortServer(ConnectionPort port) : port_(std::move(port)) {}
  struct Event {
    enum class Kind : uint8_t { Connected, Message, Disconnected };
    Kind kind = Kind::Message;
    uint64_t connection = 0;  // a number, never used twice
    std::string message;
  };
  /// The next thing that happens. A connection that breaks the protocol is dropped.
  Outcome<Event> next(const Wait& wait);
  /// Null when it is gone.
  CommunicationPort* connection(uint64_t number);
  size_t connection_count() const { return connections_.size(); }

 private:
  struct Connection {
    uint64_t number;
    CommunicationPort port;
  };
  ConnectionPort port_;
  std::vector<Connection> connections_;
  std::deque<Event> pending_;
  uint64_t last_number_ = 0;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_PORT_H_
