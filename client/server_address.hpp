#pragma once

#include "base/result.hpp"
#include "net/tls_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::client {

/// Address of a server: `https://scan.example:8480`, `http://127.0.0.1:8480`, the latter also
/// without the scheme, or the socket file in a data folder. A URL without a port has the default
/// port of its scheme.
struct server_address {
  std::string host;
  std::string port;
  std::string socket = {};  ///< a file; `host` is then empty
  /// With `socket`: the user that must run the listening process; root is accepted too. No value:
  /// any user.
  std::optional<std::uint32_t> socket_user = {};
  /// Headers that identify the caller, sent with every request.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string key_hint = {};  ///< key that was sent, or where it was searched; for a 401
  bool tls = false;
  client_trust trust = {};  ///< with `tls`: how to verify the server

  /// Returns the address as in a URL and in `Host`: an IPv6 address is in brackets.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  /// Returns true if requests to this address stay on this machine.
  [[nodiscard]] bool is_this_machine() const;
};
[[nodiscard]] result<server_address> parse_server(const std::string& text);

}  // namespace sonde::client
