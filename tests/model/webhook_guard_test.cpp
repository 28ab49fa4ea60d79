#include "model/webhook/webhook_guard.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

bool may_call(const webhook_guard& guard, const char* address, const char* host = "example.com") {
  return guard.check(ip_address::parse(address).value(), target::parse(host).value()).has_value();
}

}  // namespace

TEST_CASE("by default webhooks go only to globally routable addresses") {
  webhook_guard guard;
  for (const char* address : {"8.8.8.8", "1.1.1.1", "2606:4700::1111", "172.15.0.1", "172.32.0.1"})
    CHECK_MESSAGE(may_call(guard, address), address);
  for (const char* address : {"0.0.0.0",
                              "10.0.0.1",
                              "100.64.0.1",
                              "100.100.100.200",
                              "127.0.0.1",
                              "127.255.255.254",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.192",
                              "192.168.1.1",
                              "198.18.0.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "168.63.129.16",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::a00:1",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2002:a00:1::1",
                              "2001::1",
                              "2001:db8::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "4000::1"}) {
    CHECK_MESSAGE(!may_call(guard, address), address);
  }
}

TEST_CASE("an operator can allow more, by network or by name") {
  auto guard =
      webhook_guard::from_rules({"10.1.0.0/16", "hooks.example.com", "168.63.129.16"}).value();
  CHECK(may_call(guard, "10.1.2.3"));
  CHECK(!may_call(guard, "10.2.2.3"));
  CHECK(may_call(guard, "10.2.2.3", "hooks.example.com"));
  CHECK(may_call(guard, "10.2.2.3", "a.hooks.example.com"));
  CHECK(!may_call(guard, "10.2.2.3", "otherhooks.example.com"));
  CHECK(may_call(guard, "168.63.129.16"));
  CHECK(!webhook_guard::from_rules({"10.0.0.1/8"}));
}

TEST_CASE("a refusal says what the address is, and where to allow it") {
  webhook_guard guard;
  auto literal = target::parse("192.168.1.1").value();
  CHECK(guard.check(literal).error().message() ==
        "192.168.1.1 is private (RFC 1918); webhooks are sent only to globally routable addresses "
        "and those in this server's webhook.allow");
  CHECK(guard.check(target::parse("example.com").value()));
}

}  // namespace sonde::model
