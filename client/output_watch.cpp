#include "client/output_watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

namespace sonde::client {

// Asio would make standard output non-blocking for every process that shares it. Therefore Asio
// watches an epoll set whose only member is standard output.
output_watch::output_watch(const executor& loop, std::function<void()> closed) : events_(loop) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return;
  error_code failed;
  events_.assign(set, failed);
  if (failed) {
    close(set);
    return;
  }
  epoll_event only_errors{};  // epoll always reports errors
  if (epoll_ctl(set, EPOLL_CTL_ADD, STDOUT_FILENO, &only_errors) != 0) return;
  auto seen = [closed = std::move(closed)](error_code aborted) {
    if (!aborted) closed();
  };
  events_.async_wait(asio::posix::stream_descriptor::wait_read, std::move(seen));
}

}  // namespace sonde::client
