#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes a Validity (RFC 5280, section 4.1.2.5) from the contents of its SEQUENCE. Returns false
/// if a date is invalid; the other date is still decoded.
///
/// Accepts the forms that the RFC allows, and earlier forms: times without seconds, and times with
/// an offset from UTC.
[[nodiscard]] bool read_validity(std::string_view content, certificate& out);

}  // namespace sonde::tls
