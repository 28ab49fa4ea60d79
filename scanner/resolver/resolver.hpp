#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/net/ip_address.hpp"
#include "scanner/resolver/resolver_limits.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sonde::scanner {

/// Resolves names in the DNS, A and AAAA at the same time, and distinguishes all kinds of failure
/// (`errc::nxdomain`, `no_data`, `servfail`, `dns_timeout`). Uses neither the hosts file nor a
/// search list: a fact about a name is what the DNS reports. Lives on one loop.
class resolver {
 public:
  /// `servers`: `address`, `address:port` or `[address]:port`; empty: those of /etc/resolv.conf.
  /// Throws if one is invalid.
  resolver(executor loop, const std::vector<std::string>& servers, const resolver_limits& limits);
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  /// Returns every address of the name, in canonical order. Queries one server after the other
  /// until one has a result; after a failure or a timeout the next one is queried. Each server is
  /// queried a limited number of times.
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name);
  /// Ends all running look-ups as `errc::cancelled`.
  void cancel();

 private:
  struct server_list;
  executor loop_;
  std::unique_ptr<server_list> servers_;
};

/// Checks whether the text is a valid server for `resolver`.
[[nodiscard]] result<> check_server(const std::string& text);

}  // namespace sonde::scanner
