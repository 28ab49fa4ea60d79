#include "ingest/http/request_validator.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using verdict = request_validator::verdict;

/// Passes bytes to the validator, `piece` at a time, and keeps its verdict.
struct validated {
  explicit validated(std::string_view bytes, std::size_t piece = 100'000)
      : validator(bounds, &body) {
    while (seen == verdict::more || seen == verdict::head) {
      bool after_head = seen == verdict::head;
      seen = validator.look(bytes.substr(passed, piece));
      passed += validator.passed();
      if (seen == verdict::more && passed == bytes.size() && !after_head) break;
    }
    if (seen == verdict::refused) status = validator.why().status;
  }

  static http_limits small() {
    http_limits out;
    out.http_header_bytes = 600;
    out.http_headers = 8;
    out.http_target_bytes = 64;
    out.http_body_bytes = 1000;
    return out;
  }

  http_limits bounds = small();
  std::string body;
  request_validator validator;
  verdict seen = verdict::more;
  std::size_t passed = 0;
  unsigned status = 0;
};

const std::string host = "Host: localhost\r\n";

/// Returns the status for a header with the lines; 0: it passes.
unsigned of_lines(const std::string& lines, const std::string& first = "POST / HTTP/1.1") {
  return validated(first + "\r\n" + lines + "\r\n").status;
}

unsigned of_first_line(const std::string& line) {
  return of_lines(host, line);
}

}  // namespace

TEST_CASE("a request passes to its last byte and no further, however it is split") {
  const auto whole =
      "POST /a?b=%20 HTTP/1.1\r\nHOST:localhost\r\nX:\t y\xFF z \t\r\nE:\r\n"
      "Content-Length: 4\r\n\r\n" +
      std::string("\r\n\0b", 4);
  for (std::size_t piece = 1; piece <= whole.size() + 3; ++piece) {
    CAPTURE(piece);
    validated out(whole + "GET", piece);
    CHECK(out.seen == verdict::whole);
    CHECK(out.passed == whole.size());
    CHECK(out.body == std::string("\r\n\0b", 4));
    CHECK(out.validator.method() == "POST");
    CHECK(out.validator.target() == "/a?b=%20");
    CHECK(out.validator.origin() == "/a?b=%20");
    CHECK(out.validator.host() == "localhost");
    CHECK(out.validator.has_body());
    auto fields = out.validator.fields();
    REQUIRE(fields.size() == 4);
    CHECK(fields[0].first == "HOST");
    CHECK(fields[1].second == "y\xFF z");
    CHECK(fields[2].second.empty());
  }
}

TEST_CASE("the end of the head is reported once, and the body framing is correct") {
  http_limits bounds;
  request_validator validator(bounds);
  CHECK(validator.look("GET / HTTP/1.0\r\n\r\nGET") == verdict::head);
  CHECK(validator.passed() == 18);
  CHECK(validator.version() == 10);
  CHECK(!validator.has_body());
  CHECK(validator.host().empty());
  CHECK(validator.look("GET") == verdict::whole);
  CHECK(validator.passed() == 0);
}

