#include "net/http_client.hpp"

namespace sonde::net {

http_client::http_client(std::unique_ptr<connection> over, response_limits limits)
    : connection_(std::move(over)), limits_(limits) {}

awaitable<result<unsigned>> http_client::send(http_request request, steady_time deadline) {
  response_ = std::make_unique<response_reader>(limits_);
  connection_->set_deadline(deadline);
  auto sent = co_await connection_->send(request.to_wire());
  if (!sent) co_return sent.error();
  while (!response_->has_head()) {
    auto read = co_await read_more();
    // An error after the head concerns the body, which `read_body` reports.
    if (!read && !response_->has_head()) co_return read.error();
  }
  co_return response_->status();
}

std::string http_client::field(std::string_view name) const {
  return response_->field(name);
}

awaitable<result<std::string>> http_client::read_body(steady_time deadline) {
  connection_->set_deadline(deadline);
  // Returns the error of bytes that came with the head.
  auto read = response_->take({});
  while (read && !response_->done())
    read = co_await read_more();
  if (!read) co_return read.error();
  connection_->clear_deadline();
  co_return response_->take_body();
}

bool http_client::keeps_open() const {
  return response_ && response_->keeps_open();
}

awaitable<result<>> http_client::read_more() {
  auto came = co_await connection_->receive();
  if (!came) co_return came.error();
  if (came->empty()) co_return response_->end();
  co_return response_->take(*came);
}

}  // namespace sonde::net
