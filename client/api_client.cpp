#include "client/api_client.hpp"

#include "client/errc.hpp"
#include "net/connection.hpp"
#include "net/errc.hpp"
#include "net/http_client.hpp"

#include <fmt/core.h>

#include <deque>

namespace sonde::client {
namespace {

using model::json;
using std::chrono::seconds;

constexpr seconds connect_timeout{10};
constexpr seconds answer_timeout{30};
constexpr net::response_limits answer_limits{8'192, 16U << 20U};
constexpr std::uint32_t answer_depth = 32;

struct received_answer {
  unsigned status = 0;
  std::string x_error;
  std::string body;
};

result<json> understand(const received_answer& answer) {
  auto status = answer.status;
  if (status == 204) return fail(errc::not_found, "it does not exist");
  if (status == 200 || status == 202) {
    auto parsed = model::parse_json(answer.body, answer_depth);
    if (parsed) return std::move(*parsed);
    return fail(errc::refused, "the server's response is not JSON: " + parsed.error().message());
  }
  auto why = answer.x_error;
  if (auto problem = model::parse_json(answer.body, answer_depth);
      problem && problem->is_object() && problem->contains("detail") &&
      problem->at("detail").is_string()) {
    why = problem->at("detail").get<std::string>();
  }
  if (why.empty()) why = "the server answered " + std::to_string(status);
  if (status == 404) return fail(errc::not_found, why);
  if (status == 410) return fail(errc::gone, why);
  if (status == 429 || status == 503) return fail(errc::try_later, why);
  return fail(errc::refused, why);
}

bool has_code(const error& why, net::errc code) {
  return why.code == net::make_error_code(code);
}

/// Returns the reason of a failed connection or exchange, as a clause of an error for the user.
std::string clause_of(const error& why) {
  bool no_http = has_code(why, net::errc::malformed) || has_code(why, net::errc::too_long) ||
                 has_code(why, net::errc::interim_only);
  if (no_http) return "the server does not speak HTTP: " + why.message();
  return why.message();
}

}  // namespace

struct api_client::question {
  net::http_request request;
  seconds patience{0};  ///< added to the usual response timeout
};

struct api_client::state {
  executor loop;
  server_address server;
  std::unique_ptr<tls_client> tls = {};  ///< loaded for the first TLS connection
  std::deque<std::unique_ptr<net::http_client>> kept = {};
};

api_client::api_client(executor loop, server_address server)
    : state_(std::make_unique<state>(state{std::move(loop), std::move(server)})) {}

api_client::~api_client() = default;

awaitable<result<json>> api_client::get(std::string path, seconds patience) {
  question asked{{"GET", std::move(path)}, patience};
  return call(std::move(asked));
}

awaitable<result<json>> api_client::post(std::string path, std::string body) {
  question asked{{"POST", std::move(path)}, seconds(0)};
  asked.request.set("Content-Type", "application/json");
  asked.request.body = std::move(body);
  return call(std::move(asked));
}

awaitable<result<json>> api_client::remove(std::string path) {
  question asked{{"DELETE", std::move(path)}, seconds(0)};
  return call(std::move(asked));
}

error api_client::no_server(const std::string& why) const {
  return fail(errc::no_server, "no server answers at " + state_->server.text() + " (" + why +
                                   "); start one with `sonde serve`, name another with "
                                   "--server, or scan without one with --local");
}

/// Turns a connection failure into an error for the user.
error api_client::explained(const error& why) const {
  if (has_code(why, net::errc::untrusted)) {
    return fail(errc::untrusted, state_->server.text() + ": " + why.message());
  }
  return no_server(clause_of(why));
}

/// Explains a failure after the connection was established. A TLS server closes the connection when
/// the client speaks plain text.
error api_client::broken(const error& why) const {
  bool plain = !state_->server.tls && state_->server.socket.empty();
  return no_server(clause_of(why) + (plain ? "; if it speaks TLS, write https://" : ""));
}

/// Checks that the process that listens on a UNIX socket belongs to `socket_user` or root.
result<> api_client::check_user(net::connection& opened) const {
  const auto& socket = state_->server.socket;
  const auto& expected = state_->server.socket_user;
  if (socket.empty() || !expected) return {};
  auto user = opened.peer_user();
  if (!user) {
    return fail(errc::untrusted, socket + ": the user that listens there is unknown");
  }
  if (*user == 0 || *user == *expected) return {};
  return fail(errc::untrusted,
              fmt::format("{}: the process that listens there is run by the user {}, not by the "
                          "owner of the folder, {}; nothing was sent to it",
                          socket, *user, *expected));
}

/// Connects to the server, and checks its identity if one is expected.
awaitable<result<>> api_client::open(net::connection& to) {
  const auto& server = state_->server;
  to.set_deadline(std::chrono::steady_clock::now() + connect_timeout);
  result<> opened;
  if (server.socket.empty()) {
    opened = co_await to.connect(server.host, server.port);
  } else {
    opened = co_await to.connect_to_socket(server.socket);
  }
  if (!opened) co_return explained(opened.error());
  if (auto expected = check_user(to); !expected) co_return expected;
  if (!server.tls) co_return result<>();
  auto secured = co_await to.start_tls(*state_->tls, server.host);
  if (secured) co_return result<>();
  const auto& why = secured.error();
  bool no_tls = has_code(why, net::errc::tls) || has_code(why, net::errc::closed);
  if (no_tls) co_return no_server("the TLS handshake failed: " + why.message());
  co_return explained(why);
}

awaitable<result<std::unique_ptr<net::http_client>>> api_client::connect() {
  if (state_->server.tls && !state_->tls) {
    auto loaded = tls_client::load(state_->server.trust);
    if (!loaded) co_return fail(errc::usage, loaded.error().message());
    state_->tls = std::move(*loaded);
  }
  auto made = std::make_unique<net::connection>(state_->loop);
  auto opened = co_await open(*made);
  if (!opened) co_return opened.error();
  co_return std::make_unique<net::http_client>(std::move(made), answer_limits);
}

awaitable<result<json>> api_client::call(question asked) {
  asked.request.set("Host", state_->server.authority());
  asked.request.set("User-Agent", "sonde");
  for (const auto& [name, value] : state_->server.headers)
    asked.request.set(name, value);
  // The server may have closed an idle connection. A request is safe to repeat: ids are derived
  // from its content.
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

awaitable<result<json>> api_client::exchange(std::unique_ptr<net::http_client> over,
                                             const question& asked) {
  auto deadline = std::chrono::steady_clock::now() + answer_timeout + asked.patience;
  auto request = asked.request;
  auto status = co_await over->send(std::move(request), deadline);
  if (!status) co_return broken(status.error());
  auto body = co_await over->read_body(deadline);
  if (!body) co_return broken(body.error());
  auto out = understand({*status, over->field("x-error"), std::move(*body)});
  const auto& hint = state_->server.key_hint;
  if (*status == 401 && !out && !hint.empty()) {
    out = fail(errc::refused, out.error().message() + "; " + hint);
  }
  if (over->keeps_open()) state_->kept.push_back(std::move(over));
  co_return out;
}

}  // namespace sonde::client
