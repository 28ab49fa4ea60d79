#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::admin {

/// Reasons why an operation failed.
enum class errc {
  invalid = 1,    ///< the order breaks a rule or names a topic without dead letters
  not_found,      ///< no such key, dead letter or record
  too_many,       ///< the user has too many keys
  full,           ///< `limits::keys` is reached
  not_confirmed,  ///< the queue or this process's view did not confirm the change in time
  behind,         ///< this process has not read all keys yet
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

/// Returns the HTTP status of a failed operation, for the control socket and for audit entries.
[[nodiscard]] unsigned status_of(const error& why);

}  // namespace sonde::admin

template <>
struct boost::system::is_error_code_enum<sonde::admin::errc> : std::true_type {};
