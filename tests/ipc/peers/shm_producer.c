/* SPDX-License-Identifier: GPL-3.0-or-later
 * The textbook's producer: shm_open(NAME, O_CREAT|O_RDWR, 0666), ftruncate 4096, mmap, two texts one after the other.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char** argv) {
  enum { kSize = 4096 };
  const char* name = argc > 1 ? argv[1] : "/OS";
  int fd = shm_open(name, O_CREAT | O_RDWR, 0666);
  if (fd < 0 || ftruncate(fd, kSize) != 0) return 1;
  char* ptr = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ptr == MAP_FAILED) return 1;
  ptr += sprintf(ptr, "%s", "Hello ");
  sprintf(ptr, "%s", "World!");
  return 0;
}
