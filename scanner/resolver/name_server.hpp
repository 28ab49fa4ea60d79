#pragma once

#include "base/async/asio.hpp"
#include "base/limits.hpp"
#include "model/ip_address.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;

namespace sonde::scanner {

enum class record_type { a, aaaa };

/// What one server said to one question, or that it did not.
enum class dns_answer {
  addresses,
  no_data,   ///< the name exists, without a record of this type
  nxdomain,  ///< the name does not exist
  failure,   ///< SERVFAIL, REFUSED, nonsense: another server may know better
  timeout,   ///< nothing came back, or nobody listens there
  cancelled,
};

struct dns_reply {
  dns_answer what = dns_answer::failure;
  std::vector<model::ip_address> addresses;
  std::string reason;  ///< of a failure or timeout, in c-ares's words
};

/// One name server, asked by c-ares: each question once over UDP, over TCP where the answer says
/// that it was cut. Driven by the loop: its sockets are waited for, its time-outs kept. Keeps the
/// loop busy only while a question is open. Lives on one loop.
class name_server {
 public:
  /// `address`, `address:port` or `[address]:port`; throws where it is none.
  name_server(executor loop, const std::string& address, const limits& limits);
  ~name_server();
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;

  using callback = std::function<void(dns_reply)>;
  /// Calls back once, on the loop, possibly at once.
  void ask(const std::string& name, record_type type, callback done);
  /// Ends all open questions as `cancelled`, at once.
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
  /// What is under way on the loop looks whether this is still there.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// The servers that this machine's /etc/resolv.conf names.
[[nodiscard]] std::vector<std::string> system_name_servers();

}  // namespace sonde::scanner
