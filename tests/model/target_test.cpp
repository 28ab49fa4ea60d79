#include "model/net/target.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::model {

TEST_CASE("every way to write a target has one canonical form") {
  struct row {
    const char* written;
    const char* canonical;
    bool address;
  };
  for (const auto& r : std::initializer_list<row>{
           {"203.0.113.1", "203.0.113.1", true},
           {"0.0.0.0", "0.0.0.0", true},
           {"255.255.255.255", "255.255.255.255", true},
           {"2001:DB8::1", "2001:db8::1", true},
           {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", true},
           {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", true},
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", true},
           {"::", "::", true},
           {"::1", "::1", true},
           {"1::", "1::", true},
           {"::ffff:203.0.113.1", "203.0.113.1", true},
           {"::FFFF:CB00:7101", "203.0.113.1", true},
           {"::203.0.113.1", "::cb00:7101", true},
           {"example.com", "example.com", false},
           {"EXAMPLE.Com.", "example.com", false},
           {"a.b.c.d.example.com", "a.b.c.d.example.com", false},
           {"xn--bcher-kva.example", "xn--bcher-kva.example", false},
           {"bücher.example", "xn--bcher-kva.example", false},
           {"BÜCHER.example", "xn--bcher-kva.example", false},
           {"straße.example", "xn--strae-oqa.example", false},
           {"例え。テスト", "xn--r8jz45g.xn--zckzah", false},
           {"1.2.3.4.example", "1.2.3.4.example", false},
           {"a--b.example", "a--b.example", false},
           {"a---b.example", "a---b.example", false},
           {"XN----7SBAB.example", "xn----7sbab.example", false},
       }) {
    CAPTURE(r.written);
    auto parsed = target::parse(r.written);
    REQUIRE(parsed);
    CHECK(parsed->text() == r.canonical);
    CHECK(parsed->is_address() == r.address);
    auto again = target::parse(parsed->text());
    REQUIRE(again);
    CHECK(*again == *parsed);
  }
}

struct wrong_target {
  std::string written;
  const char* named;
};

void check_refused(std::initializer_list<wrong_target> targets) {
  for (const auto& r : targets) {
    CAPTURE(r.written);
    auto parsed = target::parse(r.written);
    REQUIRE(!parsed);
    CAPTURE(parsed.error().message());
    CHECK(parsed.error().message().find(r.named) != std::string::npos);
    CHECK(parsed.error().message().size() < 300);
  }
}

TEST_CASE("a list, range or network of targets is refused with a message that names it") {
  check_refused({
      {"203.0.113.0/24", "network"},
      {"2001:db8::/32", "network"},
      {"127.0.0/24", "networks are not expanded"},
      {"10.0.0.0/255.0.0.0", "networks are not expanded"},
      {"203.0.113.1:443/tcp", "has a port"},
      {"[2001:db8::1]:443/tcp", "has a port"},
      {"203.0.113.1-20", "ranges are not expanded"},
      {"203.0.113.*", "ranges are not expanded"},
      {"203.0.113.1,203.0.113.2", "comma"},
      {"a.example,b.example", "comma"},
  });
}

TEST_CASE("an invalid target is refused with a message that names the error") {
  std::string label64(64, 'a');
  std::string long_name;
  for (int i = 0; i < 64; ++i)
    long_name += "abc.";
  long_name += "example";
  check_refused({
      {"", "empty"},
      {"203.0.113.1:443", "port"},
      {"example.com:443", "port"},
      {"[2001:db8::1]", "bracket"},
      {"[2001:db8::1]:443", "bracket"},
      {"https://example.com/", "URL"},
      {"example.com/path", "path"},
      {"fe80::1%eth0", "zone"},
      {"user@example.com", "@"},
      {"203.0.113.01", "leading zero"},
      {"010.0.0.1", "leading zero"},
      {"203.0.113.256", "greater than 255"},
      {"203.0.113", "four numbers"},
      {"1.2.3.4.5", "four numbers"},
      {"203.0..1", "missing"},
      {"127.1", "four numbers"},
      {"2130706433", "number"},
      {"localhost", "single label"},
      {"example.123", "number"},
      {"example.com.1", "number"},
      {"2001:db8:::1", "IPv6"},
      {"12345::1", "IPv6"},
      {"host:name", "colon"},
      {"exa mple.com", "white space"},
      {" example.com", "white space"},
      {"-a.example", "hyphen"},
      {"a-.example", "hyphen"},
      {"--a.example", "hyphen"},
      {"a---.example", "hyphen"},
      {"-.example", "hyphen"},
      {"---.example", "hyphen"},
      {"a_b.example", "character"},
      {"a..example", "empty label"},
      {".example.com", "empty label"},
      {"example.com..", "empty label"},
      {label64 + ".example", "63"},
      {long_name, "253"},
      {std::string(5000, 'a'), "253"},
      {"example.c", "top-level"},
      {"example.abcdefghijklmnopqrstu", "top-level"},
      {"example.a1", "top-level"},
      {std::string("example.com\0", 12), "NUL"},
      {"１２７.０.０.１", "number"},
      {"\xFF\xFE.example", "internationalised"},
      {"xn--0.example.xn--", "hyphen"},
  });
}

}  // namespace sonde::model
