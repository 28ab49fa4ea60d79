#pragma once

#include <cstdint>

namespace sonde::ingest {

/// Limits on the size of a submission and on the work to check it. The values are the defaults.
struct fact_limits {
  std::uint32_t submission_nesting = 8;       ///< of associations in one submitted entity
  std::uint32_t submission_entities = 1'000;  ///< of one request, each at most one record
  /// Work to check one submission, in units of about a microsecond. The largest plain body needs
  /// 110,000. Beyond it: 413.
  std::uint32_t submission_work = 150'000;
  /// Largest work of a check on the HTTP loop, in the same units as `submission_work`.
  std::uint32_t inline_work = 500;
};

}  // namespace sonde::ingest
