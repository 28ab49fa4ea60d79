#include "ingest/header_gate.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using verdict = header_gate::verdict;

std::string reason_against(const std::string& bytes) {
  header_gate gate;
  return gate.look(bytes) == verdict::refused ? gate.reason() : std::string("(none)");
}

}  // namespace

TEST_CASE("a header is whole at its blank line, whatever follows") {
  const std::string header = "GET / HTTP/1.1\r\nHost: a\r\nX: \tb\xFF\r\n\r\n";
  header_gate gate;
  CHECK(gate.look(header + "body \n\0") == verdict::whole);
  CHECK(gate.size() == header.size());
}

TEST_CASE("what has not come yet is waited for, byte by byte") {
  const std::string header = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  header_gate gate;
  for (std::size_t size = 0; size < header.size(); ++size)
    CHECK(gate.look(header.substr(0, size)) == verdict::more);
  CHECK(gate.look(header) == verdict::whole);
}

TEST_CASE("what two readers could read differently is refused with its reason") {
  CHECK(reason_against("GET / HTTP/1.1\nHost: a\n\n").find("LF alone") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\nHost: a\n\r\n").find("LF alone") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\rHost: a").find("carriage return") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n").find("space") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\n\tA: b\r\n\r\n").find("space") != std::string::npos);
  CHECK(reason_against(std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)).find("control") !=
        std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\nA: \x7F\r\n\r\n").find("control") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\nA: b\x0B\r\n\r\n").find("control") != std::string::npos);
  CHECK(reason_against("GET / HTTP/1.1\r\nA: b\r\n\r\n") == "(none)");
}

}  // namespace sonde::ingest
