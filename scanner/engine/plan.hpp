#pragma once

#include "model/scan/scan_depth.hpp"
#include "scanner/modules/module.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sonde::scanner {

/// The number of requests that are sent to an open port.
using depth = model::scan_depth;

/// `light`, `standard` or `deep`; `standard` for any other text.
[[nodiscard]] depth depth_named(std::string_view name);

/// One request of a conversation.
struct plan_step {
  enum class kind {
    talk,   ///< `module`'s requests
    tls,    ///< a ClientHello
    tls12,  ///< with TLS 1.2 at most, only to a server that dropped the first one unanswered
  };
  kind what = kind::tls;
  const protocol_module* module = nullptr;  ///< of a talk
  /// The port number hints at it: it is waited for longer before the next request is sent.
  bool hinted = false;
  /// The next request is sent without waiting for this one: two at a time.
  bool with_next = false;
};

/// Connections to one port: half of `standard` for `light`, but three, and twice for `deep`. Pure.
[[nodiscard]] std::uint32_t most_connections(depth how, std::uint32_t standard);

/// The requests that are sent to a silent port, in their order: what the port hints at, then TLS
/// and HTTP (HTTP first if the port hints at HTTP and not at TLS), then the modules that are tried
/// on every port, two at a time, and TLS 1.2 last, or after TLS where the port hints at TLS. Each
/// request goes to a separate connection. The first one is an exception if the port hints at it: it
/// goes to the connection that was listened to. The executor stops at the first service with a name
/// and at `most_connections`. On a port of an industrial protocol: that protocol's own request and
/// nothing else. Pure.
[[nodiscard]] std::vector<plan_step> plan_for(std::uint16_t port, depth how);

/// The requests inside TLS: what the port hints at, HTTP; HTTP/2 alone if the server selected `h2`
/// as `alpn`. The first one goes to the connection of
/// the handshake, each other one to a connection of its own. Never an industrial request. Pure.
[[nodiscard]] std::vector<plan_step> plan_inside_tls(std::uint16_t port, depth how,
                                                     std::string_view alpn);

/// Returns the pause after a request before the next one is sent. A later response is still read.
/// Scaled by the round-trip time. Pure.
[[nodiscard]] std::chrono::milliseconds patience_for(const plan_step& step,
                                                     std::chrono::microseconds rtt);
/// Returns the time that a server has to send a greeting before a request is sent: four round
/// trips, from 150 to 1,500 ms. Pure.
[[nodiscard]] std::chrono::milliseconds greeting_patience(std::chrono::microseconds rtt);

/// Returns true if servers of the port's usual protocol serve one client at a time. Pure.
[[nodiscard]] bool serves_one_client(std::uint16_t port);
/// Returns true if servers of the port's usual protocol send a greeting, some of them late on
/// purpose. Pure.
[[nodiscard]] bool greets_late(std::uint16_t port);
/// Returns the time for which requests are sent to a port without a response: 1.9 s at the
/// round-trip times of a local network, sixty round trips beyond. Pure.
[[nodiscard]] std::chrono::milliseconds mute_limit(std::chrono::microseconds rtt);
/// Returns the time after which the conversation with a silent port ends: `mute_limit`, or the
/// whole `greeting_timeout` if servers of the port's usual protocol greet late. Pure.
[[nodiscard]] std::chrono::milliseconds longest_silence(std::uint16_t port,
                                                        std::chrono::microseconds rtt,
                                                        std::chrono::milliseconds greeting_timeout);

}  // namespace sonde::scanner
