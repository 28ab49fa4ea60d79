#pragma once

#include "base/async/server_tls.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"

#include <memory>

namespace sonde::daemon {

/// What TLS is spoken with; nothing where it is not.
[[nodiscard]] result<std::shared_ptr<server_tls>> load_tls(const configuration& config);

/// Checks what `serve` needs before it listens: the TLS and key files are usable, the paths of UNIX
/// sockets are short enough, Kafka has a broker, and keys are not sent over a network in plain
/// text. Creates nothing.
[[nodiscard]] result<> check_front_door(const configuration& config);

/// Whether the server's certificate is still valid. A daemon with an expired one serves all the
/// same: its clients decide.
[[nodiscard]] result<> check_certificate_time(const configuration& config, wall_time now);

}  // namespace sonde::daemon
