// SPDX-License-Identifier: GPL-3.0-or-later
// mq: message queues of the kernel (ipc/message_queue.h) at the prompt.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <list>

#include "builtins/ipc/nouns.h"
#include "ipc/message_queue.h"
#include "ipc/process_info.h"

namespace mish::builtins {

namespace {

using ipc::MessageQueue;

std::optional<MessageQueue> open_queue(Call& call, Completion& completion) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) {
    completion = call.failure();
    return std::nullopt;
  }
  ipc::Outcome<MessageQueue> queue = MessageQueue::open(*name);
  if (queue) return std::move(*queue);
  completion = call.fail(queue.error());
  return std::nullopt;
}

Completion create(Call& call) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) return call.failure();
  MessageQueue::CreateOptions options;
  options.mode = call.mode();
  options.may_exist = call.has("exist-ok");
  if (std::optional<int64_t> n = call.integer("capacity", 1)) options.capacity = *n;
  if (std::optional<uint64_t> n = call.size("max-message"))
    options.message_size = std::max<long>(static_cast<long>(*n), 1);
  if (call.failed()) return call.failure();
  ipc::Outcome<MessageQueue> queue = MessageQueue::create(*name, options);
  if (!queue) return call.fail(queue.error());
  bool is_private = name->api == ipc::Api::SystemV && name->key == IPC_PRIVATE;
  return is_private || call.has("variable") ? call.result(queue->name().text()) : call.done();
}

Completion send(Call& call) {
  Completion failed;
  std::optional<int64_t> priority = call.integer("priority");
  std::optional<int64_t> type = call.integer("type");
  if (call.failed()) return call.failure();
  std::optional<MessageQueue> queue = open_queue(call, failed);
  if (!queue) return failed;
  bool is_sysv = queue->name().api == ipc::Api::SystemV;
  if (is_sysv && priority) return call.usage("System V queues have types, not priorities: use --type");
  if (!is_sysv && type) return call.usage("POSIX queues have priorities, not types: use --priority");
  ipc::Outcome<ipc::QueueInfo> info = queue->stat();
  if (!info) return call.fail(info.error());
  std::optional<std::string> bytes = call.message(static_cast<uint64_t>(info->message_size));
  if (!bytes) return call.input_failure();
  long kind = static_cast<long>(is_sysv ? type.value_or(1) : priority.value_or(0));
  ipc::Outcome<void> done = call.waiting([&](const ipc::Wait& wait) { return queue->send(*bytes, kind, wait); });
  return done ? call.done() : call.fail(done.error());
}

/// What could not be written goes to the end of the queue: the kernel offers no way to the front.
Completion give_back(Call& call, MessageQueue& queue, const ipc::QueueMessage& message, ipc::Error error) {
  bool is_back = queue.send(message.bytes, message.kind, ipc::Wait::none()).ok();
  error.sentence += is_back ? "; the message is back in the queue, at its end" : "; the message is lost";
  return call.fail(error);
}

Completion recv(Call& call) {
  Completion failed;
  std::optional<int64_t> type = call.integer("type");
  if (call.failed()) return call.failure();
  std::optional<MessageQueue> queue = open_queue(call, failed);
  if (!queue) return failed;
  ipc::Outcome<ipc::QueueMessage> message = call.waiting([&](const ipc::Wait& wait) {
    return queue->receive(static_cast<long>(type.value_or(0)), call.has("except"), wait);
  });
  if (!message) return call.fail(message.error());
  std::string_view kind = call.value(queue->name().api == ipc::Api::SystemV ? "type-var" : "priority-var");
  if (kind.data() != nullptr && !call.assign(kind, std::to_string(message->kind))) return call.failure();
  Completion completion = call.result(message->bytes);
  ipc::Outcome<void> written = call.flush_result();
  return written ? completion : give_back(call, *queue, *message, written.error());
}

/// Queues this process asked to be notified of: the kernel forgets the request when the descriptor is closed.
std::list<MessageQueue>& notifying_queues() {
  static std::list<MessageQueue> queues;
  return queues;
}

