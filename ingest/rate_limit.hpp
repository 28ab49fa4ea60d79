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

/// A token bucket for each caller: so many requests a second, and so many at once after a pause.
///
/// A bucket is one moment, at which it will be full again (the generic cell rate algorithm, ITU-T
/// I.371), so it costs its name and some hundred bytes, and asking costs a look-up. One that is
/// full says no more than none, and is the first to be forgotten when there are too many. When
/// the oldest are all in use, the one that was asked for longest ago is forgotten, and its caller
/// gets back at most a burst: refusing a newcomer instead would let a crowd lock everybody else
/// out. Pure; all of it on one loop.
class rate_limit {
 public:
  struct bounds {
    std::uint32_t per_second = 1;
    std::uint32_t burst = 1;
    std::uint32_t callers = 1;  ///< told apart
  };
  explicit rate_limit(const bounds& how);
  rate_limit(const rate_limit&) = delete;
  rate_limit& operator=(const rate_limit&) = delete;

  /// Takes a token of this caller's. Nothing: there was one. Else nothing was taken, and there will
  /// be one after so many whole seconds, at least one.
  [[nodiscard]] std::optional<std::chrono::seconds> take(std::string_view who, steady_time now);

  /// Changes the bounds. A caller who has used up the old ones gets a token at the new rate.
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

  std::chrono::nanoseconds interval_{};  ///< in which one token comes
  std::chrono::nanoseconds slack_{};     ///< that a bucket may be from full, and still give one
  std::size_t most_ = 1;
  bucket_list buckets_;  ///< who was asked for longest ago stands first
  std::unordered_map<std::string_view, bucket_list::iterator> known_;  ///< names of `buckets_`
};

}  // namespace sonde::ingest
