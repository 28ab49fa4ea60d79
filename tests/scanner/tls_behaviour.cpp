#include "tests/scanner/tls_behaviour.hpp"

#include <boost/asio/write.hpp>

#include <memory>

namespace sonde::test {
namespace {

awaitable<void> serve_tls(tcp_socket peer, server_settings settings, inside_tls inside) {
  auto server = std::make_unique<memory_server>(settings);
  std::string bytes(4096, '\0');
  std::string asked;
  bool greeted = false;
  while (true) {
    auto size = co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    server->receive(std::string_view(bytes).substr(0, size));
    if (server->established() && !greeted) {
      greeted = true;
      if (!inside.greeting.empty()) server->say(inside.greeting);
    }
    asked += server->take_plaintext();
    if (asked.find("\r\n\r\n") != std::string::npos && !inside.answer.empty()) {
      server->say(inside.answer);
      server->say_goodbye();
    }
    auto output = server->take_output();
    if (!output.empty()) co_await say(peer, std::move(output));
    while (greeted && inside.floods) {
      server->say(std::string(4000, 'x'));
      co_await say(peer, server->take_output());
    }
  }
}

}  // namespace

behaviour speaks_tls(server_settings settings, inside_tls inside) {
  return
      [settings, inside](tcp_socket peer) { return serve_tls(std::move(peer), settings, inside); };
}

}  // namespace sonde::test
