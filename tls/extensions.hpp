#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes Extensions (RFC 5280, section 4.2), given the contents of their SEQUENCE. What cannot be
/// decoded is named among the certificate's problems and takes nothing else with it.
void read_extensions(std::string_view content, const certificate_limits& limits, certificate& out);

}  // namespace sonde::tls
