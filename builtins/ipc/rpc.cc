// SPDX-License-Identifier: GPL-3.0-or-later
// rpc: shell functions and commands called from other processes (ipc/rpc.h). A call carries arguments and standard
// input, the answer standard output, standard error and the status. Another host is reached by ssh, never by a port of
// our own.
#include "ipc/rpc.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "builtins/ipc/nouns.h"
#include "builtins/ipc/redirected.h"
#include "ipc/port.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

using ipc::CommunicationPort;
using ipc::RpcCall;
using ipc::RpcFunction;
using ipc::RpcReply;

// --- the server ------------------------------------------------------------------------------------------------------

/// "FUNC:what it does".
std::vector<RpcFunction> offered_functions(const Call& call) {
  std::vector<RpcFunction> out;
  for (size_t i = 1; i < call.operand_count(); ++i) {
    std::string_view text = call.operand(i);
    size_t colon = text.find(':');
    out.push_back({std::string(text.substr(0, colon)),
                   colon == std::string_view::npos ? std::string() : std::string(text.substr(colon + 1))});
  }
  return out;
}

bool offers(const std::vector<RpcFunction>& functions, const std::string& name) {
  for (const RpcFunction& f : functions) {
    if (f.name == name) return true;
  }
  return false;
}

/// The skeleton: runs one call in this shell.
RpcReply run_call(Call& call, const std::vector<RpcFunction>& functions, const RpcCall& request,
                  Completion& completion) {
  RpcReply reply;
  if (!offers(functions, request.function)) {
    reply.status = state::kNotFound;
    reply.error = fmt::format("mish: rpc: {}: the server does not offer this function\n", request.function);
    return reply;
  }
  std::vector<std::string_view> words{request.function};
  for (const std::string& argument : request.arguments) words.push_back(argument.c_str());  // arguments end at a NUL
  Result<CommandResult> result = run_captured(call.context, words, request.input);
  if (!result.ok()) {
    reply.status = state::kFailure;
    reply.error = fmt::format("mish: rpc: {}: {}\n", request.function, result.error().message());
    return reply;
  }
  completion = result->completion;
  reply.status = completion.status;
  reply.output = std::move(result->output);
  reply.error = std::move(result->error);
  reply.input_used = result->input_used;
  return reply;
}

Completion serve(Call& call) {
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  if (!name) return call.fail(name.error());
  std::optional<mode_t> mode = call.mode();
  int64_t left = call.integer("count").value_or(-1);
  if (call.failed()) return call.failure();
  ipc::Outcome<ipc::ConnectionPort> port = ipc::ConnectionPort::listen(*name, mode.value_or(0600));
  if (!port) return call.fail(port.error());
  if (Result<void> moved = port->move_above_9(); !moved.ok()) return call.fail(ipc::error_from_errno(moved.code()));
  std::vector<RpcFunction> functions = offered_functions(call);
  ipc::PortServer server(std::move(*port));
  while (left != 0) {
    ipc::Outcome<ipc::PortServer::Event> event = call.waiting([&](const ipc::Wait& wait) { return server.next(wait); });
    if (!event) return call.fail(event.error());
    if (event->kind != ipc::PortServer::Event::Kind::Message) continue;
    ipc::Outcome<RpcCall> request = ipc::unmarshal_call(event->message);
    CommunicationPort* client = server.connection(event->connection);
    if (!request || client == nullptr) continue;  // a client that does not speak the protocol gets no answer
    Completion completion;
    std::string answer = request->kind == RpcCall::Kind::Schema
                             ? ipc::marshal(functions)
                             : ipc::marshal(run_call(call, functions, *request, completion));
    ipc::Outcome<void> sent = call.waiting([&](const ipc::Wait& wait) { return client->send(answer, wait); });
    if (!sent && sent.status() == ipc::Status::Interrupted) return call.fail(sent.error());
    if (completion.flow == state::Flow::Interrupt) return completion;  // `exit` ends the call, not the server
    if (left > 0 && request->kind == RpcCall::Kind::Call) --left;
  }
  return call.done();
}

// --- the client ------------------------------------------------------------------------------------------------------

/// One connection a server, kept between calls; a forked child makes its own.
struct Connections {
  pid_t process = 0;
  std::map<std::string, CommunicationPort, std::less<>> by_name;
};
Connections& connections() {
  static Connections all;
  if (all.process != getpid()) {
    all.by_name.clear();
    all.process = getpid();
  }
  return all;
}

/// A connection for one call. It is the caller's meanwhile: a trap that runs during the call may call the same server.
ipc::Outcome<CommunicationPort> connection_to(Call& call, std::string_view server) {
  auto& by_name = connections().by_name;
  if (auto found = by_name.find(server); found != by_name.end()) {
    CommunicationPort port = std::move(found->second);
    by_name.erase(found);
    // A live connection is silent between calls; one whose server ended is readable.
    if (!port.is_ready()) return port;
  }
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(server);
  if (!name) return name.error();
  ipc::Outcome<CommunicationPort> port =
      call.waiting([&](const ipc::Wait& wait) { return CommunicationPort::connect(*name, wait); });
  if (!port) return port.error();
  if (Result<void> moved = port->move_above_9(); !moved.ok()) return ipc::error_from_errno(moved.code());
  return port;
}

