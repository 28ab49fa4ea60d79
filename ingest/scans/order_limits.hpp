#pragma once

#include <cstdint>

namespace sonde::ingest {

/// Limits on the scans that callers order. The values are the defaults.
struct order_limits {
  // Tasks that wait to run. They are rows on disk.
  std::uint32_t queued_per_tenant = 5'000'000;  ///< beyond it: 429
  std::uint32_t queued_total = 10'000'000;      ///< beyond it: 503

  // Many scans in one body.
  std::uint32_t bulk_lines = 10'000;     ///< scans in one body of POST /scans; beyond it: 413
  std::uint32_t bulk_write_lines = 500;  ///< lines checked and made durable in one step
  std::uint32_t bulk_bodies = 2;         ///< such bodies processed at once; others wait
};

}  // namespace sonde::ingest
