#pragma once

#include "tests/tls/made_certificate.hpp"
#include "tls/client_handshake.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::test {

/// The behaviour of the server.
struct server_settings {
  std::string only_version = {};  ///< `TLSv1.2`; empty for all versions
  key_kind key = key_kind::p256;
  std::vector<std::string> chain = {};  ///< DER, leaf first; empty for a self-signed one
  bool asks_for_certificate = false;
  bool insists_on_certificate = false;
  std::string ciphers = {};  ///< up to TLS 1.2
  std::string groups = {};
  std::string refuses_name = {};  ///< the server answers this SNI with unrecognized_name
  /// The only ALPN that the server accepts; it answers others with no_application_protocol, and a
  /// hello without ALPN is fine. Empty: it ignores ALPN.
  std::string protocol = {};
};

/// A server of OpenSSL that uses memory instead of a connection.
class memory_server {
 public:
  explicit memory_server(const server_settings& settings);
  ~memory_server();
  memory_server(const memory_server&) = delete;
  memory_server& operator=(const memory_server&) = delete;

  void receive(std::string_view bytes);
  [[nodiscard]] std::string take_output();
  [[nodiscard]] bool established() const;

  void say(std::string_view plaintext);
  void say_goodbye();  ///< close_notify
  [[nodiscard]] std::string take_plaintext();
  [[nodiscard]] std::string sni_received() const;
  /// The leaf certificate that the server presents, in DER.
  [[nodiscard]] const std::string& leaf() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

/// Carries bytes in both directions until both sides are silent. At most `piece` bytes at a time go
/// to the client.
void converse(tls::client_handshake& client, memory_server& server, std::size_t piece = 65'536);

/// The first flight of a server up to TLS 1.2, in clear text and not made by OpenSSL: ServerHello,
/// Certificate with `chain` unchanged, ServerHelloDone.
[[nodiscard]] std::string plain_flight(const std::vector<std::string>& chain);

}  // namespace sonde::test
