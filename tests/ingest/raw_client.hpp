#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::test {

/// A client that sends bytes as they are. Blocks, but no longer than half a minute.
class raw_client {
 public:
  /// `127.0.0.1:8480`.
  explicit raw_client(const std::string& endpoint);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// False: the server has hung up.
  bool send(std::string_view bytes);
  /// Says that nothing more will come, and still listens.
  void end();
  /// One answer with its body, without the head of another; what there is where the server hangs up
  /// before its end.
  std::string read_answer();
  /// Everything until the server hangs up.
  std::string read_all();
  /// The connection was reset, not closed.
  [[nodiscard]] bool was_reset() const { return reset_; }

 private:
  bool receive();

  int descriptor_;
  std::string received_;
  bool reset_ = false;
};

}  // namespace sonde::test
