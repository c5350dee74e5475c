// SPDX-License-Identifier: GPL-3.0-or-later
// mbox: mailboxes (ipc/mailbox.h) at the prompt. `mbox serve` is in mbox_serve.cc.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "builtins/ipc/mailboxes.h"
#include "builtins/ipc/mbox_serve.h"
#include "builtins/ipc/nouns.h"
#include "ipc/endpoint.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

using ipc::Mailbox;
using ipc::MailboxConfig;
using ipc::MailboxInfo;
using ipc::Message;
using ipc::Outcome;
using ipc::Status;

MailboxHandle find_mailbox(Call& call, Completion& failed) {
  Outcome<MailboxHandle> found = attached_mailbox(call.context, call.operand(0));
  if (found) return *found;
  failed = call.fail(found.error());
  return nullptr;
}

/// A verb that needs nothing but the mailbox.
template <typename Operation>
Completion on_mailbox(Call& call, Operation operation) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  auto done = operation(*mailbox);
  return done ? call.done() : call.fail(done.error());
}

// --- Words of options

constexpr std::string_view kPolicies[] = {"any", "single", "pair", "all"};
constexpr std::string_view kPicks[] = {"fifo", "rr", "random", "idle"};
constexpr std::string_view kOrders[] = {"fifo", "priority"};
constexpr std::string_view kOnFull[] = {"block", "fail", "drop-oldest"};

template <size_t N>
std::string_view word_of(const std::string_view (&words)[N], uint8_t index) {
  return index < N ? words[index] : "?";
}

/// The enumerator that `option` names; reports a word that is none of them.
template <typename Enum, size_t N>
bool choose(Call& call, std::string_view option, const std::string_view (&words)[N], Enum& result) {
  std::string_view text = call.value(option);
  if (text.data() == nullptr) return true;
  for (size_t i = 0; i < N; ++i) {
    if (words[i] == text) {
      result = static_cast<Enum>(i);
      return true;
    }
  }
  call.usage(fmt::format("--{}: '{}' is none of {}", option, text, fmt::join(words, ", ")));
  return false;
}

// --- create

constexpr OptionRow kCreateOptions[] = {
    {"capacity", 0, "N", "messages it holds; 0 = rendezvous, or unbounded (default 256)"},
    {"bytes", 0, "B", "the most it may take (default a quarter of /dev/shm)"},
    {"max-message", 0, "B", "the largest message"},
    {"policy", 0, "P", "who receives: any, single, pair, all (default any)", "any single pair all"},
    {"turn", 0, "D", "with single: length of a receiver's time slot"},
    {"pick", 0, "P", "which waiting receiver is next: fifo, rr, random, idle", "fifo rr random idle"},
    {"order", 0, "O", "fifo or priority", "fifo priority"},
    {"on-full", 0, "F", "block, fail or drop-oldest", "block fail drop-oldest"},
    kModeOption,
    {"session", 0, "", "closes when this shell ends (the default)"},
    {"keep", 0, "", "stays until it is removed"},
    {"start", 0, "CMD", "command to start when a message finds no receiver"},
};

Completion create(Call& call) {
  MailboxConfig config;
  if (std::string_view text = call.value("capacity"); text.data() != nullptr) {
    if (text == "unbounded") {
      config.capacity = ipc::kUnbounded;
    } else if (auto number = parse_integer(text); number && *number >= 0) {
      config.capacity = static_cast<uint64_t>(*number);
    } else {
      return call.usage(fmt::format("--capacity: '{}' is neither a number nor 'unbounded'", text));
    }
  }
  config.bytes = call.size("bytes").value_or(0);
  config.max_message = call.size("max-message").value_or(0);
  config.turn_ns = call.duration("turn").value_or(0);
  config.mode = static_cast<unsigned>(call.mode().value_or(0600));
  if (call.failed()) return call.failure();
  if (!choose(call, "policy", kPolicies, config.policy) || !choose(call, "pick", kPicks, config.pick) ||
      !choose(call, "order", kOrders, config.order) || !choose(call, "on-full", kOnFull, config.on_full)) {
    return call.failure();
  }
  if (call.has("session") && call.has("keep")) return call.usage("--session and --keep exclude each other");
  config.keep = call.has("keep");
  if (call.has("start")) config.start_command = call.value("start");
  Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(call.operand(0));
  if (!name) return call.fail(name.error());
  Outcome<Mailbox> made = Mailbox::create(*name, config);
  if (!made) return call.fail(made.error());
  keep_attached(call.operand(0), std::move(*made));
  return call.done();
}

