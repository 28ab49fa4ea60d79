#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace sonde::model {

/// A record of `idempotency`: a cached response (`cached_response`) for a repeated request with the
/// same Idempotency-Key. Neither the caller nor the key can be derived from it.
struct cached_response {
  enum class kind {
    answered,  ///< contains the response
    begun,     ///< its secret is shown once, so only the existence of the response is stored
    released,  ///< the request that was begun failed and may be begun again
  };

  std::string id;       ///< SHA-256 over caller and Idempotency-Key, 64 hexadecimal digits
  std::string request;  ///< SHA-256 over method, path, query and body of the request
  std::string by;       ///< the HTTP request that wrote it
  kind what = kind::answered;
  unsigned status = 0;
  std::string content_type;  ///< empty: none
  std::string body;
  wall_time time{};

  bool operator==(const cached_response&) const = default;
};

[[nodiscard]] std::string_view name_of(cached_response::kind what);
[[nodiscard]] std::string to_json_text(const cached_response& answer);
/// Parses a record. Refuses a record that is not a valid response, so that a damaged record is
/// never sent to a caller.
[[nodiscard]] result<cached_response> parse_cached_response(std::string_view text);

}  // namespace sonde::model
