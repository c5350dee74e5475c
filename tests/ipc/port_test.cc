// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/port.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include "ipc/endpoint.h"
#include "ipc/rpc.h"
#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

using testing::run_peer;
using testing::unique_name;

Wait soon() { return Wait::for_ns(10'000'000'000); }

std::string pattern(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 7 + i / 256);
  return out;
}

/// A child that echoes whatever arrives at the port `name`, in reverse order of bytes, for one connection.
pid_t start_echo(const ObjectName& name, ConnectionPort port) {
  pid_t pid = fork();
  if (pid != 0) {
    close(port.release());
    return pid;
  }
  Outcome<CommunicationPort> peer = port.accept(Wait::forever());
  for (;;) {
    Outcome<std::string> message = peer->receive(Wait::forever());
    if (!message) _exit(message.status() == Status::Closed ? 0 : 1);
    if (!peer->send(std::string(message->rbegin(), message->rend()), Wait::forever())) _exit(2);
  }
  (void)name;
}

TEST(Port, MessagesOfAnySizeComeBackWhole) {
  ObjectName name = *ObjectName::parse(unique_name("port"));
  Outcome<ConnectionPort> listening = ConnectionPort::listen(name, 0600);
  ASSERT_TRUE(listening.ok()) << listening.error().sentence;
  pid_t server = start_echo(name, std::move(*listening));
  {
    Outcome<CommunicationPort> port = CommunicationPort::connect(name, soon());
    ASSERT_TRUE(port.ok()) << port.error().sentence;
    for (size_t size : {0u, 1u, 256u, 257u, 4096u, 70000u, 1u << 20, (16u << 20) + 5}) {
      std::string sent = pattern(size);
      ASSERT_TRUE(port->send(sent, soon()).ok()) << size;
      Outcome<std::string> got = port->receive(soon());
      ASSERT_TRUE(got.ok()) << size << got.error().sentence;
      EXPECT_TRUE(std::equal(sent.rbegin(), sent.rend(), got->begin(), got->end())) << size;
    }
    EXPECT_EQ(port->statistics().sent_copied, 3u);
    EXPECT_EQ(port->statistics().sent_by_section, 5u);
    EXPECT_EQ(port->statistics().received_by_section, 5u);
    EXPECT_EQ(port->peer().uid, geteuid());
  }
  int status = 0;
  waitpid(server, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(ConnectionPort::remove(name).ok());
}

TEST(Port, DeadServerIsKnownAndItsNameReplaced) {
  ObjectName name = *ObjectName::parse(unique_name("port"));
  Outcome<ConnectionPort> listening = ConnectionPort::listen(name, 0600);
  EXPECT_EQ(ConnectionPort::listen(name, 0600).status(), Status::Exists);
  pid_t server = start_echo(name, std::move(*listening));
  Outcome<CommunicationPort> port = CommunicationPort::connect(name, soon());
  ASSERT_TRUE(port.ok());
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  EXPECT_EQ(port->receive(soon()).status(), Status::Closed);
  EXPECT_EQ(port->send("x", soon()).status(), Status::Closed);
  EXPECT_EQ(CommunicationPort::connect(name, soon()).status(), Status::Closed);
  EXPECT_FALSE(ConnectionPort::stat(name)->is_alive);
  EXPECT_TRUE(ConnectionPort::listen(name, 0600).ok());
  EXPECT_EQ(CommunicationPort::connect(name, Wait::forever()).status(), Status::NoObject);  // gone with its object
}

// Whoever looks at a port, or asks for its name, is no client of the server.
TEST(Port, LookingIsNoConnection) {
  ObjectName name = *ObjectName::parse(unique_name("port"));
  Outcome<ConnectionPort> port = ConnectionPort::listen(name, 0600);
  ASSERT_TRUE(port.ok());
  Outcome<ConnectionPort::Info> info = ConnectionPort::stat(name);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->is_alive);
  EXPECT_EQ(info->server, getpid());
  std::vector<ConnectionPort::Info> all = ConnectionPort::list();
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& p) { return p.server == getpid(); }));
  EXPECT_EQ(ConnectionPort::listen(name, 0600).status(), Status::Exists);
  EXPECT_EQ(port->accept(Wait::none()).status(), Status::WouldBlock);
}

TEST(Port, GarbledPeerIsRefused) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  CommunicationPort port{UniqueFd(pair[0])};
  UniqueFd other(pair[1]);
  ASSERT_EQ(write(other.get(), "nonsense nonsense", 17), 17);
  EXPECT_EQ(port.receive(soon()).status(), Status::Damaged);
  uint32_t header[4] = {0x3174504d, 2, 1 << 20, 0};  // a piece of a section that was never sent
  ASSERT_EQ(write(other.get(), header, sizeof header), 16);
  EXPECT_EQ(port.receive(soon()).status(), Status::Damaged);
}

