#include "scanner/engine/certificate_facts.hpp"

#include "base/hash.hpp"
#include "tests/support/doctest.hpp"
#include "tests/tls/made_certificate.hpp"

#include <set>

namespace sonde::scanner {
namespace {

using test::make_certificate;
using test::make_self_signed;
using test::recipe;

tls::certificate parsed(const std::string& der) {
  static tls::library openssl;
  return tls::parse_certificate(openssl, der, {});
}

recipe named(const std::string& names) {
  recipe out;
  out.extensions = {{"subjectAltName", names}};
  return out;
}

model::target target_of(const char* text) {
  return model::target::parse(text).value();
}
model::ip_address address_of(const char* text) {
  return model::ip_address::parse(text).value();
}

/// Checks the form of an entity's attributes: names in kebab-case, values that are scalars or lists
/// of scalars.
void check_form(const model::json& attributes) {
  for (const auto& attribute : attributes.items()) {
    const auto& name = attribute.key();
    const auto& value = attribute.value();
    CAPTURE(name);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
    CHECK(!value.is_null());
    CHECK(!value.is_object());
    CHECK((!value.is_array() || !value.empty()));
    if (!value.is_array()) continue;
    for (const auto& each : value)
      CHECK(each.is_primitive());
  }
}

}  // namespace

TEST_CASE("a certificate's fields get the attribute names of the entity") {
  auto what =
      named("DNS:leaf.example,DNS:*.Wild.example,DNS:host,IP:203.0.113.1,email:a@b.example");
  what.extensions.emplace_back("keyUsage", "critical,digitalSignature");
  what.extensions.emplace_back("extendedKeyUsage", "serverAuth");
  what.extensions.emplace_back("basicConstraints", "CA:FALSE");
  auto der = make_certificate(what);
  auto seen = observe(parsed(der));
  check_form(seen.attributes);
  const auto& facts = seen.attributes;
  CHECK(seen.sha256 == to_hex(sha256(der)));
  CHECK(facts["sha256"] == seen.sha256);
  CHECK(seen.subject == "CN=leaf.example,O=Sonde,C=AT");
  CHECK(facts["subject"] == seen.subject);
  CHECK(facts["issuer-parts"] == model::json({"CN=Test CA", "C=AT"}));
  CHECK(seen.not_after == "2026-12-31T23:59:59Z");
  CHECK(facts["not-before"] == "2026-01-01T00:00:00Z");
  CHECK(facts["validity-seconds"] == 365 * 86'400 - 1);
  CHECK(facts["serial"] == "0102030405060708");
  CHECK(facts["version"] == 3);
  CHECK(facts["key-type"] == "EC");
  CHECK(facts["key-bits"] == 256);
  CHECK(facts["ca"] == false);
  CHECK(facts["key-usage"] == model::json({"digitalSignature"}));
  CHECK(facts["extended-key-usage"] == model::json({"serverAuth"}));
  CHECK(facts["san-dns"] == model::json({"leaf.example", "*.Wild.example", "host"}));
  CHECK(facts["san-ip"] == model::json({"203.0.113.1"}));
  CHECK(facts["san-email"] == model::json({"a@b.example"}));
  CHECK(facts["flags"] == model::json({"wildcard"}));
  CHECK(facts["parse-status"] == "parsed");
  CHECK(!facts.contains("san-uri"));
  CHECK(!facts.contains("path-length"));
  // Wildcards and single labels become attributes. They are not host names.
  CHECK(seen.hostnames == std::vector<std::string>{"leaf.example"});
}

TEST_CASE("the anomalies of a certificate become flags") {
  recipe weak;
  weak.key = test::key_kind::rsa_1024;
  weak.issuer_key = test::key_kind::rsa_2048;
  weak.digest = "SHA1";
  weak.serial = "-05";
  auto facts = observe(parsed(make_certificate(weak))).attributes;
  std::set<std::string> flags(facts["flags"].begin(), facts["flags"].end());
  CHECK(flags.contains("weak-key"));
  CHECK(flags.contains("weak-signature"));
  CHECK(flags.contains("sha1"));
  CHECK(flags.contains("no-san"));
  CHECK(!flags.contains("self-signed"));
  facts = observe(parsed(make_self_signed(named("DNS:leaf.example")))).attributes;
  CHECK(facts["flags"] == model::json({"self-signed"}));
}

TEST_CASE("certificate names with any run of inner hyphens are host names") {
  struct row {
    const char* name;
    bool host;
  };
  for (const auto& r : std::initializer_list<row>{
           {"a--b.example", true},
           {"a---b.example", true},
           {"xn----7sbab.example", true},
           {"xn-----8kcbxb.example", true},
           {"a-b--c---d----e.example", true},
           {"-a.example", false},
           {"a---.example", false},
           {"a_b.example", false},
       }) {
    CAPTURE(r.name);
    auto seen = observe(parsed(make_certificate(named(std::string("DNS:") + r.name))));
    CHECK(seen.attributes["san-dns"] == model::json({r.name}));
    CHECK(seen.hostnames.size() == (r.host ? 1 : 0));
    if (r.host) CHECK(seen.hostnames.front() == r.name);
  }
}

TEST_CASE("bytes that are not a certificate still become an observation") {
  for (const auto& der : {std::string(), std::string("garbage"), std::string(70'000, '0')}) {
    auto seen = observe(parsed(der));
    check_form(seen.attributes);
    CHECK(seen.sha256 == to_hex(sha256(der)));
    CHECK(seen.attributes["parse-status"] == "unparsable");
    CHECK(seen.attributes.contains("parse-problems"));
    CHECK(!seen.attributes.contains("version"));
    CHECK(!seen.attributes.contains("flags"));
    CHECK(seen.hostnames.empty());
  }
}

TEST_CASE("a long list is truncated and marked as truncated") {
  std::string names = "DNS:n0.example";
  for (int i = 1; i < 20; ++i)
    names += ",DNS:n" + std::to_string(i) + ".example";
  tls::library openssl;
  auto der = make_certificate(named(names));
  auto seen = observe(tls::parse_certificate(openssl, der, {.bytes = 65'536, .names = 5}));
  CHECK(seen.attributes["san-dns"].size() == 5);
  CHECK(seen.attributes["san-dns-total"] == 20);
  CHECK(seen.hostnames.size() == 5);
}

TEST_CASE("is_for checks whether a certificate covers the target name or the target address") {
  auto leaf = parsed(make_certificate(named("DNS:leaf.example,DNS:*.wild.example,IP:203.0.113.1")));
  auto here = address_of("203.0.113.1");
  CHECK(is_for(leaf, target_of("leaf.example"), here));
  CHECK(is_for(leaf, target_of("a.wild.example"), here));
  CHECK(!is_for(leaf, target_of("a.b.wild.example"), here));
  CHECK(!is_for(leaf, target_of("other.example"), here));
  CHECK(is_for(leaf, target_of("203.0.113.1"), here));
  auto there = address_of("203.0.113.2");
  CHECK(!is_for(leaf, target_of("203.0.113.2"), there));
  // A name that resolves to the address does not make the certificate valid for the name.
  CHECK(is_for(leaf, target_of("leaf.example"), there));
}

TEST_CASE("a certificate that is presented again is not parsed again") {
  tls::library openssl;
  engine_limits bounds;
  certificate_cache cache(openssl, bounds);
  auto der = make_certificate({});
  auto first = cache.parse(der);
  CHECK(cache.parse(der) == first);
  CHECK(first->facts->sha256 == first->parsed.sha256);
  auto another = cache.parse("no certificate");
  CHECK(another != first);
  CHECK(cache.parse("no certificate") == another);
  CHECK(cache.parse(der) == first);
}

TEST_CASE("the cache has a byte limit and evicts the least recently used certificate") {
  tls::library openssl;
  engine_limits bounds;
  certificate_cache cache(openssl, bounds);
  auto nth = [](int n) {
    std::string out(60'000, '.');
    out += std::to_string(n);
    return out;
  };
  std::vector<std::weak_ptr<const certificate_cache::entry>> seen;
  auto kept = cache.parse(nth(0));
  for (int n = 1; n < 300; ++n) {
    seen.emplace_back(cache.parse(nth(n)));
    CHECK(cache.parse(nth(0)) == kept);
  }
  int held = 0;
  for (const auto& each : seen)
    held += !each.expired();
  // The cache holds 4 MiB of memory. A parsed certificate takes six times the size of its DER, plus
  // a small constant.
  CHECK(held <= (4 << 20) / (6 * 60'000));
  CHECK(held >= (4 << 20) / (6 * 60'000 + 2'000) - 2);
  CHECK(seen.front().expired());
  CHECK(!seen.back().expired());
}

}  // namespace sonde::scanner
