#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::webhook {

/// Reasons why a message was not delivered. Each is a label value of a metric too.
enum class errc {
  unusable = 1,  ///< cannot be sent: a record is missing, or encrypted with another secret
  forbidden,     ///< the receiver's address is not allowed
  no_address,    ///< the name look-up failed
  unreachable,   ///< the connection failed
  tls,           ///< the TLS connection failed or is not trustworthy
  broken,        ///< the receiver closed the connection, or its response is not HTTP
  timeout,
  refused,  ///< the response has a status other than 2xx
  cancelled,
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::webhook

template <>
struct boost::system::is_error_code_enum<sonde::webhook::errc> : std::true_type {};
