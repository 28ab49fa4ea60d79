#include "ingest/http_session.hpp"

#include "base/async/alarm.hpp"
#include "ingest/header_gate.hpp"
#include "ingest/problem.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
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

struct host_and_port {
  std::string_view host;
  std::string_view port;
};

host_and_port split(std::string_view authority) {
  auto end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (authority.starts_with('[') && end != authority.npos) ++end;
  end = std::min(end, authority.size());
  return {authority.substr(0, end), authority.substr(end)};
}

/// RFC 3986, section 3.2.3: nothing, or a colon and digits.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  auto digits = text.substr(1);
  return text.front() == ':' && digits.size() <= 5 &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

/// On a loopback address the name keeps out a web page whose own name has been made to point here
/// (DNS rebinding): what needs no credentials is for this machine to see.
bool is_local_name(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (lower(host) == "localhost") return true;
  error_code failed;
  auto address = asio::ip::make_address(std::string(host), failed);
  return !failed && address.is_loopback();
}

/// An answer that ends the connection, or nothing where all is well.
using refusal = std::optional<std::pair<unsigned, std::string>>;

refusal check_framing(const request_parser::value_type& message, bool local_names_only) {
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
  auto authority = split(message[http::field::host]);
  if (hosts == 1 && (authority.host.empty() || !is_port(authority.port))) {
    return std::pair(400U, "Host: has to be a host and, after a colon, a port");
  }
  if (local_names_only && hosts == 1 && !is_local_name(authority.host)) {
    return std::pair(421U, "Host: this server answers to localhost and loopback addresses only");
  }
  return std::nullopt;
}

