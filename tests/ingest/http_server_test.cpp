#include "ingest/http_server.hpp"

#include "base/async/condition.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/hop.hpp"
#include "ingest/problem.hpp"
#include "tests/ingest/raw_client.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

using std::chrono::seconds;
using test::raw_client;

/// A server that says what it was asked for, and what it was sent. `/hold` is answered after
/// `release`; `/close` ends its connection.
struct served {
  explicit served(limits how = quick()) : bounds(how) {
    auto handle = [this](http_request request) { return answer(std::move(request)); };
    server =
        std::make_unique<http_server>(loop.get_executor(), handle, bounds, log, counts, "test");
    REQUIRE(server->listen("127.0.0.1", 0));
    server->start();
    loop.start();
  }
  ~served() {
    if (!stopped) stop();
    loop.join();
  }

  static limits quick() {
    limits out;
    out.http_header_bytes = 1024;
    out.http_body_bytes = 1000;
    out.http_header_timeout_ms = 150;
    out.http_body_timeout_ms = 150;
    out.http_idle_timeout_ms = 20'000;
    return out;
  }

  awaitable<http_response> answer(http_request request) {
    ++handled;
    if (request.path == "/throw") throw std::runtime_error("a bug");
    if (request.path == "/hold") {
      held = true;
      while (!released)
        co_await news.wait();
    }
    auto out = json_response(200, request.method + " " + request.path + " " + request.body);
    out.close = request.path == "/close";
    co_return out;
  }
  void release() {
    test::run(call_on(loop.get_executor(), [this] {
      released = true;
      news.notify_all();
    }));
  }
  void stop(seconds patience = seconds(20)) {
    stopped = true;
    auto until = std::chrono::steady_clock::now() + patience;
    test::run(spawn_on(loop.get_executor(), [this, until] { return server->stop(until); }));
  }

  raw_client connect() { return raw_client(server->endpoint()); }

  limits bounds;
  metrics counts;
  logger log{log_level::error};
  event_loop loop{"http"};
  condition news{loop.get_executor()};
  std::atomic<bool> held = false;
  bool released = false;
  bool stopped = false;
  std::atomic<int> handled = 0;
  std::unique_ptr<http_server> server;
};

std::string get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string post(const std::string& body, const std::string& more = {}) {
  return "POST /scan HTTP/1.1\r\nHost: localhost\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
}

bool closes(std::string answer) {
  std::ranges::transform(answer, answer.begin(), [](char c) { return std::tolower(c); });
  return answer.find("connection: close") != std::string::npos;
}

std::string body_of(const std::string& answer) {
  auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace

TEST_CASE_FIXTURE(served, "one connection serves many requests, each after the other") {
  auto client = connect();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(client.send(get("/a" + std::to_string(i))));
    auto answer = client.read_answer();
    CHECK(status_of(answer) == 200);
    CHECK(!closes(answer));
    CHECK(body_of(answer) == "GET /a" + std::to_string(i) + " \n");
  }
  REQUIRE(client.send(get("/last", "Connection: close\r\n")));
  CHECK(closes(client.read_answer()));
  CHECK(client.read_all().empty());
  CHECK(!client.was_reset());
}

TEST_CASE_FIXTURE(served, "requests in one piece are answered in their order, also across bodies") {
  auto client = connect();
  REQUIRE(client.send(get("/1") + post("two") + get("/3") + post("") + get("/close") + get("/6")));
  CHECK(body_of(client.read_answer()) == "GET /1 \n");
  CHECK(body_of(client.read_answer()) == "POST /scan two\n");
  CHECK(body_of(client.read_answer()) == "GET /3 \n");
  CHECK(body_of(client.read_answer()) == "POST /scan \n");
  auto last = client.read_answer();
  CHECK(body_of(last) == "GET /close \n");
  CHECK(closes(last));
  CHECK(client.read_all().empty());
}

TEST_CASE_FIXTURE(served, "a request that comes byte by byte is one request") {
  auto client = connect();
  for (char c : post("body"))
    REQUIRE(client.send(std::string_view(&c, 1)));
  CHECK(body_of(client.read_answer()) == "POST /scan body\n");
}

TEST_CASE_FIXTURE(served, "a client that has said all it will still gets its answer") {
  auto client = connect();
  REQUIRE(client.send(get("/half")));
  client.end();
  CHECK(body_of(client.read_answer()) == "GET /half \n");
  CHECK(client.read_all().empty());
  CHECK(!client.was_reset());
}

