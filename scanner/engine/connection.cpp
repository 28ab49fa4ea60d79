#include "scanner/engine/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

namespace sonde::scanner {

connection::connection(executor loop, unique_socket socket, bool v4, std::uint16_t port)
    : manners_(manners_of(port)), socket_(loop), timer_(loop) {
  socket_.assign(v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), socket.release());
  // Asio's destructor takes back a linger that was set through Asio.
  const linger at_once{1, 0};
  (void)setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void connection::arm(steady_time deadline) {
  timeout_->expired = false;
  auto operation = ++timeout_->operation;
  timer_.expires_at(deadline);
  timer_.async_wait([this, timeout = timeout_, operation](error_code failed) {
    if (failed || timeout->operation != operation) return;
    timeout->expired = true;
    error_code ignored;
    socket_.cancel(ignored);
  });
}

void connection::disarm() {
  ++timeout_->operation;
  timer_.cancel();
}

error connection::explain(error_code code) const {
  if (timeout_->expired) return fail(errc::deadline);
  if (code == asio::error::eof) return fail(errc::closed);
  if (code == asio::error::connection_reset || code == asio::error::broken_pipe) {
    return fail(errc::reset);
  }
  if (code == asio::error::operation_aborted) return fail(errc::cancelled);
  if (code == asio::error::timed_out) return fail(errc::silent);
  return error{make_error_code(errc::unreachable), code.message()};
}

awaitable<result<std::string>> connection::read(std::size_t most, steady_time deadline) {
  std::string bytes(most, '\0');
  error_code failed;
  arm(deadline);
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  auto size = co_await socket_.async_read_some(asio::buffer(bytes), token);
  disarm();
  if (failed) co_return explain(failed);
  bytes.resize(size);
  co_return bytes;
}

awaitable<result<>> connection::write(std::string bytes, steady_time deadline) {
  if (manners_ == port_manners::listen_only) co_return fail(errc::listen_only);
  if (manners_ == port_manners::industrial) co_return fail(errc::industrial);
  error_code failed;
  arm(deadline);
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  co_await asio::async_write(socket_, asio::buffer(bytes), token);
  disarm();
  if (failed) co_return explain(failed);
  co_return result<>();
}

void connection::permit_industrial() {
  if (manners_ == port_manners::industrial) manners_ = port_manners::speak;
}

void connection::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

void connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace sonde::scanner
