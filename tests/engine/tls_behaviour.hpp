#pragma once

#include "tests/engine/loopback_server.hpp"
#include "tests/tls/memory_server.hpp"

#include <string>
#include <vector>

namespace sonde::test {

/// The bytes that the server sends inside TLS.
struct inside_tls {
  std::string greeting = {};         ///< at once
  std::string answer = {};           ///< after a request; then, or without one, the server closes
  bool floods = false;               ///< sends without end instead
  std::string request = "\r\n\r\n";  ///< part of the request that is answered
};

/// A TLS server that uses OpenSSL.
[[nodiscard]] behaviour speaks_tls(server_settings settings, inside_tls inside);
/// The same, but a ClientHello that offers TLS 1.3 gets the end of the connection.
[[nodiscard]] behaviour drops_tls13(server_settings settings, inside_tls inside);
/// Answers requests with responses in their order, then goes on as `then` does.
struct scripted_exchange {
  std::string request;  ///< part of it
  std::string response;
};
[[nodiscard]] behaviour answers_then(std::vector<scripted_exchange> script, behaviour then);

}  // namespace sonde::test
