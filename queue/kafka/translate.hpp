#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/kafka/handles.hpp"
#include "queue/kafka/topic_names.hpp"

#include <string>

/// Between librdkafka's words and ours.
namespace sonde::queue::kafka {

/// A failure, with what was being done and librdkafka's or the broker's own reason where it has
/// one.
[[nodiscard]] error to_error(rd_kafka_resp_err_t code, const std::string& doing,
                             const std::string& reason = {});

/// Why, in the words of librdkafka or of a broker, and what to do about it where they do not say.
[[nodiscard]] std::string reason_of(rd_kafka_event_t& event);

/// The message as a record, copied. Its topic must be one of `names`.
[[nodiscard]] stored_record to_record(const rd_kafka_message_t& message, const topic_names& names);

/// Headers in librdkafka's form; null where there are none.
[[nodiscard]] headers_ptr to_headers(const record_headers& headers);

[[nodiscard]] partitions_ptr to_list(const std::vector<position>& places, const topic_names& names);

/// A line of librdkafka's own log.
void write_log(logger& log, rd_kafka_event_t& event);

}  // namespace sonde::queue::kafka
