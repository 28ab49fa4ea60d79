#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::queue {

/// The partition of a key among `partitions`: Kafka's default for the JVM, murmur2 with the sign
/// bit cleared, so that every client puts a key where every other one looks for it.
[[nodiscard]] std::int32_t partition_of(std::string_view key, std::int32_t partitions);

/// MurmurHash2, 32 bits, with Kafka's seed.
[[nodiscard]] std::uint32_t murmur2(std::string_view key);

}  // namespace sonde::queue