/// After an answer: the next call takes the same one. Without this it is closed: an answer that comes later must not be
/// taken for that of another call.
void keep_connection(std::string_view server, CommunicationPort port) {
  connections().by_name.insert_or_assign(std::string(server), std::move(port));
}

/// Sends `question` to the server and waits for the answer.
ipc::Outcome<std::string> ask(Call& call, std::string_view server, CommunicationPort port,
                              const std::string& question) {
  ipc::Outcome<void> sent = call.waiting([&](const ipc::Wait& wait) { return port.send(question, wait); });
  if (!sent) return sent.error();
  ipc::Outcome<std::string> answer = call.waiting([&](const ipc::Wait& wait) { return port.receive(wait); });
  if (answer) keep_connection(server, std::move(port));
  return answer;
}

/// The standard input a call takes along, and how to give back what was not read.
struct Input {
  std::string bytes;
  off_t start = -1;  // of a regular file
};

ipc::Outcome<Input> take_input(Call& call) {
  Input input;
  struct stat status {};
  if (call.has("no-input") || fstat(0, &status) != 0 || S_ISCHR(status.st_mode) || S_ISDIR(status.st_mode))
    return input;
  if (S_ISREG(status.st_mode)) input.start = lseek(0, 0, SEEK_CUR);
  ipc::Outcome<std::string> bytes = call.read_whole_input(0);
  if (!bytes) return bytes.error();
  input.bytes = std::move(*bytes);
  return input;
}

/// "NAME@HOST" in two.
std::pair<std::string_view, std::string_view> split_host(std::string_view target) {
  size_t at = target.find('@');
  if (at == std::string_view::npos) return {target, {}};
  return {target.substr(0, at), target.substr(at + 1)};
}

constexpr size_t kServerWord = 2;

/// The same verb at the other host: its mish connects to the port there.
Completion through_ssh(Call& call, std::string_view host, const std::vector<std::string>& words) {
  if (ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(words[kServerWord]); !name) {
    return call.fail(name.error(), words[kServerWord]);
  }
  std::string remote = "mish -c ";
  std::string inner;
  for (const std::string& word : words) inner += (inner.empty() ? "" : " ") + quote_single(word);
  remote += quote_single(inner);
  std::vector<std::string> kept{"ssh", "--", std::string(host), remote};
  std::vector<std::string_view> command(kept.begin(), kept.end());
  if (call.has("variable")) {
    std::string out;
    Completion done = call.context.services.capture_command(command, out);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    Completion stored = call.result(out);
    return stored.status != 0 ? stored : done;
  }
  return call.run(command);
}

Completion call_function(Call& call) {
  auto [server, host] = split_host(call.operand(0));
  std::string function(call.operand(1));
  if (!host.empty()) {
    std::vector<std::string> words{"rpc", "call", std::string(server), function};
    if (call.has("no-input")) words.emplace_back("-n");
    words.emplace_back("--");
    for (std::string_view word : call.data_words()) words.emplace_back(word);
    return through_ssh(call, host, words);
  }
  ipc::Outcome<CommunicationPort> port = connection_to(call, server);
  if (!port) return call.fail(port.error());
  ipc::Outcome<Input> input = take_input(call);
  if (!input) return call.fail_input(input.error());
  RpcCall request;
  request.function = std::move(function);
  for (std::string_view word : call.data_words()) request.arguments.emplace_back(word);
  request.input = std::move(input->bytes);
  ipc::Outcome<std::string> answer = ask(call, server, std::move(*port), ipc::marshal(request));
  if (!answer) return call.fail(answer.error());
  ipc::Outcome<RpcReply> reply = ipc::unmarshal_reply(*answer);
  if (!reply) return call.fail(reply.error());
  if (input->start >= 0) lseek(0, input->start + static_cast<off_t>(reply->input_used), SEEK_SET);
  call.context.err.write(reply->error);
  call.context.err.flush();
  if (call.has("variable")) {
    while (!reply->output.empty() && reply->output.back() == '\n') reply->output.pop_back();
    if (Completion stored = call.result(reply->output); stored.status != 0) return stored;
  } else {
    call.out().write(reply->output);
  }
  return Completion::of(reply->status);
}

ipc::Outcome<std::vector<RpcFunction>> schema_of(Call& call, std::string_view server) {
  ipc::Outcome<CommunicationPort> port = connection_to(call, server);
  if (!port) return port.error();
  RpcCall question;
  question.kind = RpcCall::Kind::Schema;
  ipc::Outcome<std::string> answer = ask(call, server, std::move(*port), ipc::marshal(question));
  return answer ? ipc::unmarshal_schema(*answer) : answer.error();
}

