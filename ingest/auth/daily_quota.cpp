#include "ingest/auth/daily_quota.hpp"

#include "base/hash.hpp"
#include "ingest/http/problem.hpp"

#include <fmt/core.h>

#include <chrono>
#include <iterator>

namespace sonde::ingest {
namespace {

constexpr std::chrono::hours quota_period{24};

/// Returns a name of fixed length for a set of groups of any length. Groups contain no line feed.
std::string tenant_of(const std::vector<std::string>& groups) {
  std::string all;
  for (const auto& group : groups)
    all += group + '\n';
  auto digest = sha256(all);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

daily_quota::daily_quota(const auth_limits& limits, const clock& clock, metrics& counts)
    : limits_(limits),
      clock_(clock),
      limited_(counts.count("sonde_http_rate_limited_total",
                            "Requests refused because a caller exceeded its rate, by the kind of "
                            "caller.",
                            {{"kind", "tenant"}})) {}

std::optional<http_response> daily_quota::check(const http_request& request) {
  if (limits_.tenant_bytes_per_day == 0) return std::nullopt;
  auto found = known_.find(tenant_of(request.who.groups));
  auto now = clock_.steady_now();
  if (found == known_.end() || found->second->until <= now) return std::nullopt;
  const auto& its = *found->second;
  if (its.bytes < limits_.tenant_bytes_per_day) return std::nullopt;
  limited_.add();
  auto out = problem(
      429,
      fmt::format(
          "your groups have written {} bytes of facts and scan requests since their 24 hours "
          "began, and limits.tenant_bytes_per_day is {}; wait for the time in Retry-After",
          its.bytes, limits_.tenant_bytes_per_day),
      request.id);
  set_retry_after(out, std::chrono::ceil<std::chrono::seconds>(its.until - now));
  return out;
}

void daily_quota::charge(const std::vector<std::string>& groups, std::size_t bytes) {
  if (limits_.tenant_bytes_per_day == 0 || bytes == 0) return;
  auto tenant = tenant_of(groups);
  auto now = clock_.steady_now();
  auto found = known_.find(tenant);
  if (found != known_.end()) {
    accounts_.splice(accounts_.end(), accounts_, found->second);
  } else {
    if (accounts_.size() >= limits_.rate_buckets) {
      known_.erase(accounts_.front().tenant);
      accounts_.pop_front();
    }
    accounts_.push_back({std::move(tenant), now, 0});
    known_.emplace(accounts_.back().tenant, std::prev(accounts_.end()));
  }
  auto& its = accounts_.back();
  if (its.until <= now) {
    its.until = now + quota_period;
    its.bytes = 0;
  }
  its.bytes += bytes;
}

std::size_t bytes_of(const std::vector<record>& batch) {
  std::size_t bytes = 0;
  for (const auto& one : batch) {
    bytes += one.key.size() + one.value.size();
    for (const auto& [name, value] : one.headers)
      bytes += name.size() + value.size();
  }
  return bytes;
}

}  // namespace sonde::ingest
