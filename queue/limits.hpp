#pragma once

#include <cstdint>

namespace sonde::queue {

/// Limits of every queue. The values are the defaults.
///
/// Those of single backends are here too, because other folders cannot include a backend's headers.
struct limits {
  // Records that wait for the disk, and the sizes of batches.
  std::uint32_t record_max_bytes =
      900 * 1024;  ///< key, value and headers; the default of Kafka itself is 1 MiB
  std::uint32_t produce_pending_bytes = 64u << 20;  ///< not yet durable; beyond it: busy
  std::uint32_t commit_records = 4096;  ///< records of one commit; more wait for the next
  std::uint32_t read_records = 512;     ///< records delivered at once
  std::uint32_t read_bytes = 4u << 20;  ///< and their bytes, so that a batch fits a cache

  // Disk: space that stays free.
  std::uint32_t disk_floor_bytes = 256u << 20;   ///< free; below it: only revocations and ends
  std::uint32_t disk_reserve_bytes = 16u << 20;  ///< reserved in a file for these few writes

  // Kafka: timeouts of brokers, and bounds on fetched data.
  std::uint32_t produce_timeout_ms = 30'000;        ///< until all in-sync replicas have a record
  std::uint32_t broker_answer_timeout_ms = 10'000;  ///< one query: offsets, commits, topics
  std::uint32_t fetch_ahead_bytes = 32u << 20;   ///< fetched ahead by each reader or group member
  std::uint32_t group_leave_timeout_ms = 5'000;  ///< for a member to leave its group
};

}  // namespace sonde::queue
