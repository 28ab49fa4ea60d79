#pragma once

namespace sonde::daemon {

/// Selects whether a process listens for HTTP, in addition to the interface for callers inside it.
enum class http_use { listen, none };

}  // namespace sonde::daemon
