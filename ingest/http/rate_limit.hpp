#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sonde::ingest {

/// A token bucket per caller, with a rate in requests per second and a burst.
///
/// A bucket is one point in time, at which it will be full again (the generic cell rate algorithm,
/// ITU-T I.371). It costs its name and about a hundred bytes; taking a token costs one look-up. A
/// full bucket carries no information, so full buckets are evicted first when the table is full. If
/// the oldest buckets are all in use, the least recently used one is evicted, and its caller gains
/// at most one burst. Rejecting a new caller instead would let a crowd lock out all other callers.
/// Pure; lives on one loop.
class rate_limit {
 public:
  struct bounds {
    std::uint32_t per_second = 1;
    std::uint32_t burst = 1;
    std::uint32_t callers = 1;  ///< maximum number of tracked callers
  };
  explicit rate_limit(const bounds& how);
  rate_limit(const rate_limit&) = delete;
  rate_limit& operator=(const rate_limit&) = delete;

  /// Takes a token of this caller. Returns nothing on success. Otherwise takes nothing and returns
  /// the whole seconds until the next token, at least one.
  [[nodiscard]] std::optional<std::chrono::seconds> take(std::string_view who, steady_time now);

  /// Changes the bounds. A caller who has used up the old bounds gets a token at the new rate.
  void set_bounds(const bounds& how);

  [[nodiscard]] std::size_t callers() const { return known_.size(); }

 private:
  struct bucket {
    std::string who;
    steady_time full_at;
  };
  using bucket_list = std::list<bucket>;

  bucket& bucket_of(std::string_view who, steady_time now);
  void make_room(steady_time now);

  std::chrono::nanoseconds interval_{};  ///< time in which one token is added
  /// Largest distance from full at which a bucket still gives a token.
  std::chrono::nanoseconds slack_{};
  std::size_t most_ = 1;
  bucket_list buckets_;  ///< ordered by last use, oldest first
  std::unordered_map<std::string_view, bucket_list::iterator> known_;  ///< names of `buckets_`
};

}  // namespace sonde::ingest
