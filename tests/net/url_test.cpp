#include "net/url.hpp"

#include "net/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::net {

TEST_CASE("a URL has a scheme, a host and a port, which has a default") {
  struct parts {
    const char* text;
    bool tls;
    const char* host;
    std::uint16_t port;
    bool default_port;
    const char* target;
  };
  const parts cases[] = {
      {"http://example.com", false, "example.com", 80, true, ""},
      {"https://example.com/", true, "example.com", 443, true, "/"},
      {"HTTPS://example.com:/a?b=c", true, "example.com", 443, true, "/a?b=c"},
      {"http://127.0.0.1:8480", false, "127.0.0.1", 8480, false, ""},
      {"https://[2001:db8::1]:65535/", true, "2001:db8::1", 65535, false, "/"},
      {"http://[::1]?q", false, "::1", 80, true, "?q"},
      {"http://a:080", false, "a", 80, false, ""},
      {"http://a%20b", false, "a%20b", 80, true, ""},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text);
    auto parsed = parse_url(each.text);
    REQUIRE(parsed);
    CHECK(parsed->tls == each.tls);
    CHECK(parsed->host == each.host);
    CHECK(parsed->port == each.port);
    CHECK(parsed->default_port == each.default_port);
    CHECK(parsed->target == each.target);
    CHECK(!parsed->has_user);
    CHECK(!parsed->has_fragment);
  }
}

TEST_CASE("users and fragments of a URL are reported") {
  CHECK(parse_url("http://me@example.com").value().has_user);
  CHECK(parse_url("http://me:secret@example.com").value().has_user);
  CHECK(parse_url("http://example.com/#").value().has_fragment);
}

TEST_CASE("other texts are not http or https URLs") {
  const std::string cases[] = {"",
                               "example.com",
                               "//example.com",
                               "http:",
                               "http://",
                               "http:///a",
                               "http://:80",
                               "ftp://example.com",
                               "mailto:a@example.com",
                               "http://a:0",
                               "http://a:65536",
                               "http://a:165536",
                               "http://a:-1",
                               "http://a:80x",
                               "http://a:8 0",
                               "http://a b",
                               "http://a%zz",
                               "http://::1",
                               "http://[::1",
                               "http://[::1]x",
                               "http://[127.0.0.1]",
                               "http://[v1.x]"};
  for (const auto& bad : cases) {
    CAPTURE(bad);
    auto parsed = parse_url(bad);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == make_error_code(errc::no_url));
  }
}

}  // namespace sonde::net
