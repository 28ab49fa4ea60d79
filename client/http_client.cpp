#include "client/http_client.hpp"

#include "client/connection.hpp"
#include "client/errc.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <deque>
#include <sstream>

namespace sonde::client {
namespace {

namespace http = boost::beast::http;
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

using answer_parser = http::response_parser<http::string_body>;

/// Takes of what is held what belongs to the answer. True: that is all of it.
result<bool> feed(std::string& held, answer_parser& into) {
  while (!held.empty() && !into.is_done()) {
    error_code failed;
    auto used = into.put(asio::buffer(held), failed);
    held.erase(0, used);
    if (failed == http::error::need_more) break;
    if (failed) {
      return fail(errc::no_server, "what answers does not speak HTTP: " + failed.message());
    }
    if (used == 0) break;
  }
  return into.is_done();
}

awaitable<result<>> receive_answer(connection& from, answer_parser& into) {
  while (true) {
    auto whole = feed(from.held, into);
    if (!whole) co_return whole.error();
    if (*whole) co_return result<>();
    auto came = co_await from.receive();
    if (!came) co_return came.error();
    if (!came->empty()) {
      from.held += *came;
      continue;
    }
    // A parser that has been given nothing takes the end for an empty answer.
    error_code failed;
    if (into.got_some()) into.put_eof(failed);
    if (!failed && into.is_done()) co_return result<>();
    co_return fail(errc::no_server, "it hung up without an answer");
  }
}

std::string text_of(const http::request<http::string_body>& request) {
  std::ostringstream out;
  out << request;
  return out.str();
}

}  // namespace

struct http_client::question {
  http::request<http::string_body> request;
  seconds patience{0};  ///< beyond what any answer may take
};

struct http_client::state {
  executor loop;
  server_address server;
  std::unique_ptr<client_tls> tls = {};  ///< once it has been needed
  std::deque<std::unique_ptr<connection>> kept = {};
};

http_client::http_client(executor loop, server_address server)
    : state_(std::make_unique<state>(state{std::move(loop), std::move(server)})) {}

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

/// A failure of a connection, as people read it.
error http_client::explained(const error& why) const {
  return why.code == make_error_code(errc::no_server) ? no_server(why.message()) : why;
}

/// Of one that stood: who speaks TLS hangs up on who does not.
error http_client::broken(const error& why) const {
  auto out = why;
  bool plain = !state_->server.tls && state_->server.socket.empty();
  if (plain) out.detail += "; if it speaks TLS, write https://";
  return explained(out);
}

awaitable<result<std::unique_ptr<connection>>> http_client::connect() {
  const auto& server = state_->server;
  if (server.tls && !state_->tls) {
    auto loaded = client_tls::load(server.trust);
    if (!loaded) co_return fail(errc::usage, loaded.error().message());
    state_->tls = std::move(*loaded);
  }
  auto made = std::make_unique<connection>(state_->loop);
  made->set_deadline(std::chrono::steady_clock::now() + connect_timeout);
  auto opened = co_await made->open(server, state_->tls.get());
  if (!opened) co_return explained(opened.error());
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

awaitable<result<json>> http_client::exchange(std::unique_ptr<connection> over,
                                              const question& asked) {
  over->set_deadline(std::chrono::steady_clock::now() + answer_timeout + asked.patience);
  auto sent = co_await over->send(text_of(asked.request));
  if (!sent) co_return broken(sent.error());
  answer_parser parser;
  parser.eager(true);
  parser.body_limit(most_answer_bytes);
  auto received = co_await receive_answer(*over, parser);
  if (!received) co_return broken(received.error());
  over->clear_deadline();
  auto& answer = parser.get();
  auto out = understand(answer);
  const auto& hint = state_->server.key_hint;
  if (answer.result() == http::status::unauthorized && !out && !hint.empty()) {
    out = fail(errc::refused, out.error().message() + "; " + hint);
  }
  if (answer.keep_alive()) state_->kept.push_back(std::move(over));
  co_return out;
}

}  // namespace sonde::client
