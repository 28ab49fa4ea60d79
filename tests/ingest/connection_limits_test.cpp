#include "ingest/http/http_server.hpp"
#include "tests/ingest/served.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::ingest {

using std::chrono::seconds;
using test::raw_client;

TEST_CASE("at the connection limit a new connection evicts the one that has waited longest") {
  auto bounds = served::quick();
  bounds.http_connections = 3;
  bounds.http_header_timeout_ms = 20'000;
  served s(bounds);
  auto idle = s.connect();
  REQUIRE(idle.send(get("/1")));
  CHECK(status_of(idle.read_answer()) == 200);
  auto slow = s.connect();
  REQUIRE(slow.send("GET /slow HTTP/1.1\r\nHost: loc"));
  auto later = s.connect();
  REQUIRE(later.send(get("/2")));
  CHECK(status_of(later.read_answer()) == 200);

  auto fourth = s.connect();
  REQUIRE(fourth.send(get("/3")));
  CHECK(status_of(fourth.read_answer()) == 200);
  CHECK(idle.read_all().empty());
  auto fifth = s.connect();
  REQUIRE(fifth.send(get("/4")));
  CHECK(status_of(fifth.read_answer()) == 200);
  auto answer = slow.read_all();
  CHECK(status_of(answer) == 408);
  CHECK(closes(answer));
  REQUIRE(later.send(get("/5")));
  CHECK(status_of(later.read_answer()) == 200);
  CHECK(s.counts.text().find("sonde_http_connections_gave_way_total 2") != std::string::npos);
}

TEST_CASE("a connection that is being answered is not evicted; the new one waits") {
  auto bounds = served::quick();
  bounds.http_connections = 1;
  served s(bounds);
  auto busy = s.connect();
  REQUIRE(busy.send(get("/hold")));
  while (!s.held)
    std::this_thread::yield();
  auto next = s.connect();
  REQUIRE(next.send(get("/next")));
  CHECK(s.handled == 1);
  s.release();
  CHECK(status_of(busy.read_answer()) == 200);
  CHECK(status_of(next.read_answer()) == 200);
  CHECK(busy.read_all().empty());
}

TEST_CASE("bodies share one budget, and a finished request returns its part") {
  auto bounds = served::quick();
  bounds.http_body_share_bytes = 100;
  bounds.http_bodies_bytes = 1200;
  bounds.http_caller_percent = 100;
  bounds.http_body_timeout_ms = 20'000;
  served s(bounds);
  auto first = s.connect();
  REQUIRE(first.send("POST /hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n" +
                     std::string(900, 'x')));
  while (!s.held)
    std::this_thread::yield();
  // A large body gets no more bytes, as large bodies are limited to three quarters; small ones get
  // the rest.
  auto second = s.connect();
  REQUIRE(second.send(post(std::string(200, 'x'))));
  auto refused = second.read_all();
  CHECK(status_of(refused) == 503);
  CHECK(closes(refused));
  auto small = s.connect();
  REQUIRE(small.send(post(std::string(100, 'x'))));
  CHECK(status_of(small.read_answer()) == 200);
  s.release();
  CHECK(status_of(first.read_answer()) == 200);
  REQUIRE(small.send(post(std::string(900, 'x'))));
  CHECK(status_of(small.read_answer()) == 200);
}

TEST_CASE("one caller may use half of the budget for bodies, also in small bodies") {
  auto bounds = served::quick();
  bounds.http_bodies_bytes = 1000;
  served s(bounds);
  auto client = s.connect();
  REQUIRE(client.send(post(std::string(500, 'x'))));
  CHECK(status_of(client.read_answer()) == 200);
  REQUIRE(client.send(post(std::string(501, 'x'))));
  CHECK(status_of(client.read_all()) == 503);
}

TEST_CASE("a stop closes idle connections immediately and lets running requests finish") {
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

TEST_CASE("a stop waits no longer than its deadline") {
  served s;
  auto busy = s.connect();
  REQUIRE(busy.send(get("/hold")));
  while (!s.held)
    std::this_thread::yield();
  s.stop(seconds(0));
  CHECK(busy.read_all().empty());
}

}  // namespace sonde::ingest
