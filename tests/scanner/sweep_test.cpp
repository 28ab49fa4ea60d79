#include "scanner/engine/sweep.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace sonde::scanner {
namespace {

using model::port_set;
using port_list = std::set<std::uint16_t>;

/// What a port answers when it is asked for the n-th time, from 1.
using host_model = std::function<verdict(std::uint16_t port, int time)>;

/// A sweep and the host that it asks.
class simulation {
 public:
  simulation(port_set ports, host_model host, const model::sweep_cursor& from = {},
             std::uint64_t seed = 7)
      : swept(std::move(ports), seed, from), host_(std::move(host)) {}

  /// Sends at most `most` probes and gives at most as many answers, in an order that `random`
  /// decides.
  void step(std::size_t most, std::uint64_t& random) {
    for (std::size_t i = 0; i < most; ++i) {
      auto next = swept.next();
      if (!next) break;
      in_flight_.push_back(*next);
    }
    for (auto answers = next_random(random) % (most + 1); answers > 0; --answers)
      answer_one(random);
  }

  void answer_one(std::uint64_t& random) {
    if (in_flight_.empty()) return;
    auto place = next_random(random) % in_flight_.size();
    std::swap(in_flight_[place], in_flight_.back());
    auto asked = in_flight_.back();
    in_flight_.pop_back();
    if (asked.why == probe::purpose::canary) {
      canaries.insert(asked.port);
    } else {
      ++asks[asked.port];
    }
    auto time = asked.why == probe::purpose::canary ? 0 : asks[asked.port];
    if (swept.report(asked, host_(asked.port, time))) talked_to.push_back(asked.port);
  }

  /// To its end; false where it does not come to one.
  bool run(std::uint64_t random = 1, std::size_t window = 64) {
    for (int i = 0; i < 2'000'000 && !swept.finished(); ++i)
      step(window, random);
    return swept.finished() && (in_flight_.empty() || swept.host() == host_state::tarpit);
  }

  sweep swept;
  std::map<std::uint16_t, int> asks;
  port_list canaries;
  std::vector<std::uint16_t> talked_to;

 private:
  host_model host_;
  std::vector<probe> in_flight_;
};

host_model listening_on(port_list open, verdict otherwise = verdict::closed) {
  return [open, otherwise](std::uint16_t port, int) {
    return open.contains(port) ? verdict::open : otherwise;
  };
}

port_set ports(const char* text) {
  return port_set::parse(text).value();
}

port_list as_set(const std::vector<std::uint16_t>& list) {
  return {list.begin(), list.end()};
}

int asked_at_most(const simulation& s) {
  int most = 0;
  for (const auto& [port, times] : s.asks)
    most = std::max(most, times);
  return most;
}

}  // namespace

