#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::scanner {

/// The results of an attempt to reach or to identify something. Facts about a target, errors of
/// this machine and decisions of this program stay distinct at every level.
enum class errc {
  refused = 1,  ///< the target refused the connection
  reset,        ///< the target reset an established connection
  closed,       ///< the target closed the connection
  silent,       ///< no response within the time limit
  unreachable,  ///< an ICMP error reports that it is unreachable
  local_error,  ///< this machine could not try
  no_route,     ///< this machine has no route
  forbidden,    ///< this machine's own rules forbid it
  listen_only,  ///< nothing may be sent to this port (engine/port_manners)
  industrial,   ///< the same; `scan.industrial` allows its protocol's identification request
  out_of_scope,
  excluded,
  deadline,
  cancelled,
  nxdomain,
  no_data,
  servfail,
  dns_timeout,
  fingerprint_file,  ///< a file or the folder of fingerprints is invalid
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

}  // namespace sonde::scanner

template <>
struct boost::system::is_error_code_enum<sonde::scanner::errc> : std::true_type {};
