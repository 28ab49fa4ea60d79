#pragma once

#include "base/async/client_tls.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::client {

/// Where a server is: `https://scan.example:8480`, `http://127.0.0.1:8480`, the latter also without
/// the scheme, or the socket file in a data folder.
struct server_address {
  std::string host;
  std::string port;
  std::string socket = {};  ///< a file; then there is no host
  /// With `socket`: the user who has to listen there; root may too. Nothing: anybody.
  std::optional<std::uint32_t> socket_user = {};
  /// Sent with every request: who asks.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string key_hint = {};  ///< where these come from, or how to come by some; said after a 401
  bool tls = false;
  client_trust trust = {};  ///< with `tls`: who it has to be

  /// As in a URL and in `Host`: an IPv6 address stands in brackets there.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  /// What is sent there does not leave this machine.
  [[nodiscard]] bool is_this_machine() const;
};
[[nodiscard]] result<server_address> parse_server(const std::string& text);

}  // namespace sonde::client
