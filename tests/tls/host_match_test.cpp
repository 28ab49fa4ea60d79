#include "tls/host_match.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"

namespace sonde::tls {
namespace {

bool matches(std::string pattern, std::string_view name) {
  certificate c;
  add(c.names.dns, std::move(pattern), 1);
  return matches_host(c, name);
}

bool is_for(const certificate& c, std::string_view digits) {
  auto bytes = test::from_hex(digits);
  return matches_address(c, std::as_bytes(std::span(bytes)));
}

}  // namespace

TEST_CASE("a name matches itself in any case") {
  CHECK(matches("www.example.com", "www.example.com"));
  CHECK(matches("WWW.Example.COM", "www.eXample.com"));
  CHECK(matches("www.example.com.", "www.example.com"));
  CHECK(matches("www.example.com", "www.example.com."));
  CHECK(matches("localhost", "localhost"));
  CHECK(!matches("www.example.com", "example.com"));
  CHECK(!matches("example.com", "www.example.com"));
  CHECK(!matches("www.example.com\\00.bad.example", "www.example.com"));
  CHECK(!matches("", ""));
  CHECK(!matches("", "."));
}

TEST_CASE("a wildcard is one whole label, the left-most, above at least two others") {
  CHECK(matches("*.example.com", "www.example.com"));
  CHECK(matches("*.EXAMPLE.com", "xn--bcher-kva.example.COM"));
  CHECK(matches("*.example.com.", "www.example.com."));
  CHECK(!matches("*.example.com", "example.com"));
  CHECK(!matches("*.example.com", ".example.com"));
  CHECK(!matches("*.example.com", "a.b.example.com"));
  CHECK(!matches("*.com", "example.com"));
  CHECK(!matches("*.", "com"));
  CHECK(!matches("*", "localhost"));
  CHECK(!matches("*", "example.com"));
  CHECK(!matches("w*.example.com", "www.example.com"));
  CHECK(!matches("*w.example.com", "www.example.com"));
  CHECK(!matches("www.*.com", "www.example.com"));
  CHECK(!matches("*.*.com", "www.example.com"));
  CHECK(!matches("*.example.com", "*.example.com"));
}

TEST_CASE("an address does not match as a name") {
  CHECK(!matches("203.0.113.1", "203.0.113.1"));
  CHECK(!matches("*.0.113.1", "203.0.113.1"));
}

TEST_CASE("any alternative name matches, and the common name does not") {
  certificate c;
  c.subject.text = "CN=www.example.com";
  CHECK(!matches_host(c, "www.example.com"));
  add(c.names.dns, "a.example", 9);
  add(c.names.dns, "www.example.com", 9);
  CHECK(matches_host(c, "www.example.com"));
}

TEST_CASE("addresses match by value") {
  certificate c;
  add(c.names.addresses, "203.0.113.1", 9);
  add(c.names.addresses, "2001:db8::1", 9);
  add(c.names.dns, "203.0.113.2", 9);
  CHECK(is_for(c, "CB007101"));
  CHECK(is_for(c, "20010DB8000000000000000000000001"));
  CHECK(!is_for(c, "CB007102"));
  CHECK(!is_for(c, "CB0071"));
  CHECK(!is_for(c, ""));
}

}  // namespace sonde::tls
