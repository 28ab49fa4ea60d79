#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace sonde::model {

/// Returns a fully qualified domain name in canonical form: lower-case A-labels (RFC 5891) without
/// the trailing dot.
///
/// Accepts upper case, a trailing dot and internationalised names (UTS #46, non-transitional). A
/// label consists of letters, digits and inner hyphens, any number of them in a row (an A-label can
/// be `xn----…`), with at most 63 bytes (RFC 1035, section 2.3.4). The last label has 2–20 letters
/// or is an A-label. The name has at most 253 bytes. The error names the violated rule.
[[nodiscard]] result<std::string> parse_fqdn(std::string_view text);

}  // namespace sonde::model
