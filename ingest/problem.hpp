#pragma once

#include "base/result.hpp"
#include "ingest/http_message.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// An error answer: `x-error` says in one sentence what is wrong, `x-error-id` can be found in the
/// log, and the body says both again as RFC 9457 has it.
[[nodiscard]] http_response problem(unsigned status, std::string_view sentence,
                                    const std::string& id);
/// The same for an error of this folder.
[[nodiscard]] http_response problem(const error& why, const std::string& id);

/// Says when to come again, instead of what the answer may have said of that (RFC 9110, section
/// 10.2.3).
void set_retry_after(http_response& answer, std::chrono::seconds wait);
/// The status that tells an error of this folder.
[[nodiscard]] unsigned status_of(const error& why);

/// A JSON answer.
[[nodiscard]] http_response json_response(unsigned status, std::string body);

/// The usual phrase for a status (RFC 9110, section 15).
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace sonde::ingest
