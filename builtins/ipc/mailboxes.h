// SPDX-License-Identifier: GPL-3.0-or-later
// The mailboxes this shell is attached to. Attaching costs a few microseconds, so it happens once per mailbox; a handle
// is dropped when its mailbox was removed. Also /dev/mbox/NAME as a file.
#ifndef MISH_BUILTINS_IPC_MAILBOXES_H_
#define MISH_BUILTINS_IPC_MAILBOXES_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/mailbox.h"
#include "shell/api/builtin.h"
#include "shell/base/fd.h"
#include "shell/base/result.h"

namespace mish::builtins {

/// Shared, since a trap that runs while a verb waits in a mailbox may remove it or move the handles.
using MailboxHandle = std::shared_ptr<ipc::Mailbox>;

/// The mailbox meant by `target`: NAME, USER:NAME, or the direct mailbox of @PID, @self, %JOB (made on first use).
/// Fails as ObjectName::parse and Mailbox::open do.
ipc::Outcome<MailboxHandle> attached_mailbox(api::BuiltinContext& context, std::string_view target);
/// Keeps the handle of a mailbox just made; a session mailbox lives as long as this shell.
MailboxHandle keep_attached(std::string_view target, ipc::Mailbox mailbox);
/// The handle of the mailbox NAME if this shell has one; null otherwise.
MailboxHandle known_mailbox(std::string_view target);
/// Forgets the handle of `target`.
void drop_attached(std::string_view target);
/// At the end of a shell: its session mailboxes that are empty go with it; those with messages stay for receivers to
/// drain.
void leave_mailboxes();

/// The process meant by @PID, @self, %JOB or a number. Fails with NoObject or Usage.
ipc::Outcome<ipc::ProcessIdentity> process_named(api::BuiltinContext& context, std::string_view text);

/// Numbers of the descriptors that are open in this process, sorted; none when /proc is not mounted.
std::vector<int> open_descriptors();

/// Forks a process that lives beside the shell and is no child of its job table. Returns 0 in it, where only the
/// descriptors `kept` are of use and signals of the terminal are ignored; else its short-lived parent, waited for
/// already, or -1 with errno.
pid_t fork_helper(const std::vector<int>& kept);

/// Names of the user's mailboxes, sorted; direct ones are left out.
std::vector<std::string> mailbox_names();

/// "/dev/mbox/NAME" opened for writing (each line written is a message) or reading (each message is a line, until the
/// mailbox closes). A child process of the shell's moves the lines; a message is under lease until it was read, so that
/// nothing is lost with the reader. `is_mailbox` false: another path.
Result<UniqueFd> open_mailbox_path(std::string_view path, int flags, bool& is_mailbox);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_MAILBOXES_H_
