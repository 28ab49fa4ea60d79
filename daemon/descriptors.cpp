#include "daemon/descriptors.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

/// Descriptors for databases and their logs, epolls, name servers, standard streams, libraries.
constexpr std::size_t reserve = 200;
constexpr std::size_t fewest_probes = 64;

std::size_t open_now() {
  std::error_code ignored;
  auto listing = std::filesystem::directory_iterator("/proc/self/fd", ignored);
  return static_cast<std::size_t>(
      std::distance(std::filesystem::begin(listing), std::filesystem::end(listing)));
}

}  // namespace

bool open_standard_streams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    int other_direction = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    // `open` returns the lowest free number, and all numbers below are open.
    if (open("/dev/null", other_direction) != stream) return false;
  }
  return true;
}

descriptor_budget measure_descriptors(const limits& limits, http_use http) {
  descriptor_budget out;
  rlimit bounds{};
  if (getrlimit(RLIMIT_NOFILE, &bounds) != 0) bounds.rlim_cur = bounds.rlim_max = 1024;
  if (bounds.rlim_cur < bounds.rlim_max) {
    auto raised = bounds;
    raised.rlim_cur = bounds.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) bounds = raised;
  }
  out.limit = static_cast<std::size_t>(std::min<rlim_t>(bounds.rlim_cur, std::size_t{1} << 20U));
  auto taken = open_now() + reserve;
  out.connections = std::min<std::size_t>(limits.http_connections, out.limit / 2);
  if (http == http_use::listen) taken += out.connections;
  out.probes = out.limit > taken ? out.limit - taken : 0;
  if (limits.descriptors > 0) out.probes = std::min<std::size_t>(out.probes, limits.descriptors);
  out.probes = std::max(out.probes, fewest_probes);
  return out;
}

}  // namespace sonde::daemon
