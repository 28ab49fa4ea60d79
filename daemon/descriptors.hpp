#pragma once

#include "base/limits.hpp"

#include <cstddef>

namespace sonde::daemon {

/// Opens those of the standard streams that are closed on `/dev/null`, before anything else opens a
/// file: that file would have their number, and get what is logged. Each is opened for the other
/// direction, so that reading and writing it still fail. False: `/dev/null` cannot be opened.
[[nodiscard]] bool open_standard_streams();

/// How many descriptors this process may have, and for what.
struct descriptor_budget {
  std::size_t limit = 0;        ///< of the process, after raising the soft limit to the hard one
  std::size_t connections = 0;  ///< of HTTP clients, at most half
  std::size_t probes = 0;       ///< what is left for probing
};

/// Raises the soft limit and shares out what there is: HTTP connections, files and a reserve first,
/// the rest to the probes, unless `limits::descriptors` says how many they get.
[[nodiscard]] descriptor_budget measure_descriptors(const limits& limits, bool serves_http);

}  // namespace sonde::daemon
