/* SPDX-License-Identifier: GPL-3.0-or-later
 * The C interface as a C program uses it: producer and consumer, leases, the doorbell, statuses. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/mish_ipc.h"

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) {                                                               \
      fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, mish_mbox_error()); \
      exit(1);                                                                        \
    }                                                                                 \
  } while (0)

int main(void) {
  char name[64];
  snprintf(name, sizeof name, "c-test-%d", (int)getpid());
  mish_mbox_config config;
  mish_mbox_defaults(&config);
  config.capacity = 4;
  mish_mbox* box;
  CHECK(mish_mbox_open(name, &box) == MISH_IPC_NO_OBJECT);
  CHECK(strcmp(mish_mbox_error(), "no such mailbox") == 0);
  CHECK(mish_mbox_create(name, &config, &box) == MISH_IPC_DONE);
  CHECK(mish_mbox_create("a/b", &config, &box) == MISH_IPC_USAGE);

  int bell = mish_mbox_doorbell();
  CHECK(bell >= 0 && mish_mbox_arm(box) == MISH_IPC_DONE);
  pid_t producer = fork();
  if (producer == 0) {
    mish_mbox* mine;
    CHECK(mish_mbox_open(name, &mine) == MISH_IPC_DONE);
    for (int i = 0; i < 100; ++i) {
      CHECK(mish_mbox_send(mine, &i, sizeof i, i % 2, 0, MISH_IPC_FOREVER, NULL) == MISH_IPC_DONE);
    }
    mish_mbox_close_handle(mine);
    _exit(0);
  }
  struct pollfd entry = {bell, POLLIN, 0};
  CHECK(poll(&entry, 1, 10000) == 1);
  mish_mbox_doorbell_clear();
  mish_mbox_message message;
  for (int i = 0; i < 100; ++i) {
    CHECK(mish_mbox_receive(box, NULL, MISH_IPC_FOREVER, &message) == MISH_IPC_DONE);
    CHECK(message.size == sizeof i && memcmp(message.data, &i, sizeof i) == 0);
    CHECK(message.type == i % 2 && message.sender == producer);
  }
  int status;
  CHECK(waitpid(producer, &status, 0) == producer && status == 0);

  mish_mbox_select select = {0};
  select.lease = 1;
  CHECK(mish_mbox_send(box, "job", 3, 7, 0, MISH_IPC_NO_WAIT, NULL) == MISH_IPC_DONE);
  CHECK(mish_mbox_receive(box, &select, 1000000, &message) == MISH_IPC_DONE);
  CHECK(mish_mbox_release(box, message.id) == MISH_IPC_DONE);
  CHECK(mish_mbox_receive(box, &select, 1000000, &message) == MISH_IPC_DONE && message.is_redelivered);
  CHECK(mish_mbox_ack(box, message.id) == MISH_IPC_DONE);
  CHECK(mish_mbox_receive(box, NULL, MISH_IPC_NO_WAIT, &message) == MISH_IPC_WOULD_BLOCK);
  CHECK(mish_mbox_receive(box, NULL, 1000000, &message) == MISH_IPC_TIMED_OUT);
  CHECK(mish_mbox_close(box) == MISH_IPC_DONE);
  CHECK(mish_mbox_send(box, "x", 1, 0, 0, MISH_IPC_FOREVER, NULL) == MISH_IPC_CLOSED);
  mish_mbox_close_handle(box);
  CHECK(mish_mbox_remove(name) == MISH_IPC_DONE);
  return 0;
}