// --- send

constexpr OptionRow kSendOptions[] = {
    {"type", 0, "T", "a number that receivers can select by"},
    {"priority", 0, "P", "0 to 32767, the highest first where the order is priority"},
    kNoWaitOption,
    kTimeoutOption,
    {"sync", 0, "", "return when the message has been taken"},
    {"receipt", 0, "", "print an id for 'mbox stat NAME --receipt ID'"},
    {"frame", 0, "F", "what a message of the input is: line, nul, len or whole (default)", "line nul len whole"},
    kFileOption,
    kVariableOption,
};

/// The command of --start, when nobody is there to receive.
void start_receiver(Call& call, Mailbox& mailbox) {
  const std::string& command = mailbox.config().start_command;
  if (command.empty() || mailbox.has_receivers()) return;
  call.context.services.run_text("{ " + command + "\n} &", "mbox start");
}

Outcome<uint64_t> send_one(Call& call, Mailbox& mailbox, std::string_view body, ipc::SendOptions& options) {
  Outcome<uint64_t> sent = call.waiting([&](const ipc::Wait& wait) {
    options.deadline = wait.deadline;
    options.interrupt = wait.interrupt;
    return mailbox.send(body, options);
  });
  if (sent && !mailbox.config().start_command.empty()) start_receiver(call, mailbox);
  return sent;
}

/// Each frame of the input is a message, sent as it is read: a stream of any size goes through a bounded mailbox.
Completion send_stream(Call& call, Mailbox& mailbox, ipc::Framing framing, ipc::SendOptions& options) {
  UniqueFd file;
  std::optional<int> fd = call.open_input(file);
  if (!fd) return call.input_failure();
  std::string pending;
  std::vector<char> buffer(256 * 1024);
  bool at_end = false;
  while (!at_end) {
    Outcome<size_t> got = call.read_input(*fd, buffer);
    if (!got) return call.fail_input(got.error());
    at_end = *got == 0;
    pending.append(buffer.data(), *got);
    size_t start = 0;
    while (start < pending.size()) {
      std::string_view rest = std::string_view(pending).substr(start);
      std::string_view body;
      size_t used = 0;
      if (framing == ipc::Framing::Length) {
        if (rest.size() < 4) break;
        size_t length = 0;
        for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(rest[static_cast<size_t>(i)]);
        if (length > mailbox.config().max_message) {
          return call.fail({Status::TooBig, EMSGSIZE, fmt::format("a frame of {} bytes is too long", length)});
        }
        if (rest.size() - 4 < length) break;
        body = rest.substr(4, length);
        used = 4 + length;
      } else {
        size_t end = rest.find(framing == ipc::Framing::Line ? '\n' : '\0');
        if (end == std::string_view::npos && !at_end) break;
        body = rest.substr(0, end);
        used = end == std::string_view::npos ? rest.size() : end + 1;
      }
      Outcome<uint64_t> sent = send_one(call, mailbox, body, options);
      if (!sent) return call.fail(sent.error());
      start += used;
    }
    pending.erase(0, start);
    if (pending.size() > mailbox.config().max_message + 4) {
      return call.fail({Status::TooBig, EMSGSIZE, "a frame of the input is longer than the largest message"});
    }
  }
  if (pending.empty()) return call.done();
  return call.fail({Status::Failed, EBADMSG, "the input ended within a frame"});
}

