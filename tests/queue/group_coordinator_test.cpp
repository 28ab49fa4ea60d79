#include "queue/local/group_coordinator.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::queue::local {
namespace {

using news = group_coordinator::news;

}  // namespace

TEST_CASE("a single member gets all logs at once") {
  group_coordinator group({0, 1, 2});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.owned(a) == std::vector<log_index>{0, 1, 2});
  CHECK(group.poll(a) == news::nothing);
  CHECK(group.owns(a, 2));
}

TEST_CASE("no log is assigned before every member has released its logs") {
  group_coordinator group({0, 1, 2});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  auto b = group.join();
  CHECK(group.poll(b) == news::wait);
  CHECK(group.poll(a) == news::revoked);
  CHECK(group.owns(a, 0));  // a commit is still allowed
  CHECK(group.poll(b) == news::wait);
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() + group.owned(b).size() == 3);
  for (auto log : group.owned(a))
    CHECK(!group.owns(b, log));
}

TEST_CASE("a poll that changes nothing wakes no other member") {
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

TEST_CASE("a member that leaves during a revocation does not block the others") {
  group_coordinator group({0, 1});
  auto a = group.join();
  CHECK(group.poll(a) == news::assigned);
  auto b = group.join();
  CHECK(group.poll(a) == news::revoked);
  group.leave(a);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(b).size() == 2);
}

TEST_CASE("an assignment that its member has not polled is reassigned without a revocation") {
  group_coordinator group({0, 1});
  auto a = group.join();
  auto b = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() == 1);
}

TEST_CASE("with more members than logs, the surplus members receive an empty assignment") {
  group_coordinator group({0});
  auto a = group.join();
  auto b = group.join();
  CHECK(group.poll(a) == news::assigned);
  CHECK(group.poll(b) == news::assigned);
  CHECK(group.owned(a).size() + group.owned(b).size() == 1);
}

}  // namespace sonde::queue::local
