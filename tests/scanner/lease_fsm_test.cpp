#include "scanner/scheduler/lease_fsm.hpp"

#include "tests/support/doctest.hpp"

#include <functional>
#include <string>
#include <vector>

/// The state machine of one partition as tables: events, the actions they cause, and the state.
namespace sonde::scanner::lease_tables {
namespace {

using std::chrono::milliseconds;
using enum lease_action;

constexpr milliseconds patience{100};

steady_time at(int ms) {
  return steady_time(milliseconds(ms));
}

/// The state after a step.
enum class state { idle, held, conflict };

struct step {
  std::string event;  ///< for the message of a failure
  std::function<lease_action(lease_fsm&)> apply;
  lease_action expected;
  state after;
};

step assigned(state after) {
  return {"assigned", [](lease_fsm& its) { return its.assigned(); }, acquire, after};
}

step revoked(revocation how, lease_action expected, state after) {
  return {"revoked", [how](lease_fsm& its) { return its.revoked(how); }, expected, after};
}

step published(std::int64_t offset, lease_action expected, state after, int ms = 0) {
  return {"published " + std::to_string(offset),
          [=](lease_fsm& its) { return its.lease_published(offset, at(ms)); }, expected, after};
}

step failed(state after, int ms = 0) {
  return {"failed", [=](lease_fsm& its) { return its.lease_failed(at(ms)); }, none, after};
}

step seen(std::int64_t offset, const std::string& owner, lease_action expected, state after,
          int ms = 0) {
  return {"seen " + std::to_string(offset) + " of " + owner,
          [=](lease_fsm& its) { return its.lease_seen(offset, owner, at(ms)); }, expected, after};
}

step caught_up(std::int64_t offset, lease_action expected, state after) {
  return {"caught up " + std::to_string(offset),
          [=](lease_fsm& its) { return its.caught_up(offset); }, expected, after};
}

step wrote(std::uint64_t epoch, lease_action expected, state after) {
  return {"write with epoch " + std::to_string(epoch),
          [=](lease_fsm& its) { return its.write_seen(epoch); }, expected, after};
}

step tick(int ms, lease_action expected, state after) {
  return {"tick at " + std::to_string(ms), [=](lease_fsm& its) { return its.tick(at(ms)); },
          expected, after};
}

state state_of_lease(const lease_fsm& its) {
  if (its.in_conflict()) return state::conflict;
  return its.holds() ? state::held : state::idle;
}

void run(const std::vector<step>& steps) {
  lease_fsm its("me", patience);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CAPTURE(i);
    CAPTURE(steps[i].event);
    auto action = steps[i].apply(its);
    CHECK(std::string(name_of(action)) == name_of(steps[i].expected));
    CHECK(state_of_lease(its) == steps[i].after);
  }
}

/// The steps that lead to the lease at offset 5, and `more`.
std::vector<step> held_at_5(std::vector<step> more) {
  std::vector<step> out{assigned(state::idle), published(5, none, state::idle),
                        seen(5, "me", fold, state::idle), caught_up(5, hold, state::held)};
  for (auto& each : more)
    out.push_back(std::move(each));
  return out;
}

}  // namespace

TEST_CASE("an assigned partition is leased, and held once the view shows all earlier records") {
  SUBCASE("the acknowledgement comes before the record") {
    run(held_at_5({}));
  }
  SUBCASE("the record comes before the acknowledgement") {
    run({assigned(state::idle), seen(5, "me", none, state::idle), published(5, fold, state::idle),
         caught_up(5, hold, state::held)});
  }
  SUBCASE("an earlier lease of another process changes nothing") {
    run({assigned(state::idle), seen(4, "other", none, state::idle),
         published(5, none, state::idle), seen(5, "me", fold, state::idle),
         caught_up(5, hold, state::held)});
  }
  SUBCASE("a lease record that was stored twice counts once") {
    run(held_at_5({seen(6, "me", none, state::held), wrote(6, none, state::held)}));
  }
}

TEST_CASE("a later lease of another process wins") {
  SUBCASE("before the own one is read back") {
    run({assigned(state::idle), seen(5, "me", none, state::idle),
         seen(6, "other", none, state::idle), published(5, none, state::conflict)});
    run({assigned(state::idle), published(5, none, state::idle),
         seen(6, "other", none, state::conflict)});
  }
  SUBCASE("while the view catches up") {
    run({assigned(state::idle), published(5, none, state::idle), seen(5, "me", fold, state::idle),
         seen(6, "other", none, state::conflict), caught_up(5, none, state::conflict)});
  }
  SUBCASE("while the lease is held") {
    run(held_at_5({seen(6, "other", release, state::conflict)}));
  }
  SUBCASE("an old record that is read again does not") {
    run(held_at_5({seen(4, "other", none, state::held), seen(5, "other", none, state::held)}));
  }
}