Completion send(Call& call) {
  ipc::SendOptions options;
  options.type = call.integer("type").value_or(0);
  int64_t priority = call.integer("priority").value_or(0);
  ipc::Framing framing = ipc::Framing::Whole;
  if (std::string_view text = call.value("frame"); text.data() != nullptr) {
    Outcome<ipc::Framing> parsed = ipc::parse_framing(text);
    if (!parsed) return call.usage(parsed.error().sentence);
    framing = *parsed;
  }
  (void)call.wait();
  if (call.failed()) return call.failure();
  if (priority < 0 || priority > ipc::kMaxPriority) {
    return call.usage(fmt::format("--priority must be 0 to {}", ipc::kMaxPriority));
  }
  options.priority = static_cast<int>(priority);
  options.sync = call.has("sync");
  if (call.has("nowait") && options.sync) return call.usage("--nowait and --sync exclude each other");
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  bool is_stream = framing == ipc::Framing::Line || framing == ipc::Framing::Nul || framing == ipc::Framing::Length;
  if (is_stream && !call.has_data()) return send_stream(call, *mailbox, framing, options);
  Outcome<uint64_t> sent(Status::Failed, "");
  if (call.has_data() && call.data_words().size() == 1) {
    sent = send_one(call, *mailbox, call.data_words()[0], options);
  } else {
    std::optional<std::string> body = call.message(mailbox->config().max_message);
    if (!body) return call.input_failure();
    sent = send_one(call, *mailbox, *body, options);
  }
  if (!sent) return call.fail(sent.error());
  return call.has("receipt") || call.has("variable") ? call.result(std::to_string(*sent)) : call.done();
}

// --- recv, peek, drain

constexpr OptionRow kFromOption{"from", 0, "PID", "only messages of this process (a number, @PID or %JOB)"};
constexpr OptionRow kTypeOption{"type", 0, "T", "only messages of this type"};
constexpr OptionRow kPriorityMinOption{"priority-min", 0, "P", "only messages of at least this priority"};
constexpr OptionRow kLastOption{"last", 0, "", "the newest instead of the oldest"};
constexpr OptionRow kFromVarOption{"from-var", 0, "VAR", "store the sender's pid in VAR"};
constexpr OptionRow kTypeVarOption{"type-var", 0, "VAR", "store the type in VAR"};
constexpr OptionRow kIdVarOption{"id-var", 0, "VAR", "store the id in VAR, for ack"};
constexpr OptionRow kOutputOption{"output", 'o', "FILE", "write the bytes to FILE, nothing added"};

constexpr OptionRow kReceiveOptions[] = {
    kVariableOption,
    kFromOption,
    kFromVarOption,
    kTypeOption,
    kTypeVarOption,
    kIdVarOption,
    kPriorityMinOption,
    kLastOption,
    {"count", 0, "N", "N messages, one a line; with -v an array"},
    {"all", 0, "", "messages until the mailbox closes"},
    {"lease", 0, "", "hold it until 'mbox ack'; it comes back if this shell dies before"},
    kNoWaitOption,
    kTimeoutOption,
    kOutputOption,
    kJsonOption,
};
constexpr OptionRow kPeekOptions[] = {
    kVariableOption,    kFromOption, kFromVarOption, kTypeOption,    kTypeVarOption, kIdVarOption,
    kPriorityMinOption, kLastOption, kNoWaitOption,  kTimeoutOption, kOutputOption,  kJsonOption,
};
constexpr OptionRow kDrainOptions[] = {
    kVariableOption, kFromOption, kTypeOption, kPriorityMinOption, kOutputOption, kJsonOption,
};

std::string message_json(const Message& message) {
  return fmt::format(R"({{"id":{},"from":{},"type":{},"priority":{},"redelivered":{},"body":{}}})", message.id,
                     message.sender, message.type, message.priority, message.is_redelivered ? "true" : "false",
                     quote_json(message.text()));
}

