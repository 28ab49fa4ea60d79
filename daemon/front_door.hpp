#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "ingest/http/http_server.hpp"
#include "net/tls_server.hpp"

#include <memory>

namespace sonde::daemon {

/// Loads the certificate and key of the server; null if the server does not use TLS.
[[nodiscard]] result<std::shared_ptr<tls_server>> load_tls(const configuration& config);

/// Returns the addresses that a server may listen on. `tls`: null if the server does not use TLS.
[[nodiscard]] ingest::http_server::exposure exposure_of(const configuration& config,
                                                        const tls_server* tls);

/// Checks what `serve` needs before it listens: the TLS and key files are usable, the paths of UNIX
/// sockets are short enough, Kafka has a broker, and keys are not sent over a network in plain
/// text. Creates nothing.
[[nodiscard]] result<> check_front_door(const configuration& config);

/// Checks that the server's certificate is still valid. A daemon serves with an expired one too:
/// its clients decide.
[[nodiscard]] result<> check_certificate_time(const configuration& config, wall_time now);

}  // namespace sonde::daemon
