/* SPDX-License-Identifier: GPL-3.0-or-later
 * The textbook's consumer: shm_open(NAME, O_RDONLY), mmap, print, shm_unlink when a second argument asks for it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char** argv) {
  enum { kSize = 4096 };
  const char* name = argc > 1 ? argv[1] : "/OS";
  int fd = shm_open(name, O_RDONLY, 0);
  if (fd < 0) return 1;
  const char* ptr = mmap(NULL, kSize, PROT_READ, MAP_SHARED, fd, 0);
  if (ptr == MAP_FAILED) return 1;
  printf("%s", ptr);
  return argc > 2 ? shm_unlink(name) != 0 : 0;
}
