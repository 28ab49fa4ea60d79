#include "client/standard_output.hpp"

#include "client/errc.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace sonde::client {
namespace {

error_code system_error_of(int number) {
  return {number, boost::system::system_category()};
}

/// Waits until a non-blocking descriptor is writable. A closed reader also ends the wait; the next
/// write reports it.
error_code wait_until_writable(int descriptor) {
  pollfd waited{};
  waited.fd = descriptor;
  waited.events = POLLOUT;
  if (poll(&waited, 1, -1) < 0 && errno != EINTR) return system_error_of(errno);
  return {};
}

error output_failure(const error_code& why) {
  if (why.value() == EPIPE) return fail(errc::output_closed);
  return fail(errc::output_failed, "standard output cannot be written: " + why.message());
}

}  // namespace

error_code write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    // A write of some bytes that returns zero is an error; otherwise the loop would not end.
    int number = written == 0 ? EIO : errno;
    if (number == EINTR) continue;
    if (number != EAGAIN) return system_error_of(number);
    if (auto failed = wait_until_writable(descriptor)) return failed;
  }
  return {};
}

result<> write_output(std::string_view bytes) {
  auto failed = write_all(STDOUT_FILENO, bytes);
  if (failed) return output_failure(failed);
  return {};
}

result<> check_output() {
  // Closing any descriptor of a file reports the file's errors.
  int copy = dup(STDOUT_FILENO);
  if (copy < 0) return {};
  if (close(copy) != 0 && errno != EINTR) return output_failure(system_error_of(errno));
  return {};
}

}  // namespace sonde::client
