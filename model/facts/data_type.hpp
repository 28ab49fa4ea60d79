#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sonde::model {

/// The type of an entity type's main value. `model/facts/value.hpp` has the rules of each.
enum class data_type : std::uint8_t {
  text,
  case_sensitive_text,
  ip,
  cidr,
  fqdn,
  port,
  endpoint,  ///< this program's own type: an address, a port and a transport
  email,
  url,
  uuid,
  md5,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  sha3_224,
  sha3_256,
  sha3_384,
  sha3_512,
  sha512_224,
  sha512_256,
  file_id,  ///< an MD5, a SHA3-256 or a UUID
  hexadecimal,
  base64,
  mac,
  mime_type,
  path,
  phone,
  city,
  country,
  date,
  datetime,
  integer,
  floating,
  boolean,
  regex,
  adversary,
};

/// The name in the API: `Case-sensitive string`, `UUID|MD5|SHA3-256` …
[[nodiscard]] std::string_view name_of(data_type type);
/// All data types, in the order above.
[[nodiscard]] std::span<const data_type> all_data_types();

}  // namespace sonde::model
