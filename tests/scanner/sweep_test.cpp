#include "scanner/engine/sweep.hpp"

#include "tests/scanner/sweep_simulation.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <set>

namespace sonde::scanner {
namespace {

using model::port_set;
using test::as_set;
using test::asked_at_most;
using test::listening_on;
using test::port_list;
using test::ports;
using test::simulation;

}  // namespace

TEST_CASE("every port is probed once, and a refusal is final") {
  for (std::size_t window : {std::size_t{1}, std::size_t{50}, std::size_t{9000}}) {
    simulation s(ports("1-5000"), listening_on({22, 80, 443}));
    REQUIRE(s.run(3, window));
    CHECK(s.asks.size() == 5000);
    CHECK(asked_at_most(s) == 1);
    CHECK(as_set(s.swept.open()) == port_list{22, 80, 443});
    CHECK(as_set(s.conversations) == port_list{22, 80, 443});
    CHECK(s.conversations.size() == 3);
    CHECK(s.swept.host() == host_state::answering);
    CHECK(s.swept.done() == 5000);
    CHECK(s.swept.planned() == 5000);
    CHECK(s.swept.in_flight() == 0);
    CHECK(!s.swept.next());
  }
}

TEST_CASE("the smallest sweeps end") {
  simulation one(ports("80"), listening_on({80}));
  CHECK(one.run());
  CHECK(as_set(one.swept.open()) == port_list{80});
  simulation none(port_set(), listening_on({}));
  CHECK(none.swept.finished());
  CHECK(none.swept.host() == host_state::silent);
  CHECK(!none.swept.next());
}

TEST_CASE("silent ports of an answering host are probed once more") {
  simulation s(ports("1-1000"), [](std::uint16_t port, int) {
    return port <= 900 ? (port % 2 == 0 ? verdict::silent : verdict::unreachable) : verdict::closed;
  });
  REQUIRE(s.run());
  for (std::uint16_t port = 1; port <= 1000; ++port)
    CHECK_MESSAGE(s.asks[port] == (port <= 900 ? 2 : 1), port);
  CHECK(s.swept.host() == host_state::answering);
}

TEST_CASE("a port whose first answer was lost is found, and the loss is recorded") {
  simulation s(ports("1-1000"), [](std::uint16_t port, int time) {
    if (port == 80) return time == 1 ? verdict::silent : verdict::open;
    if (port == 81) return time == 1 ? verdict::silent : verdict::closed;
    return verdict::closed;
  });
  REQUIRE(s.run());
  CHECK(as_set(s.swept.open()) == port_list{80});
  CHECK(as_set(s.conversations) == port_list{80});

  sweep direct(ports("80-81"), 1);
  auto first = *direct.next();
  auto second = *direct.next();
  direct.report(first, verdict::silent);
  CHECK(!direct.last_was_loss());
  CHECK(!direct.next());  // the first pass is not over
  direct.report(second, verdict::closed);
  CHECK(!direct.last_was_loss());
  auto again = *direct.next();
  CHECK(again.port == first.port);
  CHECK(again.why == probe::purpose::again);
  CHECK(!direct.finished());
  direct.report(again, verdict::closed);
  CHECK(direct.last_was_loss());
  CHECK(direct.finished());
}

TEST_CASE("only a sample of a silent host is probed again") {
  simulation s(ports("1-65535"), listening_on({}, verdict::silent));
  REQUIRE(s.run(1, 4000));
  int asked = 0;
  for (const auto& [port, times] : s.asks)
    asked += times;
  CHECK(s.asks.size() == 65535);
  CHECK(asked == 65535 + 100);
  CHECK(s.swept.host() == host_state::silent);
  simulation few(ports("1-50"), listening_on({}, verdict::unreachable));
  REQUIRE(few.run());
  CHECK(asked_at_most(few) == 2);
  CHECK(few.swept.host() == host_state::silent);
}

TEST_CASE("a silent host that answers the sample is probed again in full") {
  // Every answer of the first pass is lost.
  simulation s(ports("1-1000"), [](std::uint16_t port, int time) {
    if (time == 1) return verdict::silent;
    return port == 777 ? verdict::open : verdict::closed;
  });
  REQUIRE(s.run());
  CHECK(as_set(s.swept.open()) == port_list{777});
  CHECK(s.swept.host() == host_state::answering);
  for (const auto& [port, times] : s.asks)
    CHECK(times == 2);
}

TEST_CASE("a local error is not a verdict: the port is probed until the probe succeeds") {
  simulation s(ports("1-200"), [](std::uint16_t port, int time) {
    if (time <= port % 4) return verdict::local;
    return port == 40 ? verdict::open : (port > 150 ? verdict::silent : verdict::closed);
  });
  REQUIRE(s.run());
  CHECK(as_set(s.swept.open()) == port_list{40});
  for (std::uint16_t port = 1; port <= 200; ++port)
    CHECK_MESSAGE(s.asks[port] == port % 4 + (port > 150 ? 2 : 1), port);
  CHECK(s.swept.done() == 200);
}

TEST_CASE("local errors alone are not an answer: the host state stays unknown") {
  sweep s(ports("1-2"), 1);
  auto first = *s.next();
  CHECK(!s.report(first, verdict::local));
  CHECK(s.host() == host_state::unknown);
  CHECK(s.done() == 0);
  CHECK(!s.finished());
  CHECK(s.next()->port == first.port);
}

TEST_CASE("a host that accepts everything is detected as a tarpit early") {
  for (const char* profile : {"1-65535", "1-1000", "1-100"}) {
    simulation s(ports(profile), [](std::uint16_t, int) { return verdict::open; });
    CHECK(s.run(1, 16));
    CHECK(s.swept.host() == host_state::tarpit);
    CHECK(s.swept.finished());
    CHECK(s.swept.open().empty());
    CHECK(s.asks.size() < 100);
    CHECK(!s.swept.next());
    CHECK(s.swept.cursor() == model::sweep_cursor{});
  }
}

TEST_CASE("a tarpit that is silent now and then is still detected") {
  simulation s(ports("1-65535"), [](std::uint16_t port, int) {
    return port % 11 == 0 ? verdict::silent : verdict::open;
  });
  CHECK(s.run(1, 16));
  CHECK(s.swept.host() == host_state::tarpit);
}

TEST_CASE("a host with many open ports is not a tarpit if its other ports are closed") {
  port_list open;
  for (std::uint16_t port = 1; port <= 1000; ++port)
    open.insert(port);
  simulation s(ports("1-1000"), listening_on(open));
  REQUIRE(s.run());
  CHECK(s.swept.host() == host_state::answering);
  CHECK(as_set(s.swept.open()) == open);
  CHECK(s.conversations.size() == 1000);
  // The host is checked again each time it has four times as many open ports, so a few times in
  // total.
  CHECK(s.canaries.size() >= 8);
  CHECK(s.canaries.size() <= 8 * 4);
}

TEST_CASE("silent canaries do not make a host a tarpit") {
  simulation s(ports("1-100"), [](std::uint16_t port, int) {
    return port <= 100 ? verdict::open : verdict::silent;
  });
  REQUIRE(s.run());
  CHECK(s.swept.host() == host_state::answering);
  CHECK(s.swept.open().size() == 100);
  CHECK(!s.canaries.empty());
}

TEST_CASE("a canary that failed with a local error is sent again") {
  int local_errors = 5;
  simulation s(ports("1-65535"), [&](std::uint16_t, int time) {
    if (time == 0 && local_errors > 0) {  // a canary
      --local_errors;
      return verdict::local;
    }
    return verdict::open;
  });
  CHECK(s.run(1, 16));
  CHECK(local_errors == 0);
  CHECK(s.swept.host() == host_state::tarpit);
  CHECK(s.canaries.size() == 8);
}

TEST_CASE("an ordinary host receives no canaries") {
  simulation s(ports("1-1000"), listening_on({21, 22, 25, 53, 80, 110, 143, 443, 993, 995}));
  REQUIRE(s.run());
  CHECK(s.canaries.empty());
}

TEST_CASE("a host with few ports, all open, is checked from four ports on") {
  auto accept = [](std::uint16_t, int) { return verdict::open; };
  for (const char* profile : {"80", "80,443", "22,80,443"}) {
    simulation s(ports(profile), accept);
    REQUIRE(s.run());
    CHECK(s.swept.host() == host_state::answering);
    CHECK(s.canaries.empty());
  }
  for (const char* profile : {"22,80,443,8080", "21,22,25,80,110,143,443,8080"}) {
    simulation s(ports(profile), accept);
    CHECK(s.run());
    CHECK(s.swept.host() == host_state::tarpit);
    simulation honest(ports(profile), [&](std::uint16_t port, int) {
      return ports(profile).contains(port) ? verdict::open : verdict::closed;
    });
    REQUIRE(honest.run());
    CHECK(honest.swept.host() == host_state::answering);
    CHECK(honest.swept.open().size() == ports(profile).size());
  }
}

TEST_CASE("a sweep reports its end once, in every order of answers") {
  for (std::uint64_t random = 1; random <= 200; ++random) {
    simulation s(ports("1-40"), [](std::uint16_t port, int time) {
      switch (port % 5) {
        case 0: return verdict::open;
        case 1: return verdict::silent;
        case 2: return time == 1 ? verdict::local : verdict::closed;
        case 3: return time == 1 ? verdict::silent : verdict::closed;
        default: return verdict::closed;
      }
    });
    CAPTURE(random);
    auto order = random;
    REQUIRE(s.run(order, 1 + random % 50));
    CHECK(s.swept.open().size() == 8);
    CHECK(s.asks.size() == 40);
    CHECK(!s.swept.next());
  }
}

TEST_CASE("a sweep reports whether its host may still turn out to be a tarpit") {
  simulation few(ports("1-1000"), listening_on({22, 80, 443}));
  CHECK(few.swept.may_be_tarpit());
  REQUIRE(few.run());
  CHECK(!few.swept.may_be_tarpit());
  sweep many(ports("1-1000"), 1);
  while (many.open().size() < 20) {
    CHECK(many.may_be_tarpit());
    many.report(*many.next(), verdict::open);
  }
  // Its canaries are in flight: the verdict on the host comes first.
  CHECK(many.may_be_tarpit());
  for (auto asked = many.next(); asked && asked->why == probe::purpose::canary; asked = many.next())
    many.report(*asked, verdict::closed);
  CHECK(!many.may_be_tarpit());
}

}  // namespace sonde::scanner
