/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mailboxes of mish for C programs: pkg-config --cflags --libs mish-ipc. The same objects that the shell's `mbox`
 * shows. A handle is used by one thread at a time. Functions that return int return 0 or one of the statuses below;
 * mish_mbox_error() has the sentence to it. Nothing here touches signals but SIGBUS, which is taken so that a truncated
 * mailbox is MISH_IPC_DAMAGED and not the end of the program; the previous handler is called for all other causes. */
#ifndef MISH_IPC_MISH_IPC_H_
#define MISH_IPC_MISH_IPC_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Statuses: the exit statuses of the shell's builtins. */
enum {
  MISH_IPC_DONE = 0,
  MISH_IPC_FAILED = 1,
  MISH_IPC_USAGE = 2,
  MISH_IPC_WOULD_BLOCK = 3,
  MISH_IPC_NO_OBJECT = 4,
  MISH_IPC_DAMAGED = 5,
  MISH_IPC_NOT_PERMITTED = 6,
  MISH_IPC_CLOSED = 7,
  MISH_IPC_TOO_BIG = 8,
  MISH_IPC_EXISTS = 9,
  MISH_IPC_TIMED_OUT = 124,
  MISH_IPC_INTERRUPTED = 130
};

/* How long to wait, in nanoseconds; besides these two any positive number. */
#define MISH_IPC_FOREVER (-1LL)
#define MISH_IPC_NO_WAIT 0LL

typedef struct mish_mbox mish_mbox;

/* How a mailbox is made; all zero is a good start: then use mish_mbox_defaults(). The numbers of policy (any, single,
 * pair, all), pick (fifo, rr, random, idle), order (fifo, priority) and on_full (block, fail, drop-oldest) count from 0
 * in the order of these lists. */
typedef struct {
  uint64_t capacity;    /* messages; 0 = rendezvous, UINT64_MAX = unbounded */
  uint64_t bytes;       /* the most it may take; 0 = a quarter of /dev/shm */
  uint64_t max_message; /* 0 = whatever bytes allows */
  int policy;
  int pick;
  int order;
  int on_full;
  int64_t turn_ns; /* policy single: length of a time slot, 0 = none */
  unsigned mode;   /* permissions */
  int keep;        /* 0: closes when this process ends */
} mish_mbox_config;

typedef struct {
  const void* data; /* valid until the next receive with the same handle */
  size_t size;
  uint64_t id; /* for mish_mbox_ack() */
  int64_t type;
  int priority;
  pid_t sender;
  int is_redelivered;
} mish_mbox_message;

/* What to receive. All zero: the oldest message of any type from anybody. */
typedef struct {
  int has_type; /* only messages of `type` */
  int64_t type;
  pid_t from; /* only messages of this process */
  int priority_min;
  int last;  /* the newest instead of the oldest */
  int lease; /* hold it until mish_mbox_ack(); it comes back if this process dies */
  int peek;  /* leave it there */
} mish_mbox_select;

/* Fills in what `mbox create NAME` without options means. */
void mish_mbox_defaults(mish_mbox_config* config);
/* `name` as in the shell: NAME or USER:NAME. On success *mailbox is a handle for mish_mbox_close_handle(). */
int mish_mbox_create(const char* name, const mish_mbox_config* config, mish_mbox** mailbox);
/* Attaches to a mailbox that exists. */
int mish_mbox_open(const char* name, mish_mbox** mailbox);
/* The direct mailbox of a process, made on first use; only that process receives from it. */
int mish_mbox_open_direct(pid_t process, mish_mbox** mailbox);
/* Removes the mailbox with what is in it; whoever sleeps in it gets MISH_IPC_CLOSED. */
int mish_mbox_remove(const char* name);
/* Detaches and frees the handle, which may be null. What this handle holds under lease goes back to the mailbox. */
void mish_mbox_close_handle(mish_mbox* mailbox);

/* Returns 0 when the message is safe from the death of any process. `id` may be null. */
int mish_mbox_send(mish_mbox* mailbox, const void* data, size_t size, int64_t type, int priority, int64_t wait_ns,
                   uint64_t* id);
/* As mish_mbox_send, but returns when the message has been taken. */
int mish_mbox_send_sync(mish_mbox* mailbox, const void* data, size_t size, int64_t type, int priority, int64_t wait_ns);
/* `select` may be null. */
int mish_mbox_receive(mish_mbox* mailbox, const mish_mbox_select* select, int64_t wait_ns, mish_mbox_message* message);
/* Ends a lease: the message is done with. MISH_IPC_NO_OBJECT when this process does not hold it. */
int mish_mbox_ack(mish_mbox* mailbox, uint64_t id);
/* Gives a leased message back to the front, marked redelivered. */
int mish_mbox_release(mish_mbox* mailbox, uint64_t id);
/* No more sends; receivers get what is left, then MISH_IPC_CLOSED. */
int mish_mbox_close(mish_mbox* mailbox);

/* For event loops: one descriptor a process, readable when an armed mailbox has news. Clear it, look at the mailboxes
 * with MISH_IPC_NO_WAIT, arm them again. Returns the descriptor, or -1. */
int mish_mbox_doorbell(void);
void mish_mbox_doorbell_clear(void);
int mish_mbox_arm(mish_mbox* mailbox);

/* The sentence of the last failure in this thread, "" if there was none. */
const char* mish_mbox_error(void);

#ifdef __cplusplus
}
#endif

#endif /* MISH_IPC_MISH_IPC_H_ */
