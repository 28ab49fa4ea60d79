#include "ingest/http/byte_budget.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {

TEST_CASE("every byte counts, and released bytes can be held again") {
  byte_budget budget(100, 100);
  byte_budget::hold one(budget);
  CHECK(one.set("ada", 60));
  CHECK(one.set("ada", 100));
  CHECK(!one.set("ada", 101));
  CHECK(one.bytes() == 100);
  byte_budget::hold other(budget);
  CHECK(!other.set("ben", 1));
  CHECK(other.set("ben", 0));
  CHECK(one.set("ada", 99));
  CHECK(other.set("ben", 1));
  one.release();
  CHECK(budget.held() == 1);
  {
    byte_budget::hold third(budget);
    CHECK(third.set("ada", 99));
  }
  CHECK(budget.held() == 1);
}

TEST_CASE("one caller is limited to a share of the whole, however many requests it sends") {
  byte_budget budget(100, 50);
  byte_budget::hold first(budget);
  byte_budget::hold second(budget);
  byte_budget::hold third(budget);
  CHECK(first.set("ada", 30));
  CHECK(!second.set("ada", 21));
  CHECK(second.set("ada", 20));
  CHECK(!budget.has_room("ada", 1));
  CHECK(budget.has_room("ben", 50));
  CHECK(!budget.has_room("ben", 51));
  CHECK(third.set("ben", 50));
  CHECK(!budget.has_room("cy", 1));
  first.release();
  CHECK(budget.has_room("cy", 30));
}

TEST_CASE("large requests are limited to a share of the whole") {
  byte_budget budget(100, 100);
  byte_budget::hold large(budget);
  CHECK(large.set("ada", 75, 75));
  CHECK(!large.set("ada", 76, 75));
  byte_budget::hold small(budget);
  CHECK(!small.set("ada", 10, 75));
  CHECK(small.set("ada", 10));
}

TEST_CASE("a share of more than 100 percent is 100 percent") {
  byte_budget budget(100, 1000);
  CHECK(budget.has_room("ada", 100, 1000));
  CHECK(!budget.has_room("ada", 101, 1000));
}

}  // namespace sonde::ingest
