#pragma once

#include "base/result.hpp"
#include "ingest/http_message.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// The key that a value of `Idempotency-Key` names (draft-ietf-httpapi-idempotency-key-header,
/// section 2.1): a string of RFC 8941, section 3.3.3, or the same without its quotes, as many
/// clients send it. 1 to 255 visible ASCII characters, and no parameters behind it.
[[nodiscard]] result<std::string> parse_idempotency_key(std::string_view value);

/// The key that a request shows in that header, once. Call where it has one.
[[nodiscard]] result<std::string> idempotency_key_of(const http_request& request);

/// SHA-256 over the caller and their key, each preceded by its length as an unsigned 32-bit
/// big-endian number, in hexadecimal digits. A caller is the key that they show, or a gateway's
/// user; the two are never the same one.
[[nodiscard]] std::string idempotency_id(const caller& who, std::string_view key);

/// The same over what is asked: method, path, each pair of the query by its name, and the body.
[[nodiscard]] std::string hash_of(const http_request& request);

}  // namespace sonde::ingest
