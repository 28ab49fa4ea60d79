#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/connection.hpp"
#include "net/http_request.hpp"
#include "net/response_reader.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sonde::net {

/// The HTTP client: exchanges requests and responses over one connection (HTTP/1.1, RFC 9112), one
/// after the other. No redirects, no proxies, no cookies.
///
/// Lives on the connection's loop. Errors are `net::errc`; after an error the connection must not
/// be used again.
class http_client {
 public:
  /// `over` is connected, and encrypted if it has to be.
  http_client(std::unique_ptr<connection> over, response_limits limits);

  /// Sends a request and returns the status of its response. Interim responses are skipped. The
  /// deadline covers both.
  awaitable<result<unsigned>> send(http_request request, steady_time deadline);
  /// Returns the first field of this name in the response to `send`. Empty if it is missing.
  [[nodiscard]] std::string field(std::string_view name) const;
  /// Reads the rest of the response and returns its body. Call after `send`. Afterwards no deadline
  /// runs.
  awaitable<result<std::string>> read_body(steady_time deadline);
  /// Tells whether another request can follow. Call after `read_body`.
  [[nodiscard]] bool keeps_open() const;

 private:
  awaitable<result<>> read_more();

  std::unique_ptr<connection> connection_;
  response_limits limits_;
  std::unique_ptr<response_reader> response_;
};

}  // namespace sonde::net