/// Where received messages go: -v, -o, --json or standard output.
class Delivery {
 public:
  Delivery(Call& call, Mailbox& mailbox, bool is_array) : call_(call), mailbox_(mailbox), is_array_(is_array) {}
  /// Opens the file of -o. False: reported.
  bool open(Completion& failed) {
    std::string_view path = call_.value("output");
    if (path.data() == nullptr) return true;
    Result<UniqueFd> opened = open_file(std::string(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC);
    if (opened) {
      file_ = std::move(*opened);
      return true;
    }
    failed = call_.fail(ipc::error_from_errno(opened.code()), path);
    return false;
  }
  /// Makes `options` keep the message in the mailbox until it was written, where writing may fail.
  void hold(ipc::ReceiveOptions& options) {
    bool may_fail = file_ || (!call_.has("variable") && !call_.out().is_captured());
    is_held_ = may_fail && !options.lease && !options.peek;
    goes_back_ = is_held_ || options.lease;
    if (is_held_) mailbox_.hold(options);
    is_leased_ = options.lease;
  }
  /// Hands the message on, and then lets the mailbox forget it; what could not be written goes back there. False:
  /// reported.
  bool deliver(const Message& message, Completion& failed) {
    bool done = assign_details(message) && write(message, failed);
    if (!done && failed.status == 0) failed = call_.failure();
    Outcome<void> settled;
    if (!done && is_leased_) {
      settled = mailbox_.release(message.id);
    } else if (done && is_held_) {
      settled = mailbox_.finish(message.id);
    }
    if (done && !settled) failed = call_.fail(settled.error());
    return done && settled;
  }
  Completion finish() {
    if (!is_array_ || !call_.has("variable")) return call_.done();
    call_.context.state.variables.assign_indexed(NameTable::intern(call_.value("variable")), std::move(elements_));
    return call_.done();
  }

 private:
  bool assign(std::string_view option, std::string_view text) {
    std::string_view variable = call_.value(option);
    return variable.data() == nullptr || call_.assign(variable, text);
  }
  bool assign_details(const Message& message) {
    return assign("from-var", std::to_string(message.sender)) && assign("type-var", std::to_string(message.type)) &&
           assign("id-var", std::to_string(message.id));
  }
  bool write(const Message& message, Completion& failed) {
    if (file_) {
      Result<void> written = write_all(file_.get(), message.text());
      return written || report(write_error(written.code(), call_.value("output")), failed);
    }
    if (call_.wants_json()) {
      failed = call_.result(message_json(message));
    } else if (is_array_ && call_.has("variable")) {
      elements_.emplace_back(message.text());
    } else {
      failed = call_.result(message.text());
    }
    if (failed.status != 0) return false;
    // At once: the message must not be forgotten before, and another process may wait for it.
    Outcome<void> written = call_.flush_result();
    return written || report(written.error(), failed);
  }
  bool report(ipc::Error error, Completion& failed) {
    if (goes_back_) error.sentence += "; the message is still in the mailbox";
    failed = call_.fail(error);
    return false;
  }

  Call& call_;
  Mailbox& mailbox_;
  bool is_array_;
  bool is_held_ = false;    // by us, until it was written
  bool is_leased_ = false;  // by us or for the user
  bool goes_back_ = false;  // is in the mailbox still when it cannot be written
  UniqueFd file_;
  std::vector<std::string> elements_;
};

/// The selection that recv, peek and drain share. False: reported.
bool parse_selection(Call& call, ipc::ReceiveOptions& options, Completion& failed) {
  if (auto type = call.integer("type")) options.type = *type;
  options.priority_min = static_cast<int>(std::clamp<int64_t>(call.integer("priority-min").value_or(0), 0, INT32_MAX));
  options.last = call.has("last");
  (void)call.wait();
  if (call.failed()) {
    failed = call.failure();
    return false;
  }
  std::string_view from = call.value("from");
  if (from.data() == nullptr) return true;
  if (std::optional<pid_t> number = parse_id(from); number && *number > 0) {
    options.from = *number;  // it may have ended, its messages are still there
    return true;
  }
  Outcome<ipc::ProcessIdentity> process = process_named(call.context, from);
  if (process) {
    options.from = process->pid;
    return true;
  }
  failed = call.fail(process.error(), from);
  return false;
}

Outcome<void> receive_one(Call& call, Mailbox& mailbox, Message& message, ipc::ReceiveOptions& options) {
  return call.waiting([&](const ipc::Wait& wait) {
    options.deadline = wait.deadline;
    options.interrupt = wait.interrupt;
    return mailbox.receive(message, options);
  });
}

Completion receive(Call& call, bool peek) {
  Completion failed;
  ipc::ReceiveOptions options;
  if (!parse_selection(call, options, failed)) return failed;
  bool to_the_end = call.has("all");
  int64_t count = to_the_end ? INT64_MAX : call.integer("count").value_or(1);
  if (call.failed()) return call.failure();
  if (count < 1) return call.usage("--count must be at least 1");
  options.lease = call.has("lease");
  options.peek = peek;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  Delivery delivery(call, *mailbox, call.has("count") || to_the_end);
  if (!delivery.open(failed)) return failed;
  delivery.hold(options);
  static Message message;  // its buffer is used again and again
  for (int64_t i = 0; i < count; ++i) {
    Outcome<void> received = receive_one(call, *mailbox, message, options);
    if (!received) {
      Completion rest = delivery.finish();
      if (to_the_end && received.status() == Status::Closed && rest.status == 0) return rest;
      return call.fail(received.error());
    }
    if (!delivery.deliver(message, failed)) return failed;
  }
  return delivery.finish();
}

Completion recv(Call& call) { return receive(call, false); }
Completion peek(Call& call) { return receive(call, true); }

Completion drain(Call& call) {
  Completion failed;
  ipc::ReceiveOptions options;
  if (!parse_selection(call, options, failed)) return failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  Delivery delivery(call, *mailbox, true);
  if (!delivery.open(failed)) return failed;
  delivery.hold(options);
  options.deadline = ipc::kNoWait;
  Message message;
  for (;;) {
    Outcome<void> received = mailbox->receive(message, options);
    if (!received) {
      bool is_end = received.status() == Status::WouldBlock || received.status() == Status::Closed;
      return is_end ? delivery.finish() : call.fail(received.error());
    }
    if (!delivery.deliver(message, failed)) return failed;
  }
}

// --- ack, flush, close, repair, rm

constexpr OptionRow kAckOptions[] = {
    {"release", 0, "", "give it back to the front of the mailbox instead"},
};

Completion ack(Call& call) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  std::vector<uint64_t> ids;
  for (size_t i = 1; i < call.operand_count(); ++i) {
    auto number = parse_integer(call.operand(i));
    if (!number || *number < 1) return call.usage(fmt::format("'{}' is no id", call.operand(i)));
    ids.push_back(static_cast<uint64_t>(*number));
  }
  if (ids.empty()) ids = mailbox->leases();
  if (ids.empty()) return call.fail({Status::NoObject, ENOENT, "this shell holds no message of it under lease"});
  for (uint64_t id : ids) {
    Outcome<void> done = call.has("release") ? mailbox->release(id) : mailbox->ack(id);
    if (!done) return call.fail(done.error());
  }
  return call.done();
}

