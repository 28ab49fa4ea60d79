#include "tls/der.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tls/oid.hpp"

namespace sonde::tls::der {

using test::from_hex;
using test::tlv;

TEST_CASE("elements are read in sequence") {
  auto bytes = from_hex("0201 05 0500 0403 616263");
  reader elements(bytes);
  CHECK(!elements.next(octet_string));
  CHECK(elements.next(integer)->content == "\x05");
  CHECK(elements.next()->content.empty());
  auto last = elements.next();
  CHECK(last->tag == octet_string);
  CHECK(last->content == "abc");
  CHECK(last->whole == from_hex("0403 616263"));
  CHECK(elements.empty());
  CHECK(!elements.next());
}

TEST_CASE("lengths are read in every form") {
  CHECK(only(tlv(octet_string, std::string(127, 'x')), octet_string)->content.size() == 127);
  CHECK(only(tlv(octet_string, std::string(128, 'x')), octet_string)->content.size() == 128);
  CHECK(only(tlv(octet_string, std::string(70'000, 'x')), octet_string)->content.size() == 70'000);
  CHECK(only(from_hex("0484 00000001 61"), octet_string)->content == "a");
  CHECK(!only(from_hex("0485 0000000001 61"), octet_string));
  CHECK(!only(from_hex("0484 FFFFFFFF 61"), octet_string));
  CHECK(!only(from_hex("0402 61"), octet_string));
  CHECK(!only(from_hex("04"), octet_string));
  CHECK(!only(from_hex("0401 61 00"), octet_string));
}

TEST_CASE("the indefinite form is read, also when nested") {
  auto nested = from_hex("3080 3080 0201 05 0000 0201 06 0000");
  CHECK(only(nested, sequence)->content == from_hex("3080 0201 05 0000 0201 06"));
  CHECK(!only(from_hex("3080 0201 05"), sequence));
  CHECK(!only(from_hex("3080 0201 05 00"), sequence));
  CHECK(!only(from_hex("0480 0000"), octet_string));
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += from_hex("3080");
  CHECK(!reader(deep).next());
}

TEST_CASE("tag numbers above 30 are skipped") {
  auto bytes = from_hex("7F8101 01 61 0201 05");
  reader elements(bytes);
  CHECK(elements.next()->content == "a");
  CHECK(elements.next(integer)->content == "\x05");
  CHECK(!reader(from_hex("7FFFFF")).next());
}

TEST_CASE("integers are read") {
  CHECK(bit_length(from_hex("00")) == 0);
  CHECK(bit_length(from_hex("01")) == 1);
  CHECK(bit_length(from_hex("00FF")) == 8);
  CHECK(bit_length(from_hex("0100")) == 9);
  CHECK(to_uint32(from_hex("00FFFFFFFF")) == 0xFFFFFFFF);
  CHECK(to_uint32(from_hex("00")) == 0);
  CHECK(!to_uint32(from_hex("0100000000")));
  CHECK(!to_uint32(from_hex("FF")));
  CHECK(!to_uint32(""));
}

TEST_CASE("object identifiers are read") {
  auto text = [](std::string_view dots) { return dotted(only(test::oid(dots), 6)->content); };
  for (auto dots : {"0.0", "1.39", "2.5.4.3", "2.999.1", "1.2.840.113549.1.1.11",
                    "2.16.840.1.101.3.4.2.1", "1.2.18446744073709551615"}) {
    CHECK(text(dots) == dots);
  }
  CHECK(dotted("") == "#");
  CHECK(dotted(from_hex("2A 86")) == "#2a86");
  CHECK(dotted(from_hex("2A 83FFFFFFFFFFFFFFFF7F")) == "#2a83ffffffffffffffff7f");
}

TEST_CASE("encodings that DER forbids are detected") {
  for (auto digits : {"0101 FF", "0101 00", "0201 00", "0202 0080", "0202 FF7F", "0302 0780",
                      "0301 00", "0603 550403", "3000", "3003 0201 05", "3106 0201 01 0201 02",
                      "170D 3236303130313030303030305A", "1F1F00", "A003 0201 02", "8001 00"}) {
    CAPTURE(digits);
    CHECK(is_strict_der(from_hex(digits)));
  }
  for (auto digits : {"0101 01",
                      "0100",
                      "0200",
                      "0202 0001",
                      "0202 FFFF",
                      "0302 0781",
                      "0302 0800",
                      "0300",
                      "0301 01",
                      "0604 55048003",
                      "0602 5584",
                      "0600",
                      "3080 0000",
                      "308100",
                      "3081 03 0201 05",
                      "3106 0201 02 0201 01",
                      "170B 323630313031303030305A",
                      "1F1E00",
                      "1F801F00",
                      "3003 0202 05",
                      "2405 0403 616263",
                      "170D 3236303130313030303030302B",
                      "0201 05 00",
                      ""}) {
    CAPTURE(digits);
    CHECK(!is_strict_der(from_hex(digits)));
  }
  auto long_and_indefinite =
      from_hex("3080") + tlv(octet_string, std::string(300, 'x')) + from_hex("0000");
  CHECK(!is_strict_der(long_and_indefinite));
  std::string deep;
  for (int i = 0; i < 40; ++i)
    deep = tlv(sequence, deep);
  CHECK(!is_strict_der(deep));
}

}  // namespace sonde::tls::der
