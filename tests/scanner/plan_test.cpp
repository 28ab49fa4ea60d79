#include "scanner/engine/plan.hpp"

#include "scanner/engine/port_manners.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace sonde::scanner {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string name_of(const plan_step& step) {
  switch (step.what) {
    case plan_step::kind::tls: return "tls";
    case plan_step::kind::tls12: return "tls12";
    case plan_step::kind::talk: return std::string(step.module->name);
  }
  return {};
}

/// `memcached! tls http`, at most `most` steps; `!` follows hinted ones, `+` those that do not
/// wait.
std::string text_of(const std::vector<plan_step>& plan, std::size_t most) {
  std::string out;
  for (const auto& step : plan) {
    if (most-- == 0) break;
    out += (out.empty() ? "" : " ") + name_of(step) + (step.hinted ? "!" : "");
    if (step.with_next) out += "+";
  }
  return out;
}

}  // namespace

TEST_CASE("a port orders the requests that it gets") {
  struct order {
    std::uint16_t port;
    depth how;
    std::size_t most;
    const char* plan;
  };
  const std::vector<order> orders = {
      {11211, depth::standard, 3, "memcached! tls http"},
      {11211, depth::light, 9, "tls http tls12"},
      {80, depth::standard, 2, "http! tls"},
      {443, depth::standard, 3, "tls! tls12! http"},
      {40'001, depth::standard, 7, "tls http rdp+ smb dns+ mqtt postgresql+"},
      {27017, depth::standard, 3, "mongodb! tls http"},
  };
  for (const auto& one : orders) {
    CAPTURE(one.port);
    CHECK(text_of(plan_for(one.port, one.how), one.most) == one.plan);
  }
}

TEST_CASE("no plan has a step twice, and deep has every harmless module") {
  for (std::uint32_t port = 1; port <= 65'535; port += 7) {
    auto plan = plan_for(static_cast<std::uint16_t>(port), depth::deep);
    std::set<std::string> once;
    for (const auto& step : plan)
      once.insert(name_of(step));
    REQUIRE(once.size() == plan.size());
  }
  auto plan = plan_for(40'001, depth::deep);
  for (const auto* module : catalogue()) {
    bool planned = std::ranges::find(plan, module, &plan_step::module) != plan.end();
    CAPTURE(module->name);
    CHECK(planned == (module->talk != nullptr && module->risk == request_risk::harmless));
  }
}

TEST_CASE("an industrial request goes to its own port only, and no other request goes there") {
  for (std::uint32_t port = 1; port <= 65'535; ++port) {
    auto own = static_cast<std::uint16_t>(port);
    bool industrial = manners_of(own) == port_manners::industrial;
    auto plan = plan_for(own, industrial ? depth::deep : depth::standard);
    for (const auto& step : plan) {
      bool asks = step.module != nullptr && step.module->risk == request_risk::industrial;
      REQUIRE(asks == industrial);
    }
  }
}

TEST_CASE("inside TLS the port's own requests are sent, then HTTP, and never an industrial one") {
  CHECK(text_of(plan_inside_tls(27017, depth::standard, ""), 9) == "mongodb! http!");
  CHECK(text_of(plan_inside_tls(27017, depth::light, "http/1.1"), 9) == "http!");
  CHECK(text_of(plan_inside_tls(443, depth::standard, "h2"), 9) == "h2c!");
  for (std::uint32_t port = 1; port <= 65'535; ++port) {
    for (const auto& step : plan_inside_tls(static_cast<std::uint16_t>(port), depth::deep, ""))
      REQUIRE(step.module->risk == request_risk::harmless);
  }
}

TEST_CASE("patience grows with the round-trip time, within bounds") {
  CHECK(greeting_patience(microseconds(50)) == milliseconds(150));
  CHECK(greeting_patience(milliseconds(100)) == milliseconds(400));
  CHECK(greeting_patience(milliseconds(900)) == milliseconds(1'500));
  plan_step tls;
  CHECK(patience_for(tls, microseconds(50)) == milliseconds(400));
  CHECK(patience_for(tls, milliseconds(100)) == milliseconds(2'000));
  CHECK(longest_silence(40'001, microseconds(50), milliseconds(6'000)) <= milliseconds(2'000));
  CHECK(longest_silence(25, microseconds(50), milliseconds(6'000)) == milliseconds(6'000));
  CHECK(longest_silence(40'001, milliseconds(200), milliseconds(6'000)) == milliseconds(6'000));
}

TEST_CASE("a mute port costs at most two seconds, and is sent all requests that it may get") {
  const microseconds local(500);
  CHECK(mute_limit(local) <= milliseconds(2'000));
  CHECK(mute_limit(milliseconds(100)) == milliseconds(6'000));
  for (std::uint16_t port : {std::uint16_t{40'001}, std::uint16_t{80}, std::uint16_t{8443}}) {
    CAPTURE(port);
    auto asked = greeting_patience(local);
    auto connections = most_connections(depth::standard, 6) - 1;
    for (const auto& step : plan_for(port, depth::standard)) {
      if (step.what == plan_step::kind::tls12) continue;
      if (connections-- == 0) break;
      if (!step.with_next) asked += patience_for(step, local);
    }
    CHECK(asked <= mute_limit(local));
  }
}

TEST_CASE("the servers of some protocols serve one client") {
  CHECK(serves_one_client(10'809));
  CHECK(serves_one_client(179));
  CHECK(!serves_one_client(80));
}

TEST_CASE("a depth has its number of connections") {
  CHECK(most_connections(depth::light, 6) == 3);
  CHECK(most_connections(depth::standard, 6) == 6);
  CHECK(most_connections(depth::deep, 6) == 12);
  CHECK(depth_named("deep") == depth::deep);
  CHECK(depth_named("light") == depth::light);
  CHECK(depth_named("standard") == depth::standard);
}

}  // namespace sonde::scanner
