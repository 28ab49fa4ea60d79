#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::webhook {

/// Why a message was not taken. Each is a label of a metric too.
enum class errc {
  unusable = 1,  ///< it cannot be sent as it is: a record is gone, or sealed with another secret
  forbidden,     ///< the receiver's address is none that may be called
  no_address,    ///< its name could not be looked up
  unreachable,   ///< no connection was made
  tls,           ///< no trustworthy connection was made
  broken,        ///< it hung up, or answered something that is no HTTP
  timeout,
  refused,  ///< it answered with another status than 2xx
  cancelled,
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::webhook

template <>
struct boost::system::is_error_code_enum<sonde::webhook::errc> : std::true_type {};
