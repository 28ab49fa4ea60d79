#include "ingest/http/waiting_requests.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

struct noted_wait final : long_wait {
  void begin() override { ++begun; }
  void end() override { ++ended; }
  [[nodiscard]] bool closed() const override { return false; }
  int begun = 0;
  int ended = 0;
};

http_request of(std::string key, std::string user, long_wait* connection = nullptr) {
  http_request out;
  out.who.rate_id = std::move(key);
  out.who.user_id = std::move(user);
  out.wait = connection;
  return out;
}

}  // namespace

TEST_CASE("waiting requests are limited per key, and per user of a gateway") {
  waiting_requests waiting(2);
  auto first = waiting.enter(of("one", "ada"));
  auto second = waiting.enter(of("one", "ada"));
  CHECK(first);
  CHECK(second);
  CHECK(!waiting.enter(of("one", "ada")));
  auto other = waiting.enter(of("two", "ada"));
  CHECK(other);
  auto user = waiting.enter(of("", "ada"));
  CHECK(user);
  second.reset();
  CHECK(waiting.enter(of("one", "ada")));
}

TEST_CASE("the connection is marked as waiting while its request waits") {
  waiting_requests waiting(1);
  noted_wait connection;
  {
    auto place = waiting.enter(of("one", "ada", &connection));
    CHECK(connection.begun == 1);
    noted_wait another;
    CHECK(!waiting.enter(of("one", "ada", &another)));
    CHECK(another.begun == 0);
    CHECK(connection.ended == 0);
  }
  CHECK(connection.ended == 1);
}

}  // namespace sonde::ingest
