#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// Parses one request from bytes that have passed the request validator (`request_validator`). The
/// only file of the server that uses Beast.
///
/// Grows with the received bytes, not with the length that a header declares. Sans-IO, usable on
/// any thread.
class request_reader {
 public:
  request_reader();
  ~request_reader();
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;

  /// Parses further bytes. Returns false if the parser disagrees with the validator; the request
  /// must not be served then.
  [[nodiscard]] bool take(std::string_view passed);
  /// Tells whether the request is complete.
  [[nodiscard]] bool done() const;

  /// Discards the body from now on. Call after the header has been taken.
  void drop_body();
  [[nodiscard]] bool keeps_body() const;

  // Valid after the header has been taken.
  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] std::string_view target() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> fields() const;
  /// Returns the body. Call once `done`.
  [[nodiscard]] std::string take_body();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::ingest
