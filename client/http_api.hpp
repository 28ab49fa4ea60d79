#pragma once

#include "client/scan_api.hpp"

#include <memory>
#include <string>

namespace sonde::client {

/// Where a server is: `http://127.0.0.1:8480`, or the same without the scheme.
struct server_address {
  std::string host;
  std::string port;
  /// As in a URL and in `Host`: an IPv6 address stands in brackets there.
  [[nodiscard]] std::string authority() const {
    bool bracketed = host.find(':') != std::string::npos;
    return (bracketed ? "[" + host + "]" : host) + ":" + port;
  }
  [[nodiscard]] std::string text() const { return "http://" + authority(); }
};
[[nodiscard]] result<server_address> parse_server(const std::string& text);

/// A server over HTTP/1.1, on connections that are kept and used again.
[[nodiscard]] std::unique_ptr<scan_api> make_http_api(executor loop, server_address server);

}  // namespace sonde::client
