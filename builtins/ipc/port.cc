// SPDX-License-Identifier: GPL-3.0-or-later
// port: connection ports and private pairs (ipc/port.h) at the prompt. A handle is the number of the port's descriptor.
#include "ipc/port.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "builtins/ipc/nouns.h"
#include "builtins/ipc/redirected.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

using ipc::CommunicationPort;
using ipc::ConnectionPort;

using PairHandle = std::shared_ptr<CommunicationPort>;

/// The ports this process has open, by handle. Like descriptors they belong to the process, not to a shell's state.
struct OpenPorts {
  // Shared, since a trap that runs while a verb waits may close them.
  std::map<int, PairHandle> pairs;
  std::map<int, std::shared_ptr<ConnectionPort>> listening;
};
OpenPorts& open_ports() {
  static OpenPorts ports;
  return ports;
}

ipc::Error no_handle() { return {ipc::Status::NoObject, EBADF, "no open port has this handle"}; }

/// The number of a descriptor; -1 where `text` can be none.
int handle_of(std::string_view text) { return parse_id(text).value_or(-1); }

PairHandle pair_of(std::string_view text) {
  auto found = open_ports().pairs.find(handle_of(text));
  return found == open_ports().pairs.end() ? nullptr : found->second;
}

Completion give(Call& call, CommunicationPort port) {
  if (Result<void> moved = port.move_above_9(); !moved.ok()) return call.fail(ipc::error_from_errno(moved.code()));
  int handle = port.fd();
  open_ports().pairs[handle] = std::make_shared<CommunicationPort>(std::move(port));
  return call.result(std::to_string(handle));
}

/// Answers messages until interrupted or, with --count, until so many were handled.
Completion serve(Call& call, ConnectionPort listening) {
  int64_t left = call.integer("count").value_or(-1);
  if (call.failed()) return call.failure();
  ipc::PortServer server(std::move(listening));
  while (left != 0) {
    ipc::Outcome<ipc::PortServer::Event> event = call.waiting([&](const ipc::Wait& wait) { return server.next(wait); });
    if (!event) return call.fail(event.error());
    if (event->kind != ipc::PortServer::Event::Kind::Message) continue;
    CommunicationPort* port = server.connection(event->connection);
    std::string text = event->message;
    std::erase(text, '\0');
    call.context.state.variables.assign(names::MESSAGE, text);
    if (port != nullptr && !call.assign("PEER_PID", std::to_string(port->peer().pid))) return call.failure();
    Result<CommandResult> result = run_captured(call.context, call.data_words(), event->message);
    if (!result.ok()) return call.fail(ipc::error_from_errno(result.code()));
    call.context.err.write(result->error);
    call.context.err.flush();
    if (result->completion.flow == state::Flow::Interrupt) return result->completion;
    // The handler's output, without its last newline, is the answer; without output there is none.
    if (port != nullptr && !result->output.empty()) {
      if (result->output.back() == '\n') result->output.pop_back();
      ipc::Outcome<void> sent = call.waiting([&](const ipc::Wait& wait) { return port->send(result->output, wait); });
      if (!sent && sent.status() != ipc::Status::Closed) call.fail(sent.error());
    }
    if (left > 0) --left;
  }
  return call.done();
}

Completion listen(Call& call) {
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  if (!name) return call.fail(name.error());
  std::optional<mode_t> mode = call.mode();
  if (call.failed()) return call.failure();
  ipc::Outcome<ConnectionPort> port = ConnectionPort::listen(*name, mode.value_or(0600));
  if (!port) return call.fail(port.error());
  if (Result<void> moved = port->move_above_9(); !moved.ok()) return call.fail(ipc::error_from_errno(moved.code()));
  if (!call.data_words().empty()) return serve(call, std::move(*port));
  int handle = port->fd();
  open_ports().listening[handle] = std::make_shared<ConnectionPort>(std::move(*port));
  return call.result(std::to_string(handle));
}

Completion accept(Call& call) {
  auto found = open_ports().listening.find(handle_of(call.operand(0)));
  if (found == open_ports().listening.end()) return call.fail(no_handle());
  std::shared_ptr<ConnectionPort> listening = found->second;
  ipc::Outcome<CommunicationPort> port = call.waiting([&](const ipc::Wait& wait) { return listening->accept(wait); });
  return port ? give(call, std::move(*port)) : call.fail(port.error());
}

Completion connect(Call& call) {
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  if (!name) return call.fail(name.error());
  ipc::Outcome<CommunicationPort> port =
      call.waiting([&](const ipc::Wait& wait) { return CommunicationPort::connect(*name, wait); });
  return port ? give(call, std::move(*port)) : call.fail(port.error());
}

Completion send(Call& call) {
  PairHandle port = pair_of(call.operand(0));
  if (port == nullptr) return call.fail(no_handle());
  std::optional<std::string> message = call.message(ipc::kPortMessageLimit);
  if (!message) return call.input_failure();
  ipc::Outcome<void> done = call.waiting([&](const ipc::Wait& wait) { return port->send(*message, wait); });
  return done ? call.done() : call.fail(done.error());
}

Completion recv(Call& call) {
  PairHandle port = pair_of(call.operand(0));
  if (port == nullptr) return call.fail(no_handle());
  ipc::Outcome<std::string> message = call.waiting([&](const ipc::Wait& wait) { return port->receive(wait); });
  return message ? call.result(*message) : call.fail(message.error());
}

