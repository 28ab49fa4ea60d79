#pragma once

#include "tls/certificate.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::tls {

/// Formats four or sixteen bytes as an address, IPv6 in its shortest form (RFC 5952). Returns
/// nothing for any other number of bytes.
[[nodiscard]] std::optional<std::string> address_text(std::string_view bytes);

/// Decodes GeneralNames (RFC 5280, section 4.2.1.6) from the contents of its SEQUENCE, and adds
/// them to `out`. Returns false if part of it is malformed; `out` then holds the decodable part.
[[nodiscard]] bool read_general_names(std::string_view content, std::size_t most,
                                      general_names& out);

/// Decodes GeneralSubtrees (RFC 5280, section 4.2.1.10) in the same way. Each entry has its kind as
/// a prefix.
[[nodiscard]] bool read_subtrees(std::string_view content, std::size_t most, text_list& out);

}  // namespace sonde::tls
