#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes Extensions (RFC 5280, section 4.2) from the contents of their SEQUENCE. An extension
/// that cannot be decoded is added to the certificate's problems and does not affect the others.
void read_extensions(std::string_view content, const certificate_limits& limits, certificate& out);

}  // namespace sonde::tls
