#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sonde::tls {

/// Returns the contents of an OBJECT IDENTIFIER in dotted form. Invalid contents (X.690, section
/// 8.19), or an arc beyond 64 bits, are shown as `#` and hexadecimal digits.
[[nodiscard]] std::string dotted(std::string_view oid_content);

/// An object identifier with its common name.
struct named_oid {
  std::string_view oid;  ///< dotted
  std::string_view name;
};

/// Returns the name of a dotted identifier, or the identifier itself if the table has no name for
/// it.
[[nodiscard]] std::string name_or_oid(std::span<const named_oid> table, std::string_view oid);

}  // namespace sonde::tls
