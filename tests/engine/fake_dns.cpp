#include "tests/engine/fake_dns.hpp"

#include <boost/asio/ip/address.hpp>

namespace sonde::test {

using boost::asio::ip::udp;

fake_dns::fake_dns(executor loop, answer_function answer)
    : answer_(std::move(answer)),
      socket_(loop, udp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
      group_(loop, log_, "name server") {
  group_.spawn(serve());
}

awaitable<void> fake_dns::stop() {
  group_.cancel();
  co_await group_.join();
}

std::string fake_dns::address() const {
  return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port());
}

awaitable<void> fake_dns::serve() {
  std::string bytes(1500, '\0');
  while (true) {
    udp::endpoint from;
    auto size = co_await socket_.async_receive_from(asio::buffer(bytes), from, asio::use_awaitable);
    ++asked_;
    auto query = bytes.substr(0, size);
    // The query ends with its type and its class, two bytes each.
    auto type = static_cast<query_type>(query[size - 3]);
    auto answer = answer_(query, type);
    if (!answer) continue;
    co_await socket_.async_send_to(asio::buffer(*answer), from, asio::use_awaitable);
  }
}

std::string with_code(std::string query, unsigned char code) {
  query[2] = static_cast<char>(0x81);         // a response, recursion desired
  query[3] = static_cast<char>(0x80 | code);  // recursion available
  return query;
}

std::string with_address(std::string query, query_type type, std::string record) {
  auto out = with_code(std::move(query), 0);
  out[7] = 1;                                         // one answer
  out += std::string("\xC0\x0C\x00", 3);              // the queried name
  out += static_cast<char>(type);                     //
  out += std::string("\x00\x01\x00\x00\x00\x3C", 6);  // class IN, a minute
  out += '\0';
  out += static_cast<char>(record.size());
  return out + record;
}

}  // namespace sonde::test
