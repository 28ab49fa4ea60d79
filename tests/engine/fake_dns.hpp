#pragma once

#include "base/async/task_group.hpp"

#include <boost/asio/ip/udp.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::test {

/// The type of a query: 1 for A, 28 for AAAA.
enum class query_type : unsigned char { a = 1, aaaa = 28 };

/// A name server that gives the responses of a test, right or wrong. It listens on 127.0.0.1 and a
/// free port.
class fake_dns {
 public:
  /// Maps the bytes and the type of a query to the bytes of the response. Without a value the
  /// server stays silent.
  using answer_function =
      std::function<std::optional<std::string>(const std::string& query, query_type type)>;

  fake_dns(executor loop, answer_function answer);
  awaitable<void> stop();

  /// The address in the format that the resolver takes.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] int asked() const { return asked_; }

 private:
  awaitable<void> serve();

  answer_function answer_;
  boost::asio::ip::udp::socket socket_;
  logger log_{log_level::error};
  task_group group_;
  int asked_ = 0;
};

/// The query sent back as a response with this response code (RFC 1035, section 4.1.1).
[[nodiscard]] std::string with_code(std::string query, unsigned char code);
/// A response with one address. `record` has its four or sixteen bytes.
[[nodiscard]] std::string with_address(std::string query, query_type type, std::string record);

}  // namespace sonde::test