Completion notify(Call& call) {
  Completion failed;
  std::string_view signal_text = call.value("signal");
  int signal_number = signal_text.data() == nullptr ? SIGUSR1 : ipc::signal_by_name(signal_text);
  if (signal_number == 0) return call.usage(fmt::format("'{}' is no signal", signal_text));
  std::optional<MessageQueue> queue = open_queue(call, failed);
  if (!queue) return failed;
  std::erase_if(notifying_queues(), [&](const MessageQueue& q) { return q.name().name == queue->name().name; });
  if (call.has("off")) return call.done();
  ipc::Outcome<void> done = queue->notify(signal_number);
  if (!done) return call.fail(done.error());
  notifying_queues().push_back(std::move(*queue));
  return call.done();
}

std::string display_name(const ipc::KernelName& name) {
  return name.api == ipc::Api::SystemV ? fmt::format("id:{}", name.id) : name.name;
}

Cell key_cell(const ipc::KernelName& name) {
  if (name.api != ipc::Api::SystemV) return no_cell();
  return text_cell(fmt::format("{:#010x}", static_cast<uint32_t>(name.key)));
}

Cell pid_cell(pid_t pid) { return pid != 0 ? number_cell(pid) : no_cell(); }

Completion stat(Call& call) {
  Completion failed;
  std::optional<MessageQueue> queue = open_queue(call, failed);
  if (!queue) return failed;
  ipc::Outcome<ipc::QueueInfo> info = queue->stat();
  if (!info) return call.fail(info.error());
  bool is_sysv = info->name.api == ipc::Api::SystemV;
  Record record;
  record.add("kind", text_cell("mq"));
  record.add("api", text_cell(ipc::api_name(info->name.api)));
  record.add("name", text_cell(call.operand(0)));
  record.add("key", key_cell(info->name));
  record.add("id", maybe_cell(info->name.id));
  record.add("messages", number_cell(info->messages));
  record.add("capacity", is_sysv ? no_cell() : number_cell(info->capacity));
  record.add("bytes", size_cell(info->bytes));
  record.add("bytes_limit", is_sysv ? size_cell(info->bytes_limit) : no_cell());
  record.add("max_message", size_cell(static_cast<uint64_t>(info->message_size)));
  record.add("mode", mode_cell(info->mode));
  record.add("owner", user_cell(info->uid));
  record.add("last_sender", pid_cell(info->last_sender));
  record.add("last_receiver", pid_cell(info->last_receiver));
  record.add("notifies", pid_cell(info->notifies));
  record.add("changed", time_cell(info->changed));
  return record.print(call);
}

Completion list(Call& call) {
  Table table{{"name", "NAME"},           {"api", "API"},           {"key", "KEY"},
              {"messages", "MESSAGES"},   {"capacity", "CAPACITY"}, {"bytes", "BYTES"},
              {"max_message", "LARGEST"}, {"mode", "MODE"},         {"owner", "OWNER"}};
  std::string note;
  for (const ipc::QueueInfo& q : MessageQueue::list(note)) {
    table.add({text_cell(display_name(q.name)), text_cell(ipc::api_name(q.name.api)), key_cell(q.name),
               number_cell(q.messages), q.capacity > 0 ? number_cell(q.capacity) : no_cell(), size_cell(q.bytes),
               size_cell(static_cast<uint64_t>(q.message_size)), mode_cell(q.mode), user_cell(q.uid)});
  }
  if (!note.empty()) call.context.error("{}", note);
  return table.print(call);
}

Completion remove(Call& call) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) return call.failure();
  Completion last = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    ipc::Outcome<ipc::KernelName> next =
        i == 0 ? ipc::Outcome<ipc::KernelName>(*name) : ipc::parse_kernel_name(call.operand(i));
    ipc::Outcome<void> done = next ? MessageQueue::remove(*next) : next.error();
    if (!done) last = call.fail(done.error(), call.operand(i));
  }
  return last;
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  std::string note;
  for (const ipc::QueueInfo& q : MessageQueue::list(note)) out.push_back(display_name(q.name));
  return out;
}