constexpr OptionRow kFlushOptions[] = {kVariableOption};

Completion flush(Call& call) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  Outcome<uint64_t> removed = mailbox->flush();
  if (!removed) return call.fail(removed.error());
  return call.has("variable") ? call.result(std::to_string(*removed)) : call.done();
}

Completion close(Call& call) {
  return on_mailbox(call, [](Mailbox& mailbox) { return mailbox.close(); });
}

Completion repair(Call& call) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  Outcome<Mailbox::Repairs> found = mailbox->repair();
  if (!found) return call.fail(found.error());
  Record record;
  record.add("messages", unsigned_cell(found->messages));
  record.add("returned", unsigned_cell(found->returned));
  record.add("freed_blocks", unsigned_cell(found->freed_blocks));
  record.add("departed", unsigned_cell(found->departed));
  return record.print(call);
}

Completion rm(Call& call) {
  Completion result = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    std::string_view target = call.operand(i);
    Outcome<ipc::ObjectName> name(Status::Usage, "");
    if (target.starts_with("@") || target.starts_with("%")) {
      Outcome<ipc::ProcessIdentity> process = process_named(call.context, target);
      name = process ? ipc::ObjectName::direct(*process) : Outcome<ipc::ObjectName>(process.error());
    } else {
      name = ipc::ObjectName::parse(target);
    }
    Outcome<void> done = name ? Outcome<void>() : Outcome<void>(name.error());
    if (name) {
      MailboxHandle known = known_mailbox(target);
      if (known == nullptr || !known->remove()) done = Mailbox::remove(*name);
    }
    if (!done) result = call.fail(done.error(), target);
    drop_attached(target);
  }
  return result;
}

