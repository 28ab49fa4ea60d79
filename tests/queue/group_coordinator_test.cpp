#include "queue/local/group_coordinator.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::queue::local {
namespace {

using news = group_coordinator::news;

}  // namespace

TEST_CASE("a lone member gets everything at once") {
  group_coordinator group({0, 1, 2});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.owned(a) == std::vector<log_index>{0, 1, 2});
  CHECK(group.poll(a) == news::nothing);
  CHECK(group.owns(a, 2));
}

TEST_CASE("nothing is dealt out before everybody has given back") {
  group_coordinator group({0, 1, 2});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  auto b = group.join();
  CHECK(group.poll(b) == news::wait);
  CHECK(group.poll(a) == news::revoked);
  CHECK(group.owns(a, 0));  // it may still commit
  CHECK(group.poll(b) == news::wait);
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() + group.owned(b).size() == 3);
  for (auto log : group.owned(a))
    CHECK(!group.owns(b, log));
}

TEST_CASE("a poll that brings nothing gives nobody a reason to wake") {
  group_coordinator group({0, 1, 2});
  auto a = group.join();
  auto b = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  auto before = group.changes();
  CHECK(group.poll(a) == news::nothing);
  CHECK(group.poll(b) == news::nothing);
  CHECK(group.changes() == before);
  group.leave(b);
  CHECK(group.changes() > before);
}

TEST_CASE("a member that leaves while it is giving back holds nobody up") {
  group_coordinator group({0, 1});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  auto b = group.join();
  CHECK(group.poll(a) == news::revoked);
  group.leave(a);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(b).size() == 2);
}

TEST_CASE("an assignment that was not heard of is dealt out anew without being given back") {
  group_coordinator group({0, 1});
  auto a = group.join();
  auto b = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() == 1);
}

TEST_CASE("more members than logs: some have none, and are told so") {
  group_coordinator group({0});
  auto a = group.join();
  auto b = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() + group.owned(b).size() == 1);
}

}  // namespace sonde::queue::local
