#pragma once

#include "base/async/asio.hpp"
#include "base/async/resumption.hpp"
#include "queue/io.hpp"
#include "queue/kafka/broker_health.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/topic_names.hpp"
#include "queue/limits.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sonde::queue::kafka {

/// The offset client (`offset_client`): queries the brokers for the first and last offsets of
/// topics. librdkafka offers only blocking calls for that, so they run on a separate loop.
///
/// Requests that arrive while a query runs are combined into one query that starts after it. The
/// brokers see one query at a time, for any number of callers.
class offset_client : public std::enable_shared_from_this<offset_client> {
 public:
  using places = std::vector<position>;
  /// The special timestamps that Kafka accepts in an offset query.
  enum class edge : std::int64_t { end = RD_KAFKA_OFFSET_END, start = RD_KAFKA_OFFSET_BEGINNING };

  offset_client(std::shared_ptr<client> client, executor blocking_loop,
                std::shared_ptr<const topic_names> names, const limits& limits,
                broker_health& broker_health);

  /// Returns the first or last offsets of the partitions of `topics`. The query starts after the
  /// call. Callable from any thread.
  awaitable<result<places>> edges(std::vector<std::string> topics, edge which);

  /// Returns the offsets that a group has committed for the partitions of `otherwise`, all of one
  /// topic. A partition without a commit keeps its position in `otherwise`. Blocks.
  [[nodiscard]] result<places> committed(const std::string& group, places otherwise);

  /// Checks whether every partition has a leader and enough replicas, and then notes a success.
  /// Blocks. Also refreshes the metadata of `producing`: librdkafka keeps a topic's write error
  /// until it gets new metadata.
  void look_after_errors(rd_kafka_t* producing);

  /// Releases the topic handles before their client is destroyed. No query may follow.
  void release() { topics_.clear(); }

 private:
  struct question {
    std::vector<std::string> topics;
    std::unique_ptr<resumption<result<places>>> waiting;
  };

  void answer_all(edge which);
  result<places> ask(const std::vector<std::string>& topics, edge which);
  std::vector<question>& line(edge which) { return which == edge::end ? ends_ : starts_; }

  std::shared_ptr<client> client_;
  rd_kafka_t* handle_;
  executor loop_;
  std::shared_ptr<const topic_names> names_;
  const limits& limits_;
  broker_health& broker_health_;
  std::vector<topic_ptr> topics_;  ///< topics whose metadata are requested
  std::vector<question> ends_;
  std::vector<question> starts_;
};

}  // namespace sonde::queue::kafka
