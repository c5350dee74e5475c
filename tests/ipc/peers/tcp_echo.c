/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_echo: listens on a port of the system's choice on 127.0.0.1, prints it, serves one connection: each line comes
 * back in capitals.  tcp_echo PORT TEXT: connects, sends TEXT and a newline, prints the answer. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int client(int port, const char* text) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) return 1;
  FILE* stream = fdopen(fd, "r+");
  fprintf(stream, "%s\n", text);
  fflush(stream);
  char line[4096];
  if (fgets(line, sizeof line, stream) == NULL) return 1;
  fputs(line, stdout);
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 2) return client(atoi(argv[1]), argv[2]);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 1) != 0) return 1;
  if (getsockname(listener, (struct sockaddr*)&address, &length) != 0) return 1;
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int fd = accept(listener, NULL, NULL);
  char c;
  while (read(fd, &c, 1) == 1) {
    c = (char)toupper((unsigned char)c);
    if (write(fd, &c, 1) != 1) return 1;
  }
  return 0;
}
