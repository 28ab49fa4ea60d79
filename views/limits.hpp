#pragma once

#include "queue/limits.hpp"

#include <cstdint>

namespace sonde::views {

/// Limits of the views: the memory and disk that they use, and the cost of one read. The values are
/// the defaults.
///
/// A view stores records of a queue, so the limits of records are included.
struct limits : queue::limits {
  // The cost of one read, independent of what callers have written.
  /// Look-ups and rows, about 50 ms. Beyond it the response is cut.
  std::uint32_t read_rows = 30'000;
  /// Processor time of one read. Beyond it the read is cut or fails.
  std::uint32_t read_ms = 250;
  std::uint32_t http_answer_bytes = 4u << 20;  ///< a list in a response; at this size it ends

  // Credentials: every process that serves HTTP holds all keys in memory.
  std::uint32_t keys = 1'000'000;       ///< in memory: not expired, not long revoked
  std::uint32_t keys_per_user = 1'000;  ///< … of one user
  std::uint32_t key_days = 3'650;       ///< longest validity of a new key
  /// Keys from a derived key to the first key. Each use of the key walks this chain.
  std::uint32_t key_depth = 8;
  /// Time for which a revoked key stays in memory. A late copy of its record comes within minutes.
  std::uint32_t revoked_key_s = 86'400;
  /// Age that a revocation may have without being seen; then 503.
  std::uint32_t credentials_lag_ms = 60'000;

  // Idempotency-Key: cached responses.
  std::uint32_t idempotency_s = 86'400;            ///< lifetime; the topic keeps at most a day
  std::uint32_t idempotency_answers = 10'000'000;  ///< the newest; they are rows on disk

  // Tasks: their snapshots are rows on disk.
  std::uint32_t task_generations = 16;  ///< kept in a task's history
};

}  // namespace sonde::views
