#include "model/scan/number_list.hpp"
#include "scanner/engine/sweep.hpp"
#include "tests/scanner/sweep_simulation.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

/// Stopping a sweep and resuming it from a cursor.
namespace sonde::scanner {
namespace {

using model::port_set;
using test::as_set;
using test::host_model;
using test::listening_on;
using test::port_list;
using test::ports;
using test::simulation;

/// A host that loses every third first answer and has a local error now and then.
verdict lossy(std::uint16_t port, int time) {
  bool open = port % 97 == 0;
  if (port % 13 == 0 && time == 1) return verdict::local;
  int asked = port % 13 == 0 ? time - 1 : time;
  if (port % 3 == 0 && asked == 1) return verdict::silent;
  if (port % 31 == 0) return verdict::silent;
  return open ? verdict::open : verdict::closed;
}

struct whole_run {
  port_list found;
  std::vector<std::uint16_t> conversations_at_the_end;
  host_state host = host_state::unknown;
  std::map<std::uint16_t, int> asks;
};

/// A run that is stopped repeatedly, each time after a random number of steps.
whole_run stopped_at_random(const port_set& all, const host_model& host, std::uint64_t random) {
  whole_run out;
  model::sweep_cursor cursor;
  std::map<std::uint16_t, int> asked_before;
  for (int life = 0; life < 100'000; ++life) {
    // The host keeps its state: it counts probes over all runs.
    simulation s(
        all, [&](std::uint16_t port, int time) { return host(port, asked_before[port] + time); },
        cursor);
    auto steps = 1 + next_random(random) % 40;
    for (std::uint64_t i = 0; i < steps && !s.swept.finished(); ++i)
      s.step(20, random);
    for (const auto& [port, times] : s.asks) {
      asked_before[port] += times;
      out.asks[port] += times;
    }
    if (s.swept.finished()) {
      out.found = as_set(s.swept.open());
      out.conversations_at_the_end = s.conversations;
      out.host = s.swept.host();
      return out;
    }
    auto next = s.swept.cursor();
    CHECK(next.index >= cursor.index);
    cursor = next;
  }
  return out;
}

}  // namespace

TEST_CASE("resuming from a cursor loses no port and reports none twice") {
  auto all = ports("1-3000");
  simulation uninterrupted(all, lossy);
  REQUIRE(uninterrupted.run());
  auto expected = as_set(uninterrupted.swept.open());
  REQUIRE(expected.size() > 20);
  for (std::uint64_t random = 1; random <= 40; ++random) {
    CAPTURE(random);
    auto run = stopped_at_random(all, lossy, random);
    CHECK(run.found == expected);
    CHECK(run.host == host_state::answering);
    CHECK(run.asks.size() == 3000);
    // The run that reports a port has one conversation with it.
    CHECK(run.conversations_at_the_end.size() == as_set(run.conversations_at_the_end).size());
    CHECK(as_set(run.conversations_at_the_end) == expected);
  }
}

TEST_CASE("a cursor taken before the repeated probes still holds the open ports") {
  simulation s(ports("1-1000"), listening_on({22, 80, 443}));
  REQUIRE(s.run());
  auto cursor = s.swept.cursor();
  CHECK(cursor.index == 1000);
  CHECK(cursor.open == "22,80,443");
  CHECK(cursor.silent.empty());
  CHECK(cursor.answered);
  for (std::size_t in_flight = 0; in_flight <= 3; ++in_flight) {
    sweep resumed(ports("1-1000"), 7, cursor);
    for (std::size_t i = 0; i < in_flight; ++i)
      (void)resumed.next();
    simulation third(ports("1-1000"), listening_on({22, 80, 443}), resumed.cursor());
    REQUIRE(third.run());
    CHECK(as_set(third.swept.open()) == port_list{22, 80, 443});
    CHECK(third.asks.size() == 3);
  }
}

TEST_CASE("a coarser cursor loses no port, and an unreadable cursor restarts the sweep") {
  auto all = ports("1-3000");
  simulation uninterrupted(all, lossy);
  REQUIRE(uninterrupted.run());
  simulation first(all, lossy);
  std::uint64_t random = 5;
  while (first.swept.done() < 2'500)
    first.step(20, random);
  auto cursor = first.swept.cursor();
  CHECK(cursor.silent.starts_with("bits:"));
  for (std::size_t most : std::initializer_list<std::size_t>{0, 120, 200, 300, 400, 600, 2'000}) {
    CAPTURE(most);
    auto coarse = model::coarser(cursor, most);
    CHECK(coarse.index <= cursor.index);
    simulation second(
        all, [&](std::uint16_t port, int time) { return lossy(port, first.asks[port] + time); },
        coarse);
    REQUIRE(second.run());
    CHECK(as_set(second.swept.open()) == as_set(uninterrupted.swept.open()));
  }
  cursor.silent = "bits:%%";
  simulation anew(all, listening_on({80}), cursor);
  REQUIRE(anew.run());
  CHECK(anew.asks.size() == 3'000);
}

TEST_CASE("an open port that is silent after a resume is probed once more") {
  model::sweep_cursor cursor{1000, "22,80", "", true};
  simulation s(
      ports("1-1000"),
      [](std::uint16_t port, int time) {
        return port == 80 && time == 1 ? verdict::silent : verdict::open;
      },
      cursor);
  REQUIRE(s.run());
  CHECK(as_set(s.swept.open()) == port_list{22, 80});
  simulation gone(ports("1-1000"), listening_on({22}, verdict::silent), cursor);
  REQUIRE(gone.run());
  CHECK(as_set(gone.swept.open()) == port_list{22});
  CHECK(gone.asks[80] == 2);
}

TEST_CASE("a cursor remembers whether the host has answered") {
  // All refusals lie before the cursor, all silent ports after it.
  simulation first(ports("1-100"), listening_on({}));
  std::uint64_t random = 1;
  while (first.swept.done() < 50)
    first.step(1, random);
  auto cursor = first.swept.cursor();
  CHECK(cursor.answered);
  simulation second(ports("1-100"), listening_on({}, verdict::silent), cursor);
  REQUIRE(second.run());
  CHECK(second.swept.host() == host_state::answering);
  CHECK(asked_at_most(second) == 2);

  simulation mute(ports("1-100"), listening_on({}, verdict::silent));
  while (mute.swept.done() < 50)
    mute.step(1, random);
  cursor = mute.swept.cursor();
  CHECK(!cursor.answered);
  CHECK(!cursor.silent.empty());
  simulation still_mute(ports("1-100"), listening_on({}, verdict::silent), cursor);
  REQUIRE(still_mute.run());
  CHECK(still_mute.swept.host() == host_state::silent);
}

TEST_CASE("a tarpit is detected again after a resume") {
  auto accept = [](std::uint16_t, int) { return verdict::open; };
  simulation s(ports("1-1000"), accept);
  CHECK(s.run(1, 16));
  simulation resumed(ports("1-1000"), accept, s.swept.cursor());
  CHECK(resumed.run(1, 16));
  CHECK(resumed.swept.host() == host_state::tarpit);
}

TEST_CASE("an inconsistent cursor does no harm") {
  for (const model::sweep_cursor& odd : {model::sweep_cursor{4'000'000'000, "", "", false},
                                         model::sweep_cursor{50, "nonsense", "1-2-3", true},
                                         model::sweep_cursor{50, "1-65535", "1-65535", false},
                                         model::sweep_cursor{0, "1-65535", "1-65535", false}}) {
    simulation s(ports("1-100"), listening_on({22}), odd);
    REQUIRE(s.run());
    CHECK(s.swept.open().size() <= 1);
    CHECK(s.asks.size() <= 100);
  }
}

TEST_CASE("the cursor of a half-silent host stays small") {
  simulation s(ports("1-65535"), listening_on({80}, verdict::silent));
  std::uint64_t random = 1;
  while (s.swept.done() < 30'000)
    s.step(500, random);
  CHECK(s.swept.cursor().silent.size() < 100);
}

}  // namespace sonde::scanner