TEST_CASE("a conflict ends with a new lease after the patience") {
  auto in_conflict = [](std::vector<step> more) {
    auto out = held_at_5({seen(6, "other", release, state::conflict, 1'000)});
    for (auto& each : more)
      out.push_back(std::move(each));
    return out;
  };
  SUBCASE("once at a time") {
    run(in_conflict({tick(1'099, none, state::conflict), tick(1'100, acquire, state::conflict),
                     tick(5'000, none, state::conflict), published(7, none, state::conflict),
                     seen(7, "me", fold, state::conflict), tick(5'000, none, state::conflict),
                     caught_up(7, hold, state::held), tick(9'000, none, state::held)}));
  }
  SUBCASE("unless another lease follows: then the patience begins again") {
    run(in_conflict({tick(1'100, acquire, state::conflict),
                     published(7, none, state::conflict, 1'200),
                     seen(8, "other", none, state::conflict, 1'250),
                     tick(1'300, none, state::conflict), tick(1'350, acquire, state::conflict)}));
  }
  SUBCASE("unless the lease cannot be written: then the patience begins again") {
    run(in_conflict({tick(1'100, acquire, state::conflict), failed(state::conflict, 1'200),
                     tick(1'250, none, state::conflict), tick(1'300, acquire, state::conflict)}));
  }
  SUBCASE("not if the group takes the partition away") {
    run(in_conflict(
        {revoked(revocation::announced, none, state::idle), tick(9'000, none, state::idle)}));
    run(in_conflict({tick(1'100, acquire, state::conflict),
                     revoked(revocation::announced, none, state::idle),
                     published(7, none, state::idle), seen(7, "me", none, state::idle)}));
  }
}

TEST_CASE("a lease outlives an announced revocation, until another process takes it") {
  SUBCASE("the partition comes back") {
    run(held_at_5({revoked(revocation::announced, none, state::held), assigned(state::held),
                   published(6, none, state::held), seen(6, "me", fold, state::held),
                   caught_up(6, hold, state::held)}));
  }
  SUBCASE("another process takes it") {
    run(held_at_5({revoked(revocation::announced, none, state::held),
                   seen(6, "other", release, state::idle), tick(9'000, none, state::idle)}));
  }
  SUBCASE("a lost partition is released at once") {
    run(held_at_5({revoked(revocation::lost, release, state::idle)}));
  }
  SUBCASE("a revocation while the view catches up ends the acquisition") {
    run({assigned(state::idle), published(5, none, state::idle), seen(5, "me", fold, state::idle),
         revoked(revocation::announced, none, state::idle), caught_up(5, none, state::idle)});
    run({assigned(state::idle), published(5, none, state::idle), seen(5, "me", fold, state::idle),
         revoked(revocation::lost, release, state::idle), caught_up(5, none, state::idle)});
  }
}

TEST_CASE("a repeated assignment leases again, and the newest lease counts") {
  SUBCASE("two acquisitions at once") {
    run({assigned(state::idle), assigned(state::idle), published(5, none, state::idle),
         seen(5, "me", fold, state::idle), seen(6, "me", none, state::idle),
         published(6, fold, state::idle), caught_up(5, none, state::idle),
         caught_up(6, hold, state::held)});
  }
  SUBCASE("acknowledged after both were read") {
    run({assigned(state::idle), assigned(state::idle), seen(5, "me", none, state::idle),
         seen(6, "me", none, state::idle), published(5, fold, state::idle),
         published(6, none, state::idle), caught_up(6, hold, state::held)});
  }
  SUBCASE("another process in between ends the runs, and the new lease needs no patience") {
    run(held_at_5({assigned(state::held), seen(6, "other", release, state::idle),
                   published(7, none, state::idle), seen(7, "me", fold, state::idle),
                   caught_up(7, hold, state::held)}));
  }
}

TEST_CASE("what a fenced owner writes after a lease is written again") {
  SUBCASE("while the lease is held") {
    run(held_at_5({wrote(6, none, state::held), wrote(3, rewrite, state::held)}));
  }
  SUBCASE("while the view catches up: after the lease is held") {
    run({assigned(state::idle), published(5, none, state::idle), wrote(3, none, state::idle),
         seen(5, "me", fold, state::idle), wrote(3, rewrite_after_hold, state::idle)});
  }
  SUBCASE("during a conflict: after the lease is held again") {
    run(held_at_5({seen(8, "other", release, state::conflict), wrote(9, none, state::conflict),
                   wrote(3, rewrite_after_hold, state::conflict)}));
  }
  SUBCASE("not by a process without the partition") {
    run(held_at_5({revoked(revocation::announced, none, state::held),
                   seen(8, "other", release, state::idle), wrote(3, none, state::idle)}));
  }
  SUBCASE("an own record of the lease before is no news during the acquisition") {
    run(held_at_5({assigned(state::held), published(7, none, state::held),
                   seen(7, "me", fold, state::held), wrote(6, none, state::held),
                   wrote(3, rewrite, state::held), caught_up(7, hold, state::held)}));
  }
}

}  // namespace sonde::scanner::lease_tables
