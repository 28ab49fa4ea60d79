#pragma once

#include "daemon/http_use.hpp"
#include "daemon/limits.hpp"

#include <cstddef>

namespace sonde::daemon {

/// Opens each closed standard stream on `/dev/null`. Call it before other code opens a file.
/// Otherwise the new file gets the number of the closed stream and receives log output. Each stream
/// is opened for the opposite direction, so that its use still fails. Returns false if `/dev/null`
/// cannot be opened.
[[nodiscard]] bool open_standard_streams();

/// Number of file descriptors of this process, and their use.
struct descriptor_budget {
  std::size_t limit = 0;        ///< of the process, after the soft limit is raised to the hard one
  std::size_t connections = 0;  ///< for HTTP clients, at most half of `limit`
  std::size_t probes = 0;       ///< for probes
};

/// Raises the soft limit and divides the descriptors: HTTP connections, files and a reserve come
/// first. Probes get the rest, up to `limits::descriptors` if it is set, and at least 64.
[[nodiscard]] descriptor_budget measure_descriptors(const limits& limits, http_use http);

}  // namespace sonde::daemon
