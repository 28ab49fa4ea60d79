#include "ingest/http/http_server.hpp"

#include "tests/ingest/served.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sonde::ingest {

using std::chrono::seconds;
using test::raw_client;

TEST_CASE_FIXTURE(served, "one connection serves many requests, one after the other") {
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

TEST_CASE_FIXTURE(served, "pipelined requests are answered in order, also across bodies") {
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

TEST_CASE_FIXTURE(served, "a request that arrives byte by byte is one request") {
  auto client = connect();
  for (char c : post("body"))
    REQUIRE(client.send(std::string_view(&c, 1)));
  CHECK(body_of(client.read_answer()) == "POST /scan body\n");
}

TEST_CASE_FIXTURE(served, "a client that has closed its sending side still gets its answer") {
  auto client = connect();
  REQUIRE(client.send(get("/half")));
  client.end();
  CHECK(body_of(client.read_answer()) == "GET /half \n");
  CHECK(client.read_all().empty());
  CHECK(!client.was_reset());
}

TEST_CASE_FIXTURE(served, "a client that disconnects within a request gets no answer") {
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

TEST_CASE_FIXTURE(served, "incomplete headers are answered with 408, however slowly they arrive") {
  auto client = connect();
  REQUIRE(client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n"));
  // The time limit is for all headers together: bytes that arrive meanwhile do not extend it.
  auto begun = std::chrono::steady_clock::now();
  auto answer = client.read_all();
  CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
  CHECK(status_of(answer) == 408);
  CHECK(closes(answer));
}

TEST_CASE_FIXTURE(served, "an incomplete body is answered with 408") {
  auto client = connect();
  REQUIRE(client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 408);
  CHECK(handled == 0);
}

TEST_CASE("an idle connection is closed without an answer") {
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

TEST_CASE_FIXTURE(served, "a request that is too large is refused, and the answer arrives whole") {
  SUBCASE("a body with a declared length over the limit") {
    auto client = connect();
    client.send(post(std::string(400'000, 'x')));
    auto answer = client.read_all();
    CHECK(status_of(answer) == 413);
    CHECK(closes(answer));
    CHECK(!client.was_reset());
  }
  SUBCASE("a chunked body that grows over the limit") {
    auto client = connect();
    client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30; ++i)
      client.send("64\r\n" + std::string(100, 'x') + "\r\n");
    CHECK(status_of(client.read_all()) == 413);
    CHECK(!client.was_reset());
  }
  SUBCASE("a long header") {
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

TEST_CASE_FIXTURE(served, "a body of exactly the limit is accepted") {
  auto client = connect();
  REQUIRE(client.send(post(std::string(1000, 'x'))));
  CHECK(status_of(client.read_answer()) == 200);
  REQUIRE(client.send(post(std::string(1001, 'x'))));
  CHECK(status_of(client.read_answer()) == 413);
}

TEST_CASE("a refused client that never closes is disconnected after the linger time") {
  auto bounds = served::quick();
  bounds.http_linger_ms = 100;
  served s(bounds);
  auto client = s.connect();
  REQUIRE(client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"));
  CHECK(status_of(client.read_all()) == 413);
}

TEST_CASE("a server on loopback accepts the configured names, in any case") {
  served s(served::quick(), {}, {"sonde.example", "192.0.2.7"});
  auto status = [&](const std::string& host) {
    auto client = s.connect();
    client.send("GET /x HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n");
    return status_of(client.read_all());
  };
  for (const char* ours : {"sonde.example", "SONDE.Example:443", "192.0.2.7:80", "localhost"}) {
    CAPTURE(ours);
    CHECK(status(ours) == 200);
  }
  for (const char* other : {"a.sonde.example", "sonde.example.evil.example", "192.0.2.8"}) {
    CAPTURE(other);
    CHECK(status(other) == 421);
  }
}

TEST_CASE_FIXTURE(served, "a malformed request is refused with its reason") {
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
      {"GET http://localhost/ HTTP/1.1\r\nHost: other\r\n\r\n", 400},
      {"GET http://evil.example/ HTTP/1.0\r\n\r\n", 421},
      {"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\n\r\n", 417},
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

TEST_CASE_FIXTURE(served, "the names of this machine are accepted") {
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

TEST_CASE_FIXTURE(served, "HEAD gets the length of the body but no body") {
  auto client = connect();
  REQUIRE(client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 200);
  CHECK(answer.find("Content-Length: 9") != std::string::npos);
  CHECK(body_of(answer).empty());
}

TEST_CASE_FIXTURE(served,
                  "a handler's exception is answered with 500, and the connection stays open") {
  auto client = connect();
  REQUIRE(client.send(get("/throw") + get("/x")));
  auto failed = client.read_answer();
  CHECK(status_of(failed) == 500);
  CHECK(failed.find("a bug") == std::string::npos);
  CHECK(status_of(client.read_answer()) == 200);
}

TEST_CASE_FIXTURE(served, "the absolute form and the asterisk form are accepted") {
  auto client = connect();
  REQUIRE(
      client.send("GET http://LOCALHOST/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(body_of(client.read_answer()) == "GET /a \n");
  CHECK(body_of(client.read_answer()) == "OPTIONS * \n");
}

TEST_CASE("by default only loopback addresses are accepted, and a used port is reported") {
  event_loop loop("listen");
  logger log(log_level::error);
  metrics counts;
  test::limits bounds;
  auto handle = [](http_request) -> awaitable<http_response> { co_return http_response{}; };
  auto listen = [&](const char* host, std::uint16_t port) {
    http_server one({loop.get_executor(), bounds, log, counts, "x"}, handle);
    auto bound = one.listen(host, port);
    return bound ? std::string("bound") : bound.error().message();
  };
  auto refused = listen("0.0.0.0", 0);
  for (const char* mend :
       {"TLS", "127.0.0.1 or ::1", "http.gateway_socket", "http.allow_plaintext"})
    CHECK(refused.find(mend) != std::string::npos);
  http_server open_to_all({loop.get_executor(), bounds, log, counts, "x"}, handle);
  CHECK(open_to_all.listen("0.0.0.0", 0, http_server::exposure::any_address));
  CHECK(listen("nonsense", 0).find("is not an IP address") != std::string::npos);
  CHECK(listen("127.0.0.1", 0) == "bound");
  CHECK(listen("::1", 0) == "bound");
  served taken;
  auto port = taken.server->endpoint().substr(taken.server->endpoint().rfind(':') + 1);
  auto said = listen("127.0.0.1", static_cast<std::uint16_t>(std::stoi(port)));
  CHECK(said.find("cannot listen on 127.0.0.1:" + port) != std::string::npos);
}

TEST_CASE("a stop removes the socket file unless another server has replaced it") {
  test::temporary_folder folder;
  auto file = folder.path() / "socket";
  event_loop loop("listen");
  loop.start();
  logger log(log_level::error);
  metrics counts;
  test::limits bounds;
  auto handle = [](http_request) -> awaitable<http_response> { co_return http_response{}; };
  auto stop = [&](http_server& server) {
    auto work = [&server] { return server.stop(steady_time::max()); };
    test::run(run_coroutine_on(loop.get_executor(), work));
  };
  http_server first({loop.get_executor(), bounds, log, counts, "x"}, handle);
  REQUIRE(first.listen(file));
  http_server second({loop.get_executor(), bounds, log, counts, "y"}, handle);
  REQUIRE(second.listen(file));
  stop(first);
  CHECK(std::filesystem::exists(file));
  stop(second);
  CHECK(!std::filesystem::exists(file));
}

}  // namespace sonde::ingest
