#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::net {

/// An absolute http or https URL (RFC 3986) in its parts.
struct url {
  bool tls = false;
  std::string host;           ///< as in the text, but an IPv6 address without brackets; not empty
  std::uint16_t port = 0;     ///< 1 to 65535; without one in the text: 80 for http, 443 for https
  bool default_port = false;  ///< the text has no port
  std::string target;         ///< path and query as in the text; may be empty
  bool has_user = false;      ///< a user name or password is present
  bool has_fragment = false;
};

/// Parses a URL. Error: `errc::no_url`.
[[nodiscard]] result<url> parse_url(std::string_view text);

}  // namespace sonde::net
