// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/arrivals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "builtins/ipc/mailboxes.h"
#include "shell/api/services.h"

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
    ipc::Outcome<ipc::Mailbox*> box = attached_mailbox(context, mailbox_of(arrival));
    ipc::Outcome<void> armed = box ? (*box)->arm_doorbell() : box.error();
    if (!armed) {
      context.error("{}: {}", arrival.object, armed.error().sentence);
      status = static_cast<int>(armed.status());
    } else if ((*box)->is_ready()) {
      raise(arrival_signal());  // what came before the trap was set counts too
    }
  }
  return status;
}

api::Completion deliver_arrivals(api::BuiltinContext& context) {
  ipc::Doorbell::clear();
  std::vector<state::ArrivalTrap> arrivals = context.state.traps.arrivals();  // an action may change the list
  for (const state::ArrivalTrap& arrival : arrivals) {
    for (;;) {
      // Looked up each time: the action may have removed the mailbox or moved the handles.
      ipc::Outcome<ipc::Mailbox*> box = attached_mailbox(context, mailbox_of(arrival));
      if (!box || !(*box)->arm_doorbell() || !(*box)->is_ready() || !has_message(**box)) break;
      uint64_t before = taken_from(**box);
      api::Completion completion = context.services.run_text(arrival.action.command, "trap");
      if (!completion.is_normal()) return completion;
      box = attached_mailbox(context, mailbox_of(arrival));
      if (!box || taken_from(**box) == before) break;  // the action left it there
    }
  }
  return api::Completion::of(0);
}

}  // namespace mish::builtins
