#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::model {

/// The errors of a value. The sentence beside the code names the error and the correction.
enum class errc {
  invalid_target = 1,
  invalid_ports,
  invalid_network,
  invalid_json,
  invalid_field,
  invalid_record,
  invalid_text,
  invalid_value,
  over_budget,  ///< the check would cost more than one request may
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::model

template <>
struct boost::system::is_error_code_enum<sonde::model::errc> : std::true_type {};
