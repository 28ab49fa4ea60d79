#pragma once

#include <string>
#include <string_view>

namespace sonde::scanner {

/// The CPE 2.3 formatted string of an application (NISTIR 7695, section 6.2):
/// `cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*`. The version is `*` where it is unknown. Empty for a
/// product that is not in the table; vendor and product are those of NVD's dictionary. Pure.
[[nodiscard]] std::string cpe_of(std::string_view product, std::string_view version);

/// A component of a formatted string, with its special characters quoted by a backslash. Pure.
[[nodiscard]] std::string quoted_for_cpe(std::string_view text);

}  // namespace sonde::scanner
