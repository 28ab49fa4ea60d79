#include "client/http_api.hpp"

#include "base/async/task_group.hpp"
#include "client/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_server.hpp"

namespace sonde::client {
namespace {

using test::scripted_server;

server_address address_of(const scripted_server& server) {
  return {"127.0.0.1", std::to_string(server.port())};
}

std::string answer(const std::string& status, const std::string& body,
                   const std::string& more = {}) {
  return "HTTP/1.1 " + status + "\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

/// Returns what the client makes of one response.
result<model::json> understood(const std::string& said) {
  result<model::json> out = fail(errc::usage);
  auto ask = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    group.spawn(server.serve(1, {said}));
    auto api = make_http_api(loop, address_of(server));
    auto got = co_await api->look_up("some id", std::chrono::seconds(0));
    out = std::move(got);
    co_await group.join();
  };
  test::run(ask());
  return out;
}

}  // namespace

TEST_CASE("every request carries the key, and a refusal says which key was sent") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    std::vector<std::string> answers = {answer("401 Unauthorized", "{}", "x-error: no\r\n")};
    group.spawn(server.serve(1, answers));
    auto to = address_of(server);
    to.headers = {{"api-key", "a"}, {"api-secret", "b"}};
    to.key_hint = "the key of SONDE_API_KEY was sent";
    auto api = make_http_api(loop, to);
    auto refused = co_await api->list("192.0.2.1");
    co_await group.join();
    CHECK(server.requests.at(0).find("api-key: a\r\napi-secret: b\r\n") != std::string::npos);
    CHECK(refused.error().message() == "no; the key of SONDE_API_KEY was sent");
  };
  test::run(ask());
}

TEST_CASE("a response becomes a value or the matching error") {
  auto fine = understood(answer("200 OK", R"({"status":"done"})"));
  REQUIRE(fine);
  CHECK((*fine)["status"] == "done");
  auto problem = [](const std::string& status, const std::string& body) {
    auto failed = understood(answer(status, body));
    REQUIRE(!failed);
    return failed.error();
  };
  auto refused = problem("400 Bad Request", R"({"detail":"target: is missing"})");
  CHECK(refused.code == make_error_code(errc::refused));
  CHECK(refused.message() == "target: is missing");
  CHECK(problem("404 Not Found", "{}").code == make_error_code(errc::not_found));
  CHECK(problem("410 Gone", "{}").code == make_error_code(errc::gone));
  CHECK(problem("429 Too Many Requests", "{}").code == make_error_code(errc::try_later));
  CHECK(problem("503 Service Unavailable", "").code == make_error_code(errc::try_later));
  CHECK(problem("500 Oops", "<html>").message() == "the server answered 500");
  CHECK(problem("400 Bad", R"({"detail":7})").message() == "the server answered 400");
  CHECK(problem("200 OK", "no json").message().find("is not JSON") != std::string::npos);
  auto header = understood(answer("400 Bad Request", "", "x-error: what is wrong\r\n"));
  CHECK(header.error().message() == "what is wrong");
  CHECK(understood("HTTP/1.1 204 No Content\r\n\r\n").error().code ==
        make_error_code(errc::not_found));
  CHECK(understood("nonsense\r\n\r\n").error().code == make_error_code(errc::no_server));
}

TEST_CASE("the error for a server that is not running names its address and the remedy") {
  auto ask = []() -> awaitable<result<model::json>> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server gone(loop);
    auto where = address_of(gone);
    gone.acceptor.close();
    auto api = make_http_api(loop, where);
    co_return co_await api->look_up("x", std::chrono::seconds(0));
  };
  auto failed = test::run(ask());
  REQUIRE(!failed);
  CHECK(failed.error().code == make_error_code(errc::no_server));
  CHECK(failed.error().message().find("sonde serve") != std::string::npos);
}

TEST_CASE("a connection is reused, and reopened if the server has closed it") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    auto fine = answer("200 OK", "{}");
    group.spawn(server.serve(2, {fine, fine}));
    auto api = make_http_api(loop, address_of(server));
    for (int i = 0; i < 4; ++i) {
      auto got = co_await api->look_up("a/b ü", std::chrono::seconds(0));
      CHECK(got);
    }
    CHECK(server.requests.size() == 4);
    co_await group.join();
    const auto& first = server.requests.front();
    CHECK(first.starts_with("GET /api/ingest/v1/scan/a%2Fb%20%C3%BC HTTP/1.1\r\n"));
    CHECK(first.find("Host: " + address_of(server).authority() + "\r\n") != std::string::npos);
  };
  test::run(ask());
}

}  // namespace sonde::client
