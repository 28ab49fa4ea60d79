// Checks the rule in docs/reference/contract.md that assigns a key to a partition against the code.

#include "tests/support/contract.hpp"

#include "queue/partitioner.hpp"
#include "tests/support/doctest.hpp"

#include <nlohmann/json.hpp>

namespace sonde::queue {

TEST_CASE("the partition of a key follows the contract") {
  auto vectors = nlohmann::json::parse(test::contract_vectors());
  const auto& cases = vectors.at("partitions");
  REQUIRE(!cases.empty());
  for (const auto& one : cases) {
    auto key = one.at("key").get<std::string>();
    CHECK(murmur2(key) == one.at("murmur2").get<std::uint32_t>());
    CHECK(partition_of(key, one.at("partitions").get<std::int32_t>()) ==
          one.at("partition").get<std::int32_t>());
  }
}

}  // namespace sonde::queue
