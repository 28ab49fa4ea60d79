#pragma once

#include "tls/certificate.hpp"

#include <cstddef>
#include <string_view>

namespace sonde::tls {

/// Decodes a Name (RFC 5280, section 4.1.2.4) from the contents of its SEQUENCE. Returns false if
/// part of it is malformed; `out` then holds the decodable part.
[[nodiscard]] bool read_name(std::string_view content, std::size_t most, distinguished_name& out);

}  // namespace sonde::tls
