#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::queue {

/// Returns the partition of a key among `partitions`: the default of Kafka's JVM clients, murmur2
/// with the sign bit cleared. All clients therefore agree on the partition of a key.
[[nodiscard]] std::int32_t partition_of(std::string_view key, std::int32_t partitions);

/// Computes the 32-bit MurmurHash2 with Kafka's seed.
[[nodiscard]] std::uint32_t murmur2(std::string_view key);

}  // namespace sonde::queue
