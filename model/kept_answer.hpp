#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace sonde::model {

/// What stands in `idempotency`: an answer that is given again to whoever repeats a request under
/// the same Idempotency-Key. Neither the caller nor the key can be read out of it.
struct kept_answer {
  enum class kind {
    answered,  ///< this is the answer
    begun,     ///< it holds a secret that is shown once: it is not kept, only that there was one
    released,  ///< what was begun has come to nothing, and may be begun again
  };

  std::string id;       ///< SHA-256 over caller and Idempotency-Key, 64 hexadecimal digits
  std::string request;  ///< SHA-256 over method, path, query and body: what was asked
  std::string by;       ///< the HTTP request that wrote it
  kind what = kind::answered;
  unsigned status = 0;
  std::string content_type;  ///< empty: there was none
  std::string body;
  wall_time time{};

  bool operator==(const kept_answer&) const = default;
};

[[nodiscard]] std::string_view name_of(kept_answer::kind what);
[[nodiscard]] std::string to_json_text(const kept_answer& answer);
/// Refuses what cannot be an answer's, so that a damaged record cannot be sent to anybody.
[[nodiscard]] result<kept_answer> parse_kept_answer(std::string_view text);

}  // namespace sonde::model
