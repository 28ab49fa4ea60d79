#pragma once

#include "base/async/asio.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "model/ip_address.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sonde::scanner {

/// Looks names up in the DNS, A and AAAA at once, and tells every way to fail from the others
/// (`errc::nxdomain`, `no_data`, `servfail`, `dns_timeout`). Knows no hosts file and no search
/// list: a fact about a name is what the DNS says. Lives on one loop.
class resolver {
 public:
  /// `servers`: `address`, `address:port` or `[address]:port`; none: those of /etc/resolv.conf.
  /// Throws where they are none.
  resolver(executor loop, const std::vector<std::string>& servers, const limits& limits);
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  /// Every address of the name, in canonical order. One server after the other is asked, until one
  /// knows; a failure or a silence sends to the next, and each is asked a bounded number of times.
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name);
  /// Ends all look-ups under way as `errc::cancelled`.
  void cancel();

 private:
  struct server_list;
  executor loop_;
  std::unique_ptr<server_list> servers_;
};

/// Whether the text names a server as `resolver` wants it.
[[nodiscard]] result<> check_server(const std::string& text);

}  // namespace sonde::scanner
