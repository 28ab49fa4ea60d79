#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"

#include <string_view>

namespace sonde::daemon {

/// Prefix of variables for librdkafka: `SONDE_KAFKA_SASL_PASSWORD` is `kafka.sasl.password`.
inline constexpr std::string_view kafka_variables = "SONDE_KAFKA_";

/// Refuses a variable `SONDE_…` that no code reads: it may be a misspelt setting, such as a deny
/// list. Accepts the variables that Kubernetes sets for a service with the name `sonde`.
[[nodiscard]] result<> check_variables(const environment& variables);

}  // namespace sonde::daemon
