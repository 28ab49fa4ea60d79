#pragma once

#include "base/async/server_tls.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"

#include <memory>

namespace sonde::daemon {

/// What TLS is spoken with; nothing where it is not.
[[nodiscard]] result<std::shared_ptr<server_tls>> load_tls(const configuration& config);

/// Whether the daemon could open its doors as it is told: the files that are named can be used, its
/// sockets have names that fit, brokers are named where there have to be some, and keys would not
/// go over a network in the clear. Makes nothing.
[[nodiscard]] result<> check_front_door(const configuration& config);

/// Whether the server's certificate is still valid. A daemon with an expired one serves all the
/// same: its clients decide.
[[nodiscard]] result<> check_certificate_time(const configuration& config, wall_time now);

}  // namespace sonde::daemon
