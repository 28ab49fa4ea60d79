#include "ingest/scans/scan_cursor.hpp"

#include "base/hash.hpp"
#include "ingest/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

const model::task_id some_id("44cf4073-edbf-83c7-8435-4e0d4cad3918");

views::list_place place_at(std::int64_t moment) {
  return {wall_time(std::chrono::milliseconds(moment)), some_id};
}

}  // namespace

TEST_CASE("a cursor decodes to its position, and is safe in a query") {
  for (std::int64_t moment : {0LL, 1LL, 1'795'361'213'402LL, 99'999'999'999'999LL}) {
    auto text = to_cursor(place_at(moment));
    CAPTURE(text);
    CHECK(text.size() == 68);
    CHECK(text.find_first_of("+/=") == std::string::npos);
    auto again = parse_cursor(text);
    REQUIRE(again);
    CHECK(*again == place_at(moment));
  }
}

TEST_CASE("an invalid cursor is refused with the remedy") {
  auto good = to_cursor(place_at(1'795'361'213'402));
  auto with = [](std::string plain) { return to_base64(plain); };
  auto moment = std::string("01795361213402");
  REQUIRE(parse_cursor(with("1" + moment + some_id.str())));
  const std::string cases[] = {"",
                               "x",
                               good + "A",
                               good.substr(1),
                               good + "\n",
                               std::string(10'000, 'A'),
                               with("2" + moment + some_id.str()),
                               with("1" + moment + std::string(36, 'x')),
                               with("1-1795361213402" + some_id.str()),
                               with("1-0000000000000" + some_id.str()),
                               with("1 1795361213402" + some_id.str())};
  for (const auto& each : cases) {
    auto read = parse_cursor(each);
    CAPTURE(each);
    REQUIRE(!read);
    CHECK(read.error().code == make_error_code(errc::invalid));
    CHECK(read.error().message().starts_with("cursor: is not from this server"));
  }
}

}  // namespace sonde::ingest
