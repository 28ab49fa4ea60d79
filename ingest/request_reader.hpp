#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// Reads one request out of bytes that have passed the gate. The only place that knows Beast.
///
/// Grows with what comes, not with what a header promises. Sans-IO, on any thread.
class request_reader {
 public:
  request_reader();
  ~request_reader();
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;

  /// Reads on. False: it does not see in these bytes what the gate has seen, and the request must
  /// not be served.
  [[nodiscard]] bool take(std::string_view passed);
  /// The request is there, to its last byte.
  [[nodiscard]] bool done() const;

  /// From now on the body is read and not kept. Once the header has been taken.
  void drop_body();
  [[nodiscard]] bool keeps_body() const;

  // Once the header has been taken.
  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] std::string_view target() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> fields() const;
  /// Once `done`.
  [[nodiscard]] std::string take_body();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sonde::ingest
