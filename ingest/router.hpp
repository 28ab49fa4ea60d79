#pragma once

#include "base/async/asio.hpp"
#include "ingest/http_message.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// The values of a path's `{…}` segments, in order.
using path_parameters = std::vector<std::string>;
using request_handler = std::function<awaitable<http_response>(http_request, path_parameters)>;

/// Finds the handler of a request. HEAD is answered as GET without a body, OPTIONS with the methods
/// there are, also of `*`; a known path with another method is 405, an unknown one 404.
class router {
 public:
  /// `pattern`: `/api/ingest/v1/scan/{id}`; a segment in braces matches any one segment.
  void add(std::string method, const std::string& pattern, request_handler handler);

  awaitable<http_response> handle(http_request request) const;

 private:
  [[nodiscard]] http_response all_of_it() const;

  struct route {
    std::string method;
    std::vector<std::string> pattern;
    request_handler handler;
  };
  std::vector<route> routes_;
};

}  // namespace sonde::ingest
