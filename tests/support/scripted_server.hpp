#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace sonde::test {

/// A server that sends prepared responses, as bytes, one after the other. It keeps the requests
/// that it received. Connections that `serve` does not accept stay open without a response.
struct scripted_server {
  using tcp = asio::ip::tcp;

  explicit scripted_server(executor loop)
      : acceptor(loop, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {}

  /// Serves this number of connections, each with these responses; then closes them.
  awaitable<void> serve(int connections, std::vector<std::string> answers) {
    for (int i = 0; i < connections; ++i) {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      for (const auto& answer : answers) {
        auto request = co_await read_request(socket);
        if (request.empty()) break;
        requests.push_back(request);
        error_code failed;
        co_await asio::async_write(socket, asio::buffer(answer),
                                   asio::redirect_error(asio::use_awaitable, failed));
      }
    }
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor.local_endpoint().port(); }

  tcp::acceptor acceptor;
  std::vector<std::string> requests;

 private:
  /// Reads one request with its body. Returns an empty text if the client closes the connection.
  static awaitable<std::string> read_request(tcp::socket& socket) {
    std::string text;
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    auto head =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n", token);
    if (failed) co_return std::string();
    const std::string field = "Content-Length: ";
    auto at = text.find(field);
    std::size_t whole = head;
    if (at < head) whole += std::strtoul(text.c_str() + at + field.size(), nullptr, 10);
    if (whole > text.size()) {
      co_await asio::async_read(socket, asio::dynamic_buffer(text),
                                asio::transfer_exactly(whole - text.size()), token);
    }
    co_return text;
  }
};

}  // namespace sonde::test
