#include "tls/certificate.hpp"

#include "base/hash.hpp"
#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tests/tls/made_certificate.hpp"
#include "tests/tls/openssl_view.hpp"
#include "tls/der.hpp"

namespace sonde::tls {
namespace {

using texts = std::vector<std::string>;
using test::from_hex;
using test::key_kind;
using test::make_certificate;
using test::make_self_signed;
using test::sequence;
using test::tlv;

certificate parse(const std::string& der, const certificate_limits& limits = {}) {
  static library openssl;
  return parse_certificate(openssl, der, limits);
}

/// Parses a certificate whose key has `algorithm` and `bits`.
public_key key_of(const std::string& algorithm, const std::string& bits) {
  test::hand_made made;
  made.key = sequence({algorithm, tlv(der::bit_string, std::string(1, '\0') + bits)});
  return parse(made.der()).key;
}

/// RSASSA-PSS with these parameters.
signature_algorithm pss(const std::string& parameters) {
  test::hand_made made;
  made.algorithm = sequence({test::oid("1.2.840.113549.1.1.10"), parameters});
  return parse(made.der()).signature;
}

}  // namespace

TEST_CASE("every field of a full certificate is read") {
  auto policies =
      sequence({sequence({test::oid("2.23.140.1.2.2")}), sequence({test::oid("1.2.3.4")})});
  auto der = make_certificate(
      {.extensions = {
           {"basicConstraints", "critical,CA:TRUE,pathlen:3"},
           {"keyUsage", "critical,digitalSignature,keyCertSign"},
           {"extendedKeyUsage", "serverAuth,clientAuth,1.2.3.4.5"},
           {"subjectKeyIdentifier", "0102AB"},
           {"subjectAltName",
            "DNS:leaf.example,DNS:*.leaf.example,IP:203.0.113.1,IP:2001:db8::1,"
            "email:a@leaf.example,URI:https://leaf.example/,RID:1.2.3"},
           {"nameConstraints", "critical,permitted;DNS:example,excluded;IP:10.0.0.0/255.0.0.0"},
           {"certificatePolicies", "DER:" + to_hex(policies)},
           {"authorityInfoAccess",
            "OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/"},
           {"crlDistributionPoints", "URI:http://crl.example/a.crl"},
           {"tlsfeature", "status_request"},
           {"1.2.3.4.5", "critical,DER:0500"},
       }});
  auto c = parse(der);
  CHECK(c.status == parse_status::parsed);
  CHECK(c.version == 3);
  CHECK(c.serial == "0102030405060708");
  CHECK(c.subject.text == "CN=leaf.example,O=Sonde,C=AT");
  CHECK(c.issuer.text == "CN=Test CA,C=AT");
  CHECK(c.not_before == "2026-01-01T00:00:00Z");
  CHECK(c.not_after == "2026-12-31T23:59:59Z");
  CHECK(c.validity_s == 31'535'999);
  CHECK(c.signature.name == "ecdsa-with-SHA256");
  CHECK(c.signature.hash == "sha256");
  CHECK(c.key.type == "EC");
  CHECK(c.key.curve == "secp256r1");
  CHECK(c.key.bits == 256);
  CHECK(c.constraints->ca);
  CHECK(c.constraints->path_length == 3);
  CHECK(c.key_usage == texts{"digitalSignature", "keyCertSign"});
  CHECK(c.extended_key_usage.kept == texts{"serverAuth", "clientAuth", "1.2.3.4.5"});
  CHECK(c.subject_key_id == "0102ab");
  CHECK(c.names.dns.kept == texts{"leaf.example", "*.leaf.example"});
  CHECK(c.names.addresses.kept == texts{"203.0.113.1", "2001:db8::1"});
  CHECK(c.names.emails.kept == texts{"a@leaf.example"});
  CHECK(c.names.uris.kept == texts{"https://leaf.example/"});
  CHECK(c.names.others.kept == texts{"rid:1.2.3"});
  CHECK(c.permitted_names.kept == texts{"dns:example"});
  CHECK(c.excluded_names.kept == texts{"ip:10.0.0.0/8"});
  CHECK(c.policies.kept == texts{"2.23.140.1.2.2", "1.2.3.4"});
  CHECK(c.validation_level == "OV");
  CHECK(c.ocsp_urls.kept == texts{"http://ocsp.example/"});
  CHECK(c.issuer_urls.kept == texts{"http://ca.example/"});
  CHECK(c.crl_urls.kept == texts{"http://crl.example/a.crl"});
  CHECK(c.must_staple);
  CHECK(c.other_extensions.kept == texts{"1.2.3.4.5"});
  CHECK(c.other_critical_extensions.kept == texts{"1.2.3.4.5"});
  CHECK(c.flags.wildcard);
  CHECK(!c.flags.self_signed);
  CHECK(!c.flags.weak_key);
  CHECK(!c.flags.weak_signature);
  CHECK(!c.flags.no_san);
  CHECK(!c.flags.negative_serial);
  CHECK(!c.flags.non_dce_der);
}

TEST_CASE("the digests equal those of OpenSSL") {
  auto der = make_self_signed({.key = key_kind::rsa_2048});
  auto ours = parse(der);
  auto theirs = test::view_by_openssl(der);
  REQUIRE(theirs);
  CHECK(ours.md5 == theirs->md5);
  CHECK(ours.sha1 == theirs->sha1);
  CHECK(ours.sha256 == theirs->sha256);
  CHECK(ours.tbs_sha256 == theirs->tbs_sha256);
  CHECK(ours.key.spki_sha256 == theirs->spki_sha256);
  CHECK(ours.key.spki_sha256 == to_hex(sha256(test::signing_key::of(key_kind::rsa_2048).spki())));
}

TEST_CASE("bytes that are not a certificate are still hashed") {
  for (const std::string& bytes : {std::string(), std::string("-----BEGIN CERTIFICATE-----"),
                                   from_hex("3000"), make_self_signed({}).substr(0, 200)}) {
    auto c = parse(bytes);
    CHECK(c.status == parse_status::unparsable);
    CHECK(c.sha256 == to_hex(sha256(bytes)));
    CHECK(c.md5.size() == 32);
    CHECK(c.sha1.size() == 40);
    CHECK(c.problems.kept == texts{"it is not a certificate"});
  }
}

TEST_CASE("a certificate above the size limit is hashed and not parsed") {
  auto der = make_self_signed({});
  CHECK(parse(der, {.bytes = der.size()}).status == parse_status::parsed);
  auto c = parse(der, {.bytes = der.size() - 1});
  CHECK(c.status == parse_status::unparsable);
  CHECK(c.sha256 == to_hex(sha256(der)));
  CHECK(c.subject.text.empty());
}

TEST_CASE("a certificate counts as self-signed if its own key verifies it") {
  for (auto kind : {key_kind::rsa_2048, key_kind::p256, key_kind::ed25519}) {
    auto der = make_self_signed({.key = kind});
    CHECK(parse(der).flags.self_signed);
    der.back() = static_cast<char>(der.back() ^ 1);
    CHECK(!parse(der).flags.self_signed);
  }
  test::recipe self_issued = {.key = key_kind::p256, .issuer_key = key_kind::p384};
  self_issued.issuer = self_issued.subject;
  CHECK(!parse(make_certificate(self_issued)).flags.self_signed);
  test::recipe two_names = {
      .key = key_kind::p256,
      .issuer_key = key_kind::p256,
      .extensions = {{"subjectKeyIdentifier", "hash"}, {"authorityKeyIdentifier", "keyid:always"}}};
  CHECK(parse(make_certificate(two_names)).flags.self_signed);
}

TEST_CASE("a key that is too large to verify with is not used") {
  test::hand_made made;
  made.subject = made.issuer;
  auto modulus = std::string(1, '\0') + std::string(4096, '\xFF');
  auto numbers = sequence({tlv(der::integer, modulus), tlv(der::integer, from_hex("03"))});
  made.key = sequence({sequence({test::oid("1.2.840.113549.1.1.1"), from_hex("0500")}),
                       tlv(der::bit_string, std::string(1, '\0') + numbers)});
  auto c = parse(made.der());
  CHECK(c.status == parse_status::parsed);
  CHECK(c.key.bits == 32'768);
  CHECK(!c.flags.self_signed);
}

TEST_CASE("key types and sizes are read") {
  CHECK(parse(make_self_signed({.key = key_kind::rsa_2048})).key.bits == 2048);
  CHECK(parse(make_self_signed({.key = key_kind::rsa_2048})).key.type == "RSA");
  CHECK(parse(make_self_signed({.key = key_kind::p384})).key.curve == "secp384r1");
  auto edwards = parse(make_self_signed({.key = key_kind::ed25519}));
  CHECK(edwards.key.type == "Ed25519");
  CHECK(edwards.key.bits == 256);
  CHECK(edwards.signature.name == "Ed25519");
  CHECK(edwards.signature.hash.empty());
  auto ec = [](const std::string& parameters) {
    return key_of(sequence({test::oid("1.2.840.10045.2.1"), parameters}), "");
  };
  CHECK(ec(test::oid("1.3.132.0.33")).bits == 224);
  CHECK(ec(test::oid("1.2.3")).curve == "1.2.3");
  CHECK(ec(test::oid("1.2.3")).bits == 0);
  auto field = sequence({test::oid("1.2.840.10045.1.1"), tlv(der::integer, from_hex("00FFFF"))});
  CHECK(ec(sequence({tlv(der::integer, "\x01"), field})).curve == "explicit");
  CHECK(ec(sequence({tlv(der::integer, "\x01"), field})).bits == 16);
  auto group = sequence({tlv(der::integer, from_hex("00") + std::string(128, '\xFF'))});
  CHECK(key_of(sequence({test::oid("1.2.840.10040.4.1"), group}), "").type == "DSA");
  CHECK(key_of(sequence({test::oid("1.2.840.10040.4.1"), group}), "").bits == 1024);
  CHECK(key_of(sequence({test::oid("1.2.3")}), "").type == "1.2.3");
}

TEST_CASE("weak keys and weak signatures are flagged") {
  auto small = parse(make_self_signed({.key = key_kind::rsa_1024, .digest = "SHA1"}));
  CHECK(small.flags.weak_key);
  CHECK(small.flags.weak_signature);
  CHECK(small.flags.sha1);
  CHECK(small.signature.name == "sha1WithRSAEncryption");
  auto md5 = parse(make_self_signed({.key = key_kind::rsa_2048, .digest = "MD5"}));
  CHECK(!md5.flags.weak_key);
  CHECK(md5.flags.weak_signature);
  CHECK(!md5.flags.sha1);
  auto weak = [](std::string_view type, std::uint32_t bits, std::string_view id) {
    test::hand_made made;
    auto parameters = type == "1.2.840.10045.2.1" ? test::oid(id) : std::string();
    auto modulus = std::string(1, '\0') + std::string(bits / 8, '\xFF');
    auto numbers = sequence({tlv(der::integer, modulus), tlv(der::integer, "\x03")});
    made.key = sequence({sequence({test::oid(type), parameters}),
                         tlv(der::bit_string, std::string(1, '\0') + numbers)});
    return parse(made.der()).flags.weak_key;
  };
  CHECK(weak("1.2.840.113549.1.1.1", 2040, ""));
  CHECK(!weak("1.2.840.113549.1.1.1", 2048, ""));
  CHECK(weak("1.2.840.10045.2.1", 0, "1.2.840.10045.3.1.1"));
  CHECK(!weak("1.2.840.10045.2.1", 0, "1.3.132.0.33"));
  CHECK(!weak("1.2.840.10045.2.1", 0, "1.2.3"));
  CHECK(weak("1.2.840.10040.4.1", 0, ""));
  CHECK(!weak("1.2.3", 0, ""));
}

TEST_CASE("the hash of RSASSA-PSS comes from its parameters") {
  auto sha384 =
      sequence({tlv(der::context_constructed(0), sequence({test::oid("2.16.840.1.101.3.4.2.2")}))});
  CHECK(pss(sha384).name == "rsassaPss");
  CHECK(pss(sha384).hash == "sha384");
  CHECK(pss(sequence({})).hash == "sha1");
  CHECK(pss("").hash.empty());
}

TEST_CASE("serial numbers are read in every form") {
  auto serial = [](std::string_view digits) {
    test::hand_made made;
    made.serial = tlv(der::integer, from_hex(digits));
    return parse(made.der());
  };
  CHECK(serial("00").serial == "00");
  CHECK(serial("7F").serial == "7f");
  CHECK(serial("0080").serial == "80");
  CHECK(!serial("0080").flags.negative_serial);
  CHECK(serial("80").serial == "-80");
  CHECK(serial("80").flags.negative_serial);
  CHECK(serial("FF").serial == "-01");
  CHECK(serial("FF00").serial == "-0100");
  CHECK(serial("0001").serial == "01");
  CHECK(serial("0001").flags.non_dce_der);
  CHECK(serial("").status == parse_status::partial);
  CHECK(serial("").problems.kept == texts{"the serial number cannot be decoded"});
}

TEST_CASE("versions are read, and an invalid version is reported") {
  auto version = [](const std::string& element) {
    test::hand_made made;
    made.version = element;
    return parse(made.der());
  };
  auto numbered = [&](std::string_view digits) {
    return version(tlv(der::context_constructed(0), tlv(der::integer, from_hex(digits))));
  };
  CHECK(version("").version == 1);
  CHECK(numbered("01").version == 2);
  CHECK(numbered("02").version == 3);
  CHECK(numbered("00").version == 1);
  CHECK(numbered("00").flags.non_dce_der);
  CHECK(numbered("03").status == parse_status::partial);
  CHECK(numbered("FF").status == parse_status::partial);
}

TEST_CASE("a NUL in a name is visible, and the text after it is kept") {
  using namespace std::string_literals;
  test::hand_made made;
  made.subject = test::name({{"2.5.4.3", der::utf8_string, "good.example\0.bad"s}});
  auto names = sequence({tlv(der::context(2), "good.example\0.bad"s)});
  made.extensions = {test::extension("2.5.29.17", names)};
  auto c = parse(made.der());
  CHECK(c.status == parse_status::parsed);
  CHECK(c.subject.text == "CN=good.example\\00.bad");
  CHECK(c.names.dns.kept == texts{"good.example\\00.bad"});
}

TEST_CASE("parts that cannot be decoded make a certificate partial, and the other parts are read") {
  test::hand_made made;
  made.validity = sequence({tlv(der::utc_time, "never"), tlv(der::utc_time, "261231235959Z")});
  made.subject = sequence({from_hex("0500")});
  made.key = sequence({from_hex("0500")});
  made.algorithm = sequence({});
  made.extensions = {test::extension("2.5.29.19", "?"),
                     test::extension("2.5.29.14", from_hex("0401 05"))};
  auto c = parse(made.der());
  CHECK(c.status == parse_status::partial);
  CHECK(c.problems.kept == texts{"the subject cannot be decoded", "the validity cannot be decoded",
                                 "the public key cannot be decoded",
                                 "the signature algorithm cannot be decoded",
                                 "the basic constraints cannot be decoded"});
  CHECK(c.issuer.text == "CN=issuer");
  CHECK(c.not_before.empty());
  CHECK(c.not_after == "2026-12-31T23:59:59Z");
  CHECK(c.subject_key_id == "05");
}

TEST_CASE("a certificate with a missing mandatory part is unparsable") {
  for (auto missing :
       {&test::hand_made::serial, &test::hand_made::algorithm, &test::hand_made::issuer,
        &test::hand_made::validity, &test::hand_made::key}) {
    test::hand_made made;
    made.*missing = from_hex("0500");
    CHECK(parse(made.der()).status == parse_status::unparsable);
  }
}

TEST_CASE("a certificate without alternative names is flagged") {
  test::hand_made made;
  CHECK(parse(made.der()).flags.no_san);
  made.extensions = {test::extension("2.5.29.17", sequence({}))};
  CHECK(parse(made.der()).flags.no_san);
  made.extensions = {test::extension("2.5.29.17", sequence({tlv(der::context(2), "a.example")}))};
  CHECK(!parse(made.der()).flags.no_san);
  CHECK(!parse(made.der()).flags.wildcard);
}

TEST_CASE("bytes after the certificate are flagged, and the certificate is read") {
  auto c = parse(make_self_signed({}) + "x");
  CHECK(c.status == parse_status::partial);
  CHECK(c.problems.kept == texts{"there are more bytes than the certificate has"});
  CHECK(c.flags.non_dce_der);
  CHECK(c.subject.text == "CN=leaf.example,O=Sonde,C=AT");
}

TEST_CASE("unique identifiers are skipped") {
  test::hand_made made;
  made.key += tlv(der::context(1), from_hex("00AA")) + tlv(der::context(2), from_hex("00BB"));
  made.extensions = {test::extension("2.5.29.19", from_hex("3003 0101FF"))};
  auto c = parse(made.der());
  CHECK(c.status == parse_status::parsed);
  CHECK(c.constraints->ca);
}

TEST_CASE("dates up to the year 9999 are read") {
  auto c =
      parse(make_self_signed({.not_before = "19500101000000Z", .not_after = "99991231235959Z"}));
  CHECK(c.not_before == "1950-01-01T00:00:00Z");
  CHECK(c.not_after == "9999-12-31T23:59:59Z");
  CHECK(c.validity_s == 254'033'452'799);
}

TEST_CASE("every parse status has a name") {
  CHECK(name_of(parse_status::parsed) == "parsed");
  CHECK(name_of(parse_status::partial) == "partial");
  CHECK(name_of(parse_status::unparsable) == "unparsable");
}

}  // namespace sonde::tls
