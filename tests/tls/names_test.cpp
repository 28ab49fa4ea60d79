#include "tls/names.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tls/der.hpp"
#include "tls/general_names.hpp"

namespace sonde::tls {
namespace {

using namespace std::string_literals;
using test::from_hex;
using test::oid;
using test::sequence;
using test::tlv;

/// `whole` is a Name with its identifier and length.
distinguished_name read(const std::string& whole, bool expect_sound, std::size_t most = 100) {
  distinguished_name out;
  CHECK(read_name(der::only(whole, der::sequence)->content, most, out) == expect_sound);
  return out;
}

general_names read_names(const std::string& content, bool expect_sound) {
  general_names out;
  CHECK(read_general_names(content, 100, out) == expect_sound);
  return out;
}

}  // namespace

TEST_CASE("the text of a name starts with its most specific part") {
  auto n = read(test::name({{"2.5.4.6", der::printable_string, "AT"},
                            {"2.5.4.10", der::utf8_string, "Sonde, Inc."},
                            {"2.5.4.3", der::bmp_string, from_hex("0061 00E4")}}),
                true);
  CHECK(n.text == "CN=aä,O=Sonde\\, Inc.,C=AT");
  CHECK(n.parts.kept == std::vector<std::string>{"CN=aä", "O=Sonde\\, Inc.", "C=AT"});
}

TEST_CASE("a NUL in a name is visible and does not truncate the name") {
  auto n = read(test::name({{"2.5.4.3", der::utf8_string, "good.example\0.bad.example"s}}), true);
  CHECK(n.text == "CN=good.example\\00.bad.example");
}

TEST_CASE(
    "attribute types without a name are dotted, and values that are not text are hexadecimal") {
  auto n = read(test::name({{"1.2.3", der::utf8_string, "a"}, {"2.5.4.3", der::octet_string, "b"}}),
                true);
  CHECK(n.text == "CN=#040162,1.2.3=#0c0161");
}

TEST_CASE("an RDN with several attributes is one part") {
  auto two = tlv(der::set, sequence({oid("2.5.4.3"), tlv(der::utf8_string, "a")}) +
                               sequence({oid("2.5.4.11"), tlv(der::utf8_string, "b")}));
  auto n = read(sequence({two}), true);
  CHECK(n.text == "CN=a+OU=b");
  CHECK(n.parts.total == 1);
}

TEST_CASE("an empty name is valid") {
  CHECK(read(sequence({}), true).text.empty());
}

TEST_CASE("a malformed part does not affect the other parts") {
  auto good = tlv(der::set, sequence({oid("2.5.4.3"), tlv(der::utf8_string, "a")}));
  auto no_value = tlv(der::set, sequence({oid("2.5.4.3")}));
  CHECK(read(sequence({no_value, good}), false).text == "CN=a");
  CHECK(read(sequence({tlv(der::set, ""), good}), false).text == "CN=a");
  CHECK(read(sequence({good, from_hex("0500")}), false).text == "CN=a");
}

TEST_CASE("the parts of a name are limited and counted, and its text is complete") {
  auto n =
      read(test::name({{"2.5.4.10", der::utf8_string, "a"}, {"2.5.4.3", der::utf8_string, "b"}}),
           true, 1);
  CHECK(n.parts.kept == std::vector<std::string>{"CN=b"});
  CHECK(n.parts.total == 2);
  CHECK(n.parts.truncated());
  CHECK(n.text == "CN=b,O=a");
}

TEST_CASE("every kind of general name is read") {
  auto principal = oid("1.3.6.1.4.1.311.20.2.3") +
                   tlv(der::context_constructed(0), tlv(der::utf8_string, "u@example.com"));
  auto directory = test::name({{"2.5.4.3", der::utf8_string, "a"}});
  auto n =
      read_names(tlv(der::context(2), "*.example.com") + tlv(der::context(1), "a@example.com") +
                     tlv(der::context(6), "https://example.com/") +
                     tlv(der::context(7), from_hex("CB007101")) +
                     tlv(der::context(7), from_hex("20010DB8000000000000000000000001")) +
                     tlv(der::context(8), der::only(oid("1.2.3"), 6)->content) +
                     tlv(der::context_constructed(4), directory) +
                     tlv(der::context_constructed(0), principal) +
                     tlv(der::context_constructed(3), "x") + tlv(der::context_constructed(5), "y"),
                 true);
  CHECK(n.dns.kept == std::vector<std::string>{"*.example.com"});
  CHECK(n.emails.kept == std::vector<std::string>{"a@example.com"});
  CHECK(n.uris.kept == std::vector<std::string>{"https://example.com/"});
  CHECK(n.addresses.kept == std::vector<std::string>{"203.0.113.1", "2001:db8::1"});
  CHECK(n.others.kept == std::vector<std::string>{"rid:1.2.3", "dirName:CN=a",
                                                  "otherName:1.3.6.1.4.1.311.20.2.3=u@example.com",
                                                  "x400Address:#78", "ediPartyName:#79"});
  CHECK(n.total() == 10);
}

TEST_CASE("a malformed general name does not affect the others") {
  auto n = read_names(
      tlv(der::context(7), "abcde") + tlv(der::context(9), "") + tlv(der::context(2), "a\0\xFF"s),
      false);
  CHECK(n.addresses.total == 0);
  CHECK(n.dns.kept == std::vector<std::string>{"a\\00�"});
  CHECK(read_names(tlv(der::context(2), "a") + "\x82", false).dns.total == 1);
}

TEST_CASE("the networks of name constraints are read") {
  auto text = [](std::string_view digits) {
    text_list out;
    bool sound = read_subtrees(sequence({tlv(der::context(7), from_hex(digits))}), 9, out);
    return sound ? out.kept.at(0) : "malformed";
  };
  CHECK(text("0A000000 FF000000") == "ip:10.0.0.0/8");
  CHECK(text("CB007101 FFFFFFFF") == "ip:203.0.113.1/32");
  CHECK(text("00000000 00000000") == "ip:0.0.0.0/0");
  CHECK(text("CB007100 FFFFFF80") == "ip:203.0.113.0/25");
  CHECK(text("0A000000 FF00FF00") == "ip:10.0.0.0/255.0.255.0");
  CHECK(text("0A000000 A0000000") == "ip:10.0.0.0/160.0.0.0");
  CHECK(text("20010DB8000000000000000000000000 FFFFFFFF000000000000000000000000") ==
        "ip:2001:db8::/32");
  CHECK(text("0A000000") == "malformed");
}

}  // namespace sonde::tls
