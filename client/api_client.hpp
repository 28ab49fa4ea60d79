#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "client/server_address.hpp"
#include "model/text/json.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sonde::net {
class connection;
class http_client;
}  // namespace sonde::net

namespace sonde::client {

/// Sends JSON requests to one server and reuses its connections. A request that finds its
/// connection closed, for instance after a restart of the server, is sent again over another.
///
/// Lives on one loop. Errors are `client::errc`, with the server's own sentence if it sent one.
/// Over TLS the client sends nothing before the server has proved its identity.
class api_client {
 public:
  api_client(executor loop, server_address server);
  ~api_client();

  [[nodiscard]] awaitable<result<model::json>> get(
      std::string path, std::chrono::seconds patience = std::chrono::seconds(0));
  [[nodiscard]] awaitable<result<model::json>> post(std::string path, std::string body);
  [[nodiscard]] awaitable<result<model::json>> remove(std::string path);

 private:
  struct question;

  [[nodiscard]] error no_server(const std::string& why) const;
  [[nodiscard]] error explained(const error& why) const;
  [[nodiscard]] error broken(const error& why) const;
  [[nodiscard]] result<> check_user(net::connection& opened) const;
  awaitable<result<>> open(net::connection& to);
  awaitable<result<std::unique_ptr<net::http_client>>> connect();
  awaitable<result<model::json>> call(question asked);
  awaitable<result<model::json>> exchange(std::unique_ptr<net::http_client> over,
                                          const question& asked);

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::client
