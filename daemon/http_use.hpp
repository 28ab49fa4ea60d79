#pragma once

namespace sonde::daemon {

/// Whether a process listens for HTTP in addition to the interface for callers inside the process.
enum class http_use { listen, none };

}  // namespace sonde::daemon
