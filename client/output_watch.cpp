#include "client/output_watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

namespace sonde::client {

// Asio would make standard output non-blocking, for every process that shares it. So it watches a
// set of its own, which has standard output as its only member.
output_watch::output_watch(const executor& loop, std::function<void()> closed) : events_(loop) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return;
  error_code failed;
  events_.assign(set, failed);
  if (failed) {
    close(set);
    return;
  }
  epoll_event only_errors{};  // these are always reported
  if (epoll_ctl(set, EPOLL_CTL_ADD, STDOUT_FILENO, &only_errors) != 0) return;
  auto seen = [closed = std::move(closed)](error_code aborted) {
    if (!aborted) closed();
  };
  events_.async_wait(asio::posix::stream_descriptor::wait_read, std::move(seen));
}

}  // namespace sonde::client
