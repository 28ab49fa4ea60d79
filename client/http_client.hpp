#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/json.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sonde::client {

/// Where a server is: `http://127.0.0.1:8480`, the same without the scheme, or the socket file in a
/// data folder.
struct server_address {
  std::string host;
  std::string port;
  std::string socket = {};  ///< a file; then there is no host
  /// Sent with every request: who asks.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string key_hint = {};  ///< where these come from, or how to come by some; said after a 401
  /// As in a URL and in `Host`: an IPv6 address stands in brackets there.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] result<server_address> parse_server(const std::string& text);

/// Asks one server for JSON over HTTP/1.1, on connections that are kept and used again. Lives on
/// one loop; its errors are `client::errc`, with the server's own sentence where it gave one.
class http_client {
 public:
  http_client(executor loop, server_address server);
  ~http_client();

  [[nodiscard]] awaitable<result<model::json>> get(
      std::string path, std::chrono::seconds patience = std::chrono::seconds(0));
  [[nodiscard]] awaitable<result<model::json>> post(std::string path, std::string body);
  [[nodiscard]] awaitable<result<model::json>> remove(std::string path);

 private:
  struct link;
  struct question;

  [[nodiscard]] error no_server(const std::string& why) const;
  awaitable<result<std::unique_ptr<link>>> connect();
  awaitable<result<model::json>> call(question asked);
  awaitable<result<model::json>> exchange(std::unique_ptr<link> over, const question& asked);

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::client
