// Decisions about a request before its body is read, and what a connection holds for its peer.

#include "ingest/http/http_server.hpp"
#include "tests/ingest/served.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

/// Admits every path except `/closed`. The handler of `/drop` takes no body.
admission door(std::atomic<int>& refusals) {
  admission out;
  out.admit = [](http_request& request) -> awaitable<std::optional<http_response>> {
    request.takes_body = request.path != "/drop";
    if (request.path != "/closed") co_return std::nullopt;
    co_return problem(401, "show a key", request.id);
  };
  out.refused = [&refusals](const http_request& request) -> std::optional<http_response> {
    if (++refusals <= 2) return std::nullopt;
    auto too_many = problem(429, "too many", request.id);
    too_many.close = true;
    return too_many;
  };
  return out;
}

struct guarded_server {
  std::atomic<int> refusals = 0;
  served s{served::quick(), door(refusals)};
};

std::string posted(const std::string& path, const std::string& body, const std::string& more = {}) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE_FIXTURE(guarded_server,
                  "a refused caller gets the answer before the server asks for the body") {
  auto client = s.connect();
  REQUIRE(
      client.send("POST /closed HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                  "Content-Length: 10\r\n\r\n"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 401);
  CHECK(closes(answer));
  auto silent = s.connect();
  REQUIRE(silent.send("POST /closed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"));
  CHECK(status_of(silent.read_answer()) == 401);
  CHECK(s.handled == 0);
}

TEST_CASE_FIXTURE(guarded_server,
                  "the body of a refused request is dropped; the next request is served") {
  auto client = s.connect();
  REQUIRE(client.send(posted("/closed", "twelve bytes") + get("/next")));
  CHECK(status_of(client.read_answer()) == 401);
  CHECK(body_of(client.read_answer()) == "GET /next \n");
  REQUIRE(
      client.send("POST /closed HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n0\r\n\r\n" +
                  get("/next")));
  CHECK(status_of(client.read_answer()) == 401);
  CHECK(body_of(client.read_answer()) == "GET /next \n");
  REQUIRE(
      client.send("POST /closed HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3;x=y\r\nabc\r\n0\r\n\r\n" +
                  get("/next")));
  CHECK(status_of(client.read_answer()) == 401);
  CHECK(client.read_all().empty());
}

TEST_CASE_FIXTURE(guarded_server, "a body that no handler takes is read, checked and discarded") {
  auto client = s.connect();
  REQUIRE(client.send(posted("/drop", "lost") + posted("/kept", "kept")));
  CHECK(body_of(client.read_answer()) == "POST /drop \n");
  CHECK(body_of(client.read_answer()) == "POST /kept kept\n");
}

TEST_CASE_FIXTURE(guarded_server, "malformed requests count as refusals, and too many get 429") {
  for (int status : {400, 400, 429}) {
    auto client = s.connect();
    REQUIRE(client.send("nonsense\r\n\r\n"));
    CHECK(status_of(client.read_all()) == status);
  }
  auto slow = s.connect();
  REQUIRE(slow.send("GET / HTTP/1.1\r\n"));
  CHECK(status_of(slow.read_all()) == 408);
  CHECK(refusals == 3);
}

TEST_CASE_FIXTURE(served, "the answer to a refused HEAD has no body, and every answer has a date") {
  auto client = connect();
  REQUIRE(client.send("HEAD /x HTTP/1.1\r\n\r\n"));
  auto answer = client.read_all();
  CHECK(status_of(answer) == 400);
  CHECK(body_of(answer).empty());
  CHECK(answer.find("\r\nDate: ") != std::string::npos);
  auto fine = connect();
  REQUIRE(fine.send(get("/x")));
  CHECK(fine.read_answer().find("\r\nDate: ") != std::string::npos);
}

TEST_CASE_FIXTURE(served, "nothing is served after a request with `Connection: close`") {
  for (const char* lines :
       {"Connection: close\r\nConnection: keep-alive\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n", "Connection: keep-alive, close\r\n"}) {
    for (const char* version : {"1.0", "1.1"}) {
      CAPTURE(lines);
      CAPTURE(version);
      auto client = connect();
      REQUIRE(client.send("GET /1 HTTP/" + std::string(version) + "\r\nHost: localhost\r\n" +
                          lines + "\r\n" + get("/2")));
      auto answer = client.read_all();
      CHECK(body_of(answer) == "GET /1 \n");
      CHECK(closes(answer));
      CHECK(!client.was_reset());
    }
  }
}

TEST_CASE_FIXTURE(served, "a persistent HTTP/1.0 connection is confirmed in the answer") {
  auto client = connect();
  REQUIRE(client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"));
  CHECK(client.read_answer().find("Connection: keep-alive\r\n") != std::string::npos);
  auto last = client.read_all();
  CHECK(body_of(last) == "GET /2 \n");
  CHECK(closes(last));
}

TEST_CASE("a response over the memory limit is answered with 503, and a small one is sent") {
  auto bounds = served::quick();
  bounds.http_responses_bytes = 100'000;
  served s(bounds);
  auto client = s.connect();
  // One caller may use half of the budget.
  REQUIRE(client.send(get("/large") + get("/small")));
  auto refused = client.read_answer();
  CHECK(status_of(refused) == 503);
  CHECK(refused.find("Retry-After: ") != std::string::npos);
  CHECK(!closes(refused));
  CHECK(status_of(client.read_answer()) == 200);
  bounds.http_caller_percent = 100;
  served wide(bounds);
  auto reader = wide.connect();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(reader.send(get("/large")));
    CHECK(body_of(reader.read_answer()).size() == 80'001);
  }
}

TEST_CASE("a request that waits for news is evicted by a new connection immediately, with a 503") {
  auto bounds = served::quick();
  bounds.http_connections = 1;
  served s(bounds);
  auto waiting = s.connect();
  REQUIRE(waiting.send(get("/wait?wait=1")));
  while (!s.held)
    std::this_thread::yield();
  auto next = s.connect();
  REQUIRE(next.send(get("/next")));
  // While the handler still waits.
  CHECK(status_of(next.read_answer()) == 200);
  auto answer = waiting.read_all();
  CHECK(status_of(answer) == 503);
  CHECK(closes(answer));
  s.release();
  REQUIRE(next.send(get("/more")));
  CHECK(status_of(next.read_answer()) == 200);
}

}  // namespace sonde::ingest
