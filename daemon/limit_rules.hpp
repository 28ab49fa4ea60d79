#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// Checks the limits that depend on each other, such as a body that has to fit a record. An error
/// names both settings, their values, and which values are accepted.
[[nodiscard]] result<> check_limits(const configuration& config);

}  // namespace sonde::daemon
