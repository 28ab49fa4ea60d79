#include "net/response_reader.hpp"

#include "net/errc.hpp"
#include "net/http_request.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::net {
namespace {

constexpr response_limits small_limits{200, 10};

/// Returns the error of the reader, or the status and the body.
std::string reading_of(const std::string& bytes, std::size_t piece) {
  response_reader reader(small_limits);
  for (std::size_t at = 0; at < bytes.size() && !reader.done(); at += piece) {
    auto taken = reader.take(std::string_view(bytes).substr(at, piece));
    if (!taken) return taken.error().code.message();
  }
  if (!reader.done()) {
    auto ended = reader.end();
    if (!ended) return ended.error().code.message();
  }
  return std::to_string(reader.status()) + " " + reader.take_body();
}

}  // namespace

TEST_CASE("a response means the same in pieces of any size") {
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
      {"HTTP/1.0 200 OK\r\n\r\nok", "200 ok"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "204 "},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nA: b\r\n"
       "\r\n",
       "200 ok"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 201 Made\r\n"
       "Content-Length: 0\r\n\r\n",
       "201 "},
      {"", "the connection was closed"},
      {"HTTP/1.1 200 OK\r\n", "the connection was closed"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", "the connection was closed"},
      {"SSH-2.0-x\r\n\r\n", "no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "no HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "no HTTP"},
  };
  for (const auto& one : cases) {
    const auto& [bytes, expected] = one;
    CAPTURE(one.first);
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
      CAPTURE(piece);
      CHECK(reading_of(bytes, piece) == expected);
    }
  }
}

TEST_CASE("every part of a response has a limit") {
  const std::string much(300, 'x');
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string cases[] = {
      head + "A: " + much,      head + "Content-Length: 11\r\n\r\n",
      head + "\r\n12345678901", chunked + "b\r\n12345678901\r\n",
      chunked + "1;" + much,    chunked + "0\r\nA: " + much,
  };
  for (const auto& bytes : cases) {
    CAPTURE(bytes);
    CHECK(reading_of(bytes, 1) == "the response is too long");
  }
  std::string interim;
  for (int i = 0; i < 8; ++i)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(reading_of(interim, 1'000) == "only interim responses");
}

TEST_CASE("heads and chunk headers have a limit in total") {
  const std::string most_of_a_head(150, 'x');
  std::string bytes;
  for (int i = 0; i < 7; ++i)
    bytes += "HTTP/1.1 100 Continue\r\nA: " + most_of_a_head + "\r\n\r\n";
  bytes += "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 9; ++i)
    bytes += "1;" + most_of_a_head + "\r\nx\r\n";
  for (std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{10'000}})
    CHECK(reading_of(bytes + "0\r\n\r\n", piece) == "the response is too long");
  // Chunks of one byte are accepted up to the limit of the body.
  std::string small = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 10; ++i)
    small += "1\r\nx\r\n";
  CHECK(reading_of(small + "0\r\n\r\n", 1) == "200 xxxxxxxxxx");
}

TEST_CASE("the head of a response remains valid when its body is refused") {
  response_reader reader(small_limits);
  auto taken = reader.take("HTTP/1.1 429 Busy\r\nRetry-After: 5\r\nContent-Length: 11\r\n\r\n");
  CHECK(taken.error().code == make_error_code(errc::too_long));
  REQUIRE(reader.has_head());
  CHECK(!reader.done());
  CHECK(reader.status() == 429);
  CHECK(reader.field("retry-after") == "5");
  CHECK(reader.field("missing").empty());
  CHECK(reader.take("x").error().code == make_error_code(errc::too_long));
  CHECK(reader.end().error().code == make_error_code(errc::too_long));
}

TEST_CASE("a connection can be used again only if both sides know where the response ended") {
  const std::pair<const char*, bool> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 204 No Content\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", false},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
  };
  for (const auto& one : cases) {
    const auto& [bytes, open] = one;
    CAPTURE(one.first);
    response_reader reader(small_limits);
    REQUIRE(reader.take(bytes));
    REQUIRE(reader.done());
    CHECK(reader.keeps_open() == open);
  }
}

TEST_CASE("a request has one field of a name, and a length if it has a body or is a POST") {
  http_request get{"GET", "/a?b"};
  get.set("Host", "example");
  get.set("api-key", "1");
  get.set("API-Key", "2");
  CHECK(get.to_wire() == "GET /a?b HTTP/1.1\r\nHost: example\r\nAPI-Key: 2\r\n\r\n");
  http_request post{"POST", "/"};
  CHECK(post.to_wire() == "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  post.body = "{}";
  CHECK(post.to_wire() == "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
}

}  // namespace sonde::net
