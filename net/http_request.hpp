#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::net {

/// An HTTP/1.1 request of a client. The caller has checked method, target and fields: none holds a
/// control character.
struct http_request {
  std::string method = {};
  std::string target = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};

  /// Sets a field. Replaces an earlier one of the same name, in any case.
  void set(std::string_view name, std::string_view value);
  /// Returns the bytes to send. Adds `Content-Length` if the request has a body or is a POST.
  [[nodiscard]] std::string to_wire() const;
};

}  // namespace sonde::net