TEST(Port, BothSendLargeMessagesAtOnce) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  pid_t child = fork();
  if (child == 0) {
    close(pair[0]);
    CommunicationPort mine{UniqueFd(pair[1])};
    for (int i = 0; i < 20; ++i) {
      if (!mine.send(pattern(100000), Wait::forever())) _exit(1);
    }
    for (int i = 0; i < 20; ++i) {
      if (!mine.receive(Wait::forever())) _exit(2);
    }
    _exit(0);
  }
  close(pair[1]);
  CommunicationPort port{UniqueFd(pair[0])};
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(port.send(pattern(100000), soon()).ok());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(*port.receive(soon()), pattern(100000));
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(PortServer, ServesSeveralConnections) {
  ObjectName name = *ObjectName::parse(unique_name("port"));
  Outcome<ConnectionPort> listening = ConnectionPort::listen(name, 0600);
  ASSERT_TRUE(listening.ok());
  PortServer server(std::move(*listening));
  Outcome<CommunicationPort> a = CommunicationPort::connect(name, soon());
  Outcome<CommunicationPort> b = CommunicationPort::connect(name, soon());
  ASSERT_TRUE(a->send("from a", soon()).ok());
  ASSERT_TRUE(b->send("from b", soon()).ok());
  std::vector<std::string> messages;
  while (messages.size() < 2) {
    Outcome<PortServer::Event> event = server.next(soon());
    ASSERT_TRUE(event.ok());
    if (event->kind != PortServer::Event::Kind::Message) continue;
    messages.push_back(event->message);
    ASSERT_TRUE(server.connection(event->connection)->send(event->message + "!", soon()).ok());
  }
  EXPECT_EQ(*a->receive(soon()), "from a!");
  EXPECT_EQ(*b->receive(soon()), "from b!");
  a = Error{};
  Outcome<PortServer::Event> event = server.next(soon());
  EXPECT_EQ(event->kind, PortServer::Event::Kind::Disconnected);
  EXPECT_EQ(server.connection_count(), 1u);
}

TEST(Rpc, MarshalledAndBack) {
  RpcCall call;
  call.function = "add";
  call.arguments = {"1", "", std::string("a\0b", 3)};
  call.input = "in";
  Outcome<RpcCall> back = unmarshal_call(marshal(call));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->function, "add");
  EXPECT_EQ(back->arguments, call.arguments);
  EXPECT_EQ(back->input, "in");
  RpcReply reply{3, "out", "err", 2};
  Outcome<RpcReply> answer = unmarshal_reply(marshal(reply));
  EXPECT_EQ(answer->status, 3);
  EXPECT_EQ(answer->output, "out");
  EXPECT_EQ(answer->input_used, 2u);
  EXPECT_EQ(unmarshal_schema(marshal(std::vector<RpcFunction>{{"f", "does"}}))->at(0).description, "does");
}

TEST(Rpc, EveryTruncationIsDamage) {
  RpcCall call;
  call.function = "f";
  call.arguments = {"x", "y"};
  std::string bytes = marshal(call);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(unmarshal_call(std::string_view(bytes).substr(0, n)).status(), Status::Damaged) << n;
  }
  bytes[6] = '\xff';
  EXPECT_EQ(unmarshal_call(bytes).status(), Status::Damaged);
}

TEST(Endpoint, ParsesAndPrints) {
  EXPECT_EQ(Endpoint::parse("tcp:[::1]:80")->text(), "tcp:[::1]:80");
  EXPECT_EQ(Endpoint::parse("udp:localhost:53")->port, "53");
  EXPECT_EQ(Endpoint::parse("unix:/tmp/s")->path, "/tmp/s");
  EXPECT_EQ(Endpoint::parse("tcp:localhost").status(), Status::Usage);
  EXPECT_EQ(Endpoint::parse("ftp:x:1").status(), Status::Usage);
  EXPECT_EQ(Endpoint::parse("unix:").status(), Status::Usage);
}

