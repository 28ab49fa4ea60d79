#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::ingest {

/// Why a request is not fulfilled, by what its sender can do about it.
enum class errc {
  invalid = 1,  ///< mend it and send it again
  not_found,
  gone,         ///< it was there
  too_large,    ///< more than one record may hold
  too_many,     ///< of this caller's; later
  unavailable,  ///< nobody's fault but this server's; later
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::ingest

template <>
struct boost::system::is_error_code_enum<sonde::ingest::errc> : std::true_type {};
