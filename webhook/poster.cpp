#include "webhook/poster.hpp"

#include "webhook/errc.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <algorithm>
#include <span>

namespace sonde::webhook {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::size_t most_header_bytes = 16'384;
/// Answers before the answer (RFC 9110, section 15.2).
constexpr int most_interim_answers = 8;
/// For the rest of an answer whose status is known.
constexpr milliseconds rest_patience{1'000};

using request_type = http::request<http::string_body>;
using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

tcp::endpoint endpoint_of(const model::ip_address& address, std::uint16_t port) {
  return {asio::ip::make_address(address.text()), port};
}

template <class Bytes>
model::ip_address from_network_order(const Bytes& bytes) {
  return model::ip_address::from_bytes(std::as_bytes(std::span(bytes)));
}

model::ip_address address_of(const tcp::endpoint& peer) {
  auto address = peer.address();
  return address.is_v4() ? from_network_order(address.to_v4().to_bytes())
                         : from_network_order(address.to_v6().to_bytes());
}

/// What went wrong on a connection that stood.
error broken(const error_code& failed) {
  if (failed == beast::error::timeout) {
    return fail(errc::timeout, "the receiver did not answer in time");
  }
  if (failed == asio::error::operation_aborted) return fail(errc::cancelled);
  if (failed == http::error::end_of_stream || failed == asio::error::eof ||
      failed == asio::error::connection_reset || failed == asio::error::broken_pipe) {
    return fail(errc::broken, "the receiver hung up before it had answered");
  }
  return fail(errc::broken, "the receiver's answer is no HTTP: " + failed.message());
}

template <class Stream>
awaitable<result<post_answer>> exchange(Stream& stream, const request_type& request,
                                        const limits& limits) {
  error_code failed;
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  co_await http::async_write(stream, request, token);
  if (failed) co_return broken(failed);
  beast::flat_buffer buffer;
  for (int i = 0; i < most_interim_answers; ++i) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(most_header_bytes);
    parser.body_limit(limits.webhook_answer_bytes);
    co_await http::async_read_header(stream, buffer, parser, token);
    // A body that is announced as too long is one that nobody reads.
    bool too_long = failed == http::error::body_limit;
    if (failed && !too_long) co_return broken(failed);
    const auto& answer = parser.get();
    if (answer.result_int() / 100 == 1) continue;
    post_answer out{answer.result_int(), std::string(answer[http::field::retry_after])};
    beast::get_lowest_layer(stream).expires_after(rest_patience);
    if (!too_long) co_await http::async_read(stream, buffer, parser, token);
    co_return out;
  }
  co_return fail(errc::broken, "the receiver sent nothing but interim answers");
}

}  // namespace

struct poster::parts {
  executor loop;
  ssl::context trust{ssl::context::tls_client};
  std::string user_agent;
  model::webhook_guard guard;
  const limits& bounds;
  const clock& time;

  request_type request_of(const post_order& order) const {
    request_type out(http::verb::post, order.url.path, 11);
    out.set(http::field::host, order.url.authority());
    out.set(http::field::user_agent, user_agent);
    out.set(http::field::content_type, "application/json");
    out.set(http::field::connection, "close");
    for (const auto& [name, value] : order.headers)
      out.set(name, value);
    out.body() = order.body;
    out.prepare_payload();
    return out;
  }

  /// Connects to one address, within a share of the time.
  awaitable<result<>> connect(beast::tcp_stream& stream, const post_order& order,
                              const model::ip_address& address, steady_time deadline) const {
    auto share = time.steady_now() + milliseconds(bounds.webhook_connect_timeout_ms);
    stream.expires_at(std::min(share, deadline));
    error_code failed;
    auto where = endpoint_of(address, order.url.port);
    co_await stream.async_connect(where, asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted) co_return fail(errc::cancelled);
    if (failed) {
      auto why = failed == beast::error::timeout ? "no answer in time" : failed.message();
      co_return fail(errc::unreachable, "no connection to " + address.text() + " port " +
                                            std::to_string(order.url.port) + ": " + why);
    }
    auto peer = stream.socket().remote_endpoint(failed);
    if (failed) co_return broken(failed);
    if (auto may = guard.judge(address_of(peer), order.url.host); !may) {
      co_return fail(errc::forbidden, may.error().message());
    }
    stream.expires_at(deadline);
    co_return result<>();
  }

  /// The first address that takes a connection.
  awaitable<result<>> connect_any(beast::tcp_stream& stream, const post_order& order,
                                  steady_time deadline) const {
    result<> last = fail(errc::no_address, "the receiver has no address");
    for (const auto& address : order.addresses) {
      last = co_await connect(stream, order, address, deadline);
      bool next = !last && last.error().code == make_error_code(errc::unreachable) &&
                  time.steady_now() < deadline;
      if (!next) break;
      stream.close();
    }
    co_return last;
  }

  awaitable<result<>> shake_hands(tls_stream& stream, const post_order& order) const {
    error_code failed;
    auto name = order.url.host.text();
    stream.set_verify_mode(ssl::verify_peer, failed);
    if (!failed) stream.set_verify_callback(ssl::host_name_verification(name), failed);
    bool named = order.url.host.is_address() ||
                 SSL_set_tlsext_host_name(stream.native_handle(), name.c_str()) == 1;
    if (failed || !named) co_return fail(errc::tls, "TLS could not be set up for " + name);
    co_await stream.async_handshake(ssl::stream_base::client,
                                    asio::redirect_error(asio::use_awaitable, failed));
    if (failed == beast::error::timeout) {
      co_return fail(errc::timeout, "the TLS handshake did not end in time");
    }
    if (failed == asio::error::operation_aborted) co_return fail(errc::cancelled);
    if (failed) co_return fail(errc::tls, "no TLS with " + name + ": " + failed.message());
    co_return result<>();
  }
};

poster::poster(executor loop, const std::string& ca_file, std::string user_agent,
               model::webhook_guard guard, const limits& limits, const clock& clock)
    : parts_(new parts{std::move(loop), ssl::context(ssl::context::tls_client),
                       std::move(user_agent), std::move(guard), limits, clock}) {
  auto& trust = parts_->trust;
  trust.set_options(ssl::context::default_workarounds | ssl::context::no_sslv3 |
                    ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  trust.set_default_verify_paths();
  if (!ca_file.empty()) trust.load_verify_file(ca_file);
}

poster::~poster() = default;

void poster::set_guard(model::webhook_guard guard) {
  parts_->guard = std::move(guard);
}

void poster::set_user_agent(std::string user_agent) {
  parts_->user_agent = std::move(user_agent);
}

awaitable<result<post_answer>> poster::post(post_order order, steady_time deadline) {
  auto request = parts_->request_of(order);
  if (order.url.tls) {
    tls_stream stream(beast::tcp_stream(parts_->loop), parts_->trust);
    auto& socket = beast::get_lowest_layer(stream);
    auto connected = co_await parts_->connect_any(socket, order, deadline);
    if (!connected) co_return connected.error();
    auto trusted = co_await parts_->shake_hands(stream, order);
    if (!trusted) co_return trusted.error();
    co_return co_await exchange(stream, request, parts_->bounds);
  }
  beast::tcp_stream stream(parts_->loop);
  auto connected = co_await parts_->connect_any(stream, order, deadline);
  if (!connected) co_return connected.error();
  co_return co_await exchange(stream, request, parts_->bounds);
}

}  // namespace sonde::webhook
