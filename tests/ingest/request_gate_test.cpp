#include "ingest/request_gate.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using verdict = request_gate::verdict;

/// What a gate says of bytes that come `piece` at a time.
struct judged {
  explicit judged(std::string_view bytes, std::size_t piece = 100'000) : gate(bounds, &body) {
    while (seen == verdict::more || seen == verdict::head) {
      bool after_head = seen == verdict::head;
      seen = gate.look(bytes.substr(passed, piece));
      passed += gate.passed();
      if (seen == verdict::more && passed == bytes.size() && !after_head) break;
    }
    if (seen == verdict::refused) status = gate.why().status;
  }

  static limits small() {
    limits out;
    out.http_header_bytes = 600;
    out.http_headers = 8;
    out.http_target_bytes = 64;
    out.http_body_bytes = 1000;
    return out;
  }

  limits bounds = small();
  std::string body;
  request_gate gate;
  verdict seen = verdict::more;
  std::size_t passed = 0;
  unsigned status = 0;
};

const std::string host = "Host: localhost\r\n";

/// The status that a header of these lines gets; 0: it passes.
unsigned of_lines(const std::string& lines, const std::string& first = "POST / HTTP/1.1") {
  return judged(first + "\r\n" + lines + "\r\n").status;
}

unsigned of_first_line(const std::string& line) {
  return of_lines(host, line);
}

}  // namespace

TEST_CASE("a request passes to its last byte and no further, however it is cut") {
  const auto whole =
      "POST /a?b=%20 HTTP/1.1\r\nHOST:localhost\r\nX:\t y\xFF z \t\r\nE:\r\n"
      "Content-Length: 4\r\n\r\n" +
      std::string("\r\n\0b", 4);
  for (std::size_t piece = 1; piece <= whole.size() + 3; ++piece) {
    CAPTURE(piece);
    judged out(whole + "GET", piece);
    CHECK(out.seen == verdict::whole);
    CHECK(out.passed == whole.size());
    CHECK(out.body == std::string("\r\n\0b", 4));
    CHECK(out.gate.method() == "POST");
    CHECK(out.gate.target() == "/a?b=%20");
    CHECK(out.gate.origin() == "/a?b=%20");
    CHECK(out.gate.host() == "localhost");
    CHECK(out.gate.has_body());
    auto fields = out.gate.fields();
    REQUIRE(fields.size() == 4);
    CHECK(fields[0].first == "HOST");
    CHECK(fields[1].second == "y\xFF z");
    CHECK(fields[2].second.empty());
  }
}

TEST_CASE("the head is told once, and what it says of the body is true") {
  limits bounds;
  request_gate gate(bounds);
  CHECK(gate.look("GET / HTTP/1.0\r\n\r\nGET") == verdict::head);
  CHECK(gate.passed() == 18);
  CHECK(gate.version() == 10);
  CHECK(!gate.has_body());
  CHECK(gate.host().empty());
  CHECK(gate.look("GET") == verdict::whole);
  CHECK(gate.passed() == 0);
}

TEST_CASE("one empty line before a request is no part of it") {
  judged out("\r\nGET / HTTP/1.1\r\n" + host + "\r\n");
  CHECK(out.seen == verdict::whole);
  CHECK(out.gate.head().starts_with("GET"));
  CHECK(judged("\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
  CHECK(judged("\nGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
  CHECK(judged("\rGET / HTTP/1.1\r\n" + host + "\r\n").status == 400);
}

TEST_CASE("the request line has one form") {
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
  CHECK(judged("GET / HTTP/1.1\n" + host + "\r\n").status == 400);
  CHECK(judged("GET / HTTP/1.1\r\n" + host + "\r\r\n").status == 400);
  CHECK(judged("\x16\x03\x01\x02").gate.why().sentence.find("TLS") != std::string::npos);
}

TEST_CASE("there is one host") {
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
  judged old("GET http://other:1/x HTTP/1.0\r\n\r\n");
  CHECK(old.gate.host() == "other:1");
  CHECK(old.gate.origin() == "/x");
}

TEST_CASE("where the body ends is said once and plainly") {
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
  judged chunked("POST / HTTP/1.1\r\n" + host +
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
  auto base = judged("GET / HTTP/1.1\r\n" + host + "A: \r\n\r\n").gate.head().size();
  CHECK(of_lines(host + "A: " + std::string(600 - base, 'x') + "\r\n", "GET / HTTP/1.1") == 0);
  CHECK(of_lines(host + "A: " + std::string(601 - base, 'x') + "\r\n", "GET / HTTP/1.1") == 431);
  CHECK(judged(std::string(601, 'A')).status == 431);
}

TEST_CASE("of expectations the one that there is") {
  const std::string length = "Content-Length: 1\r\n";
  CHECK(of_lines(host + length + "Expect: 100-Continue\r\n") == 0);
  CHECK(judged("POST / HTTP/1.1\r\n" + host + length + "Expect: 100-continue\r\n\r\nx")
            .gate.awaits_continue());
  CHECK(of_lines(host + "Expect: more\r\n") == 417);
  CHECK(of_lines(host + "Expect:\r\n") == 417);
  CHECK(of_lines(host + "Expect: more\r\n", "GET / HTTP/1.0") == 0);
  CHECK(of_lines(host + "Connection: close, x\r\n") == 0);
  CHECK(of_lines(host + "Connection: a b\r\n") == 400);
}

TEST_CASE("what was refused stays so, and nothing of it passes") {
  limits bounds;
  request_gate gate(bounds);
  CHECK(gate.look("GET /\r\n") == verdict::refused);
  CHECK(gate.look("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == verdict::refused);
  CHECK(gate.passed() == 0);
  CHECK(gate.method() == "GET");
}

TEST_CASE("a connection goes on as all words of all Connection lines say") {
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
    judged out("GET / HTTP/" + std::string(each.version) + "\r\n" + host + each.lines + "\r\n");
    CHECK(out.seen == verdict::whole);
    CHECK(out.gate.keeps_alive() == each.keeps);
  }
}

}  // namespace sonde::ingest
