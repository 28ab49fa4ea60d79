#include "tests/webhook/delivery_simulation.hpp"

#include "tests/support/doctest.hpp"

#include <cstdlib>
#include <string>
#include <utility>

namespace sonde::test {
namespace {

constexpr std::uint64_t seed_count = 10'000;
constexpr std::uint64_t calm_seed_count = 2'000;

/// The seeds to run: the first `count`, or the one of the environment variable
/// SONDE_DELIVERY_SEED.
std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t count) {
  const char* wanted = std::getenv("SONDE_DELIVERY_SEED");
  if (wanted == nullptr) return {0, count};
  auto seed = std::strtoull(wanted, nullptr, 10);
  return {seed, seed + 1};
}

/// Runs one simulation. Returns the broken invariant; empty: none.
std::string broken_by(delivery_simulation& run) {
  try {
    run.run();
    return {};
  } catch (const broken_invariant& broken) {
    return broken.what;
  }
}

}  // namespace

TEST_CASE("every delivery ends once, through crashes, rebalances, late writes and failures") {
  std::size_t attempts = 0;
  std::size_t late_writes = 0;
  auto range = seeds(seed_count);
  auto seed = range.first;
  const auto end = range.second;
  bool all = end - seed == seed_count;
  for (; seed < end; ++seed) {
    delivery_simulation simulation(seed, hazards::all);
    auto broken = broken_by(simulation);
    INFO("run it again with SONDE_DELIVERY_SEED=", seed);
    REQUIRE(broken == "");
    attempts += simulation.world().attempts;
    late_writes += simulation.world().late_writes;
  }
  if (!all) return;
  // The simulation reaches the situations that it is about.
  CHECK(attempts > seed_count * 5);
  CHECK(late_writes > seed_count / 10);
}

TEST_CASE("without crashes and rebalances no message is sent after its end") {
  auto range = seeds(calm_seed_count);
  auto seed = range.first;
  const auto end = range.second;
  for (; seed < end; ++seed) {
    delivery_simulation simulation(seed, hazards::none);
    auto broken = broken_by(simulation);
    INFO("run it again with SONDE_DELIVERY_SEED=", seed);
    REQUIRE(broken == "");
    REQUIRE(simulation.world().repeated == 0);
  }
}

TEST_CASE("a seed determines a simulation") {
  delivery_simulation first(7, hazards::all);
  delivery_simulation second(7, hazards::all);
  first.run();
  second.run();
  CHECK(first.world().attempts == second.world().attempts);
  CHECK(first.world().now == second.world().now);
  for (std::size_t i = 0; i < first.world().partitions.size(); ++i)
    CHECK(first.world().partitions[i].states == second.world().partitions[i].states);
}

}  // namespace sonde::test
