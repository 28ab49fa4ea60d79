#pragma once

#include "base/result.hpp"
#include "queue/kafka/handles.hpp"
#include "queue/kafka/kafka_settings.hpp"
#include "queue/limits.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::queue::kafka {

enum class client_kind {
  producer,
  reader,         ///< of explicitly assigned partitions
  member,         ///< of a consumer group
  offset_client,  ///< queries and administration only
};

/// The overhead of a record beyond its own bytes, rounded up: a batch header, lengths, a
/// compression frame.
inline constexpr std::uint32_t record_overhead_bytes = 16 * 1024;

using properties = std::vector<std::pair<std::string, std::string>>;

/// Creates librdkafka's configuration for a client. Applies, in this order, the defaults of this
/// program, the operator's properties, and the properties that cannot be changed.
[[nodiscard]] result<conf_ptr> make_conf(client_kind kind, const kafka_settings& settings,
                                         const limits& limits, const properties& own = {});

}  // namespace sonde::queue::kafka
