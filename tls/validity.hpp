#pragma once

#include "tls/certificate.hpp"

#include <string_view>

namespace sonde::tls {

/// Decodes a Validity (RFC 5280, section 4.1.2.5), given the contents of its SEQUENCE. False where
/// a date is none; the other one is decoded all the same.
///
/// Reads what the RFC allows, and what was written before it: times without seconds, and with an
/// offset from UTC.
[[nodiscard]] bool read_validity(std::string_view content, certificate& out);

}  // namespace sonde::tls
