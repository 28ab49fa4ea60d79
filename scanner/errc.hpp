#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::scanner {

/// How an attempt to reach or to understand something can end. Facts about a target, trouble of
/// this machine, and our own decisions stay apart all the way up.
enum class errc {
  refused = 1,    ///< the target said no
  reset,          ///< it said yes and took it back
  closed,         ///< it hung up
  silent,         ///< it said nothing in time
  unreachable,    ///< somebody on the way says that it cannot be reached
  local_trouble,  ///< this machine could not try
  no_route,       ///< this machine has no way there
  forbidden,      ///< this machine's own rules do not allow it
  listen_only,    ///< nothing may be sent to this port (engine/port_manners)
  out_of_scope,
  excluded,
  deadline,
  cancelled,
  nxdomain,
  no_data,
  servfail,
  dns_timeout,
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::scanner

template <>
struct boost::system::is_error_code_enum<sonde::scanner::errc> : std::true_type {};
