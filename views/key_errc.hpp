#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::views {

/// Why a key is not made or revoked.
enum class key_errc {
  invalid = 1,    ///< the order
  not_found,      ///< the key
  too_many,       ///< of this user
  full,           ///< `limits::keys`
  not_confirmed,  ///< by the queue, or by this process's view, in time
};

[[nodiscard]] const char* category_name(key_errc);
[[nodiscard]] const char* describe(key_errc code);
[[nodiscard]] bool is_transient(key_errc code);
[[nodiscard]] error_code make_error_code(key_errc code);

}  // namespace sonde::views

template <>
struct boost::system::is_error_code_enum<sonde::views::key_errc> : std::true_type {};
