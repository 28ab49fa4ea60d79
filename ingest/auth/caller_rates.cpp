#include "ingest/auth/caller_rates.hpp"

#include "ingest/http/problem.hpp"

#include <fmt/core.h>

namespace sonde::ingest {
namespace {

counter limited_by(metrics& counts, const char* kind) {
  return counts.count("sonde_http_rate_limited_total",
                      "Requests refused because a caller exceeded its rate, by the kind of caller.",
                      {{"kind", kind}});
}

rate_limit::bounds bounds_of_keys(const auth_limits& bounds) {
  return {bounds.requests_per_key_per_s, bounds.requests_per_key_burst, bounds.rate_buckets};
}

rate_limit::bounds bounds_of_users(const auth_limits& bounds) {
  return {bounds.requests_per_user_per_s, bounds.requests_per_user_burst, bounds.rate_buckets};
}

rate_limit::bounds bounds_of_addresses(const auth_limits& bounds) {
  return {bounds.refused_per_address_per_s, bounds.refused_per_address_burst, bounds.rate_buckets};
}

std::string caller_sentence(const char* what, const char* limit, std::uint32_t per_second) {
  return fmt::format(
      "too many requests of this {}: more than limits.{}, {} a second; wait for the time in "
      "Retry-After",
      what, limit, per_second);
}

std::string address_sentence(const auth_limits& bounds) {
  return fmt::format(
      "too many requests without valid credentials from your address: more than "
      "limits.refused_per_address_per_s, {} a second; wait for the time in Retry-After",
      bounds.refused_per_address_per_s);
}

}  // namespace

caller_rates::caller_rates(const auth_limits& limits, const clock& clock, metrics& counts)
    : clock_(clock),
      keys_{rate_limit(bounds_of_keys(limits)), limited_by(counts, "key"), {}},
      users_{rate_limit(bounds_of_users(limits)), limited_by(counts, "user"), {}},
      addresses_{rate_limit(bounds_of_addresses(limits)), limited_by(counts, "address"), {}} {
  set_sentences(limits);
}

void caller_rates::set_rates(const auth_limits& limits) {
  keys_.rates.set_bounds(bounds_of_keys(limits));
  users_.rates.set_bounds(bounds_of_users(limits));
  addresses_.rates.set_bounds(bounds_of_addresses(limits));
  set_sentences(limits);
}

void caller_rates::set_sentences(const auth_limits& limits) {
  keys_.sentence = caller_sentence("key", "requests_per_key_per_s", limits.requests_per_key_per_s);
  users_.sentence =
      caller_sentence("user", "requests_per_user_per_s", limits.requests_per_user_per_s);
  addresses_.sentence = address_sentence(limits);
}

std::optional<http_response> caller_rates::check(const http_request& request) {
  const auto& who = request.who;
  if (!who.rate_id.empty()) {
    if (auto refused = check(keys_, who.rate_id, request.id)) return refused;
  }
  return check(users_, who.user_id, request.id);
}

std::optional<http_response> caller_rates::check_refused(const http_request& request) {
  if (request.peer.empty()) return std::nullopt;
  auto refused = check(addresses_, request.peer, request.id);
  // A client that tries keys has to reconnect for each one, which slows it down.
  if (refused) refused->close = true;
  return refused;
}

std::optional<http_response> caller_rates::check(kind& what, const std::string& who,
                                                 const std::string& id) {
  auto wait = what.rates.take(who, clock_.steady_now());
  if (!wait) return std::nullopt;
  what.limited.add();
  auto out = problem(429, what.sentence, id);
  set_retry_after(out, *wait);
  return out;
}

}  // namespace sonde::ingest