Completion stat_name(Call& call) {
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  if (!name) return call.fail(name.error());
  ipc::Outcome<ConnectionPort::Info> info = ConnectionPort::stat(*name);
  if (!info) return call.fail(info.error());
  Record record;
  record.add("kind", text_cell("port"));
  record.add("name", text_cell(info->name));
  record.add("alive", bool_cell(info->is_alive));
  record.add("server", info->server != 0 ? number_cell(info->server) : no_cell());
  record.add("mode", mode_cell(info->mode));
  record.add("owner", user_cell(info->uid));
  record.add("changed", time_cell(info->changed));
  return record.print(call);
}

Completion stat(Call& call) {
  PairHandle port = pair_of(call.operand(0));
  if (port == nullptr) return stat_name(call);
  const ipc::PortStatistics& s = port->statistics();
  Record record;
  record.add("kind", text_cell("port pair"));
  record.add("handle", number_cell(port->fd()));
  record.add("peer_pid", number_cell(port->peer().pid));
  record.add("peer_user", user_cell(port->peer().uid));
  record.add("sent_copied", unsigned_cell(s.sent_copied));
  record.add("sent_by_section", unsigned_cell(s.sent_by_section));
  record.add("received_copied", unsigned_cell(s.received_copied));
  record.add("received_by_section", unsigned_cell(s.received_by_section));
  record.add("sent_bytes", size_cell(s.sent_bytes));
  record.add("received_bytes", size_cell(s.received_bytes));
  record.add("send_section", size_cell(s.send_section));
  record.add("receive_section", size_cell(s.receive_section));
  return record.print(call);
}

Completion list(Call& call) {
  Table table{{"name", "NAME"}, {"alive", "ALIVE"}, {"server", "SERVER"}, {"mode", "MODE"}, {"owner", "OWNER"}};
  for (const ConnectionPort::Info& p : ConnectionPort::list()) {
    table.add({text_cell(p.name), bool_cell(p.is_alive), p.server != 0 ? number_cell(p.server) : no_cell(),
               mode_cell(p.mode), user_cell(p.uid)});
  }
  return table.print(call);
}

Completion close(Call& call) {
  int number = handle_of(call.operand(0));
  if (open_ports().pairs.erase(number) + open_ports().listening.erase(number) == 0) return call.fail(no_handle());
  return call.done();
}

Completion remove(Call& call) {
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  ipc::Outcome<void> done = name ? ConnectionPort::remove(*name) : name.error();
  return done ? call.done() : call.fail(done.error());
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  for (const ConnectionPort::Info& p : ConnectionPort::list()) out.push_back(p.name);
  return out;
}

constexpr OptionRow kHandleVariable{"variable", 'v', "H", "store the handle in H instead of printing it"};
constexpr OptionRow kCount{"count", 0, "K", "end after K messages"};
constexpr OptionRow kListenOptions[] = {kHandleVariable, kModeOption, kCount};
constexpr OptionRow kConnectOptions[] = {kHandleVariable, kNoWaitOption, kTimeoutOption};
constexpr OptionRow kSendOptions[] = {kNoWaitOption, kTimeoutOption, kFileOption};
constexpr OptionRow kRecvOptions[] = {kVariableOption, kNoWaitOption, kTimeoutOption};
constexpr OptionRow kJsonOptions[] = {kJsonOption};

constexpr Verb kVerbs[] = {
    {"listen", listen, "NAME [--mode M] [--count K] -- handler | NAME -v L",
     "open a connection port; for each message run the handler ($MESSAGE, $PEER_PID, standard input), its output is "
     "the answer",
     "answer() { echo \"got $MESSAGE from $PEER_PID\"; }; port listen clock -- answer", kListenOptions, 1, 1, true},
    {"accept", accept, "L -v H [--nowait | --timeout D]", "take the next connection of an open connection port",
     "port accept $L -v H", kConnectOptions, 1, 1},
    {"connect", connect, "NAME -v H [--timeout D]", "get a private pair with the server of NAME",
     "port connect clock -v H", kConnectOptions, 1, 1},
    {"send", send, "H [--timeout D] [-f FILE | data]",
     "send one message: up to 256 bytes copied, more through shared memory", "port send $H 'what time is it'",
     kSendOptions, 1, 1, true},
    {"recv", recv, "H [-v VAR] [--nowait | --timeout D]", "receive one message (status 7 when the peer is gone)",
     "port recv $H -v answer", kRecvOptions, 1, 1},
    {"stat", stat, "H|NAME [--json]", "tell the peer and how many messages were copied or went through the section",
     "port stat $H", kJsonOptions, 1, 1},
    {"list", list, "[--json]", "list connection ports", "port list", kJsonOptions, 0, 0},
    {"close", close, "H", "close a port", "port close $H", {}, 1, 1},
    {"rm", remove, "NAME", "remove the name of a connection port", "port rm clock", {}, 1, 1},
};

}  // namespace

void close_listening_ports() { open_ports().listening.clear(); }

const Noun kPortNoun{"port", "connection ports with private pairs, as ALPC has them", kVerbs, objects};

}  // namespace mish::builtins