// --- grant, chown

std::string_view kGrantHelp = "is none of anyone, user:NAME, @PID, @self, %JOB";

/// "send=LIST" or "recv=LIST": anyone, user:NAME, @PID, @self, %JOB with commas between; "send=" takes the limits away.
bool parse_grant(Call& call, std::string_view text, ipc::Right& right, std::vector<ipc::Principal>& principals,
                 Completion& failed) {
  size_t equals = text.find('=');
  std::string_view verb = text.substr(0, equals);
  if (equals == std::string_view::npos || (verb != "send" && verb != "recv")) {
    failed = call.usage(fmt::format("'{}' is neither send=LIST nor recv=LIST", text));
    return false;
  }
  right = verb == "send" ? ipc::Right::Send : ipc::Right::Receive;
  std::string_view rest = text.substr(equals + 1);
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view who = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    ipc::Principal principal;
    if (who == "anyone") {
      principal.kind = ipc::Principal::Kind::Anyone;
    } else if (who.starts_with("user:")) {
      Outcome<ipc::ObjectName> user = ipc::ObjectName::parse(std::string(who.substr(5)) + ":x");
      if (!user) {
        failed = call.fail(user.error(), who);
        return false;
      }
      principal.kind = ipc::Principal::Kind::User;
      principal.user = user->user();
    } else if (who.starts_with("@") || who.starts_with("%")) {
      Outcome<ipc::ProcessIdentity> process = process_named(call.context, who);
      if (!process) {
        failed = call.fail(process.error(), who);
        return false;
      }
      principal.kind = ipc::Principal::Kind::Process;
      principal.process = *process;
    } else {
      failed = call.usage(fmt::format("'{}' {}", who, kGrantHelp));
      return false;
    }
    principals.push_back(principal);
  }
  return true;
}

Completion grant(Call& call) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  for (size_t i = 1; i < call.operand_count(); ++i) {
    ipc::Right right{};
    std::vector<ipc::Principal> principals;
    if (!parse_grant(call, call.operand(i), right, principals, failed)) return failed;
    Outcome<void> done = mailbox->grant(right, principals);
    if (!done) return call.fail(done.error());
  }
  return call.done();
}

Completion chown(Call& call) {
  Outcome<ipc::ProcessIdentity> owner = process_named(call.context, call.operand(1));
  if (!owner) return call.fail(owner.error(), call.operand(1));
  return on_mailbox(call, [&](Mailbox& mailbox) { return mailbox.chown(*owner); });
}

// --- stat, list

std::string_view condition_of(const MailboxInfo& info) {
  if (info.condition != Status::Done) return "damaged";
  return info.is_closed ? "closed" : "open";
}

Cell capacity_cell(uint64_t capacity) {
  return capacity == ipc::kUnbounded ? Cell{"unbounded", "null", true} : unsigned_cell(capacity);
}

Cell owner_cell(const MailboxInfo& info) {
  return info.is_owner_alive ? number_cell(info.owner.pid)
                             : Cell{fmt::format("{} (ended)", info.owner.pid), std::to_string(info.owner.pid), true};
}

Cell people_cell(const MailboxInfo& info) {
  std::vector<std::string> people;
  for (const ipc::Participant& person : info.participants) {
    if (!person.is_alive) continue;
    std::string text = std::to_string(person.process.pid);
    if (person.is_waiting) text += ":waiting";
    if (person.leases != 0) text += fmt::format(":{} leased", person.leases);
    people.push_back(std::move(text));
  }
  return list_cell(people);
}

Cell rights_cell(const std::vector<ipc::Principal>& principals) {
  std::vector<std::string> texts;
  for (const ipc::Principal& principal : principals) {
    switch (principal.kind) {
      case ipc::Principal::Kind::Nobody: break;
      case ipc::Principal::Kind::Anyone: texts.emplace_back("anyone"); break;
      case ipc::Principal::Kind::User: texts.push_back("user:" + user_cell(principal.user).text); break;
      case ipc::Principal::Kind::Process: texts.push_back(fmt::format("@{}", principal.process.pid)); break;
    }
  }
  return list_cell(texts);
}

