#include "ingest/http_session.hpp"

#include "base/async/alarm.hpp"
#include "ingest/problem.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace sonde::ingest {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;
using request_parser = http::request_parser<http::string_body>;

/// Beyond the header limit, so that the parser reports it and not the buffer.
constexpr std::size_t buffer_slack = 4096;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return out;
}

/// Without credentials the name is what keeps a web page, whose own name has been made to point
/// here, from talking to this server (DNS rebinding).
bool is_local_name(std::string_view host) {
  auto end = host.starts_with('[') ? host.find(']') : host.rfind(':');
  if (host.starts_with('[') && end != std::string_view::npos) {
    if (end + 1 < host.size() && host[end + 1] != ':') return false;
    host = host.substr(1, end - 1);
  } else if (end != std::string_view::npos) {
    host = host.substr(0, end);
  }
  if (lower(host) == "localhost") return true;
  error_code failed;
  auto address = asio::ip::make_address(std::string(host), failed);
  return !failed && address.is_loopback();
}

/// An answer that ends the connection, or nothing where all is well.
using refusal = std::optional<std::pair<unsigned, std::string>>;

refusal check_framing(const request_parser::value_type& message) {
  if (message.version() != 10 && message.version() != 11) {
    return std::pair(505U, "this server speaks HTTP/1.1");
  }
  if (message.count(http::field::transfer_encoding) > 0) {
    bool chunked = message.count(http::field::transfer_encoding) == 1 &&
                   beast::iequals(message[http::field::transfer_encoding], "chunked") &&
                   message.count(http::field::content_length) == 0 && message.version() == 11;
    if (!chunked) return std::pair(400U, "Transfer-Encoding: must be chunked, alone");
  }
  auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() == 11)) {
    return std::pair(400U, "Host: must stand in the request once");
  }
  if (hosts == 1 && !is_local_name(message[http::field::host])) {
    return std::pair(421U, "Host: this server answers to localhost and loopback addresses only");
  }
  return std::nullopt;
}

