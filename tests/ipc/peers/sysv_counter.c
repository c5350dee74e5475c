/* SPDX-License-Identifier: GPL-3.0-or-later
 * sysv_counter KEY [VALUE]: shmget, shmat; prints the int at the start of the segment, then stores VALUE there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  int id = shmget((key_t)strtoul(argv[1], NULL, 0), 0, 0);
  if (id < 0) return 1;
  int* shared = shmat(id, NULL, 0);
  if (shared == (void*)-1) return 1;
  printf("%d\n", *shared);
  if (argc > 2) *shared = atoi(argv[2]);
  return shmdt(shared) != 0;
}
