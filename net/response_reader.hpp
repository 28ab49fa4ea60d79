#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sonde::net {

/// Limits of one response. All its bytes together, with interim responses and chunk headers, are at
/// most ten heads and eight bodies.
struct response_limits {
  std::size_t head_bytes = 8'192;   ///< of the head, and of each header of a chunk and the trailer
  std::size_t body_bytes = 65'536;  ///< of the body, without its chunk headers
};

/// Parses one HTTP/1.1 response (RFC 9112) to a GET, POST or DELETE. The only file of the clients
/// that uses Beast.
///
/// Skips interim responses (RFC 9110, section 15.2), at most eight. Sans-IO, usable on any thread.
class response_reader {
 public:
  explicit response_reader(response_limits limits);
  ~response_reader();
  response_reader(const response_reader&) = delete;
  response_reader& operator=(const response_reader&) = delete;

  /// Parses further bytes. An error is final: every later call returns it. The head remains valid
  /// if it was complete.
  [[nodiscard]] result<> take(std::string_view bytes);
  /// Notes that the peer has closed the connection. Returns an error unless that completes the
  /// response.
  [[nodiscard]] result<> end();

  /// Tells whether the head of the final response is complete.
  [[nodiscard]] bool has_head() const;
  /// Tells whether the response is complete.
  [[nodiscard]] bool done() const;

  // Valid once `has_head`.
  [[nodiscard]] unsigned status() const;
  /// Returns the first field of this name, in any case. Empty if it is missing.
  [[nodiscard]] std::string field(std::string_view name) const;

  // Call once `done`.
  [[nodiscard]] std::string take_body();
  /// Tells whether the connection can serve another request. It cannot if bytes follow the
  /// response.
  [[nodiscard]] bool keeps_open() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::net
