#include "ingest/http/request_reader.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {

TEST_CASE("a request is read from bytes that arrive one by one") {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: localhost\r\nX: \t y \r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n";
  auto header = bytes.find("\r\n\r\n") + 4;
  request_reader reader;
  REQUIRE(reader.take(bytes.substr(0, header)));
  for (auto at = header; at < bytes.size(); ++at) {
    CHECK(!reader.done());
    REQUIRE(reader.take(bytes.substr(at, 1)));
  }
  CHECK(reader.done());
  CHECK(reader.method() == "POST");
  CHECK(reader.target() == "/a");
  CHECK(reader.fields()[1] == std::pair<std::string, std::string>("X", "y"));
  CHECK(reader.take_body() == "abc0123456789");
}

TEST_CASE("bytes after the request are refused, and so is a malformed request") {
  request_reader one;
  CHECK(!one.take("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"));
  CHECK(!one.done());
  request_reader two;
  CHECK(!two.take("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n"));
}

TEST_CASE("a large declared length allocates no memory before the bytes arrive") {
  request_reader reader;
  CHECK(reader.take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000000\r\n\r\nx"));
  CHECK(!reader.done());
  CHECK(reader.take_body().capacity() < 1000);
}

}  // namespace sonde::ingest