constexpr OptionRow kStatOptions[] = {
    {"receipt", 0, "ID", "where that message is: waiting, leased or gone"},
    kVariableOption,
    kJsonOption,
};

Completion stat(Call& call) {
  Completion failed;
  MailboxHandle mailbox = find_mailbox(call, failed);
  if (mailbox == nullptr) return failed;
  if (call.has("receipt")) {
    auto id = call.integer("receipt");
    if (!id) return call.failure();
    switch (mailbox->receipt(static_cast<uint64_t>(*id))) {
      case ipc::ReceiptState::Waiting: return call.result("waiting");
      case ipc::ReceiptState::Leased: return call.result("leased");
      case ipc::ReceiptState::Gone: return call.result("gone");
      case ipc::ReceiptState::NeverSent: break;
    }
    return call.fail({Status::NoObject, ENOENT, fmt::format("no message had the receipt {}", *id)});
  }
  Outcome<MailboxInfo> info = mailbox->stat();
  if (!info) return call.fail(info.error());
  const MailboxConfig& config = info->config;
  Record record;
  record.add("kind", text_cell("mbox"));
  record.add("name", text_cell(info->name));
  record.add("state", text_cell(condition_of(*info)));
  record.add("messages", unsigned_cell(info->messages));
  record.add("leased", unsigned_cell(info->leased));
  record.add("capacity", capacity_cell(config.capacity));
  record.add("payload", size_cell(info->payload_bytes));
  record.add("bytes", size_cell(info->file_bytes));
  record.add("bytes_limit", size_cell(config.bytes));
  record.add("max_message", size_cell(config.max_message));
  record.add("policy", text_cell(word_of(kPolicies, static_cast<uint8_t>(config.policy))));
  record.add("turn", config.turn_ns > 0 ? duration_cell(config.turn_ns) : no_cell());
  record.add("pick", text_cell(word_of(kPicks, static_cast<uint8_t>(config.pick))));
  record.add("order", text_cell(word_of(kOrders, static_cast<uint8_t>(config.order))));
  record.add("on_full", text_cell(word_of(kOnFull, static_cast<uint8_t>(config.on_full))));
  record.add("life", text_cell(config.keep ? "keep" : "session"));
  record.add("start", config.start_command.empty() ? no_cell() : text_cell(config.start_command));
  record.add("owner", owner_cell(*info));
  record.add("user", user_cell(info->user));
  record.add("mode", mode_cell(config.mode));
  record.add("may_send", rights_cell(info->may_send));
  record.add("may_receive", rights_cell(info->may_receive));
  record.add("sent", unsigned_cell(info->sent));
  record.add("received", unsigned_cell(info->received));
  record.add("dropped", unsigned_cell(info->dropped));
  record.add("waiting_receivers", unsigned_cell(info->waiting_receivers));
  record.add("waiting_senders", unsigned_cell(info->waiting_senders));
  record.add("processes", people_cell(*info));
  record.add("repairs", unsigned_cell(info->repairs));
  return record.print(call);
}

constexpr OptionRow kListOptions[] = {kJsonOption};

Completion list(Call& call) {
  auto where = ipc::ObjectDirectory::of_user(geteuid());
  if (!where) return call.fail(where.error());
  Outcome<std::vector<MailboxInfo>> found = Mailbox::list(*where);
  if (!found) return call.fail(found.error());
  Table table{{"name", "NAME"},       {"state", "STATE"},   {"messages", "MESSAGES"}, {"capacity", "CAPACITY"},
              {"payload", "BYTES"},   {"policy", "POLICY"}, {"sent", "SENT"},         {"received", "RECEIVED"},
              {"waiting", "WAITING"}, {"owner", "OWNER"},   {"life", "LIFE"},         {"mode", "MODE"}};
  for (const MailboxInfo& info : *found) {
    if (info.condition != Status::Done) {
      table.add({text_cell(info.name), text_cell("damaged"), no_cell(), no_cell(), size_cell(info.file_bytes),
                 no_cell(), no_cell(), no_cell(), no_cell(), no_cell(), no_cell(), no_cell()});
      continue;
    }
    table.add({text_cell(info.name), text_cell(condition_of(info)), unsigned_cell(info.messages),
               capacity_cell(info.config.capacity), size_cell(info.payload_bytes),
               text_cell(word_of(kPolicies, static_cast<uint8_t>(info.config.policy))), unsigned_cell(info.sent),
               unsigned_cell(info.received), unsigned_cell(info.waiting_receivers), owner_cell(info),
               text_cell(info.config.keep ? "keep" : "session"), mode_cell(info.config.mode)});
  }
  return table.print(call);
}

