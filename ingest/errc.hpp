#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::ingest {

/// Reasons why a request fails, grouped by what the client can do about it.
enum class errc {
  invalid = 1,  ///< correct the request and send it again
  not_found,
  gone,         ///< existed before
  too_large,    ///< exceeds the size of one record
  too_many,     ///< limit of this caller; retry later
  unavailable,  ///< fault of this server; retry later
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::ingest

template <>
struct boost::system::is_error_code_enum<sonde::ingest::errc> : std::true_type {};
