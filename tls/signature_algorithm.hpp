#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes the AlgorithmIdentifier of a signature (RFC 5280, section 4.1.1.2) from the contents of
/// its SEQUENCE. Returns false if it is malformed.
[[nodiscard]] bool read_signature_algorithm(std::string_view content, signature_algorithm& out);

[[nodiscard]] bool is_weak(const signature_algorithm& algorithm);

}  // namespace sonde::tls
