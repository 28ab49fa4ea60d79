#pragma once

#include "base/destroy_by.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>

/// Owning pointers to librdkafka's objects. Internal: no other folder includes this header.
namespace sonde::queue::kafka {

using conf_ptr = std::unique_ptr<rd_kafka_conf_t, destroy_by<rd_kafka_conf_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, destroy_by<rd_kafka_queue_destroy>>;
using event_ptr = std::unique_ptr<rd_kafka_event_t, destroy_by<rd_kafka_event_destroy>>;
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, destroy_by<rd_kafka_topic_destroy>>;
using error_ptr = std::unique_ptr<rd_kafka_error_t, destroy_by<rd_kafka_error_destroy>>;
using headers_ptr = std::unique_ptr<rd_kafka_headers_t, destroy_by<rd_kafka_headers_destroy>>;
using partitions_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                       destroy_by<rd_kafka_topic_partition_list_destroy>>;
using options_ptr =
    std::unique_ptr<rd_kafka_AdminOptions_t, destroy_by<rd_kafka_AdminOptions_destroy>>;
using new_topic_ptr = std::unique_ptr<rd_kafka_NewTopic_t, destroy_by<rd_kafka_NewTopic_destroy>>;
using resource_ptr =
    std::unique_ptr<rd_kafka_ConfigResource_t, destroy_by<rd_kafka_ConfigResource_destroy>>;
using offsets_question_ptr = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                             destroy_by<rd_kafka_ListConsumerGroupOffsets_destroy>>;

struct destroy_metadata {
  void operator()(const rd_kafka_metadata_t* it) const { rd_kafka_metadata_destroy(it); }
};
using metadata_ptr = std::unique_ptr<const rd_kafka_metadata_t, destroy_metadata>;

}  // namespace sonde::queue::kafka