struct Pair {
  UniqueFd a, b;
  explicit Pair(int type) {
    int fds[2];
    if (socketpair(AF_UNIX, type, 0, fds) != 0) abort();
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
};

TEST(Framing, StreamsAreCutWhereTheFrameSays) {
  Pair pair(SOCK_STREAM);
  for (Framing framing : {Framing::Line, Framing::Nul, Framing::Length}) {
    ASSERT_TRUE(send_framed(pair.a.get(), "one", framing, soon()).ok());
    ASSERT_TRUE(send_framed(pair.a.get(), "", framing, soon()).ok());
    ASSERT_TRUE(send_framed(pair.a.get(), "three", framing, soon()).ok());
    EXPECT_EQ(*receive_framed(pair.b.get(), framing, 100, soon()), "one");
    EXPECT_EQ(*receive_framed(pair.b.get(), framing, 100, soon()), "");
    EXPECT_EQ(*receive_framed(pair.b.get(), framing, 100, soon()), "three");
  }
  EXPECT_EQ(send_framed(pair.a.get(), "a\nb", Framing::Line, soon()).status(), Status::Usage);
  EXPECT_EQ(receive_framed(pair.b.get(), Framing::Line, 100, Wait::none()).status(), Status::WouldBlock);
  ASSERT_TRUE(send_framed(pair.a.get(), "last", Framing::Whole, soon()).ok());
  pair.a.reset();
  EXPECT_EQ(*receive_framed(pair.b.get(), Framing::Line, 100, soon()), "last");
  EXPECT_EQ(receive_framed(pair.b.get(), Framing::Line, 100, soon()).status(), Status::Closed);
}

TEST(Framing, MessagesAndLimits) {
  Pair pair(SOCK_SEQPACKET);
  ASSERT_TRUE(send_framed(pair.a.get(), std::string("a\0\nb", 4), Framing::Message, soon()).ok());
  EXPECT_EQ(*receive_framed(pair.b.get(), default_framing(pair.b.get()), 100, soon()), std::string("a\0\nb", 4));
  Pair stream(SOCK_STREAM);
  ASSERT_TRUE(send_framed(stream.a.get(), std::string(200, 'x'), Framing::Length, soon()).ok());
  EXPECT_EQ(receive_framed(stream.b.get(), Framing::Length, 100, soon()).status(), Status::TooBig);
}

TEST(Socket, TcpToAndFromACProgram) {
  Outcome<UniqueFd> listener = listen_at(*Endpoint::parse("tcp:127.0.0.1:0"), 5);
  ASSERT_TRUE(listener.ok()) << listener.error().sentence;
  std::string port = local_endpoint(listener->get())->port;
  pid_t server = fork();
  if (server == 0) {
    Outcome<Accepted> accepted = accept_from(listener->get(), soon());
    Outcome<std::string> line = receive_framed(accepted->fd.get(), Framing::Line, 100, soon());
    _exit(send_framed(accepted->fd.get(), "shell says " + *line, Framing::Line, soon()).ok() ? 0 : 1);
  }
  EXPECT_EQ(run_peer("tcp_echo " + port + " hello"), "shell says hello\n");
  waitpid(server, nullptr, 0);
}

TEST(Socket, UdpKeepsMessages) {
  Outcome<UniqueFd> receiver = listen_at(*Endpoint::parse("udp:127.0.0.1:0"), 0);
  ASSERT_TRUE(receiver.ok());
  bool is_network = false;
  Result<UniqueFd> sender =
      open_network_path("/dev/udp/127.0.0.1/" + local_endpoint(receiver->get())->port, is_network);
  ASSERT_TRUE(sender.ok());
  ASSERT_TRUE(send_framed(sender->get(), "one", Framing::Message, soon()).ok());
  ASSERT_TRUE(send_framed(sender->get(), "two", Framing::Message, soon()).ok());
  EXPECT_EQ(*receive_framed(receiver->get(), Framing::Message, 100, soon()), "one");
  EXPECT_EQ(*receive_framed(receiver->get(), Framing::Message, 100, soon()), "two");
}

TEST(Socket, MulticastReachesEveryMember) {
  Endpoint group = *Endpoint::parse("mcast:239.255.77.77:0");
  Outcome<UniqueFd> first = listen_at(group, 0);
  if (!first) GTEST_SKIP() << "no multicast here: " << first.error().sentence;
  group.port = local_endpoint(first->get())->port;
  Outcome<UniqueFd> second = listen_at(group, 0);
  ASSERT_TRUE(second.ok()) << second.error().sentence;
  Outcome<UniqueFd> sender = connect_to(group, soon());
  ASSERT_TRUE(sender.ok()) << sender.error().sentence;
  ASSERT_TRUE(send_framed(sender->get(), "to all", Framing::Message, soon()).ok());
  EXPECT_EQ(*receive_framed(first->get(), Framing::Message, 100, soon()), "to all");
  EXPECT_EQ(*receive_framed(second->get(), Framing::Message, 100, soon()), "to all");
}

TEST(Socket, RefusedAndStalePaths) {
  std::string path = ::testing::TempDir() + unique_name("sock");
  Endpoint endpoint = *Endpoint::parse("unix:" + path);
  EXPECT_EQ(connect_to(endpoint, soon()).status(), Status::NoObject);
  Outcome<UniqueFd> first = listen_at(endpoint, 5);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(listen_at(endpoint, 5).status(), Status::Exists);
  first = Error{};
  EXPECT_EQ(connect_to(endpoint, soon()).status(), Status::Closed);
  EXPECT_TRUE(listen_at(endpoint, 5).ok());  // nobody listened: replaced
  unlink(path.c_str());
  bool is_network = true;
  EXPECT_FALSE(open_network_path("/dev/null", is_network).ok());
  EXPECT_FALSE(is_network);
  EXPECT_EQ(open_network_path("/dev/tcp/onlyhost", is_network).code(), EINVAL);
}

}  // namespace
}  // namespace mish::ipc
