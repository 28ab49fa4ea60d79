#include "model/ids.hpp"
#include "tests/model/value_tables.hpp"

namespace sonde::model::test {

TEST_CASE("an IP address has one canonical form, and only global addresses are accepted") {
  check_accepted(data_type::ip, {
                                    {"203.0.113.1", "203.0.113.1"},
                                    {"1.1.1.1", "1.1.1.1"},
                                    {"9.255.255.255", "9.255.255.255"},
                                    {"11.0.0.0", "11.0.0.0"},
                                    {"172.32.0.0", "172.32.0.0"},
                                    {"223.255.255.255", "223.255.255.255"},
                                    {"2001:DB8::1", "2001:db8::1"},
                                    {"2001:0db8:0:0:0:0:0:0001", "2001:db8::1"},
                                    {"2606:4700::1111", "2606:4700::1111"},
                                    {"::ffff:203.0.113.1", "203.0.113.1"},
                                    {"::FFFF:CB00:7101", "203.0.113.1"},
                                });
  check_refused(data_type::ip, {
                                   {"10.0.0.1", "10.0.0.1 is private (RFC 1918); this server"},
                                   {"172.16.0.0", "private"},
                                   {"172.31.255.255", "private"},
                                   {"192.168.1.1", "private"},
                                   {"127.0.0.1", "loopback"},
                                   {"169.254.0.1", "link-local"},
                                   {"224.0.0.1", "multicast"},
                                   {"0.0.0.0", "unspecified"},
                                   {"::", "unspecified"},
                                   {"::1", "loopback"},
                                   {"fe80::1", "link-local"},
                                   {"fc00::1", "unique local"},
                                   {"ff02::1", "multicast"},
                                   {"::ffff:10.0.0.1", "private"},
                                   {"203.0.113.256", "not an IP address"},
                                   {"203.0.113.01", "not an IP address"},
                                   {"203.0.113.0/24", "network"},
                                   {"fe80::1%eth0", "zone"},
                                   {"[2001:db8::1]", "brackets"},
                                   {"example.com", "not an IP address"},
                                   {" 203.0.113.1", "not an IP address"},
                                   {"", "blank"},
                               });
}

TEST_CASE("addresses obey the configured scope; a denied global address is still accepted") {
  scope_rules rules;
  rules.allow = {"10.1.0.0/16"};
  rules.deny = {"10.1.2.0/24", "1.1.1.1"};
  auto scope = address_scope::from_rules(rules).value();
  check_accepted(data_type::ip, {{"10.1.0.1", "10.1.0.1"}, {"1.1.1.1", "1.1.1.1"}}, scope);
  check_accepted(data_type::cidr, {{"10.1.9.9/24", "10.1.9.0/24"}}, scope);
  check_accepted(data_type::endpoint, {{"10.1.0.1:1/udp", "10.1.0.1:1/udp"}}, scope);
  check_refused(data_type::ip, {{"10.1.2.3", "scope.deny"}, {"10.2.0.1", "scope.allow"}}, scope);
  check_refused(data_type::cidr, {{"10.1.0.0/15", "10.0.0.0 is private"}}, scope);
}

TEST_CASE(
    "without a configured scope, only addresses with the same meaning everywhere are accepted") {
  address_scope none;
  check_accepted(data_type::ip,
                 {{"203.0.113.1", "203.0.113.1"},
                  {"192.0.2.1", "192.0.2.1"},
                  {"198.51.100.7", "198.51.100.7"},
                  {"100.64.0.1", "100.64.0.1"},
                  {"198.18.0.1", "198.18.0.1"},
                  {"2001:db8::1", "2001:db8::1"},
                  {"2002::1", "2002::1"},
                  {"::ffff:203.0.113.1", "203.0.113.1"}},
                 none);
  check_accepted(data_type::cidr, {{"203.0.113.9/24", "203.0.113.0/24"}}, none);
  check_accepted(data_type::endpoint, {{"203.0.113.1:443/tcp", "203.0.113.1:443/tcp"}}, none);
  check_refused(
      data_type::ip,
      {{"10.0.0.1", "10.0.0.1 is private (RFC 1918); this server accepts only globally routable"},
       {"::ffff:192.168.0.1", "private"},
       {"127.0.0.1", "loopback"},
       {"fc00::1", "unique local"}},
      none);
}

TEST_CASE("a CIDR network has one canonical form, and one with a non-global address is refused") {
  check_accepted(data_type::cidr, {
                                      {"203.0.113.0/24", "203.0.113.0/24"},
                                      {"203.0.113.77/24", "203.0.113.0/24"},
                                      {"203.0.113.1/32", "203.0.113.1/32"},
                                      {"203.0.113.1/31", "203.0.113.0/31"},
                                      {"8.8.8.8/8", "8.0.0.0/8"},
                                      {"129.0.0.0/1", "128.0.0.0/1"},
                                      {"2001:DB8::1/32", "2001:db8::/32"},
                                      {"2001:db8::1/128", "2001:db8::1/128"},
                                      {"2001:db8:1:2:3::/64", "2001:db8:1:2::/64"},
                                      {"::ffff:203.0.113.1/120", "203.0.113.0/24"},
                                      {"::ffff:203.0.113.1/128", "203.0.113.1/32"},
                                  });
  check_refused(data_type::cidr, {
                                     {"203.0.113.0", "prefix length"},
                                     {"203.0.113.0/", "from 0 to 32"},
                                     {"203.0.113.0/33", "from 0 to 32"},
                                     {"203.0.113.0/-1", "from 0 to 32"},
                                     {"203.0.113.0/+1", "from 0 to 32"},
                                     {"203.0.113.0/024", "from 0 to 32"},
                                     {"203.0.113.0/24/1", "from 0 to 32"},
                                     {"203.0.113.0/255.255.255.0", "from 0 to 32"},
                                     {"2001:db8::/129", "from 0 to 128"},
                                     {"::ffff:203.0.113.1/95", "from 96 to 128"},
                                     {"10.0.0.0/8", "private"},
                                     {"11.0.0.1/7", "10.0.0.0 is private"},
                                     {"127.0.0.1/6", "loopback"},
                                     {"1.1.1.1/0", "0.0.0.0"},
                                     {"fe80::/10", "link-local"},
                                     {"ff00::/8", "multicast"},
                                     {"/24", "not an IP address"},
                                     {"203.0.113/24", "not an IP address"},
                                     {"203.0.113.0 /24", "not an IP address"},
                                 });
}

TEST_CASE("a domain name has one canonical form, and an invalid one is refused") {
  std::string label63(63, 'a');
  std::string longest = label63 + "." + label63 + "." + label63 + "." + std::string(58, 'b');
  check_accepted(data_type::fqdn,
                 {
                     {"example.com", "example.com"},
                     {"EXAMPLE.Com", "example.com"},
                     {"example.com.", "example.com"},
                     {"a.b.c.example.com", "a.b.c.example.com"},
                     {"a-b.example", "a-b.example"},
                     {"a--b.example", "a--b.example"},
                     {"a---b.example", "a---b.example"},
                     {"a----------b.example", "a----------b.example"},
                     {"a-b--c---d----e.example", "a-b--c---d----e.example"},
                     {"XN----7SBAB.example", "xn----7sbab.example"},
                     {"xn-----8kcbxb.example", "xn-----8kcbxb.example"},
                     {"example.xn----7sbab", "example.xn----7sbab"},
                     {"1.2.3.4.example", "1.2.3.4.example"},
                     {"xn--bcher-kva.example", "xn--bcher-kva.example"},
                     {"bücher.example", "xn--bcher-kva.example"},
                     {"example.xn--p1ai", "example.xn--p1ai"},
                     {"example.ab", "example.ab"},
                     {"example.abcdefghijklmnopqrst", "example.abcdefghijklmnopqrst"},
                     {label63 + ".example", label63 + ".example"},
                     {longest + ".ab", longest + ".ab"},
                 });
  check_refused(data_type::fqdn, {
                                     {"localhost", "single label"},
                                     {"example.c", "top-level"},
                                     {"example.abcdefghijklmnopqrstu", "top-level"},
                                     {"example.c0m", "top-level"},
                                     {"203.0.113.1", "number"},
                                     {"-a.example", "hyphen"},
                                     {"a-.example", "hyphen"},
                                     {"---a.example", "hyphen"},
                                     {"a---.example", "hyphen"},
                                     {"--.example", "hyphen"},
                                     {"example.a--b", "top-level"},
                                     {"a_b.example", "character"},
                                     {"*.example.com", "character"},
                                     {"a..example", "empty label"},
                                     {".example", "empty label"},
                                     {"exam ple.com", "character"},
                                     {label63 + "a.example", "63"},
                                     {longest + ".abc", "253"},
                                     {" ", "blank"},
                                 });
}

TEST_CASE("a port has one canonical form, and an invalid one is refused") {
  check_accepted(data_type::port, {
                                      {"1/tcp", "1/tcp"},
                                      {"1/udp", "1/udp"},
                                      {"9/tcp", "9/tcp"},
                                      {"22/tcp", "22/tcp"},
                                      {"53/udp", "53/udp"},
                                      {"443/TCP", "443/tcp"},
                                      {"443/Udp", "443/udp"},
                                      {"9999/tcp", "9999/tcp"},
                                      {"10000/udp", "10000/udp"},
                                      {"59999/tcp", "59999/tcp"},
                                      {"65535/tcp", "65535/tcp"},
                                      {"65535/uDP", "65535/udp"},
                                  });
  for (const char* written :
       {"0/tcp",    "65536/tcp", "99999/tcp", "4294967297/tcp", "080/tcp",  "00/tcp",
        "-1/tcp",   "+1/tcp",    "443",       "443/",           "/tcp",     "443/sctp",
        "443/tcp ", " 443/tcp",  "443 /tcp",  "443/tcp/udp",    "0x50/tcp", "tcp/443",
        "443:tcp",  "４４３/tcp"}) {
    check_refused(data_type::port, {{written, "443/tcp"}});
  }
}

TEST_CASE("an endpoint has one canonical form, and an invalid one is refused") {
  check_accepted(data_type::endpoint, {
                                          {"203.0.113.1:443/tcp", "203.0.113.1:443/tcp"},
                                          {"203.0.113.1:443/TCP", "203.0.113.1:443/tcp"},
                                          {"203.0.113.1:1/udp", "203.0.113.1:1/udp"},
                                          {"203.0.113.1:65535/tcp", "203.0.113.1:65535/tcp"},
                                          {"[2001:DB8::1]:443/tcp", "[2001:db8::1]:443/tcp"},
                                          {"[2001:db8:0::1]:53/udp", "[2001:db8::1]:53/udp"},
                                          {"[::ffff:203.0.113.1]:443/tcp", "203.0.113.1:443/tcp"},
                                      });
  check_refused(data_type::endpoint, {
                                         {"203.0.113.1", "not an endpoint"},
                                         {"203.0.113.1:443", "not a port"},
                                         {"203.0.113.1:0/tcp", "not a port"},
                                         {"203.0.113.1:65536/tcp", "not a port"},
                                         {"203.0.113.1:443/sctp", "not a port"},
                                         {"203.0.113.1 443/tcp", "not an endpoint"},
                                         {":443/tcp", "not an endpoint"},
                                         {"[]:443/tcp", "not an endpoint"},
                                         {"2001:db8::1:443/tcp", "not an endpoint"},
                                         {"[203.0.113.1]:443/tcp", "not an endpoint"},
                                         {"[2001:db8::1:443/tcp", "not an endpoint"},
                                         {"example.com:443/tcp", "not an endpoint"},
                                         {"10.0.0.1:443/tcp", "private"},
                                         {"[::1]:443/tcp", "loopback"},
                                     });
}

TEST_CASE("a MAC address has one canonical form, and an invalid one is refused") {
  check_accepted(data_type::mac, {
                                     {"00-53-00-AB-CD-EF", "00-53-00-AB-CD-EF"},
                                     {"00-53-00-ab-cd-ef", "00-53-00-AB-CD-EF"},
                                     {"00-53-00-aB-Cd-eF", "00-53-00-AB-CD-EF"},
                                     {"00-00-00-00-00-00", "00-00-00-00-00-00"},
                                     {"ff-ff-ff-ff-ff-ff", "FF-FF-FF-FF-FF-FF"},
                                 });
  for (const char* written :
       {"00:53:00:AB:CD:EF", "005300ABCDEF", "0053.00AB.CDEF", "00-53-00-AB-CD",
        "00-53-00-AB-CD-EF-01", "00-53-00-AB-CD-EF-", "-00-53-00-AB-CD-EF", "00-53-00-AB-CD-EG",
        "0-53-00-AB-CD-EF", "000-53-00-AB-CD-EF", "00-53-00-AB-CD:EF", "00-53-00-AB-CD-EF ",
        "00-53-00-AB-CD-EF\n", "00–53–00–AB–CD–EF", "mac"}) {
    check_refused(data_type::mac, {{written, "six groups"}});
  }
}

// Computed with `printf %s VALUE | openssl dgst -sha3-256`.
TEST_CASE("an entity's id is computed from the canonical form") {
  struct row {
    const char* type;
    data_type data;
    const char* written;
    const char* sha3;
  };
  for (const auto& r : std::initializer_list<row>{
           {"ip", data_type::ip, "::ffff:203.0.113.1",
            "415aa538092a2aa03b575d1773eaedace2d809a5dd8bd551570c5990bec583c1"},
           {"port", data_type::port, "443/TCP",
            "9b3734d9421ebaf455bec573f8344c7ec2d31af1f7bea2335820b6f03762790c"},
           {"hostname", data_type::fqdn, "EXAMPLE.com.",
            "8dcd81bf7b19cac849e23eac1ae339a5d55b2be653ee7c00c5e5646c9c2da8c4"},
           {"city", data_type::city, "rio DE janeiro",
            "2c2065904f255f28ce8c8bb16317c773769fd85b48a46cb0da9ca99d5a44563f"},
           {"latitude", data_type::floating, "1000000000000000000000",
            "46b5f1dd27a0bf1ca22060ce050cb2ba6da4473bec866e80fbd886adcd136523"},
           {"email-address", data_type::email, "A Name <User@Example.com>",
            "02b701531e690961b9d02612c74367bf4e32abfd4a22d4cd86827d517e02cc72"},
           {"mac-address", data_type::mac, "00-53-00-ab-cd-ef",
            "1118a8dd9c65ad310f802c23e31affa0590622c24f44404fc2aba0e7c6b1a0c6"},
           {"service", data_type::endpoint, "203.0.113.1:443/TCP",
            "daa8f58d48fe6bdef37f641b88dd1b757154bf418b8f97e46838ebacc6f4bbbe"},
           {"url", data_type::url, "HTTPS://EXAMPLE.com/Path",
            "7884b66cb31b4bcc41ba03ded876b71655642382c4bcb17b29701ba0c229fe56"},
           {"text", data_type::text, "GRÖSSE",
            "f8f17e203ad8d81784c6c0e7e01052f8516dc7d8e86b926ced2bdc48f80c0df4"},
       }) {
    CAPTURE(r.written);
    auto canonical = canonical_text(r.data, r.written, address_scope());
    REQUIRE(canonical);
    CHECK(entity_id_of(r.type, *canonical).str() == std::string(r.type) + "-" + r.sha3);
  }
}

}  // namespace sonde::model::test
