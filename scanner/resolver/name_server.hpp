#pragma once

#include "base/async/asio.hpp"
#include "model/net/ip_address.hpp"
#include "scanner/resolver/resolver_limits.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;

namespace sonde::scanner {

enum class record_type { a, aaaa };

/// The result of one query to one server.
enum class dns_answer {
  addresses,
  no_data,   ///< the name exists, without a record of this type
  nxdomain,  ///< the name does not exist
  failure,   ///< SERVFAIL, REFUSED or an invalid response: another server may succeed
  timeout,   ///< no response, or the port is closed
  cancelled,
};

struct dns_reply {
  dns_answer what = dns_answer::failure;
  std::vector<model::ip_address> addresses;
  std::string reason;  ///< error text of c-ares for a failure or timeout
};

/// One name server, queried through c-ares. Sends each query once over UDP, and over TCP if the
/// response is truncated. Waits for its sockets and timeouts on the loop. Keeps the loop busy only
/// while a query is open. Lives on one loop.
class name_server {
 public:
  /// `address`: `address`, `address:port` or `[address]:port`; throws if it is invalid.
  name_server(executor loop, const std::string& address, const resolver_limits& limits);
  ~name_server();
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;

  using callback = std::function<void(dns_reply)>;
  /// Sends a query. Calls `done` once, on the loop, possibly before it returns.
  void ask(const std::string& name, record_type type, callback done);
  /// Ends all open queries as `cancelled` before it returns.
  void cancel();

 private:
  struct watched_socket;
  using socket_pointer = std::shared_ptr<watched_socket>;

  static void on_socket_state(void* self, int descriptor, int readable, int writable);
  void watch(int descriptor, bool readable, bool writable);
  void wait_readable(const socket_pointer& socket);
  void wait_writable(const socket_pointer& socket);
  void keep_time();

  executor loop_;
  asio::steady_timer timer_;
  std::map<int, socket_pointer> sockets_;
  ares_channeldata* channel_ = nullptr;
  /// Expires with this object; pending handlers check it.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// Returns the servers of this machine's /etc/resolv.conf.
[[nodiscard]] std::vector<std::string> system_name_servers();

}  // namespace sonde::scanner
