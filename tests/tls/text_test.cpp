#include "tls/text.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tls/der.hpp"

namespace sonde::tls {

using namespace std::string_literals;
using test::from_hex;

TEST_CASE("each kind of ASN.1 string is decoded by its own rule") {
  CHECK(decode_string(der::utf8_string, "Gr\xC3\xBC\xC3\x9F") == "Grüß");
  CHECK(decode_string(der::printable_string, "Gr\xFC") == "Gr�");
  CHECK(decode_string(der::t61_string, "Gr\xFC\xDF") == "Grüß");
  CHECK(decode_string(der::t61_string, "Grüß") == "Grüß");
  CHECK(decode_string(der::bmp_string, from_hex("0047 00FC 20AC")) == "Gü€");
  CHECK(decode_string(der::bmp_string, from_hex("D834 DD1E")) == "𝄞");
  CHECK(decode_string(der::bmp_string, from_hex("D834 0041 DC00 D834")) == "�A��");
  CHECK(decode_string(der::bmp_string, from_hex("0041 42")) == "A�");
  CHECK(decode_string(der::universal_string, from_hex("0001D11E 00110000 0000D800 41")) == "𝄞���");
  CHECK(!decode_string(der::integer, "\x01"));
}

TEST_CASE("control characters are visible and unambiguous") {
  CHECK(visible("good.example\0.bad.example"s) == "good.example\\00.bad.example");
  CHECK(visible("\\00") == "\\\\00");
  CHECK(visible("\x1b[2J\x7f") == "\\1b[2J\\7f");
  CHECK(visible("a\xC2\x9B"
                "b") == "a\\c2\\9bb");
  CHECK(visible("ä") == "ä");
}

TEST_CASE("values are escaped as in RFC 4514") {
  CHECK(escaped_value("James \"Jim\" Smith, III") == "James \\\"Jim\\\" Smith\\, III");
  CHECK(escaped_value("Before\rAfter") == "Before\\0dAfter");
  CHECK(escaped_value(" a ") == "\\ a\\ ");
  CHECK(escaped_value(" ") == "\\ ");
  CHECK(escaped_value("  ") == "\\ \\ ");
  CHECK(escaped_value("#a#") == "\\#a#");
  CHECK(escaped_value("a+b<c>d;e=f") == "a\\+b\\<c\\>d\\;e=f");
  CHECK(escaped_value("Lučić") == "Lučić");
  CHECK(escaped_value("").empty());
}

}  // namespace sonde::tls