TEST_CASE_FIXTURE(served, "a client that goes away in the middle is let go without a word") {
  for (const char* part : {"", "GET /x HTTP/1.1\r\nHo",
                           "POST /x HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Length: 10\r\n\r\nab"}) {
    CAPTURE(part);
    auto client = connect();
    REQUIRE(client.send(part));
    client.end();
    CHECK(client.read_all().empty());
  }
  CHECK(handled == 0);
}

TEST_CASE_FIXTURE(served, "headers that do not end are 408, however slowly they drip") {
  auto client = connect();
  REQUIRE(client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n"));
  // The time is that of all headers together: bytes that come meanwhile do not lengthen it.
  auto begun = std::chrono::steady_clock::now();
  auto answer = client.read_all();
  CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
  CHECK(status_of(answer) == 408);
  CHECK(closes(answer));
}

TEST_CASE_FIXTURE(served, "a body that does not come is 408") {
  auto client = connect();
  REQUIRE(client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 408);
  CHECK(handled == 0);
}

TEST_CASE("a connection that says nothing is closed without a word") {
  auto bounds = served::quick();
  bounds.http_idle_timeout_ms = 100;
  served s(bounds);
  auto silent = s.connect();
  CHECK(silent.read_all().empty());
  auto once = s.connect();
  REQUIRE(once.send(get("/x")));
  CHECK(status_of(once.read_answer()) == 200);
  CHECK(once.read_all().empty());
}

TEST_CASE_FIXTURE(served, "what is too large is refused, and the answer arrives whole") {
  SUBCASE("a body by what it says of itself") {
    auto client = connect();
    client.send(post(std::string(400'000, 'x')));
    auto answer = client.read_all();
    CHECK(status_of(answer) == 413);
    CHECK(closes(answer));
    CHECK(!client.was_reset());
  }
  SUBCASE("a body in chunks that grows") {
    auto client = connect();
    client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30; ++i)
      client.send("64\r\n" + std::string(100, 'x') + "\r\n");
    CHECK(status_of(client.read_all()) == 413);
    CHECK(!client.was_reset());
  }
  SUBCASE("a header") {
    auto client = connect();
    client.send(get("/x", "X-Long: " + std::string(200'000, 'x') + "\r\n"));
    CHECK(status_of(client.read_all()) == 431);
    CHECK(!client.was_reset());
  }
  SUBCASE("many headers") {
    auto client = connect();
    std::string many;
    for (int i = 0; i < 100; ++i)
      many += "X-" + std::to_string(i) + ": yyyyyyyyyyyy\r\n";
    client.send(get("/x", many));
    CHECK(status_of(client.read_all()) == 431);
  }
  CHECK(handled == 0);
}

TEST_CASE_FIXTURE(served, "a body of exactly the limit is taken") {
  auto client = connect();
  REQUIRE(client.send(post(std::string(1000, 'x'))));
  CHECK(status_of(client.read_answer()) == 200);
  REQUIRE(client.send(post(std::string(1001, 'x'))));
  CHECK(status_of(client.read_answer()) == 413);
}

TEST_CASE("a refused client that never ends is hung up on all the same") {
  auto bounds = served::quick();
  bounds.http_linger_ms = 100;
  served s(bounds);
  auto client = s.connect();
  REQUIRE(client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"));
  CHECK(status_of(client.read_all()) == 413);
}

TEST_CASE_FIXTURE(served, "what is no request is refused with its reason") {
  struct {
    std::string sent;
    int status;
  } const cases[] = {
      {"\r\nnonsense\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"GET / HTTP/1.1\r\nHost: [::1].evil.example\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 421},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\n folded: 1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
       "chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nuser-id: "
       "admin\r\n\r\n",
       400},
      {"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /%2 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
  };
  for (const auto& each : cases) {
    CAPTURE(each.sent);
    auto client = connect();
    client.send(each.sent);
    auto answer = client.read_all();
    CHECK(status_of(answer) == each.status);
    CHECK(answer.find("x-error-id: test-") != std::string::npos);
    CHECK(!client.was_reset());
  }
  CHECK(handled == 0);
}

TEST_CASE_FIXTURE(served, "the names of this machine are answered to") {
  for (const char* host :
       {"localhost", "LOCALHOST:1", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:8480"}) {
    CAPTURE(host);
    auto client = connect();
    REQUIRE(client.send(std::string("GET /x HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"));
    CHECK(status_of(client.read_answer()) == 200);
  }
  auto old = connect();
  REQUIRE(old.send("GET /x HTTP/1.0\r\n\r\n"));
  auto answer = old.read_all();
  CHECK(status_of(answer) == 200);
}

TEST_CASE_FIXTURE(served, "HEAD gets the length of the body and not the body") {
  auto client = connect();
  REQUIRE(client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 200);
  CHECK(answer.find("Content-Length: 9") != std::string::npos);
  CHECK(body_of(answer).empty());
}

TEST_CASE_FIXTURE(served, "a handler's bug is an answer like any other, and no connection's end") {
  auto client = connect();
  REQUIRE(client.send(get("/throw") + get("/x")));
  auto failed = client.read_answer();
  CHECK(status_of(failed) == 500);
  CHECK(failed.find("a bug") == std::string::npos);
  CHECK(status_of(client.read_answer()) == 200);
}

TEST_CASE("connections beyond the limit wait their turn and get it") {
  auto bounds = served::quick();
  bounds.http_connections = 2;
  served s(bounds);
  auto first = std::make_unique<raw_client>(s.server->endpoint());
  auto second = s.connect();
  REQUIRE(first->send(get("/1")));
  REQUIRE(second.send(get("/2")));
  CHECK(status_of(first->read_answer()) == 200);
  CHECK(status_of(second.read_answer()) == 200);
  auto third = s.connect();
  REQUIRE(third.send(get("/3")));
  REQUIRE(second.send(get("/again")));
  CHECK(status_of(second.read_answer()) == 200);
  CHECK(s.handled == 3);
  first.reset();
  CHECK(status_of(third.read_answer()) == 200);
}

TEST_CASE("stopping ends idle connections at once and lets a request under way end") {
  served s;
  auto idle = s.connect();
  REQUIRE(idle.send(get("/x")));
  (void)idle.read_answer();
  auto busy = s.connect();
  REQUIRE(busy.send(get("/hold")));
  while (!s.held)
    std::this_thread::yield();
  std::thread stopping([&] { s.stop(); });
  CHECK(idle.read_all().empty());
  s.release();
  auto answer = busy.read_answer();
  CHECK(status_of(answer) == 200);
  CHECK(closes(answer));
  stopping.join();
  CHECK_THROWS_AS(raw_client(s.server->endpoint()), std::runtime_error);
}

TEST_CASE("stopping waits no longer than its deadline") {
  served s;
  auto busy = s.connect();
  REQUIRE(busy.send(get("/hold")));
  while (!s.held)
    std::this_thread::yield();
  s.stop(seconds(0));
  CHECK(busy.read_all().empty());
}

TEST_CASE("only loopback addresses are listened on unasked, and one in use is said to be") {
  event_loop loop("listen");
  logger log(log_level::error);
  metrics counts;
  limits bounds;
  auto handle = [](http_request) -> awaitable<http_response> { co_return http_response{}; };
  auto listen = [&](const char* address, std::uint16_t port) {
    http_server one(loop.get_executor(), handle, bounds, log, counts, "x");
    auto bound = one.listen(address, port);
    return bound ? std::string("bound") : bound.error().message();
  };
  auto refused = listen("0.0.0.0", 0);
  for (const char* mend :
       {"TLS", "127.0.0.1 or ::1", "http.gateway_socket", "http.allow_plaintext"})
    CHECK(refused.find(mend) != std::string::npos);
  http_server open_to_all(loop.get_executor(), handle, bounds, log, counts, "x");
  CHECK(open_to_all.listen("0.0.0.0", 0, true));
  CHECK(listen("nonsense", 0).find("is no IP address") != std::string::npos);
  CHECK(listen("127.0.0.1", 0) == "bound");
  CHECK(listen("::1", 0) == "bound");
  served taken;
  auto port = taken.server->endpoint().substr(taken.server->endpoint().rfind(':') + 1);
  auto said = listen("127.0.0.1", static_cast<std::uint16_t>(std::stoi(port)));
  CHECK(said.find("cannot listen on 127.0.0.1:" + port) != std::string::npos);
}

}  // namespace sonde::ingest
