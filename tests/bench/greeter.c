// The open ports of the benchmarks: listens on these ports of every address, greets like an SSH
// server and closes the connection. It uses one thread, so that it costs next to nothing compared
// with the measured program.
//
// greeter PORT…
//
// Prints a line when it listens.

#define _GNU_SOURCE  // accept4
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { backlog = 4096, events_at_once = 64 };

static int listen_on(uint16_t port) {
  int on = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, (struct sockaddr*)&any, sizeof any) != 0 ||
      listen(descriptor, backlog) != 0) {
    perror("greeter");
    exit(1);
  }
  return descriptor;
}

static void greet_all(int listener) {
  static const char greeting[] = "SSH-2.0-Bench\r\n";
  int peer;
  while ((peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    ssize_t sent = send(peer, greeting, sizeof greeting - 1, MSG_NOSIGNAL);
    (void)sent;  // a peer that has closed already gets no greeting
    close(peer);
  }
}

int main(int argc, char** argv) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 1; i < argc; ++i) {
    int listener = listen_on((uint16_t)atoi(argv[i]));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) return 1;
  }
  printf("listening\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[events_at_once];
    int count = epoll_wait(epoll, events, events_at_once, -1);
    for (int i = 0; i < count; ++i)
      greet_all(events[i].data.fd);
  }
}
