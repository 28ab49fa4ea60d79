#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/record.hpp"
#include "ingest/auth/auth_limits.hpp"
#include "ingest/http/http_message.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sonde::ingest {

/// Limits the bytes of records that each tenant adds with facts and scan requests in 24 hours:
/// `auth_limits::tenant_bytes_per_day`.
///
/// A tenant is a set of groups: the caller's own groups. The 24 hours begin with the first write
/// after the previous period has ended. Each process counts by itself and starts anew on restart. A
/// request is rejected before its work and its bytes are counted after it, so one request at a time
/// may exceed the limit. Tracks at most `auth_limits::rate_buckets` tenants; beyond that the tenant
/// with the oldest last write is forgotten. Lives on one loop.
class daily_quota {
 public:
  daily_quota(const auth_limits& limits, const clock& clock, metrics& counts);
  daily_quota(const daily_quota&) = delete;
  daily_quota& operator=(const daily_quota&) = delete;

  /// Returns 429 with `Retry-After` if the tenant has used up its quota, or nothing if the request
  /// may continue.
  [[nodiscard]] std::optional<http_response> check(const http_request& request);

  /// Counts bytes that this tenant has made durable.
  void charge(const std::vector<std::string>& groups, std::size_t bytes);

  [[nodiscard]] std::size_t tenants() const { return known_.size(); }

 private:
  struct account {
    std::string tenant;
    steady_time until;
    std::uint64_t bytes = 0;
  };
  using account_list = std::list<account>;

  const auth_limits& limits_;
  const clock& clock_;
  counter limited_;
  account_list accounts_;  ///< ordered by last write, oldest first
  std::unordered_map<std::string_view, account_list::iterator> known_;  ///< names of `accounts_`
};

/// Returns the counted size of a batch of records: keys, values and headers.
[[nodiscard]] std::size_t bytes_of(const std::vector<record>& batch);

}  // namespace sonde::ingest
