#include "client/http_client.hpp"

#include "client/errc.hpp"
#include "model/ip_address.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <charconv>
#include <deque>

namespace sonde::client {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using model::json;
using std::chrono::seconds;

constexpr seconds connect_timeout{10};
constexpr seconds answer_timeout{30};
constexpr std::size_t most_answer_bytes = 16U << 20U;
constexpr std::uint32_t answer_depth = 32;

result<json> understand(const http::response<http::string_body>& answer) {
  auto status = answer.result_int();
  if (status == 204) return fail(errc::not_found, "there is no such thing");
  if (status == 200 || status == 202) {
    auto parsed = model::parse_json(answer.body(), answer_depth);
    if (parsed) return std::move(*parsed);
    return fail(errc::refused, "the server's answer is no JSON: " + parsed.error().message());
  }
  auto why = std::string(answer["x-error"]);
  if (auto problem = model::parse_json(answer.body(), answer_depth);
      problem && problem->is_object() && problem->contains("detail") &&
      problem->at("detail").is_string()) {
    why = problem->at("detail").get<std::string>();
  }
  if (why.empty()) why = "the server answered " + std::to_string(status);
  if (status == 404 || status == 410) return fail(errc::not_found, why);
  if (status == 429 || status == 503) return fail(errc::try_later, why);
  return fail(errc::refused, why);
}

}  // namespace

/// A connection, and what has been read of it beyond the last answer.
struct http_client::link {
  explicit link(executor loop) : stream(loop) {}
  beast::basic_stream<asio::generic::stream_protocol> stream;
  beast::flat_buffer buffer;
};

struct http_client::question {
  http::request<http::string_body> request;
  seconds patience{0};  ///< beyond what any answer may take
};

struct http_client::state {
  executor loop;
  server_address server;
  std::deque<std::unique_ptr<link>> kept;
};

http_client::http_client(executor loop, server_address server)
    : state_(std::make_unique<state>(state{std::move(loop), std::move(server), {}})) {}

http_client::~http_client() = default;

awaitable<result<json>> http_client::get(std::string path, seconds patience) {
  question asked{{http::verb::get, path, 11}, patience};
  return call(std::move(asked));
}

awaitable<result<json>> http_client::post(std::string path, std::string body) {
  question asked{{http::verb::post, path, 11}, seconds(0)};
  asked.request.set(http::field::content_type, "application/json");
  asked.request.body() = std::move(body);
  return call(std::move(asked));
}

awaitable<result<json>> http_client::remove(std::string path) {
  question asked{{http::verb::delete_, path, 11}, seconds(0)};
  return call(std::move(asked));
}

error http_client::no_server(const std::string& why) const {
  return fail(errc::no_server, "no server answers at " + state_->server.text() + " (" + why +
                                   "); start one with `sonde serve`, name another with "
                                   "--server, or scan without one with --local");
}

awaitable<result<std::unique_ptr<http_client::link>>> http_client::connect() {
  auto made = std::make_unique<link>(state_->loop);
  const auto& server = state_->server;
  std::vector<asio::generic::stream_protocol::endpoint> endpoints;
  error_code failed;
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  if (server.socket.empty()) {
    tcp::resolver resolver(state_->loop);
    auto found = co_await resolver.async_resolve(server.host, server.port, token);
    if (failed) co_return no_server(failed.message());
    for (const auto& each : found)
      endpoints.emplace_back(each.endpoint());
  } else {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(server.socket));
  }
  made->stream.expires_after(connect_timeout);
  co_await made->stream.async_connect(endpoints, token);
  if (failed) co_return no_server(failed.message());
  error_code ignored;  // there is no such thing on a UNIX socket
  made->stream.socket().set_option(tcp::no_delay(true), ignored);
  co_return made;
}

awaitable<result<json>> http_client::call(question asked) {
  asked.request.set(http::field::host, state_->server.authority());
  asked.request.set(http::field::user_agent, "sonde");
  for (const auto& [name, value] : state_->server.headers)
    asked.request.set(name, value);
  asked.request.prepare_payload();
  // A kept connection may have been closed meanwhile. Asking twice does no harm: ids follow from
  // what is asked for.
  auto& kept = state_->kept;
  while (!kept.empty()) {
    auto old = std::move(kept.front());
    kept.pop_front();
    auto answer = co_await exchange(std::move(old), asked);
    if (answer || answer.error().code != make_error_code(errc::no_server)) co_return answer;
  }
  auto fresh = co_await connect();
  if (!fresh) co_return fresh.error();
  co_return co_await exchange(std::move(*fresh), asked);
}

awaitable<result<json>> http_client::exchange(std::unique_ptr<link> over, const question& asked) {
  error_code failed;
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  over->stream.expires_after(answer_timeout + asked.patience);
  co_await http::async_write(over->stream, asked.request, token);
  if (failed) co_return no_server(failed.message());
  http::response_parser<http::string_body> parser;
  parser.body_limit(most_answer_bytes);
  co_await http::async_read(over->stream, over->buffer, parser, token);
  if (failed) co_return no_server(failed.message());
  auto& answer = parser.get();
  auto out = understand(answer);
  const auto& hint = state_->server.key_hint;
  if (answer.result() == http::status::unauthorized && !out && !hint.empty()) {
    out = fail(errc::refused, out.error().message() + "; " + hint);
  }
  if (answer.keep_alive()) state_->kept.push_back(std::move(over));
  co_return out;
}

std::string server_address::authority() const {
  if (!socket.empty()) return "localhost";
  bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + port;
}

std::string server_address::text() const {
  return socket.empty() ? "http://" + authority() : socket;
}

result<server_address> parse_server(const std::string& text) {
  std::string rest = text;
  if (rest.starts_with("http://")) rest = rest.substr(7);
  if (rest.ends_with('/')) rest.pop_back();
  auto refusal = fail(errc::usage, "\"" + text +
                                       "\" is no server; write it as in "
                                       "http://127.0.0.1:8480");
  auto colon = rest.rfind(':');
  if (colon == std::string::npos) return refusal;
  server_address out;
  out.host = rest.substr(0, colon);
  out.port = rest.substr(colon + 1);
  constexpr const char* name_characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  if (out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host = out.host.substr(1, out.host.size() - 2);
    auto address = model::ip_address::parse(out.host);
    if (!address || address->is_v4()) return refusal;
  } else if (out.host.empty() || out.host.find_first_not_of(name_characters) != std::string::npos) {
    return refusal;
  }
  std::uint16_t port = 0;
  auto parsed = std::from_chars(out.port.data(), out.port.data() + out.port.size(), port);
  bool whole = parsed.ec == std::errc{} && parsed.ptr == out.port.data() + out.port.size();
  if (!whole || port == 0) return refusal;
  return out;
}

}  // namespace sonde::client