/// Names of the functions of another host's server.
ipc::Outcome<std::vector<RpcFunction>> remote_schema(Call& call, std::string_view server, std::string_view host) {
  if (ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(server); !name) return name.error();
  std::string remote = "mish -c " + quote_single(fmt::format("rpc schema {} --names", quote_single(server)));
  std::vector<std::string> kept{"ssh", "--", std::string(host), remote};
  std::vector<std::string_view> command(kept.begin(), kept.end());
  std::string text;
  Completion done = call.context.services.capture_command(command, text);
  if (done.status != 0) {
    return ipc::Error{ipc::Status::Closed, 0,
                      fmt::format("the server at {} did not answer (status {})", host, done.status)};
  }
  std::vector<RpcFunction> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    out.push_back({std::string(rest.substr(0, end)), {}});
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return out;
}

/// Defines the stubs.
Completion import_functions(Call& call) {
  auto [server, host] = split_host(call.operand(0));
  ipc::Outcome<std::vector<RpcFunction>> functions =
      host.empty() ? schema_of(call, server) : remote_schema(call, server, host);
  if (!functions) return call.fail(functions.error());
  std::string_view prefix = call.value("prefix").data() != nullptr ? call.value("prefix") : std::string_view();
  std::string text;
  for (const RpcFunction& f : *functions) {
    std::string stub = std::string(prefix) + f.name;
    if (!is_identifier(stub)) {
      call.context.error("{}: the name of this function is no identifier; not imported", f.name);
      continue;
    }
    text += fmt::format("{}() {{ rpc call {}{} {} -- \"$@\"; }}\n", stub, call.has("no-input") ? "-n " : "",
                        quote_single(call.operand(0)), quote_single(f.name));
  }
  return call.context.services.run_text(text, "rpc import");
}

Completion schema(Call& call) {
  auto [server, host] = split_host(call.operand(0));
  if (!host.empty()) {
    std::vector<std::string> words{"rpc", "schema", std::string(server)};
    if (call.has("names")) words.emplace_back("--names");
    if (call.wants_json()) words.emplace_back("--json");
    return through_ssh(call, host, words);
  }
  ipc::Outcome<std::vector<RpcFunction>> functions = schema_of(call, server);
  if (!functions) return call.fail(functions.error());
  if (call.has("names")) {
    for (const RpcFunction& f : *functions) call.out().print("{}\n", f.name);
    return call.done();
  }
  Table table{{"function", "FUNCTION"}, {"description", "DESCRIPTION"}};
  for (const RpcFunction& f : *functions) table.add({text_cell(f.name), text_cell(f.description)});
  return table.print(call);
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  for (const ipc::ConnectionPort::Info& p : ipc::ConnectionPort::list()) out.push_back(p.name);
  return out;
}

constexpr OptionRow kCount{"count", 0, "K", "end after K calls"};
constexpr OptionRow kNoInput{"no-input", 'n', "", "do not take standard input along (as ssh -n)"};
constexpr OptionRow kPrefix{"prefix", 0, "P", "put P before the names of the stubs"};
constexpr OptionRow kNames{"names", 0, "", "names only, one a line"};
constexpr OptionRow kServeOptions[] = {kModeOption, kCount};
constexpr OptionRow kImportOptions[] = {kPrefix, kNoInput, kTimeoutOption};
constexpr OptionRow kCallOptions[] = {kVariableOption, kNoInput, kTimeoutOption};
constexpr OptionRow kSchemaOptions[] = {kNames, kJsonOption, kTimeoutOption};

constexpr Verb kVerbs[] = {
    {"serve", serve, "NAME FUNC[:DESCRIPTION]... [--mode M] [--count K]",
     "answer calls of these functions or commands, and of no others",
     "add() { echo $(($1 + $2)); }; rpc serve calc 'add:sum of two numbers' &", kServeOptions, 2, kAnyNumber},
    {"import", import_functions, "NAME[@HOST] [--prefix P] [-n] [--timeout D]",
     "define a stub function for each function of the server", "rpc import calc; add 2 3", kImportOptions, 1, 1},
    {"call", call_function, "NAME[@HOST] FUNC [-n] [-v VAR] [--timeout D] [--] [ARG...]",
     "call a function: arguments and standard input go there, output and status come back",
     "rpc call calc add 2 3\nrpc call calc@server add 2 3", kCallOptions, 2, 2, true},
    {"schema", schema, "NAME[@HOST] [--names | --json]", "list the functions of a server", "rpc schema calc",
     kSchemaOptions, 1, 1},
};

}  // namespace

const Noun kRpcNoun{"rpc", "remote procedure calls of shell functions", kVerbs, objects};

}  // namespace mish::builtins
