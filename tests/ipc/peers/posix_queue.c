/* SPDX-License-Identifier: GPL-3.0-or-later
 * posix_queue send NAME PRIORITY TEXT | recv NAME: mq_send, mq_receive; recv prints "PRIORITY:TEXT". */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  mqd_t queue = mq_open(argv[2], O_RDWR);
  if (queue == (mqd_t)-1) return 1;
  if (strcmp(argv[1], "send") == 0 && argc > 4) {
    return mq_send(queue, argv[4], strlen(argv[4]), (unsigned)atoi(argv[3])) != 0;
  }
  struct mq_attr attributes;
  if (mq_getattr(queue, &attributes) != 0) return 1;
  char* text = malloc((size_t)attributes.mq_msgsize);
  unsigned priority = 0;
  ssize_t n = mq_receive(queue, text, (size_t)attributes.mq_msgsize, &priority);
  if (n < 0) return 1;
  printf("%u:%.*s\n", priority, (int)n, text);
  free(text);
  return 0;
}
