#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::net {

/// Reasons why a connection or an exchange over it failed.
enum class errc {
  unknown_name = 1,  ///< the look-up of the host failed
  refused,           ///< the peer refused the connection
  unreachable,       ///< the connection failed for another reason, such as a missing route
  timeout,           ///< the deadline passed
  tls,               ///< the TLS handshake failed
  untrusted,         ///< the peer's certificate is not trusted
  closed,            ///< the peer closed or reset the connection
  malformed,         ///< the received bytes are not HTTP
  too_long,          ///< the response exceeds a limit
  interim_only,      ///< the peer sent only interim responses
  cancelled,
  no_url,  ///< the text is not an http or https URL
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::net

template <>
struct boost::system::is_error_code_enum<sonde::net::errc> : std::true_type {};