constexpr OptionRow kExistOption{"exist-ok", 0, "", "no error when it exists already"};
constexpr OptionRow kCapacityOption{"capacity", 0, "N", "POSIX: messages it holds (default: the system's)"};
constexpr OptionRow kLargestOption{"max-message", 0, "B", "POSIX: bytes of the largest message"};
constexpr OptionRow kPriorityOption{"priority", 0, "P", "POSIX: 0 to 32767, higher comes first"};
constexpr OptionRow kTypeOption{"type", 0, "T", "System V: type of the message, from 1"};
constexpr OptionRow kWantedTypeOption{"type", 0, "T",
                                      "System V: T the oldest of type T, 0 any, -T the lowest type up to T"};
constexpr OptionRow kExceptOption{"except", 0, "", "System V: any type but T"};
constexpr OptionRow kPriorityVarOption{"priority-var", 0, "VAR", "POSIX: store the priority in VAR"};
constexpr OptionRow kTypeVarOption{"type-var", 0, "VAR", "System V: store the type in VAR"};
constexpr OptionRow kSignalOption{"signal", 0, "SIG", "the signal to send (default USR1)"};
constexpr OptionRow kOffOption{"off", 0, "", "take the request back"};

constexpr OptionRow kCreateOptions[] = {kModeOption,     kExistOption,   kCapacityOption, kLargestOption,
                                        kVariableOption, kSystemVOption, kKeyOption,      kIdOption};
constexpr OptionRow kSendOptions[] = {kPriorityOption, kTypeOption,    kNoWaitOption, kTimeoutOption,
                                      kFileOption,     kSystemVOption, kKeyOption,    kIdOption};
constexpr OptionRow kRecvOptions[] = {kVariableOption, kWantedTypeOption, kExceptOption,  kPriorityVarOption,
                                      kTypeVarOption,  kNoWaitOption,     kTimeoutOption, kSystemVOption,
                                      kKeyOption,      kIdOption};
constexpr OptionRow kNotifyOptions[] = {kSignalOption, kOffOption};
constexpr OptionRow kStatOptions[] = {kJsonOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kListOptions[] = {kJsonOption};
constexpr OptionRow kNameOptions[] = {kSystemVOption, kKeyOption, kIdOption};

constexpr Verb kVerbs[] = {
    {"create", create, "NAME [--capacity N] [--max-message B] [--mode M] | --sysv --key K", "make a queue",
     "mq create jobs --capacity 8\nmq create --sysv --key 0x4d51", kCreateOptions, 1, 1},
    {"send", send, "NAME [--priority P | --type T] [--nowait | --timeout D] [-f FILE | data]",
     "send one message; data from standard input when absent", "mq send jobs --priority 5 'build it'", kSendOptions, 1,
     1, true},
    {"recv", recv, "NAME [--type T [--except]] [--nowait | --timeout D] [-v VAR]", "receive one message",
     "mq recv jobs -v job\nmq recv --sysv --key 0x4d51 --type 1", kRecvOptions, 1, 1},
    {"notify", notify, "NAME [--signal SIG] [--off]",
     "have a signal sent once when a message arrives in the empty queue",
     "trap 'mq recv jobs --nowait -v job' USR1; mq notify jobs", kNotifyOptions, 1, 1},
    {"stat", stat, "NAME [--json]", "tell all about a queue", "mq stat jobs", kStatOptions, 1, 1},
    {"list", list, "[--json]", "list queues, POSIX and System V", "mq list", kListOptions, 0, 0},
    {"rm", remove, "NAME...", "remove queues", "mq rm jobs", kNameOptions, 1, kAnyNumber},
};

}  // namespace

const Noun kMqNoun{"mq", "message queues of the kernel, POSIX and System V", kVerbs, objects};

}  // namespace mish::builtins
