#pragma once

#include "base/result.hpp"
#include "ingest/http/http_message.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// Parses a value of `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header, section 2.1): a
/// string of RFC 8941, section 3.3.3, or the same without its quotes, as many clients send it.
/// Accepts 1 to 255 visible ASCII characters and no parameters after it.
[[nodiscard]] result<std::string> parse_idempotency_key(std::string_view value);

/// Returns the key of a request; the header must occur once. Call only if the request has the
/// header.
[[nodiscard]] result<std::string> idempotency_key_of(const http_request& request);

/// Hashes the caller and their key with SHA-256, each preceded by its length as an unsigned 32-bit
/// big-endian number. Returns hexadecimal digits. A caller is identified by their API key or by a
/// gateway's user; the two never collide.
[[nodiscard]] std::string idempotency_id(const caller& who, std::string_view key);

/// Hashes a request in the same way: method, path, each pair of the query by its name, and the
/// body.
[[nodiscard]] std::string hash_of(const http_request& request);

}  // namespace sonde::ingest
