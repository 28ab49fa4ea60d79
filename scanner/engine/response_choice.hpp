#pragma once

#include "scanner/modules/recognition.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::scanner {

/// A server's response and the request that it answers: `greeting`, `tls`, or a module's name.
struct kept_response {
  std::string asked;
  recognition known;
};

/// The requests, HTTP and TLS, whose outcome is known.
struct heard_requests {
  bool http = false;
  bool tls = false;
};

/// Decides which response of an open port stands for its service.
///
/// A greeting does, even without a name, and so does a response with a name. The error page that a
/// web server sends to another request tells less than its page, though, and a server that speaks
/// TLS may answer plain HTTP with 400 or a redirect to its own port: both are kept until HTTP or
/// TLS has been heard. Lives on one thread.
class response_choice {
 public:
  explicit response_choice(std::uint16_t port) : port_(port) {}

  /// Returns the response that stands for the service. Returns nothing if a better one may come;
  /// this one is kept.
  [[nodiscard]] std::optional<kept_response> take(kept_response seen, heard_requests before);

  /// A web server is known, and HTTP or TLS will tell more.
  [[nodiscard]] bool has_page() const { return page_.has_value(); }
  /// The number of kept responses without a name.
  [[nodiscard]] std::size_t nameless() const { return nameless_.size(); }
  /// Takes the best response that was kept. Returns nothing if there is none.
  [[nodiscard]] std::optional<kept_response> best();

 private:
  std::uint16_t port_;
  std::optional<kept_response> page_;
  std::vector<kept_response> nameless_;
};

}  // namespace sonde::scanner
