#include "client/http_api.hpp"

#include "client/errc.hpp"
#include "model/ip_address.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
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

std::string encode(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
  }
  return out;
}

class http_api final : public scan_api {
 public:
  http_api(executor loop, server_address server) : loop_(loop), server_(std::move(server)) {}

  awaitable<result<json>> schedule(json order) override {
    return call(http::verb::post, "/api/ingest/v1/scan", model::to_text(order), seconds(0));
  }

  awaitable<result<json>> look_up(std::string id, seconds wait) override {
    auto path = "/api/ingest/v1/scan/" + encode(id);
    if (wait.count() > 0) path += "?wait=" + std::to_string(wait.count());
    return call(http::verb::get, std::move(path), {}, wait);
  }

  awaitable<result<json>> list(std::string target) override {
    return call(http::verb::get, "/api/ingest/v1/scans?target=" + encode(target), {}, seconds(0));
  }

  awaitable<result<json>> entity(std::string id) override {
    return call(http::verb::get, "/api/analytics/v1/entity/" + encode(id) + "/details", {},
                seconds(0));
  }

 private:
  using request_type = http::request<http::string_body>;

  /// A connection, and what has been read of it beyond the last answer.
  struct link {
    explicit link(executor loop) : stream(loop) {}
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
  };
  using link_pointer = std::unique_ptr<link>;

  [[nodiscard]] error no_server(const std::string& why) const {
    return fail(errc::no_server, "no server answers at " + server_.text() + " (" + why +
                                     "); start one with `sonde serve`, name another with "
                                     "--server, or scan without one with --local");
  }

  awaitable<result<link_pointer>> connect() {
    auto made = std::make_unique<link>(loop_);
    tcp::resolver resolver(loop_);
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    auto found = co_await resolver.async_resolve(server_.host, server_.port, token);
    if (failed) co_return no_server(failed.message());
    made->stream.expires_after(connect_timeout);
    co_await made->stream.async_connect(found, token);
    if (failed) co_return no_server(failed.message());
    made->stream.socket().set_option(tcp::no_delay(true), failed);
    co_return made;
  }

  awaitable<result<json>> call(http::verb method, std::string path, std::string body,
                               seconds patience) {
    request_type request(method, path, 11);
    request.set(http::field::host, server_.authority());
    request.set(http::field::user_agent, "sonde");
    if (method == http::verb::post) request.set(http::field::content_type, "application/json");
    request.body() = std::move(body);
    request.prepare_payload();
    // A kept connection may have been closed meanwhile. Asking twice does no harm: ids follow from
    // what is asked for.
    while (!kept_.empty()) {
      auto old = std::move(kept_.front());
      kept_.pop_front();
      auto answer = co_await exchange(std::move(old), request, patience);
      if (answer || answer.error().code != make_error_code(errc::no_server)) co_return answer;
    }
    auto fresh = co_await connect();
    if (!fresh) co_return fresh.error();
    co_return co_await exchange(std::move(*fresh), request, patience);
  }

  awaitable<result<json>> exchange(link_pointer over, const request_type& request,
                                   seconds patience) {
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    over->stream.expires_after(answer_timeout + patience);
    co_await http::async_write(over->stream, request, token);
    if (failed) co_return no_server(failed.message());
    http::response_parser<http::string_body> parser;
    parser.body_limit(most_answer_bytes);
    co_await http::async_read(over->stream, over->buffer, parser, token);
    if (failed) co_return no_server(failed.message());
    auto& answer = parser.get();
    auto out = understand(answer);
    if (answer.keep_alive()) kept_.push_back(std::move(over));
    co_return out;
  }

  static result<json> understand(const http::response<http::string_body>& answer) {
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

  executor loop_;
  server_address server_;
  std::deque<link_pointer> kept_;
};

}  // namespace

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

std::unique_ptr<scan_api> make_http_api(executor loop, server_address server) {
  return std::make_unique<http_api>(std::move(loop), std::move(server));
}

}  // namespace sonde::client
