#include "ingest/http/http_date.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {

TEST_CASE("a date has the format of RFC 9110") {
  http_date date;
  CHECK(date.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(date.at(1'709'164'800) == "Thu, 29 Feb 2024 00:00:00 GMT");
  CHECK(date.at(4'102'444'799) == "Thu, 31 Dec 2099 23:59:59 GMT");
}

}  // namespace sonde::ingest