TEST_CASE("every port is asked once, and a refusal is final") {
  for (std::size_t window : {std::size_t{1}, std::size_t{50}, std::size_t{9000}}) {
    simulation s(ports("1-5000"), listening_on({22, 80, 443}));
    REQUIRE(s.run(3, window));
    CHECK(s.asks.size() == 5000);
    CHECK(asked_at_most(s) == 1);
    CHECK(as_set(s.swept.open()) == port_list{22, 80, 443});
    CHECK(as_set(s.talked_to) == port_list{22, 80, 443});
    CHECK(s.talked_to.size() == 3);
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

TEST_CASE("what stayed silent is asked once more where the host answers") {
  simulation s(ports("1-1000"), [](std::uint16_t port, int) {
    return port <= 900 ? (port % 2 == 0 ? verdict::silent : verdict::unreachable) : verdict::closed;
  });
  REQUIRE(s.run());
  for (std::uint16_t port = 1; port <= 1000; ++port)
    CHECK_MESSAGE(s.asks[port] == (port <= 900 ? 2 : 1), port);
  CHECK(s.swept.host() == host_state::answering);
}

TEST_CASE("a port whose first answer was lost is found, and the loss is noticed") {
  simulation s(ports("1-1000"), [](std::uint16_t port, int time) {
    if (port == 80) return time == 1 ? verdict::silent : verdict::open;
    if (port == 81) return time == 1 ? verdict::silent : verdict::closed;
    return verdict::closed;
  });
  REQUIRE(s.run());
  CHECK(as_set(s.swept.open()) == port_list{80});
  CHECK(as_set(s.talked_to) == port_list{80});

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

TEST_CASE("of a silent host only a sample is asked again") {
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

TEST_CASE("a silent host that answers the sample is asked for all of it again") {
  // Everything gets lost for the first pass.
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

TEST_CASE("local trouble is no verdict: the port is asked until it can be") {
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

TEST_CASE("trouble alone is no answer: the host stays unknown") {
  sweep s(ports("1-2"), 1);
  auto first = *s.next();
  CHECK(!s.report(first, verdict::local));
  CHECK(s.host() == host_state::unknown);
  CHECK(s.done() == 0);
  CHECK(!s.finished());
  CHECK(s.next()->port == first.port);
}

TEST_CASE("a host that accepts everything is a tarpit, found out early") {
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

TEST_CASE("a tarpit that stays silent now and then is one all the same") {
  simulation s(ports("1-65535"), [](std::uint16_t port, int) {
    return port % 11 == 0 ? verdict::silent : verdict::open;
  });
  CHECK(s.run(1, 16));
  CHECK(s.swept.host() == host_state::tarpit);
}

TEST_CASE("a host with many open ports is no tarpit where its other ports are closed") {
  port_list open;
  for (std::uint16_t port = 1; port <= 1000; ++port)
    open.insert(port);
  simulation s(ports("1-1000"), listening_on(open));
  REQUIRE(s.run());
  CHECK(s.swept.host() == host_state::answering);
  CHECK(as_set(s.swept.open()) == open);
  CHECK(s.talked_to.size() == 1000);
  // It is looked at anew when there are four times as many, so a few times in all.
  CHECK(s.canaries.size() >= 8);
  CHECK(s.canaries.size() <= 8 * 4);
}

TEST_CASE("canaries that stay silent convict nobody") {
  simulation s(ports("1-100"), [](std::uint16_t port, int) {
    return port <= 100 ? verdict::open : verdict::silent;
  });
  REQUIRE(s.run());
  CHECK(s.swept.host() == host_state::answering);
  CHECK(s.swept.open().size() == 100);
  CHECK(!s.canaries.empty());
}

TEST_CASE("a canary that this machine could not ask is asked again") {
  int troubles = 5;
  simulation s(ports("1-65535"), [&](std::uint16_t, int time) {
    if (time == 0 && troubles > 0) {  // a canary
      --troubles;
      return verdict::local;
    }
    return verdict::open;
  });
  CHECK(s.run(1, 16));
  CHECK(troubles == 0);
  CHECK(s.swept.host() == host_state::tarpit);
  CHECK(s.canaries.size() == 8);
}

TEST_CASE("an ordinary host is sent no canaries") {
  simulation s(ports("1-1000"), listening_on({21, 22, 25, 53, 80, 110, 143, 443, 993, 995}));
  REQUIRE(s.run());
  CHECK(s.canaries.empty());
}

TEST_CASE("few ports, all of them open, are suspicious from four on") {
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

TEST_CASE("finished is said once, in every order of answers") {
  for (std::uint64_t random = 1; random <= 200; ++random) {
    simulation s(ports("1-40"), [](std::uint16_t port, int time) {
      switch (port % 5) {
        case 0:
          return verdict::open;
        case 1:
          return verdict::silent;
        case 2:
          return time == 1 ? verdict::local : verdict::closed;
        case 3:
          return time == 1 ? verdict::silent : verdict::closed;
        default:
          return verdict::closed;
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

// --- stopping and going on ---

namespace {

/// Loses every third first answer, and is in trouble now and then.
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
  std::vector<std::uint16_t> talked_to_at_the_end;
  host_state host = host_state::unknown;
  std::map<std::uint16_t, int> asks;
};

/// A run that is stopped again and again, each time after a random number of steps.
whole_run stopped_at_random(const port_set& all, const host_model& host, std::uint64_t random) {
  whole_run out;
  model::sweep_cursor cursor;
  std::map<std::uint16_t, int> asked_before;
  for (int life = 0; life < 100'000; ++life) {
    // The host goes on living: it counts over all runs.
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
      out.talked_to_at_the_end = s.talked_to;
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

TEST_CASE("going on from a cursor loses nothing and doubles nothing") {
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
    // Each is talked to once by the run that reports it.
    CHECK(run.talked_to_at_the_end.size() == as_set(run.talked_to_at_the_end).size());
    CHECK(as_set(run.talked_to_at_the_end) == expected);
  }
}

TEST_CASE("a cursor taken before anything was asked again still holds what was open") {
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

TEST_CASE("a port that was open and is silent when asked again is asked once more") {
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

TEST_CASE("a cursor remembers that the host has answered, and whether it has") {
  // All refusals lie before the cursor, all silence behind it.
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

TEST_CASE("a tarpit is found out again after a cursor") {
  auto accept = [](std::uint16_t, int) { return verdict::open; };
  simulation s(ports("1-1000"), accept);
  CHECK(s.run(1, 16));
  simulation resumed(ports("1-1000"), accept, s.swept.cursor());
  CHECK(resumed.run(1, 16));
  CHECK(resumed.swept.host() == host_state::tarpit);
}

TEST_CASE("a cursor that makes no sense does no harm") {
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

TEST_CASE("the cursor of a half silent host stays small") {
  simulation s(ports("1-65535"), listening_on({80}, verdict::silent));
  std::uint64_t random = 1;
  while (s.swept.done() < 30'000)
    s.step(500, random);
  CHECK(s.swept.cursor().silent.size() < 100);
}

}  // namespace sonde::scanner
