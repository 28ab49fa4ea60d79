#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "ingest/auth/auth_limits.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/rate_limit.hpp"

#include <optional>
#include <string>

namespace sonde::ingest {

/// Enforces request rates: per key including all keys derived from it, per user across all their
/// keys, and per address if neither is known. A request with a key counts for its key and its user.
/// Requests beyond the rate get 429 and `Retry-After` (RFC 6585, section 4; RFC 9110, section
/// 10.2.3).
///
/// A request with a valid key never counts for its address, so a flood of invalid keys does not
/// affect other clients at the same address. Lives on the loop of its user.
class caller_rates {
 public:
  caller_rates(const auth_limits& limits, const clock& clock, metrics& counts);

  /// Checks a request of a known caller. Returns nothing if the request may continue.
  [[nodiscard]] std::optional<http_response> check(const http_request& request);
  /// Checks a request of an unknown caller, for any reason. Returns nothing if it may get its error
  /// response. A request from a UNIX socket always may.
  [[nodiscard]] std::optional<http_response> check_refused(const http_request& request);

  /// Changes the rates, like `rate_limit::set_bounds`.
  void set_rates(const auth_limits& limits);

 private:
  struct kind {
    rate_limit rates;
    counter limited;
    std::string sentence;
  };
  [[nodiscard]] std::optional<http_response> check(kind& what, const std::string& who,
                                                   const std::string& id);
  void set_sentences(const auth_limits& limits);

  const clock& clock_;
  kind keys_;
  kind users_;
  kind addresses_;
};

}  // namespace sonde::ingest
