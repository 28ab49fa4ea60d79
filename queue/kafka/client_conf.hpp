#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"
#include "queue/kafka/handles.hpp"
#include "queue/kafka/kafka_settings.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::queue::kafka {

enum class client_kind {
  producer,
  reader,  ///< of partitions of its own choice
  member,  ///< of a consumer group
  asker,   ///< questions and administration only
};

/// What a record takes beyond its own bytes, with room: a batch header, lengths, a compression
/// frame.
inline constexpr std::uint32_t record_overhead_bytes = 16 * 1024;

using properties = std::vector<std::pair<std::string, std::string>>;

/// librdkafka's configuration for a client: what this program needs unless the operator says
/// otherwise, what the operator says, and what nobody may change, in this order.
[[nodiscard]] result<conf_ptr> make_conf(client_kind kind, const kafka_settings& settings,
                                         const limits& limits, const properties& own = {});

}  // namespace sonde::queue::kafka
