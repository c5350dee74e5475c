// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/arrivals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "builtins/ipc/mailboxes.h"
#include "shell/api/services.h"
#include "shell/base/private_fd.h"

namespace mish::builtins {

namespace {

constexpr std::string_view kPrefix = "mbox:";
/// The action of the doorbell's signal: `ipc deliver`, even where a function has the name.
constexpr std::string_view kDelivery = "builtin ipc deliver";

std::string_view mailbox_of(const state::ArrivalTrap& arrival) {
  return std::string_view(arrival.object).substr(kPrefix.size());
}

/// Messages ever taken out of it: grows when an action received something.
uint64_t taken_from(const ipc::Mailbox& box) {
  ipc::Outcome<ipc::MailboxInfo> info = box.stat();
  return info ? info->received : 0;
}

/// Those with traps whose messages are under lease of others. Who is killed holding one rings no bell, so a helper
/// waits for the ends of the holders, takes back what they held, and that rings.
class HolderWatch {
 public:
  /// Starts a helper for `boxes` if there is somebody to wait for; the one before ends.
  void renew(const std::vector<std::string>& boxes, std::vector<UniqueFd> holders) {
    rein_.reset();
    if (holders.empty()) return;
    Result<Pipe> pipe = make_pipe();
    UniqueFd shell(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    if (!pipe || !shell) return;
    std::vector<int> kept{pipe->read_end.get(), shell.get()};
    for (const UniqueFd& holder : holders) kept.push_back(holder.get());
    if (fork_helper(kept) == 0) watch(boxes, kept);
    rein_ = std::move(pipe->write_end);
  }

 private:
  /// In the helper. `ends`: the rein, the shell, the holders.
  [[noreturn]] static void watch(const std::vector<std::string>& boxes, const std::vector<int>& ends) {
    std::vector<pollfd> entries;
    for (int fd : ends) entries.push_back({fd, POLLIN, 0});
    while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
    }
    if (entries[0].revents != 0 || entries[1].revents != 0) _exit(0);
    for (const std::string& text : boxes) {
      ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(text);
      if (!name) continue;
      if (ipc::Outcome<ipc::Mailbox> box = ipc::Mailbox::open(*name)) (void)box->repair();
    }
    _exit(0);
  }

  PrivateFd rein_;  // closed: the helper ends
};

void watch_holders(api::BuiltinContext& context) {
  static HolderWatch watch;
  std::vector<std::string> boxes;
  std::vector<UniqueFd> holders;
  for (const state::ArrivalTrap& arrival : context.state.traps.arrivals()) {
    ipc::Outcome<MailboxHandle> box = attached_mailbox(context, mailbox_of(arrival));
    if (!box) continue;
    boxes.emplace_back(mailbox_of(arrival));
    for (UniqueFd& life : (*box)->watch_lives(false)) holders.push_back(std::move(life));
  }
  watch.renew(boxes, std::move(holders));
}

bool has_message(const ipc::Mailbox& box) {
  ipc::Outcome<ipc::MailboxInfo> info = box.stat();
  return info && info->messages > info->leased;
}

}  // namespace

int arrival_signal() { return SIGRTMAX - 2; }

int watch_arrivals(api::BuiltinContext& context) {
  int status = state::kSuccess;
  const std::vector<state::ArrivalTrap>& arrivals = context.state.traps.arrivals();
  if (arrivals.empty()) {
    watch_holders(context);  // of none: the helper ends
    // First the doorbell falls silent: the signal, unheard, would end the shell.
    if (ipc::Outcome<int> bell = ipc::Doorbell::fd()) fcntl(*bell, F_SETFL, fcntl(*bell, F_GETFL) & ~O_ASYNC);
    return context.services.set_trap(arrival_signal(), {}).ok() ? status : state::kFailure;
  }
  state::TrapAction delivery;
  delivery.kind = state::TrapAction::Kind::Command;
  delivery.command = kDelivery;
  bool is_heard = context.services.set_trap(arrival_signal(), delivery).ok();  // else the signal would end the shell
  ipc::Outcome<int> bell = ipc::Doorbell::fd();
  if (!is_heard || !bell || fcntl(*bell, F_SETOWN, getpid()) != 0 || fcntl(*bell, F_SETSIG, arrival_signal()) != 0 ||
      fcntl(*bell, F_SETFL, fcntl(*bell, F_GETFL) | O_ASYNC) != 0) {
    context.error("the doorbell of the mailboxes cannot be heard");
    return state::kFailure;
  }
  for (const state::ArrivalTrap& arrival : arrivals) {
    ipc::Outcome<MailboxHandle> box = attached_mailbox(context, mailbox_of(arrival));
    ipc::Outcome<void> armed = box ? (*box)->arm_doorbell() : box.error();
    if (!armed) {
      context.error("{}: {}", arrival.object, armed.error().sentence);
      status = static_cast<int>(armed.status());
    } else if ((*box)->is_ready()) {
      raise(arrival_signal());  // what came before the trap was set counts too
    }
  }
  watch_holders(context);
  return status;
}

/// One round over all traps: each action runs as long as it takes messages.
static api::Completion deliver_once(api::BuiltinContext& context) {
  ipc::Doorbell::clear();
  std::vector<state::ArrivalTrap> arrivals = context.state.traps.arrivals();  // an action may change the list
  for (const state::ArrivalTrap& arrival : arrivals) {
    for (;;) {
      // Looked up each time: the action may have removed the mailbox or moved the handles.
      ipc::Outcome<MailboxHandle> box = attached_mailbox(context, mailbox_of(arrival));
      if (!box || !(*box)->arm_doorbell() || !(*box)->is_ready() || !has_message(**box)) break;
      uint64_t before = taken_from(**box);
      api::Completion completion = context.services.run_text(arrival.action.command, "trap");
      if (!completion.is_normal()) return completion;
      box = attached_mailbox(context, mailbox_of(arrival));
      if (!box || taken_from(**box) == before) break;  // the action left it there
    }
  }
  watch_holders(context);
  return api::Completion::of(0);
}

api::Completion deliver_arrivals(api::BuiltinContext& context) {
  // A ring during an action is for after it: the action is about to take the message it was run for.
  static uint32_t delivering_generation = 0;
  static bool was_rung = false;
  was_rung = true;
  if (delivering_generation == ipc::fork_generation()) return api::Completion::of(0);
  struct Delivery {
    Delivery() { delivering_generation = ipc::fork_generation(); }
    ~Delivery() { delivering_generation = 0; }
  } delivery;
  while (std::exchange(was_rung, false)) {
    if (api::Completion completion = deliver_once(context); !completion.is_normal()) return completion;
  }
  return api::Completion::of(0);
}

}  // namespace mish::builtins
