#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/kafka/handles.hpp"
#include "queue/kafka/topic_names.hpp"

#include <string>

/// Converts between the types of librdkafka and those of this program.
namespace sonde::queue::kafka {

/// Creates an error from the operation that failed and the reason of librdkafka or the broker, if
/// there is one.
[[nodiscard]] error to_error(rd_kafka_resp_err_t code, const std::string& doing,
                             const std::string& reason = {});

/// Returns the reason of librdkafka or a broker, and a remedy if they do not name one.
[[nodiscard]] std::string reason_of(rd_kafka_event_t& event);

/// Converts a message to a record; copies the bytes. The topic must be in `names`.
[[nodiscard]] stored_record to_record(const rd_kafka_message_t& message, const topic_names& names);

/// Converts headers to librdkafka's form; null if there are none.
[[nodiscard]] headers_ptr to_headers(const record_headers& headers);

[[nodiscard]] partitions_ptr to_list(const std::vector<position>& places, const topic_names& names);

/// Writes a line of librdkafka's log to `log`.
void write_log(logger& log, rd_kafka_event_t& event);

}  // namespace sonde::queue::kafka
