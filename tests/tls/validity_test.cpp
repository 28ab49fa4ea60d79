#include "tls/validity.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tls/der.hpp"

namespace sonde::tls {
namespace {

using test::tlv;

/// The date that was read, or `none`.
std::string utc(std::string_view text) {
  certificate out;
  bool sound = read_validity(tlv(der::utc_time, text) + tlv(der::utc_time, text), out);
  CHECK(sound == !out.not_before.empty());
  return sound ? out.not_before : "none";
}

std::string generalized(std::string_view text) {
  certificate out;
  auto element = tlv(der::generalized_time, text);
  bool sound = read_validity(element + element, out);
  return sound ? out.not_after : "none";
}

certificate valid(std::string_view from, std::string_view until) {
  certificate out;
  REQUIRE(read_validity(tlv(der::generalized_time, from) + tlv(der::generalized_time, until), out));
  return out;
}

wall_time at(std::string_view text) {
  return *from_rfc3339(text);
}

}  // namespace

TEST_CASE("valid dates are read") {
  CHECK(utc("261122062941Z") == "2026-11-22T06:29:41Z");
  CHECK(utc("500101000000Z") == "1950-01-01T00:00:00Z");
  CHECK(utc("491231235959Z") == "2049-12-31T23:59:59Z");
  CHECK(utc("240229000000Z") == "2024-02-29T00:00:00Z");
  CHECK(utc("2601010000Z") == "2026-01-01T00:00:00Z");
  CHECK(utc("260101000000+0130") == "2025-12-31T22:30:00Z");
  CHECK(utc("251231233000-0100") == "2026-01-01T00:30:00Z");
  CHECK(generalized("99991231235959Z") == "9999-12-31T23:59:59Z");
  CHECK(generalized("00000101000000Z") == "0000-01-01T00:00:00Z");
  CHECK(generalized("19500101000000Z") == "1950-01-01T00:00:00Z");
  CHECK(generalized("20380119031408Z") == "2038-01-19T03:14:08Z");
}

TEST_CASE("invalid dates are rejected") {
  for (auto text :
       {"", "Z", "260101000000", "260230000000Z", "250229000000Z", "261301000000Z", "260100000000Z",
        "260101240000Z", "260101006000Z", "260101000060Z", "26010100000Z", "2601010000000Z",
        "260101000000z", "260101000000+01", "260101000000+2400", "260101000000+0160",
        "260101000000+01x0", "-60101000000Z"}) {
    CAPTURE(text);
    CHECK(utc(text) == "none");
  }
  CHECK(generalized("261122062941Z") == "none");
  CHECK(generalized("20260101000000.5Z") == "none");
  CHECK(generalized("99991231235959-0001") == "none");
  CHECK(generalized("00000101000000+0001") == "none");
  certificate out;
  CHECK(!read_validity("", out));
  CHECK(!read_validity(tlv(der::utf8_string, "260101000000Z") + tlv(der::utc_time, "260101000000Z"),
                       out));
  CHECK(out.not_before.empty());
  CHECK(out.not_after == "2026-01-01T00:00:00Z");
  CHECK(!out.validity_s);
}

TEST_CASE("the validity period is in seconds and may be negative") {
  CHECK(valid("20260101000000Z", "20261231235959Z").validity_s == 365 * 86'400 - 1);
  CHECK(valid("20260101000001Z", "20260101000000Z").validity_s == -1);
  CHECK(valid("00000101000000Z", "99991231235959Z").validity_s == 315'569'519'999);
}

TEST_CASE("a certificate is still valid at both ends of its period") {
  auto c = valid("20260101000000Z", "20261231235959Z");
  CHECK(is_not_yet_valid(c, at("2025-12-31T23:59:59.999Z")));
  CHECK(!is_not_yet_valid(c, at("2026-01-01T00:00:00.000Z")));
  CHECK(!is_expired(c, at("2026-12-31T23:59:59.999Z")));
  CHECK(is_expired(c, at("2027-01-01T00:00:00.000Z")));
  CHECK(!is_expired(valid("20260101000000Z", "99991231235959Z"), at("2400-01-01T00:00:00.000Z")));
  CHECK(!is_expired({}, at("2026-01-01T00:00:00.000Z")));
  CHECK(!is_not_yet_valid({}, at("2026-01-01T00:00:00.000Z")));
}

}  // namespace sonde::tls
