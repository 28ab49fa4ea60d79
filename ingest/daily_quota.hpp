#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "base/record.hpp"
#include "ingest/http_message.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sonde::ingest {

/// How many bytes of records each tenant adds with facts and scan requests in 24 hours:
/// `limits::tenant_bytes_per_day`.
///
/// A tenant is a set of groups: the caller's own. The 24 hours begin with the first write after the
/// last ones have ended, in each process anew, and again when the process starts. A request is
/// refused before its work, and its bytes are counted after it, so one request at a time may go
/// beyond. At most `limits::rate_buckets` tenants are told apart: then the one that has written
/// longest ago is forgotten. Lives on one loop.
class daily_quota {
 public:
  daily_quota(const limits& limits, const clock& clock, metrics& counts);
  daily_quota(const daily_quota&) = delete;
  daily_quota& operator=(const daily_quota&) = delete;

  /// 429 with `Retry-After` for a tenant that has written its share. Nothing: it may go on.
  [[nodiscard]] std::optional<http_response> judge(const http_request& request);

  /// Counts what this tenant has made durable.
  void charge(const std::vector<std::string>& groups, std::size_t bytes);

  [[nodiscard]] std::size_t tenants() const { return known_.size(); }

 private:
  struct account {
    std::string tenant;
    steady_time until;
    std::uint64_t bytes = 0;
  };
  using account_list = std::list<account>;

  const limits& limits_;
  const clock& clock_;
  counter limited_;
  account_list accounts_;  ///< the one that has written longest ago stands first
  std::unordered_map<std::string_view, account_list::iterator> known_;  ///< names of `accounts_`
};

/// What these records count for: keys, values and headers.
[[nodiscard]] std::size_t bytes_of(const std::vector<record>& batch);

}  // namespace sonde::ingest
