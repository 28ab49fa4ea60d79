#include "ingest/http/request_rules.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {

TEST_CASE("tokens, targets and values have the bytes of RFC 9110 and RFC 3986") {
  int tokens = 0;
  int targets = 0;
  int values = 0;
  for (int byte = 0; byte < 256; ++byte) {
    auto c = static_cast<char>(byte);
    tokens += is_token_byte(c) ? 1 : 0;
    targets += is_target_byte(c) ? 1 : 0;
    values += is_value_byte(c) ? 1 : 0;
  }
  CHECK(tokens == 26 + 26 + 10 + 15);
  CHECK(targets == 26 + 26 + 10 + 22);
  CHECK(values == 256 - 32 - 1 + 1);
  for (char c : std::string_view("\0 \t\r\n:\"(),/;<=>?@[\\]{}\x7F\xFF", 24))
    CHECK(!is_token_byte(c));
  for (char c : std::string_view("\0 \t\r\n\"#<>\\^`{|}\x7F\xFF", 17))
    CHECK(!is_target_byte(c));
}

TEST_CASE("an authority is a name or an address, with an optional port") {
  for (const char* good :
       {"a", "localhost", "LOCALHOST:80", "a-b.c_d.example.", "127.0.0.1", "127.0.0.1:", "a:0",
        "a:65535", "[::1]", "[::1]:80", "[::ffff:1.2.3.4]", "[FE80::1]:1"}) {
    CAPTURE(good);
    CHECK(is_authority(good));
  }
  for (const char* bad :
       {"",     ":80", "a:x",    "a:65536", "a:123456",  "a:-1", "a:+1",           "a:1:2",
        "a b",  "a,b", "a/b",    "a@b",     "u:p@a",     "a%20", "\xC3\xA9",       "[]",
        "[::1", "::1", "[::1]x", "[::1]80", "[1.2.3.4]", "[a]",  "[fe80::1%25lo]", "[v1.x]",
        "a?",   "a#",  "\"a\"",  "a\tb"}) {
    CAPTURE(bad);
    CHECK(!is_authority(bad));
  }
  CHECK(is_authority(std::string(255, 'a')));
  CHECK(!is_authority(std::string(256, 'a')));
  CHECK(!is_authority(std::string("[::1\0]", 6)));
}

TEST_CASE("a decimal number is digits that fit") {
  CHECK(decimal_number("0") == 0U);
  CHECK(decimal_number("007") == 7U);
  CHECK(decimal_number("18446744073709551615") == 18446744073709551615U);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "1,1", "0x1", "1e3", "1.0", "\xD9\xA1",
                          "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(bad);
    CHECK(!decimal_number(bad));
  }
}

TEST_CASE("a list of tokens may have empty elements; every other element is a token") {
  for (const char* good : {"", "close", "a,b", "a , b", " a,\tb ", ",", "a,,b", ",a,"})
    CHECK(is_token_list(good));
  for (const char* bad : {"a b", "a;b", "\"a\"", "a, b c", "a=b", "a\x01"})
    CHECK(!is_token_list(bad));
}

TEST_CASE("a target is in origin form, absolute form or asterisk form") {
  auto origin = form_of_target("/a/b?c=%20&d");
  REQUIRE(origin);
  CHECK(origin->authority.empty());
  CHECK(origin->origin == "/a/b?c=%20&d");
  REQUIRE(form_of_target("*"));
  CHECK(form_of_target("*")->origin == "*");

  struct {
    const char* target;
    const char* authority;
    const char* origin;
  } const absolute[] = {{"http://a/b?c", "a", "/b?c"},
                        {"HTTPS://A:1", "A:1", "/"},
                        {"http://[::1]:8480?x", "[::1]:8480", "/?x"},
                        {"http://a//b", "a", "//b"}};
  for (const auto& each : absolute) {
    CAPTURE(each.target);
    auto form = form_of_target(each.target);
    REQUIRE(form);
    CHECK(form->authority == each.authority);
    CHECK(form->origin == each.origin);
  }
  for (const char* bad :
       {"", "a", "?a", "a:80", "[::1]:80", "**", "/[", "/a]", "http:/a", "http://", "http:///a",
        "http://u@a/", "http://a/[b]", "ftp://a/", "://a", "http:a"}) {
    CAPTURE(bad);
    CHECK(!form_of_target(bad));
  }
}

TEST_CASE("loopback addresses and localhost mean this machine") {
  for (const char* here :
       {"localhost", "LOCALHOST:80", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:8480"}) {
    CAPTURE(here);
    CHECK(is_local_authority(here));
  }
  for (const char* elsewhere : {"", "evil.example", "localhost.evil.example", "128.0.0.1",
                                "127.0.0.1.evil.example:80", "[2001:db8::1]", "[", "[::1"}) {
    CAPTURE(elsewhere);
    CHECK(!is_local_authority(elsewhere));
  }
}

TEST_CASE("the host of an authority is its name or address without the port") {
  CHECK(host_of("example.com") == "example.com");
  CHECK(host_of("example.com:80") == "example.com");
  CHECK(host_of("[::1]:80") == "::1");
  CHECK(host_of("[::1") == "");
}

TEST_CASE("a list has a token only as a whole element, in any case") {
  for (const char* with : {"close", "CLOSE", "a,close", "a , close\t, b", ",close"}) {
    CAPTURE(with);
    CHECK(has_token(with, "close"));
  }
  for (const char* without : {"", ",", "closed", "a close", "close-d", "clos,e"}) {
    CAPTURE(without);
    CHECK(!has_token(without, "close"));
  }
}

}  // namespace sonde::ingest
