#include "ingest/http/connection_registry.hpp"

#include "tests/support/doctest.hpp"

#include <memory>
#include <vector>

namespace sonde::ingest {
namespace {

/// Connections by number; each records its eviction.
struct registry_of_many {
  connection_registry::member& enter(const std::string& address = {}) {
    auto& who = *members.emplace_back(std::make_unique<connection_registry::member>());
    auto number = members.size() - 1;
    who.address = address;
    who.give_way = [this, number] { gone.push_back(number); };
    registry.enter(who);
    return who;
  }

  connection_registry registry;
  std::vector<std::unique_ptr<connection_registry::member>> members;
  std::vector<std::size_t> gone;
};

}  // namespace

TEST_CASE_FIXTURE(registry_of_many, "connections are evicted by their waiting time, each once") {
  for (int i = 0; i < 3; ++i)
    registry.begin_wait(enter(), i == 0 ? peer_wait::idle : peer_wait::in_request);
  registry.begin_wait(*members[0], peer_wait::in_request);
  CHECK(registry.make_room());
  CHECK(registry.make_room());
  CHECK(registry.make_room());
  CHECK(!registry.make_room());
  CHECK(gone == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE_FIXTURE(registry_of_many, "a connection that is being answered is not evicted") {
  auto& one = enter();
  enter();
  CHECK(!registry.make_room());
  {
    peers_turn turn(registry, one, peer_wait::idle);
    CHECK(registry.somebody_waits());
  }
  CHECK(!registry.somebody_waits());
  CHECK(!registry.make_room());
}

TEST_CASE_FIXTURE(registry_of_many,
                  "connections are counted by address until they leave or are evicted") {
  auto& one = enter("a");
  auto& two = enter("a");
  auto& other = enter("b");
  enter();
  CHECK(registry.of("a") == 2);
  CHECK(registry.of("b") == 1);
  CHECK(registry.of("") == 0);
  CHECK(!registry.make_room("a"));
  registry.begin_wait(other, peer_wait::in_request);
  registry.begin_wait(two, peer_wait::in_request);
  registry.begin_wait(one, peer_wait::idle);
  CHECK(registry.make_room("a"));
  CHECK(gone == std::vector<std::size_t>{1});
  CHECK(registry.of("a") == 1);
  registry.begin_wait(two, peer_wait::in_request);  // already being closed
  registry.leave(two);
  registry.leave(two);
  CHECK(registry.of("a") == 1);
  registry.leave(one);
  CHECK(registry.of("a") == 0);
  CHECK(!registry.make_room("a"));
  CHECK(registry.make_room());
  CHECK(gone == std::vector<std::size_t>{1, 2});
}

TEST_CASE_FIXTURE(registry_of_many, "only connections that have sent nothing are closed as idle") {
  registry.begin_wait(enter(), peer_wait::idle);
  registry.begin_wait(enter(), peer_wait::in_request);
  registry.begin_wait(enter("a"), peer_wait::idle);
  enter();
  registry.dismiss_idle();
  CHECK(gone == std::vector<std::size_t>{0, 2});
  CHECK(registry.make_room());
  CHECK(!registry.make_room());
}

}  // namespace sonde::ingest
