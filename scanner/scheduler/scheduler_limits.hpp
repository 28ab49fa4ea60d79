#pragma once

#include "scanner/scan_limits.hpp"

#include <cstdint>

namespace sonde::scanner {

/// Limits of the scheduler: queued tasks are rows on disk, running tasks are in memory. The values
/// are the defaults.
///
/// A scheduler runs scans, so the limits of one scan are included.
struct scheduler_limits : scan_limits {
  std::uint32_t running_tasks = 1024;
  std::uint32_t task_attempts = 10;         ///< starts in a row without progress, then `attempts`
  std::uint32_t task_timeout_s = 4 * 3600;  ///< then `partial`, with the results so far
  std::uint32_t webhook_body_bytes =
      65'536;  ///< one webhook message; other results are only counted
};

}  // namespace sonde::scanner
