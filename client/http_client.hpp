#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "client/server_address.hpp"
#include "model/json.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sonde::client {

class connection;

/// Asks one server for JSON over HTTP/1.1, on connections that are kept and used again. Lives on
/// one loop; its errors are `client::errc`, with the server's own sentence where it gave one. Over
/// TLS nothing is sent to a server that has not proved who it is.
class http_client {
 public:
  http_client(executor loop, server_address server);
  ~http_client();

  [[nodiscard]] awaitable<result<model::json>> get(
      std::string path, std::chrono::seconds patience = std::chrono::seconds(0));
  [[nodiscard]] awaitable<result<model::json>> post(std::string path, std::string body);
  [[nodiscard]] awaitable<result<model::json>> remove(std::string path);

 private:
  struct question;

  [[nodiscard]] error no_server(const std::string& why) const;
  [[nodiscard]] error explained(const error& why) const;
  [[nodiscard]] error broken(const error& why) const;
  awaitable<result<std::unique_ptr<connection>>> connect();
  awaitable<result<model::json>> call(question asked);
  awaitable<result<model::json>> exchange(std::unique_ptr<connection> over, const question& asked);

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::client
