#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::test {

/// A client that sends bytes unchanged. Blocks, but no longer than half a minute.
class raw_client {
 public:
  /// Connects to an endpoint such as `127.0.0.1:8480`.
  explicit raw_client(const std::string& endpoint);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// Returns false if the server has closed the connection.
  bool send(std::string_view bytes);
  /// Closes the sending side; the client still receives.
  void end();
  /// Returns one response with its body, without the header of the next; the bytes so far if the
  /// server closes the connection before its end.
  std::string read_answer();
  /// Returns everything until the server closes the connection.
  std::string read_all();
  /// Returns whether the connection was reset, not closed.
  [[nodiscard]] bool was_reset() const { return reset_; }

 private:
  bool receive();

  int descriptor_;
  std::string received_;
  bool reset_ = false;
};

}  // namespace sonde::test