constexpr Verb kVerbs[] = {
    {"create", create, "NAME [--capacity 0|N|unbounded] [--policy any|single|pair|all] [--keep] [...]",
     "make a mailbox; this shell owns it", "mbox create jobs --capacity 100 --keep", kCreateOptions, 1, 1},
    {"send", send, "TARGET [--type T] [--priority P] [--nowait|--timeout D|--sync|--receipt] [--] [DATA...]",
     "send a message: the words, or else the input; TARGET is NAME, @PID, %JOB or @self",
     "mbox send jobs 'resize photo.jpg'\nfind . -name '*.jpg' | mbox send jobs --frame line", kSendOptions, 1, 1, true},
    {"recv", recv, "TARGET [-v VAR] [--from PID] [--type T] [--lease] [--count N|--all] [--nowait|--timeout D]",
     "take a message, the oldest that fits", "mbox recv jobs -v job --timeout 5s && echo \"got $job\"", kReceiveOptions,
     1, 1},
    {"peek", peek, "NAME [-v VAR] [--type T] [--nowait|--timeout D]", "look at the next message and leave it there",
     "mbox peek jobs --nowait", kPeekOptions, 1, 1},
    {"ack", ack, "NAME [ID...] [--release]", "end leases: the messages are done with (all this shell holds without ID)",
     "mbox recv jobs --lease -v job && do_it \"$job\" && mbox ack jobs", kAckOptions, 1, kAnyNumber},
    {"drain", drain, "NAME [-v ARRAY] [--type T]", "take all messages that are there, without waiting",
     "mbox drain jobs -v rest; echo \"${#rest[@]} left\"", kDrainOptions, 1, 1},
    {"flush", flush, "NAME [-v VAR]", "throw away all messages that are not leased", "mbox flush jobs", kFlushOptions,
     1, 1},
    {"serve", serve_mailbox, "NAME [-j N] [--retries R] -- HANDLER...",
     "run HANDLER for each message, N at a time; nothing is lost when a worker dies",
     "mbox serve jobs -j 4 -- ./resize   # the message is on its standard input and in $MESSAGE", kServeOptions, 1, 1,
     true},
    {"stat", stat, "NAME [--receipt ID] [--json]", "show everything about a mailbox, or where one message is",
     "mbox send jobs --receipt -v id x; mbox stat jobs --receipt $id", kStatOptions, 1, 1},
    {"list", list, "[--json]", "show the mailboxes", "mbox list", kListOptions, 0, 0},
    {"grant",
     grant,
     "NAME send=LIST recv=LIST",
     "say who may send and receive: anyone, user:NAME, @PID, @self, %JOB",
     "mbox grant jobs recv=@self send=anyone",
     {},
     2,
     3},
    {"chown", chown, "NAME @PID", "make another process the owner", "mbox chown jobs %1", {}, 2, 2},
    {"close", close, "NAME", "no more sends; receivers get what is left, then status 7", "mbox close jobs", {}, 1, 1},
    {"repair", repair, "NAME [--json]", "rebuild it and take back what dead processes held", "mbox repair jobs",
     kListOptions, 1, 1},
    {"rm", rm, "NAME...", "remove mailboxes and what is in them", "mbox rm jobs", {}, 1, kAnyNumber},
};

}  // namespace

const Noun kMboxNoun{"mbox", "mailboxes: messages between any processes, safe from the death of any of them", kVerbs,
                     mailbox_names};

}  // namespace mish::builtins