/// What a failed read means for the peer. Nothing: it has gone, or sent nothing at all.
refusal explain(const error_code& failed, bool too_late) {
  if (failed == http::error::header_limit) return std::pair(431U, "the header is too large");
  if (failed == http::error::body_limit) return std::pair(413U, "the body is too large");
  if (failed == http::error::bad_chunk_extension) {
    return std::pair(400U, "chunk extensions are not accepted");
  }
  if (failed == http::error::bad_version) return std::pair(505U, "this server speaks HTTP/1.1");
  if (too_late) return std::pair(408U, "the request did not arrive in time");
  if (failed == http::error::buffer_overflow) {
    return std::pair(400U, "a chunk's header or a trailer is too long");
  }
  bool gone = failed == http::error::end_of_stream || failed == http::error::partial_message;
  if (gone || failed.category() != make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return std::pair(400U, "the request is not HTTP/1.1: " + failed.message());
}

class session {
 public:
  session(stream_socket socket, session_host& host)
      : socket_(std::move(socket)),
        host_(host),
        buffer_(host.bounds.http_header_bytes + buffer_slack),
        alarm_(socket_.get_executor(), [this] {
          error_code ignored;
          socket_.cancel(ignored);
        }) {}

  awaitable<void> run() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);  // no such thing on a UNIX socket
    bool go_on = true;
    while (go_on && !host_.stopping) {
      bool begun = co_await wait_for_request();
      if (!begun) break;
      go_on = co_await serve_one();
    }
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
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
    parser.header_limit(static_cast<std::uint32_t>(host_.bounds.http_header_bytes));
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
      note_answer(request, answer);
      refused_ = co_await write(std::move(answer), false, false);
      co_return false;
    }
    request.headers = std::move(headers_);
    request.repeated = std::move(repeated_);
    request.by_gateway = host_.by_gateway;
    request.body = std::move(message.body());
    bool head = request.method == "HEAD";
    bool keep = message.keep_alive();
    auto shown = request;
    shown.body.clear();
    auto answer = co_await handle(std::move(request));
    note_answer(shown, answer);
    keep = keep && !answer.close && !host_.stopping;
    bool written = co_await write(std::move(answer), head, keep);
    co_return written&& keep;
  }

  /// What a handler throws is its own mistake, and no reason to leave the peer without an answer.
  awaitable<http_response> handle(http_request request) {
    auto id = request.id;
    try {
      auto begun = std::chrono::steady_clock::now();
      auto answer = co_await host_.handler(std::move(request));
      host_.counts.took(std::chrono::steady_clock::now() - begun);
      co_return answer;
    } catch (const std::exception& e) {
      host_.log.error("a handler failed", {{"id", id}, {"what", e.what()}});
    }
    co_return problem(500, "something went wrong here; the log knows more", id);
  }

  awaitable<refusal> read_into(request_parser& parser) {
    auto refused = co_await read_header(parser);
    if (broken_ || refused || parser.is_done()) co_return refused;
    bool expects = beast::iequals(parser.get()[http::field::expect], "100-continue");
    if (expects) co_await write_continue();
    auto fields = std::distance(parser.get().begin(), parser.get().end());
    error_code failed;
    set_time(host_.bounds.http_body_timeout_ms);
    co_await http::async_read(socket_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, failed));
    alarm_.disarm();
    if (failed) refused = explain(failed, alarm_.rang());
    broken_ = failed && !refused;
    // A field that comes after the body would pass for one of the header's.
    if (!failed && std::distance(parser.get().begin(), parser.get().end()) != fields) {
      refused = std::pair(400U, std::string("trailer fields are not accepted"));
    }
    co_return refused;
  }

  awaitable<refusal> read_header(request_parser& parser) {
    set_time(host_.bounds.http_header_timeout_ms);
    auto refused = co_await receive_header();
    alarm_.disarm();
    if (broken_ || refused) co_return refused;
    error_code failed;
    parser.on_chunk_header(refuse_extension_);
    buffer_.consume(parser.put(buffer_.data(), failed));
    if (failed) co_return explain(failed, false);
    refused = check_framing(parser.get(), host_.local_names_only);
    headers_.clear();
    repeated_.clear();
    for (const auto& field : parser.get()) {
      auto name = lower(field.name_string());
      bool first = headers_.emplace(name, std::string(field.value())).second;
      if (!first) repeated_.insert(std::move(name));
    }
    co_return refused;
  }

  /// Reads until the whole header is in the buffer.
  awaitable<refusal> receive_header() {
    header_gate gate;
    while (true) {
      auto held = buffer_.data();
      auto seen = gate.look({static_cast<const char*>(held.data()), held.size()});
      if (seen == header_gate::verdict::refused) co_return std::pair(400U, gate.reason());
      bool whole = seen == header_gate::verdict::whole;
      if ((whole ? gate.size() : held.size()) > host_.bounds.http_header_bytes) {
        co_return explain(http::error::header_limit, false);
      }
      if (whole) co_return std::nullopt;
      error_code failed;
      auto size = co_await socket_.async_read_some(
          buffer_.prepare(std::min(buffer_slack, buffer_.max_size() - buffer_.size())),
          asio::redirect_error(asio::use_awaitable, failed));
      buffer_.commit(size);
      if (!failed) continue;
      broken_ = !alarm_.rang();
      if (broken_) co_return std::nullopt;
      co_return explain(failed, true);
    }
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

  void note_answer(const http_request& request, const http_response& answer) {
    host_.counts.add(request.method, answer.status);
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

  stream_socket socket_;
  session_host& host_;
  beast::flat_buffer buffer_;
  alarm alarm_;
  std::map<std::string, std::string> headers_;  ///< of the request being read
  std::set<std::string> repeated_;              ///< names that came more than once
  std::function<void(std::uint64_t, beast::string_view, error_code&)> refuse_extension_ =
      [](std::uint64_t, beast::string_view extension, error_code& failed) {
        if (!extension.empty()) failed = http::error::bad_chunk_extension;
      };
  bool broken_ = false;   ///< the peer has gone in the middle of a request
  bool refused_ = false;  ///< … was told no before its request was read to the end
};

}  // namespace

answer_counts::answer_counts(metrics& counts)
    : counts_(counts),
      seconds_(counts.time("sonde_http_request_seconds",
                           "From a request that has been read to its answer.")) {}

void answer_counts::add(const std::string& method, unsigned status) {
  static const std::set<std::string> known = {"GET", "HEAD", "POST", "DELETE", "OPTIONS"};
  std::pair which(known.contains(method) ? method : std::string("other"), status);
  auto found = answers_.find(which);
  if (found == answers_.end()) {
    metrics::labels labels{{"method", which.first}, {"code", std::to_string(status)}};
    auto made = counts_.count("sonde_http_requests_total", "Requests that were answered.", labels);
    found = answers_.emplace(std::move(which), made).first;
  }
  found->second.add();
}

void answer_counts::took(std::chrono::steady_clock::duration time) {
  seconds_.observe(std::chrono::duration<double>(time).count());
}

awaitable<void> run_session(stream_socket socket, session_host& host) {
  session one(std::move(socket), host);
  co_await one.run();
}

}  // namespace sonde::ingest
