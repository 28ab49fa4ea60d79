#include "tls/extensions.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tls/der.hpp"

namespace sonde::tls {
namespace {

using namespace std::string_literals;
using test::extension;
using test::from_hex;
using test::oid;
using test::sequence;
using test::tlv;

certificate read(const std::vector<std::string>& extensions, std::size_t most = 100) {
  std::string list;
  for (const auto& one : extensions)
    list += one;
  certificate out;
  read_extensions(list, {.names = most}, out);
  return out;
}

/// Reads one extension with a value that OpenSSL would not write.
certificate read_one(std::string_view id, const std::string& value) {
  return read({extension(id, value)});
}

std::string uri_name(std::string_view uri) {
  return tlv(der::context(6), uri);
}

}  // namespace

TEST_CASE("every bit of key usage is read") {
  auto usages = [](std::string_view digits) {
    std::string out;
    for (const auto& one : read_one("2.5.29.15", from_hex(digits)).key_usage)
      out += one + " ";
    return out;
  };
  CHECK(usages("030205A0") == "digitalSignature keyEncipherment ");
  CHECK(usages("03020106") == "keyCertSign cRLSign ");
  CHECK(usages("030307FF80") ==
        "digitalSignature nonRepudiation keyEncipherment dataEncipherment keyAgreement "
        "keyCertSign cRLSign encipherOnly decipherOnly ");
  CHECK(usages("030100") == "");
  CHECK(read_one("2.5.29.15", from_hex("0300")).problems.total == 1);
}

TEST_CASE("basic constraints are read") {
  auto constraints = [](std::string_view digits) {
    return read_one("2.5.29.19", from_hex(digits));
  };
  CHECK(!constraints("3000").constraints->ca);
  CHECK(constraints("3003 0101FF").constraints->ca);
  CHECK(!constraints("3003 010100").constraints->ca);
  CHECK(!constraints("3003 0101FF").constraints->path_length);
  CHECK(constraints("3006 0101FF 020100").constraints->path_length == 0);
  CHECK(constraints("3009 0101FF 0204 7FFFFFFF").constraints->path_length == 0x7FFFFFFF);
  CHECK(constraints("3006 0101FF 0201FF").problems.kept ==
        std::vector<std::string>{"the basic constraints cannot be decoded"});
  CHECK(constraints("3006 0101FF 0201FF").constraints->ca);
  CHECK(!read({}).constraints);
}

TEST_CASE("the validation level is the strictest of the policies") {
  auto level = [](std::initializer_list<std::string_view> ids) {
    std::string list;
    for (auto id : ids)
      list += sequence({oid(id)});
    return read_one("2.5.29.32", tlv(der::sequence, list)).validation_level;
  };
  CHECK(level({"2.23.140.1.1"}) == "EV");
  CHECK(level({"2.23.140.1.2.1"}) == "DV");
  CHECK(level({"2.23.140.1.2.2"}) == "OV");
  CHECK(level({"2.23.140.1.2.3"}) == "IV");
  CHECK(level({"2.23.140.1.2.1", "2.23.140.1.1", "1.2.3"}) == "EV");
  CHECK(level({"1.2.3"}).empty());
}

TEST_CASE("only a status_request feature makes the certificate must-staple") {
  CHECK(read_one("1.3.6.1.5.5.7.1.24", from_hex("3003 020105")).must_staple);
  CHECK(read_one("1.3.6.1.5.5.7.1.24", from_hex("3006 020111 020105")).must_staple);
  CHECK(!read_one("1.3.6.1.5.5.7.1.24", from_hex("3003 020111")).must_staple);
}

TEST_CASE("authority information access and CRL distribution points are read") {
  auto access = sequence({sequence({oid("1.3.6.1.5.5.7.48.1"), uri_name("http://o/")}),
                          sequence({oid("1.3.6.1.5.5.7.48.2"), uri_name("http://i/")}),
                          sequence({oid("1.3.6.1.5.5.7.48.3"), uri_name("http://x/")})});
  auto c = read_one("1.3.6.1.5.5.7.1.1", access);
  CHECK(c.ocsp_urls.kept == std::vector<std::string>{"http://o/"});
  CHECK(c.issuer_urls.kept == std::vector<std::string>{"http://i/"});
  auto point = [](const std::string& name) {
    return sequence({tlv(der::context_constructed(0), name)});
  };
  auto full = tlv(der::context_constructed(0), uri_name("http://a/") + uri_name("http://b/"));
  auto relative = tlv(der::context_constructed(1), "");
  auto crls = read_one("2.5.29.31", sequence({point(full), point(relative), sequence({})}));
  CHECK(crls.crl_urls.kept == std::vector<std::string>{"http://a/", "http://b/"});
  CHECK(crls.problems.total == 0);
}

TEST_CASE("SCTs yield the ids of their logs") {
  auto sct = "\0\x2F\0"s + std::string(32, 'L') + std::string(14, 's');
  auto c = read_one("1.3.6.1.4.1.11129.2.4.2", tlv(der::octet_string, "\0\x62"s + sct + sct));
  CHECK(c.problems.total == 0);
  CHECK(c.sct_logs.total == 2);
  CHECK(c.sct_logs.kept.at(0) == "TExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEw=");
  auto cut =
      read_one("1.3.6.1.4.1.11129.2.4.2", tlv(der::octet_string, "\0\x33"s + sct + "\0\x01"s));
  CHECK(cut.sct_logs.total == 1);
  CHECK(cut.problems.total == 1);
}

TEST_CASE("an authority key identifier may lack a key identifier") {
  CHECK(read_one("2.5.29.35", from_hex("3004 8002 ABCD")).authority_key_id == "abcd");
  CHECK(read_one("2.5.29.35", from_hex("3003 820105")).authority_key_id.empty());
}

TEST_CASE("unknown extensions are listed, and critical ones are listed separately") {
  auto c = read({extension("1.2.3", "anything"), extension("1.2.4", "", true)});
  CHECK(c.other_extensions.kept == std::vector<std::string>{"1.2.3", "1.2.4"});
  CHECK(c.other_critical_extensions.kept == std::vector<std::string>{"1.2.4"});
  CHECK(c.problems.total == 0);
}

TEST_CASE("a malformed extension does not affect the others") {
  auto c = read({extension("2.5.29.14", "nonsense"), test::sequence({oid("2.5.29.15")}),
                 extension("2.5.29.19", from_hex("3003 0101FF"))});
  CHECK(c.problems.kept == std::vector<std::string>{"the subject key identifier cannot be decoded",
                                                    "an extension cannot be decoded"});
  CHECK(c.constraints->ca);
  auto cut = read({extension("2.5.29.19", from_hex("3000")), from_hex("0500")});
  CHECK(cut.problems.kept == std::vector<std::string>{"the list of extensions cannot be decoded"});
  CHECK(cut.constraints);
}

TEST_CASE("the first of two equal extensions counts") {
  auto c = read(
      {extension("2.5.29.14", from_hex("0401 01")), extension("2.5.29.14", from_hex("0401 02"))});
  CHECK(c.subject_key_id == "01");
  CHECK(c.problems.kept == std::vector<std::string>{"there is a second subject key identifier"});
}

TEST_CASE("an explicitly encoded default is not DER") {
  auto said = sequence({oid("1.2.3"), from_hex("0101 00"), tlv(der::octet_string, "")});
  CHECK(read({said}).flags.non_dce_der);
  CHECK(read({said}).other_critical_extensions.total == 0);
  CHECK(!read({extension("1.2.3", "", true)}).flags.non_dce_der);
}

TEST_CASE("every list is limited and counted in full") {
  std::string names;
  std::vector<std::string> many;
  for (int i = 0; i < 50; ++i) {
    names += tlv(der::context(2), "host" + std::to_string(i) + ".example");
    many.push_back(extension("1.2." + std::to_string(i), ""));
  }
  many.push_back(extension("2.5.29.17", tlv(der::sequence, names)));
  auto c = read(many, 10);
  CHECK(c.names.dns.kept.size() == 10);
  CHECK(c.names.dns.total == 50);
  CHECK(c.names.dns.truncated());
  CHECK(c.other_extensions.kept.size() == 10);
  CHECK(c.other_extensions.total == 50);
}

}  // namespace sonde::tls
