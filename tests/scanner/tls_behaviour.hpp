#pragma once

#include "tests/scanner/loopback_server.hpp"
#include "tests/tls/memory_server.hpp"

#include <string>

namespace sonde::test {

/// What is said inside TLS.
struct inside_tls {
  std::string greeting = {};  ///< at once
  std::string answer = {};    ///< to an HTTP request
  bool floods = false;        ///< for ever, instead
};

/// A TLS server of OpenSSL's.
[[nodiscard]] behaviour speaks_tls(server_settings settings, inside_tls inside);

}  // namespace sonde::test
