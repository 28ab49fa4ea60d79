#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"

#include <string_view>

namespace sonde::daemon {

/// `SONDE_KAFKA_SASL_PASSWORD` is `kafka.sasl.password`.
inline constexpr std::string_view kafka_variables = "SONDE_KAFKA_";

/// Refuses a variable `SONDE_…` that nothing reads: it may be a misspelt one, of a deny list
/// perhaps. Those that Kubernetes sets for a service that is called `sonde` are let through.
[[nodiscard]] result<> check_variables(const environment& variables);

}  // namespace sonde::daemon
