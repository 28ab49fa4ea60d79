#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "ingest/http_message.hpp"
#include "ingest/rate_limit.hpp"

#include <optional>
#include <string>

namespace sonde::ingest {

/// Who may ask how much: a key with all that derive from it, a user with all their keys, and, where
/// neither is known, an address. A request with a key counts for both. Whoever asks more is
/// answered with 429 and `Retry-After` (RFC 6585, section 4; RFC 9110, section 10.2.3).
///
/// A request with a valid key is never counted for its address, so a flood of wrong keys hurts
/// nobody else who comes from there. Lives on the loop of whoever asks.
class caller_rates {
 public:
  caller_rates(const limits& limits, const clock& clock, metrics& counts);

  /// Of a request whose caller is known. Nothing: it may go on.
  [[nodiscard]] std::optional<http_response> judge(const http_request& request);
  /// Of one whose caller is not, whatever is wrong. Nothing: it may be told so. One that came
  /// through a UNIX socket always may.
  [[nodiscard]] std::optional<http_response> judge_refused(const http_request& request);

  /// Changes the rates, as `rate_limit::set_bounds`.
  void set_rates(const limits& limits);

 private:
  struct kind {
    rate_limit rates;
    counter limited;
    std::string sentence;
  };
  [[nodiscard]] std::optional<http_response> judge(kind& what, const std::string& who,
                                                   const std::string& id);
  void set_sentences(const limits& limits);

  const clock& clock_;
  kind keys_;
  kind users_;
  kind addresses_;
};

}  // namespace sonde::ingest