/// What a failed read means for the peer. Nothing: it has gone, or sent nothing at all.
refusal explain(const error_code& failed, bool too_late) {
  if (failed == http::error::header_limit) return std::pair(431U, "the header is too large");
  if (failed == http::error::body_limit) return std::pair(413U, "the body is too large");
  if (failed == http::error::bad_version) return std::pair(505U, "this server speaks HTTP/1.1");
  if (too_late) return std::pair(408U, "the request did not arrive in time");
  bool gone = failed == http::error::end_of_stream || failed == http::error::partial_message;
  if (gone || failed.category() != make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return std::pair(400U, "the request is not HTTP/1.1: " + failed.message());
}

class session {
 public:
  session(tcp::socket socket, session_host& host)
      : socket_(std::move(socket)),
        host_(host),
        buffer_(host.bounds.http_header_bytes + buffer_slack),
        alarm_(socket_.get_executor(), [this] {
          error_code ignored;
          socket_.cancel(ignored);
        }) {}

  awaitable<void> run() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    bool go_on = true;
    while (go_on && !host_.stopping) {
      bool begun = co_await wait_for_request();
      if (!begun) break;
      go_on = co_await serve_one();
    }
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    if (refused_ && !host_.stopping) co_await drop_the_rest();
  }

 private:
  /// The peer's time for what follows; `alarm_.disarm` ends it.
  void set_time(std::uint32_t timeout_ms) {
    alarm_.arm(std::chrono::steady_clock::now() + milliseconds(timeout_ms));
  }

  /// Waits for the first byte of the next request. False: there is none.
  awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    set_time(host_.bounds.http_idle_timeout_ms);
    host_.idle.insert(&socket_);
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    auto size = co_await socket_.async_read_some(buffer_.prepare(buffer_slack), token);
    host_.idle.erase(&socket_);
    alarm_.disarm();
    buffer_.commit(size);
    co_return !failed;
  }

  /// Closing a socket that has not been read to its end resets the connection, and the peer may
  /// lose the answer that says why its request was refused (RFC 9112, section 9.6).
  awaitable<void> drop_the_rest() {
    set_time(host_.bounds.http_linger_ms);
    host_.idle.insert(&socket_);
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    std::size_t dropped = 0;
    while (!failed && !alarm_.rang() && dropped < host_.bounds.http_linger_bytes) {
      buffer_.clear();
      auto size = co_await socket_.async_read_some(buffer_.prepare(buffer_slack), token);
      dropped += size;
    }
    host_.idle.erase(&socket_);
    alarm_.disarm();
  }

  /// False: this was the last request of the connection.
  awaitable<bool> serve_one() {
    auto id = host_.process_id + "-" + std::to_string(++host_.requests);
    request_parser parser;
    parser.header_limit(host_.bounds.http_header_bytes);
    parser.body_limit(host_.bounds.http_body_bytes);
    auto refused = co_await read_into(parser);
    if (broken_) co_return false;
    auto& message = parser.get();
    http_request request;
    request.id = id;
    request.method = std::string(message.method_string());
    if (!refused && !parse_request_target(message.target(), request)) {
      refused = std::pair(400U, std::string("the request target is no path"));
    }
    if (refused) {
      auto answer = problem(refused->first, refused->second, id);
      answer.close = true;
      log_answer(request, answer);
      refused_ = co_await write(std::move(answer), false, false);
      co_return false;
    }
    for (const auto& field : message) {
      request.headers.emplace(lower(field.name_string()), std::string(field.value()));
    }
    request.body = std::move(message.body());
    bool head = request.method == "HEAD";
    bool keep = message.keep_alive();
    auto shown = request;
    shown.body.clear();
    auto answer = co_await host_.handler(std::move(request));
    log_answer(shown, answer);
    keep = keep && !answer.close && !host_.stopping;
    bool written = co_await write(std::move(answer), head, keep);
    co_return written&& keep;
  }

  awaitable<refusal> read_into(request_parser& parser) {
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    set_time(host_.bounds.http_header_timeout_ms);
    co_await http::async_read_header(socket_, buffer_, parser, token);
    alarm_.disarm();
    refusal refused;
    if (failed) {
      refused = explain(failed, alarm_.rang());
    } else {
      refused = check_framing(parser.get());
    }
    if (!failed && !refused && !parser.is_done()) {
      bool expects = beast::iequals(parser.get()[http::field::expect], "100-continue");
      if (expects) co_await write_continue();
      set_time(host_.bounds.http_body_timeout_ms);
      co_await http::async_read(socket_, buffer_, parser, token);
      alarm_.disarm();
      if (failed) refused = explain(failed, alarm_.rang());
    }
    broken_ = failed && !refused;
    co_return refused;
  }

  awaitable<void> write_continue() {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    set_time(host_.bounds.http_write_timeout_ms);
    co_await http::async_write(socket_, go_on, token);
    alarm_.disarm();
  }

  awaitable<bool> write(http_response answer, bool head, bool keep) {
    http::response<http::string_body> message(static_cast<http::status>(answer.status), 11);
    message.reason(reason_phrase(answer.status));
    for (auto& [name, value] : answer.headers)
      message.insert(name, value);
    message.keep_alive(keep);
    if (answer.status != 204) message.content_length(answer.body.size());
    if (!head) message.body() = std::move(answer.body);
    http::response_serializer<http::string_body> serializer(message);
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    set_time(host_.bounds.http_write_timeout_ms);
    if (head) {
      co_await http::async_write_header(socket_, serializer, token);
    } else {
      co_await http::async_write(socket_, serializer, token);
    }
    alarm_.disarm();
    co_return !failed;
  }

  void log_answer(const http_request& request, const http_response& answer) {
    if (answer.status < 400) return;
    std::string reason;
    for (const auto& [name, value] : answer.headers) {
      if (name == "x-error") reason = value;
    }
    log_fields fields = {{"id", request.id},
                         {"method", request.method},
                         {"path", request.path},
                         {"status", static_cast<std::int64_t>(answer.status)},
                         {"reason", reason}};
    if (answer.status >= 500) {
      host_.log.warning("request failed", fields);
    } else {
      host_.log.info("request refused", fields);
    }
  }

  tcp::socket socket_;
  session_host& host_;
  beast::flat_buffer buffer_;
  alarm alarm_;
  bool broken_ = false;   ///< the peer has gone in the middle of a request
  bool refused_ = false;  ///< … was told no before its request was read to the end
};

}  // namespace

awaitable<void> run_session(tcp::socket socket, session_host& host) {
  session one(std::move(socket), host);
  co_await one.run();
}

}  // namespace sonde::ingest
