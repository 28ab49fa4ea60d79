#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sonde::tls {

/// The contents of an OBJECT IDENTIFIER in dotted form. What is none (X.690, section 8.19), or has
/// an arc beyond 64 bits, is shown as `#` and hexadecimal digits.
[[nodiscard]] std::string dotted(std::string_view oid_content);

/// What people call an object identifier.
struct named_oid {
  std::string_view oid;  ///< dotted
  std::string_view name;
};

/// The name of a dotted identifier, or the identifier itself where the table has none.
[[nodiscard]] std::string name_or_oid(std::span<const named_oid> table, std::string_view oid);

}  // namespace sonde::tls
