// SPDX-License-Identifier: GPL-3.0-or-later
// The C interface: mailbox.h with plain types. No exception leaves it.
#include "ipc/mish_ipc.h"

#include <algorithm>
#include <new>
#include <string>

#include "ipc/futex.h"
#include "ipc/mailbox.h"

struct mish_mbox {
  explicit mish_mbox(mish::ipc::Mailbox made) : mailbox(std::move(made)) {}
  mish::ipc::Mailbox mailbox;
  mish::ipc::Message message;
};

namespace {

using mish::ipc::Mailbox;
using mish::ipc::MailboxConfig;
using mish::ipc::ObjectName;
using mish::ipc::Outcome;

thread_local std::string t_error;

int fail(const mish::ipc::Error& error) {
  t_error = error.sentence;
  return static_cast<int>(error.status);
}

template <typename T>
int answer(const Outcome<T>& outcome) {
  return outcome ? MISH_IPC_DONE : fail(outcome.error());
}

/// Runs `body`; running out of memory is a failure like any other.
template <typename Body>
int guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail({mish::ipc::Status::Failed, ENOMEM, "out of memory"});
  }
}

int hand_out(Outcome<Mailbox> outcome, mish_mbox** mailbox) {
  if (!outcome) return fail(outcome.error());
  *mailbox = new mish_mbox(std::move(*outcome));
  return MISH_IPC_DONE;
}

template <typename Enum>
bool set_enum(int number, int count, Enum& result) {
  if (number < 0 || number >= count) return false;
  result = static_cast<Enum>(number);
  return true;
}

int send_message(mish_mbox* mailbox, std::string_view body, mish::ipc::SendOptions options, int64_t wait_ns,
                 uint64_t* id) {
  options.deadline = mish::ipc::deadline_after(wait_ns);
  auto sent = mailbox->mailbox.send(body, options);
  if (sent && id != nullptr) *id = *sent;
  return answer(sent);
}

}  // namespace

extern "C" {

void mish_mbox_defaults(mish_mbox_config* config) {
  const MailboxConfig standard;
  *config = {};
  config->capacity = standard.capacity;
  config->mode = standard.mode;
}

int mish_mbox_create(const char* name, const mish_mbox_config* config, mish_mbox** mailbox) {
  return guarded([&] {
    MailboxConfig wanted;
    if (config != nullptr) {
      wanted.capacity = config->capacity;
      wanted.bytes = config->bytes;
      wanted.max_message = config->max_message;
      wanted.turn_ns = config->turn_ns;
      wanted.mode = config->mode != 0 ? config->mode : wanted.mode;
      wanted.keep = config->keep != 0;
      if (!set_enum(config->policy, 4, wanted.policy) || !set_enum(config->pick, 4, wanted.pick) ||
          !set_enum(config->order, 2, wanted.order) || !set_enum(config->on_full, 3, wanted.on_full)) {
        return fail({mish::ipc::Status::Usage, EINVAL, "no such policy, pick, order or on_full"});
      }
    }
    auto object = ObjectName::parse(name);
    return object ? hand_out(Mailbox::create(*object, wanted), mailbox) : fail(object.error());
  });
}

int mish_mbox_open(const char* name, mish_mbox** mailbox) {
  return guarded([&] {
    auto object = ObjectName::parse(name);
    return object ? hand_out(Mailbox::open(*object), mailbox) : fail(object.error());
  });
}

int mish_mbox_open_direct(pid_t process, mish_mbox** mailbox) {
  return guarded([&] {
    auto identity = mish::ipc::ProcessIdentity::of(process);
    if (!identity) return fail({mish::ipc::Status::NoObject, ESRCH, "no such process"});
    return hand_out(Mailbox::open_direct(*identity), mailbox);
  });
}

int mish_mbox_remove(const char* name) {
  return guarded([&] {
    auto object = ObjectName::parse(name);
    return object ? answer(Mailbox::remove(*object)) : fail(object.error());
  });
}

void mish_mbox_close_handle(mish_mbox* mailbox) { delete mailbox; }

int mish_mbox_send(mish_mbox* mailbox, const void* data, size_t size, int64_t type, int priority, int64_t wait_ns,
                   uint64_t* id) {
  return guarded([&] {
    return send_message(mailbox, {static_cast<const char*>(data), size}, {.type = type, .priority = priority}, wait_ns,
                        id);
  });
}

int mish_mbox_send_sync(mish_mbox* mailbox, const void* data, size_t size, int64_t type, int priority,
                        int64_t wait_ns) {
  return guarded([&] {
    return send_message(mailbox, {static_cast<const char*>(data), size},
                        {.type = type, .priority = priority, .sync = true}, wait_ns, nullptr);
  });
}

int mish_mbox_receive(mish_mbox* mailbox, const mish_mbox_select* select, int64_t wait_ns, mish_mbox_message* message) {
  return guarded([&] {
    mish::ipc::ReceiveOptions options;
    if (select != nullptr) {
      if (select->has_type != 0) options.type = select->type;
      options.from = select->from;
      options.priority_min = select->priority_min;
      options.last = select->last != 0;
      options.lease = select->lease != 0;
      options.peek = select->peek != 0;
    }
    options.deadline = mish::ipc::deadline_after(wait_ns);
    auto received = mailbox->mailbox.receive(mailbox->message, options);
    if (!received) return fail(received.error());
    const mish::ipc::Message& got = mailbox->message;
    *message = {got.body.data(), got.body.size(), got.id, got.type, got.priority, got.sender, got.is_redelivered};
    return int{MISH_IPC_DONE};
  });
}

int mish_mbox_ack(mish_mbox* mailbox, uint64_t id) {
  return guarded([&] { return answer(mailbox->mailbox.ack(id)); });
}
int mish_mbox_release(mish_mbox* mailbox, uint64_t id) {
  return guarded([&] { return answer(mailbox->mailbox.release(id)); });
}
int mish_mbox_close(mish_mbox* mailbox) {
  return guarded([&] { return answer(mailbox->mailbox.close()); });
}

int mish_mbox_doorbell(void) {
  auto bell = mish::ipc::Doorbell::fd();
  if (bell) return *bell;
  fail(bell.error());
  return -1;
}
void mish_mbox_doorbell_clear(void) { mish::ipc::Doorbell::clear(); }
int mish_mbox_arm(mish_mbox* mailbox) {
  return guarded([&] { return answer(mailbox->mailbox.arm_doorbell()); });
}

const char* mish_mbox_error(void) { return t_error.c_str(); }

}  // extern "C"
