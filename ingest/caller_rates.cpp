#include "ingest/caller_rates.hpp"

#include "ingest/problem.hpp"

namespace sonde::ingest {
namespace {

counter limited_by(metrics& counts, const char* kind) {
  return counts.count("sonde_http_rate_limited_total",
                      "Requests that were too many of one caller, by what callers were told by.",
                      {{"kind", kind}});
}

rate_limit::bounds bounds_of_keys(const limits& bounds) {
  return {bounds.requests_per_key_per_s, bounds.requests_per_key_burst, bounds.rate_buckets};
}

rate_limit::bounds bounds_of_users(const limits& bounds) {
  return {bounds.requests_per_user_per_s, bounds.requests_per_user_burst, bounds.rate_buckets};
}

rate_limit::bounds bounds_of_addresses(const limits& bounds) {
  return {bounds.refused_per_address_per_s, bounds.refused_per_address_burst, bounds.rate_buckets};
}

std::string caller_sentence(const char* what, const char* limit, std::uint32_t per_second) {
  return std::string("these are more requests of this ") + what + " than limits." + limit + ", " +
         std::to_string(per_second) + " a second; wait as long as Retry-After says";
}

std::string address_sentence(const limits& bounds) {
  return "these are more requests without valid credentials from your address than "
         "limits.refused_per_address_per_s, " +
         std::to_string(bounds.refused_per_address_per_s) +
         " a second; wait as long as Retry-After says";
}

}  // namespace

caller_rates::caller_rates(const limits& limits, const clock& clock, metrics& counts)
    : clock_(clock),
      keys_{rate_limit(bounds_of_keys(limits)), limited_by(counts, "key"), {}},
      users_{rate_limit(bounds_of_users(limits)), limited_by(counts, "user"), {}},
      addresses_{rate_limit(bounds_of_addresses(limits)), limited_by(counts, "address"), {}} {
  set_sentences(limits);
}

void caller_rates::set_rates(const limits& limits) {
  keys_.rates.set_bounds(bounds_of_keys(limits));
  users_.rates.set_bounds(bounds_of_users(limits));
  addresses_.rates.set_bounds(bounds_of_addresses(limits));
  set_sentences(limits);
}

void caller_rates::set_sentences(const limits& limits) {
  keys_.sentence = caller_sentence("key", "requests_per_key_per_s", limits.requests_per_key_per_s);
  users_.sentence =
      caller_sentence("user", "requests_per_user_per_s", limits.requests_per_user_per_s);
  addresses_.sentence = address_sentence(limits);
}

std::optional<http_response> caller_rates::judge(const http_request& request) {
  const auto& who = request.who;
  if (!who.rate_id.empty()) {
    if (auto refused = judge(keys_, who.rate_id, request.id)) return refused;
  }
  return judge(users_, who.user_id, request.id);
}

std::optional<http_response> caller_rates::judge_refused(const http_request& request) {
  if (request.peer.empty()) return std::nullopt;
  auto refused = judge(addresses_, request.peer, request.id);
  // Whoever tries keys has to connect again for each, which is slower.
  if (refused) refused->close = true;
  return refused;
}

std::optional<http_response> caller_rates::judge(kind& what, const std::string& who,
                                                 const std::string& id) {
  auto wait = what.rates.take(who, clock_.steady_now());
  if (!wait) return std::nullopt;
  what.limited.add();
  auto out = problem(429, what.sentence, id);
  set_retry_after(out, *wait);
  return out;
}

}  // namespace sonde::ingest
