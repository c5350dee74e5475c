/* SPDX-License-Identifier: GPL-3.0-or-later
 * sysv_queue send KEY TYPE TEXT: msgsnd with IPC_NOWAIT;  sysv_queue recv KEY TYPE: msgrcv, prints "TYPE:TEXT". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
  long mtype;
  char mtext[4096];
};

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  int id = msgget((key_t)strtoul(argv[2], NULL, 0), IPC_CREAT | 0600);
  if (id < 0) return 1;
  struct message m;
  memset(&m, 0, sizeof m);
  if (strcmp(argv[1], "send") == 0 && argc > 4) {
    m.mtype = atol(argv[3]);
    size_t length = strlen(argv[4]);
    if (length > sizeof m.mtext) return 2;
    memcpy(m.mtext, argv[4], length);
    return msgsnd(id, &m, length, IPC_NOWAIT) != 0;
  }
  ssize_t n = msgrcv(id, &m, sizeof m.mtext, atol(argv[3]), 0);
  if (n < 0) return 1;
  printf("%ld:%.*s\n", m.mtype, (int)n, m.mtext);
  return 0;
}
