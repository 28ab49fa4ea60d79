#include "queue/partitioner.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::queue {

TEST_CASE("murmur2 returns the same hash as Kafka's Java client") {
  // Reference values of org.apache.kafka.common.utils.UtilsTest, as unsigned numbers.
  CHECK(murmur2("21") == static_cast<std::uint32_t>(-973932308));
  CHECK(murmur2("foobar") == static_cast<std::uint32_t>(-790332482));
  CHECK(murmur2("a-little-bit-long-string") == static_cast<std::uint32_t>(-985981536));
  CHECK(murmur2("a-little-bit-longer-string") == static_cast<std::uint32_t>(-1486304829));
  CHECK(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") ==
        static_cast<std::uint32_t>(-58897971));
  CHECK(murmur2("abc") == 479470107U);
}

TEST_CASE("a partition is in range for every key and partition count") {
  for (int partitions : {1, 2, 3, 64, 1000}) {
    for (int key = 0; key < 200; ++key) {
      auto p = partition_of(std::to_string(key), partitions);
      CHECK(p >= 0);
      CHECK(p < partitions);
    }
  }
}

}  // namespace sonde::queue
