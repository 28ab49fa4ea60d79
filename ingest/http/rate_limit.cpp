#include "ingest/http/rate_limit.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::ingest {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Number of least recently used buckets that are searched for a full one.
constexpr int looked_at = 8;

}  // namespace

rate_limit::rate_limit(const bounds& how) {
  set_bounds(how);
}

void rate_limit::set_bounds(const bounds& how) {
  interval_ = nanoseconds(seconds(1)) / std::max(how.per_second, 1U);
  slack_ = interval_ * (std::max(how.burst, 1U) - 1);
  most_ = std::max(how.callers, 1U);
}

std::optional<seconds> rate_limit::take(std::string_view who, steady_time now) {
  auto& one = bucket_of(who, now);
  // A later time occurs only if the bounds were lower when the tokens were taken.
  one.full_at = std::clamp(one.full_at, now, now + slack_ + interval_);
  if (one.full_at - now > slack_) {
    return std::max(std::chrono::ceil<seconds>(one.full_at - slack_ - now), seconds(1));
  }
  one.full_at += interval_;
  return std::nullopt;
}

rate_limit::bucket& rate_limit::bucket_of(std::string_view who, steady_time now) {
  auto known = known_.find(who);
  if (known != known_.end()) {
    buckets_.splice(buckets_.end(), buckets_, known->second);
    return buckets_.back();
  }
  if (buckets_.size() >= most_) make_room(now);
  buckets_.push_back({std::string(who), now});
  known_.emplace(buckets_.back().who, std::prev(buckets_.end()));
  return buckets_.back();
}

void rate_limit::make_room(steady_time now) {
  auto goes = buckets_.begin();
  int looked = 0;
  for (auto each = goes; each != buckets_.end() && looked < looked_at; ++each, ++looked) {
    if (each->full_at > now) continue;
    goes = each;
    break;
  }
  known_.erase(goes->who);
  buckets_.erase(goes);
}

}  // namespace sonde::ingest
