#pragma once

#include "base/result.hpp"
#include "ingest/http/http_message.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// Builds an error response. `x-error` states the error in one sentence, `x-error-id` identifies
/// the log line, and the body repeats both in the format of RFC 9457.
[[nodiscard]] http_response problem(unsigned status, std::string_view sentence,
                                    const std::string& id);
/// Builds the error response for an error of this folder.
[[nodiscard]] http_response problem(const error& why, const std::string& id);

/// Sets `Retry-After` and replaces an earlier value (RFC 9110, section 10.2.3).
void set_retry_after(http_response& answer, std::chrono::seconds wait);
/// Returns the status for an error of this folder.
[[nodiscard]] unsigned status_of(const error& why);

/// Builds a JSON response.
[[nodiscard]] http_response json_response(unsigned status, std::string body);

/// Returns the standard phrase for a status (RFC 9110, section 15).
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace sonde::ingest
