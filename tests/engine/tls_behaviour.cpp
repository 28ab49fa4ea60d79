#include "tests/engine/tls_behaviour.hpp"

#include <boost/asio/write.hpp>

#include <memory>
#include <utility>

namespace sonde::test {
namespace {

awaitable<void> serve_tls(tcp_socket peer, server_settings settings, inside_tls inside) {
  auto server = std::make_unique<memory_server>(settings);
  std::string bytes(4096, '\0');
  std::string asked;
  bool begun = false;
  bool greeted = false;
  while (true) {
    auto size = co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    // Like TLS servers, it closes the connection of a client that does not speak TLS.
    if (!std::exchange(begun, true) && bytes[0] != '\x16') co_return;
    server->receive(std::string_view(bytes).substr(0, size));
    if (server->established() && !greeted) {
      greeted = true;
      if (!inside.greeting.empty()) server->say(inside.greeting);
    }
    asked += server->take_plaintext();
    auto awaited = inside.answer.empty() ? std::string() : inside.request;
    if (!asked.empty() && asked.find(awaited) != std::string::npos) {
      if (!inside.answer.empty()) server->say(inside.answer);
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

/// Returns true if a ClientHello has `supported_versions` with TLS 1.3 first (RFC 8446,
/// section 4.2.1).
bool offers_tls13(std::string_view hello) {
  constexpr std::string_view extension{"\0\x2B\0\x09\x08\x03\x04", 7};
  return hello.find(extension) != std::string_view::npos;
}

awaitable<void> serve_tls12(tcp_socket peer, server_settings settings, inside_tls inside) {
  co_await peer.async_wait(tcp_socket::wait_read, asio::use_awaitable);
  std::string hello(4096, '\0');
  hello.resize(peer.receive(asio::buffer(hello), tcp_socket::message_peek));
  if (offers_tls13(hello)) co_return;
  co_await serve_tls(std::move(peer), std::move(settings), std::move(inside));
}

awaitable<void> follow_script(tcp_socket peer, std::vector<scripted_exchange> script,
                              behaviour then) {
  for (const auto& each : script) {
    if (!each.request.empty()) co_await read_until(peer, each.request);
    if (!each.response.empty()) co_await say(peer, each.response);
  }
  co_await then(std::move(peer));
}

}  // namespace

behaviour speaks_tls(server_settings settings, inside_tls inside) {
  return
      [settings, inside](tcp_socket peer) { return serve_tls(std::move(peer), settings, inside); };
}

behaviour drops_tls13(server_settings settings, inside_tls inside) {
  return [settings, inside](tcp_socket peer) {
    return serve_tls12(std::move(peer), settings, inside);
  };
}

behaviour answers_then(std::vector<scripted_exchange> script, behaviour then) {
  return [script, then](tcp_socket peer) { return follow_script(std::move(peer), script, then); };
}

}  // namespace sonde::test