TEST_CASE("one empty line before a request is skipped") {
  validated out("\r\nGET / HTTP/1.1\r\n" + host + "\r\n");
  CHECK(out.seen == verdict::whole);
  CHECK(out.validator.head().starts_with("GET"));
  CHECK(validated("\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
  CHECK(validated("\nGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
  CHECK(validated("\rGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
}

TEST_CASE("a request line in any other form is refused") {
  for (const char* good :
       {"GET / HTTP/1.1", "M-SEARCH /x HTTP/1.0", "OPTIONS * HTTP/1.1",
        "GET http://localhost/ HTTP/1.1", "!#$%&'*+-.^_`|~ /;=@:!$&'()*+, HTTP/1.1"})
    CHECK(of_first_line(good) == 0);
  for (const char* bad : {"",
                          " GET / HTTP/1.1",
                          "GET  / HTTP/1.1",
                          "GET /  HTTP/1.1",
                          "GET / HTTP/1.1 ",
                          "GET\t/ HTTP/1.1",
                          "GET /\tHTTP/1.1",
                          "GET /",
                          "GET / ",
                          "GET HTTP/1.1",
                          "GET",
                          "G(T / HTTP/1.1",
                          "GET /a b HTTP/1.1",
                          "GET /\xC3\xA9 HTTP/1.1",
                          "GET /a#b HTTP/1.1",
                          "GET /\"a\" HTTP/1.1",
                          "GET /a\\b HTTP/1.1",
                          "GET a HTTP/1.1",
                          "GET * HTTP/1.1",
                          "CONNECT localhost:80 HTTP/1.1",
                          "CONNECT / HTTP/1.1",
                          "GET http://u@localhost/ HTTP/1.1",
                          "GET ftp://localhost/ HTTP/1.1",
                          "GET / http/1.1",
                          "GET / HTTP/1",
                          "GET / HTTP/1.10",
                          "GET / HTTP/11.1",
                          "GET / HTTP/1,1",
                          "GET / HTTP 1.1",
                          "GET / XTTP/1.1",
                          "GET / HTTP/a.b",
                          "GET /\x7F HTTP/1.1"}) {
    CAPTURE(bad);
    CHECK(of_first_line(bad) == 400);
  }
  for (const char* other :
       {"GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/1.2", "GET / HTTP/3.0", "PRI * HTTP/2.0"})
    CHECK(of_first_line(other) == 505);
}

TEST_CASE("a header line is a name, a colon and a value, on one line that ends in CR LF") {
  for (const char* good :
       {"A:b\r\n", "A:\r\n", "A: \t \r\n", "A: b: c\r\n", "A: \"\xE2\x82\xAC\"\r\n"})
    CHECK(of_lines(host + good) == 0);
  for (const char* bad :
       {"A : b\r\n", "A\t: b\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A: b\r\n\tc\r\n", ": b\r\n",
        "A\r\n", "A b: c\r\n", "A: b\n", "A: b\rc\r\n", "A: b\r\r\n", "A: b\x01\r\n",
        "A: b\x7F\r\n", "A: b\x0B\r\n", "A(: b\r\n", "\xC3\xA9: b\r\n", "A\x01: b\r\n", "A\n",
        "\n"}) {
    CAPTURE(bad);
    CHECK(of_lines(host + bad) == 400);
    CHECK(of_lines(bad + host) == 400);
  }
  CHECK(of_lines(host + std::string("A: b\0c\r\n", 8)) == 400);
  CHECK(of_lines(host + std::string("A\0: b\r\n", 7)) == 400);
  CHECK(validated("GET / HTTP/1.1\n" + host + "\r\n").status == 400);
  CHECK(validated("GET / HTTP/1.1\r\n" + host + "\r\r\n").status == 400);
  CHECK(validated("\x16\x03\x01\x02").validator.why().sentence.find("TLS") != std::string::npos);
}

TEST_CASE("a request has exactly one host") {
  CHECK(of_lines("") == 400);
  CHECK(of_lines(host + host) == 400);
  CHECK(of_lines(host + "hOST: localhost\r\n") == 400);
  for (const char* bad : {"", "a b", "a, b", "a@b", "a:x", "[::1", "http://a"})
    CHECK(of_lines("Host: " + std::string(bad) + "\r\n") == 400);
  CHECK(of_lines("", "GET / HTTP/1.0") == 0);
  CHECK(of_lines(host + host, "GET / HTTP/1.0") == 400);
  CHECK(of_lines(host, "GET http://LOCALHOST/ HTTP/1.1") == 0);
  CHECK(of_lines(host, "GET http://localhost:80/ HTTP/1.1") == 400);
  CHECK(of_lines(host, "GET http://other/ HTTP/1.1") == 400);
  CHECK(of_lines("", "GET http://localhost/ HTTP/1.1") == 400);
  validated old("GET http://other:1/x HTTP/1.0\r\n\r\n");
  CHECK(old.validator.host() == "other:1");
  CHECK(old.validator.origin() == "/x");
}

TEST_CASE("ambiguous or repeated body framing is refused") {
  for (const char* bad : {"Content-Length:\r\n",
                          "Content-Length: x\r\n",
                          "Content-Length: +1\r\n",
                          "Content-Length: -1\r\n",
                          "Content-Length: 1, 1\r\n",
                          "Content-Length: 1 1\r\n",
                          "Content-Length: 0x1\r\n",
                          "Content-Length: 1.0\r\n",
                          "Content-Length: 18446744073709551617\r\n",
                          "Content-Length: 1\r\nContent-Length: 1\r\n",
                          "Content-Length: 1\r\ncontent-length: 2\r\n",
                          "Transfer-Encoding: gzip\r\n",
                          "Transfer-Encoding: identity\r\n",
                          "Transfer-Encoding:\r\n",
                          "Transfer-Encoding: xchunked\r\n",
                          "Transfer-Encoding: chunked,\r\n",
                          "Transfer-Encoding: gzip, chunked\r\n",
                          "Transfer-Encoding: chunked, gzip\r\n",
                          "Transfer-Encoding: \"chunked\"\r\n",
                          "Transfer-Encoding: chunked;q=1\r\n",
                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                          "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
                          "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"}) {
    CAPTURE(bad);
    CHECK(of_lines(host + bad) == 400);
  }
  CHECK(of_lines(host + "Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0") == 400);
  CHECK(of_lines(host + "Content-Length: 1001\r\n") == 413);
  CHECK(of_lines(host + "Content-Length: 0\r\n") == 0);
  validated chunked("POST / HTTP/1.1\r\n" + host +
                    "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  CHECK(chunked.seen == verdict::whole);
  CHECK(chunked.body == "ab");
}

TEST_CASE("sizes and counts have limits, each with its status") {
  auto long_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1";
  };
  CHECK(of_first_line(long_target(64)) == 0);
  CHECK(of_first_line(long_target(65)) == 414);
  std::string seven;
  for (int i = 0; i < 7; ++i)
    seven += "A: b\r\n";
  CHECK(of_lines(host + seven) == 0);
  CHECK(of_lines(host + seven + "A: b\r\n") == 431);
  auto base = validated("GET / HTTP/1.1\r\n" + host + "A: \r\n\r\n").validator.head().size();
  CHECK(of_lines(host + "A: " + std::string(600 - base, 'x') + "\r\n", "GET / HTTP/1.1") == 0);
  CHECK(of_lines(host + "A: " + std::string(601 - base, 'x') + "\r\n", "GET / HTTP/1.1") == 431);
  CHECK(validated(std::string(601, 'A')).status == 431);
}

TEST_CASE("100-continue is the only accepted expectation") {
  const std::string length = "Content-Length: 1\r\n";
  CHECK(of_lines(host + length + "Expect: 100-Continue\r\n") == 0);
  CHECK(validated("POST / HTTP/1.1\r\n" + host + length + "Expect: 100-continue\r\n\r\nx")
            .validator.awaits_continue());
  CHECK(of_lines(host + "Expect: more\r\n") == 417);
  CHECK(of_lines(host + "Expect:\r\n") == 417);
  CHECK(of_lines(host + "Expect: more\r\n", "GET / HTTP/1.0") == 0);
  CHECK(of_lines(host + "Connection: close, x\r\n") == 0);
  CHECK(of_lines(host + "Connection: a b\r\n") == 400);
}

TEST_CASE("a refusal is final, and no more bytes pass") {
  http_limits bounds;
  request_validator validator(bounds);
  CHECK(validator.look("GET /\r\n") == verdict::refused);
  CHECK(validator.look("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == verdict::refused);
  CHECK(validator.passed() == 0);
  CHECK(validator.method() == "GET");
}

TEST_CASE("all tokens of all Connection lines decide whether the connection persists") {
  struct {
    const char* version;
    const char* lines;
    bool keeps;
  } const cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: x\r\n", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: keep-alive, CLOSE\r\n", false},
      {"1.1", "Connection: close\r\nConnection: keep-alive\r\n", false},
      {"1.1", "Connection: keep-alive\r\nX: y\r\nconnection:close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.1", "Proxy-Connection: close\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.0", "Connection: x ,keep-alive\r\n", true},
      {"1.0", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.0", "Proxy-Connection: keep-alive\r\n", false},
  };
  for (const auto& each : cases) {
    CAPTURE(each.version);
    CAPTURE(each.lines);
    validated out("GET / HTTP/" + std::string(each.version) + "\r\n" + host + each.lines + "\r\n");
    CHECK(out.seen == verdict::whole);
    CHECK(out.validator.keeps_alive() == each.keeps);
  }
}

}  // namespace sonde::ingest
