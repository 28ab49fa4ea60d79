#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::tls {

/// Reasons why TLS data exchange ends early. The error's message says more.
enum class errc {
  not_tls = 1,      ///< the peer's first bytes are not a TLS record: it uses another protocol
  refused,          ///< the peer uses TLS and ended the connection with an alert
  closed,           ///< the peer closed the connection before the handshake was complete
  broken,           ///< the peer's data start like TLS but are invalid, or the SNI cannot be sent
  over_limit,       ///< the peer sent more than the limit of a handshake
  not_established,  ///< no handshake was completed, or the connection has ended
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::tls

template <>
struct boost::system::is_error_code_enum<sonde::tls::errc> : std::true_type {};
