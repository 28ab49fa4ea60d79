#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::tls {

/// How a conversation over TLS ends before it was over. The sentence beside the code says more.
enum class errc {
  not_tls = 1,      ///< the peer's first bytes are no TLS record: it speaks something else
  refused,          ///< the peer speaks TLS and ended it with an alert
  closed,           ///< the peer closed the connection before the handshake was complete
  broken,           ///< what the peer sent is TLS at first sight and wrong at the second
  over_limit,       ///< the peer sent more than a handshake may take
  not_established,  ///< there is nothing to speak over: no handshake was completed, or it is over
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::tls

template <>
struct boost::system::is_error_code_enum<sonde::tls::errc> : std::true_type {};
