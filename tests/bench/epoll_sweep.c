// The baseline for the engine's sweep: the simplest scan of one address that distinguishes an open
// port from a closed one. It uses non-blocking connects and one epoll. While it runs it allocates
// nothing, resolves no name, keeps no rate, and sends nothing to open ports.
//
// epoll_sweep ADDRESS FIRST LAST IN_FLIGHT new|again
//
// new: one socket for each probe, as such loops are commonly written. again: a refused socket is
// disconnected and used for another probe.
//
// Prints one JSON object. The exit code is 1 after an error that is not an answer of a port.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_ports = 65536, most_descriptors = 65536, events_at_once = 1024 };

struct sweep {
  int epoll;
  struct sockaddr_in target;
  uint32_t next, last;
  unsigned in_flight, most_in_flight;
  unsigned closed, silent, open_count;
  unsigned self_connections, trouble;
  uint16_t again[most_ports];  // to be probed again: an error of this machine, not an answer
  unsigned again_count;
  uint16_t open[most_ports];
  uint16_t port_of[most_descriptors];  // 0: the descriptor is idle
  int use_again;
  int resting[most_descriptors];
  unsigned resting_count;
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void close_with_reset(int descriptor) {
  struct linger now = {1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(descriptor);
}

// A scan of a local address may connect to itself. Then both ends are the same.
static int is_connected_to_itself(int descriptor) {
  struct sockaddr_in own, peer;
  socklen_t own_size = sizeof own, peer_size = sizeof peer;
  if (getsockname(descriptor, (struct sockaddr*)&own, &own_size) != 0) return 0;
  if (getpeername(descriptor, (struct sockaddr*)&peer, &peer_size) != 0) return 0;
  return own.sin_port == peer.sin_port && own.sin_addr.s_addr == peer.sin_addr.s_addr;
}

static void ask_again(struct sweep* s, uint16_t port) {
  if (s->again_count == most_ports) exit(1);
  s->again[s->again_count++] = port;
}

static void let_go_of_refused(struct sweep* s, int descriptor) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  if (s->use_again && connect(descriptor, &nobody, sizeof nobody) == 0) {
    s->port_of[descriptor] = 0;
    s->resting[s->resting_count++] = descriptor;
  } else {
    close(descriptor);
  }
}

static void take_answer(struct sweep* s, int descriptor, uint16_t port, int failure) {
  switch (failure) {
    case ECONNREFUSED:
      ++s->closed;
      let_go_of_refused(s, descriptor);
      return;
    case 0:
      if (is_connected_to_itself(descriptor)) {
        ++s->self_connections;
        ask_again(s, port);
      } else {
        s->open[s->open_count++] = port;
      }
      close_with_reset(descriptor);
      return;
    case ETIMEDOUT:
      ++s->silent;
      close(descriptor);
      return;
    default: ++s->trouble; close(descriptor);
  }
}

// Returns an idle socket, or a new one registered with the epoll.
static int take_socket(struct sweep* s) {
  if (s->resting_count > 0) return s->resting[--s->resting_count];
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0 || descriptor >= most_descriptors) {
    perror("socket");
    exit(1);
  }
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.fd = descriptor};
  if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    perror("epoll_ctl");
    exit(1);
  }
  return descriptor;
}

// Sends one probe. Returns 0 if no port is left to probe.
static int probe(struct sweep* s) {
  uint16_t port;
  if (s->again_count > 0) {
    port = s->again[--s->again_count];
  } else if (s->next <= s->last) {
    port = (uint16_t)s->next++;
  } else {
    return 0;
  }
  int descriptor = take_socket(s);
  s->target.sin_port = htons(port);
  if (connect(descriptor, (struct sockaddr*)&s->target, sizeof s->target) == 0) {
    take_answer(s, descriptor, port, 0);
    return 1;
  }
  if (errno != EINPROGRESS) {
    take_answer(s, descriptor, port, errno);
    return 1;
  }
  s->port_of[descriptor] = port;
  ++s->in_flight;
  return 1;
}

static void harvest(struct sweep* s) {
  struct epoll_event events[events_at_once];
  int count = epoll_wait(s->epoll, events, events_at_once, -1);
  for (int i = 0; i < count; ++i) {
    int descriptor = events[i].data.fd;
    if (s->port_of[descriptor] == 0) continue;
    int failure = 0;
    socklen_t size = sizeof failure;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
    --s->in_flight;
    take_answer(s, descriptor, s->port_of[descriptor], failure);
  }
}

int main(int argc, char** argv) {
  static struct sweep s;
  if (argc != 6 || inet_pton(AF_INET, argv[1], &s.target.sin_addr) != 1) {
    fprintf(stderr, "usage: epoll_sweep ADDRESS FIRST LAST IN_FLIGHT new|again\n");
    return 64;
  }
  s.target.sin_family = AF_INET;
  s.next = (uint32_t)atoi(argv[2]);
  s.last = (uint32_t)atoi(argv[3]);
  s.most_in_flight = (unsigned)atoi(argv[4]);
  s.use_again = strcmp(argv[5], "again") == 0;
  s.epoll = epoll_create1(EPOLL_CLOEXEC);
  double begun = seconds_now();
  int more = 1;
  while (more || s.in_flight > 0) {
    more = 1;
    while (s.in_flight < s.most_in_flight && (more = probe(&s)) != 0) {
    }
    if (s.in_flight > 0) harvest(&s);
    more = more || s.again_count > 0;
  }
  double seconds = seconds_now() - begun;
  printf(
      "{\"seconds\": %.6f, \"closed\": %u, \"silent\": %u, \"trouble\": %u, \"self\": %u, "
      "\"open\": [",
      seconds, s.closed, s.silent, s.trouble, s.self_connections);
  for (unsigned i = 0; i < s.open_count; ++i)
    printf(i == 0 ? "%u" : ", %u", s.open[i]);
  printf("]}\n");
  return s.trouble == 0 ? 0 : 1;
}
