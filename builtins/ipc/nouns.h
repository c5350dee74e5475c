// SPDX-License-Identifier: GPL-3.0-or-later
// The nouns of the IPC builtins, one per file of this folder, and their entry points for the table of builtins.
#ifndef MISH_BUILTINS_IPC_NOUNS_H_
#define MISH_BUILTINS_IPC_NOUNS_H_

#include "builtins/ipc/verbs.h"

namespace mish::builtins {

/// At the end of a shell, which nothing else tears down: its empty session mailboxes and the names of its connection
/// ports go.
void leave_ipc();
void close_listening_ports();  // port.cc

extern const Noun kShmNoun;   // shm.cc
extern const Noun kMqNoun;    // mq.cc
extern const Noun kMboxNoun;  // mbox.cc
extern const Noun kSemNoun;   // sem.cc
extern const Noun kFifoNoun;  // fifo.cc
extern const Noun kSockNoun;  // sock.cc
extern const Noun kPortNoun;  // port.cc
extern const Noun kRpcNoun;   // rpc.cc
extern const Noun kProcNoun;  // proc.cc
extern const Noun kIpcNoun;   // ipc.cc

inline Completion shm_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kShmNoun); }
inline Completion mq_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kMqNoun); }
inline Completion mbox_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kMboxNoun); }
inline Completion sem_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kSemNoun); }
inline Completion fifo_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kFifoNoun); }
inline Completion sock_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kSockNoun); }
inline Completion port_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kPortNoun); }
inline Completion rpc_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kRpcNoun); }
inline Completion proc_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kProcNoun); }
inline Completion ipc_builtin(BuiltinContext& context, Args args) { return run_noun(context, args, kIpcNoun); }

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_NOUNS_H_
