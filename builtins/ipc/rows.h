// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of the IPC builtins for the table. They are extensions: in POSIX mode they do not exist, so that nothing shadows
// a utility of the same name.
#ifndef MISH_BUILTINS_IPC_ROWS_H_
#define MISH_BUILTINS_IPC_ROWS_H_

#include "builtins/ipc/nouns.h"
#include "shell/api/builtin.h"

namespace mish::builtins {

inline constexpr api::Builtin kIpcRows[] = {
    {"fifo", fifo_builtin, api::BuiltinKind::Extension, 0, "fifo VERB PATH [options]",
     R"(Create, look at, list and remove named pipes.
Verbs: create stat list rm. `fifo help` tells more; reading and writing is what redirections are for.)"},
    {"ipc", ipc_builtin, api::BuiltinKind::Extension, 0, "ipc VERB [options]",
     R"(Look after all objects of interprocess communication at once.
Verbs: list stat gc graph wait bench limits. `ipc help` tells more; the manual is mish-ipc(7).)"},
    {"mbox", mbox_builtin, api::BuiltinKind::Extension, 0, "mbox VERB NAME|@PID [options] [--] [data ...]",
     R"(Send and receive messages by mailboxes that outlive any crash of their users.
Verbs: create send recv peek ack drain flush serve stat list grant chown close repair rm. `mbox help` tells more.)"},
    {"mq", mq_builtin, api::BuiltinKind::Extension, 0, "mq VERB NAME [options] [--] [data ...]",
     R"(Use message queues of the kernel, POSIX and System V.
Verbs: create send recv notify stat list rm. `mq help` tells more.)"},
    {"port", port_builtin, api::BuiltinKind::Extension, 0, "port VERB NAME|HANDLE [options] [--] [data ...]",
     R"(Use connection ports: each client gets a private pair with the server.
Verbs: listen accept connect send recv stat list close rm. `port help` tells more.)"},
    {"proc", proc_builtin, api::BuiltinKind::Extension, 0, "proc VERB [options] [PID ...]",
     R"(Show processes as the textbook has them; start and end them.
Verbs: tree list show mem threads wait-channel spawn kill zombies orphans reap. `proc help` tells more.)"},
    {"rpc", rpc_builtin, api::BuiltinKind::Extension, 0, "rpc VERB NAME [options] [args ...]",
     R"(Offer shell functions to other processes, and call theirs.
Verbs: serve import call schema. `rpc help` tells more.)"},
    {"sem", sem_builtin, api::BuiltinKind::Extension, 0, "sem VERB NAME [options] [-- cmd]",
     R"(Use semaphores, POSIX and System V.
Verbs: create wait trywait post hold stat list rm. `sem help` tells more.)"},
    {"shm", shm_builtin, api::BuiltinKind::Extension, 0, "shm VERB NAME [options] [--] [data ...]",
     R"(Use shared memory, POSIX and System V, and mapped files.
Verbs: create write append read cat peek poke add cas bind lock map resize stat list chmod rm. `shm help` tells more.)"},
    {"sock", sock_builtin, api::BuiltinKind::Extension, 0, "sock VERB ADDR|FD [options] [--] [data ...]",
     R"(Use sockets: TCP, UDP, multicast and local ones.
Verbs: listen connect accept send recv stat list close. `sock help` tells more.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_ROWS_H_
