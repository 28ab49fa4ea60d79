#pragma once

#include "base/async/asio.hpp"
#include "base/async/resumption.hpp"
#include "base/limits.hpp"
#include "queue/io.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/standing.hpp"
#include "queue/kafka/topic_names.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sonde::queue::kafka {

/// Asks the brokers where topics begin and end. librdkafka can do that by blocking calls only, so
/// it is done on a loop of its own.
///
/// Questions that come while one is on its way are asked together, as one, when it has been
/// answered: the brokers see one question at a time, however many ask.
class asker : public std::enable_shared_from_this<asker> {
 public:
  using places = std::vector<position>;
  /// What Kafka takes for a time when it is asked for offsets.
  enum class edge : std::int64_t { end = RD_KAFKA_OFFSET_END, start = RD_KAFKA_OFFSET_BEGINNING };

  asker(std::shared_ptr<client> client, executor blocking_loop,
        std::shared_ptr<const topic_names> names, const limits& limits, standing& standing);

  /// From any thread. A question is never answered by what was asked before it came.
  awaitable<result<places>> edges(std::vector<std::string> topics, edge which);

  /// What a group has committed of the partitions of `otherwise`, all of one topic; these places
  /// where it has nothing. Blocks.
  [[nodiscard]] result<places> committed(const std::string& group, places otherwise);

  /// Whether every partition has a leader and replicas enough. Blocks. `producing` looks too:
  /// librdkafka remembers of a topic that it may not be written to until it is told otherwise.
  void look_after_trouble(rd_kafka_t* producing);

  /// Before its client goes. Nothing is asked any more.
  void let_go() { topics_.clear(); }

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
  standing& standing_;
  std::vector<topic_ptr> topics_;  ///< those that metadata are asked for
  std::vector<question> ends_;
  std::vector<question> starts_;
};

}  // namespace sonde::queue::kafka
