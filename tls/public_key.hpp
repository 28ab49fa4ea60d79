#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7), except its hash, from the contents
/// of its SEQUENCE. Returns false if part of it is malformed.
[[nodiscard]] bool read_public_key(std::string_view content, public_key& out);

[[nodiscard]] bool is_weak(const public_key& key);

}  // namespace sonde::tls
