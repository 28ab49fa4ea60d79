#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace sonde::model {

/// A fully qualified domain name in its one form: lower-case A-labels (RFC 5891) without the
/// trailing dot.
///
/// Accepts upper case, a trailing dot and internationalised names (UTS #46, non-transitional). A
/// label is letters, digits and inner hyphens, any number of them in a row (an A-label can be
/// `xn----…`), at most 63 bytes (RFC 1035, section 2.3.4); the last one is 2–20 letters or an
/// A-label; the whole is at most 253 bytes. Errors say which of these does not hold.
[[nodiscard]] result<std::string> parse_fqdn(std::string_view text);

}  // namespace sonde::model
