#pragma once

#include "tests/tls/made_certificate.hpp"
#include "tls/client_handshake.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::test {

/// How the other side behaves.
struct server_settings {
  std::string only_version = {};  ///< `TLSv1.2`; empty for all
  key_kind key = key_kind::p256;
  std::vector<std::string> chain = {};  ///< DER, the leaf first; empty: one self-signed
  bool asks_for_certificate = false;
  bool insists_on_certificate = false;
  std::string ciphers = {};  ///< up to TLS 1.2
  std::string groups = {};
  std::string refuses_name = {};  ///< the SNI that gets an unrecognized_name
};

/// OpenSSL's server on memory instead of a connection.
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
  /// The leaf it presents, in DER.
  [[nodiscard]] const std::string& leaf() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

/// Carries bytes both ways, `piece` at a time towards the client, until both sides are silent.
void converse(tls::client_handshake& client, memory_server& server, std::size_t piece = 65'536);

/// A server's first flight up to TLS 1.2, in clear and not by OpenSSL: ServerHello, Certificate
/// with `chain` as it stands, ServerHelloDone.
[[nodiscard]] std::string plain_flight(const std::vector<std::string>& chain);

}  // namespace sonde::test
