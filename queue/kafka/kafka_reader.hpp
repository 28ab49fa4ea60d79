#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/client_conf.hpp"
#include "queue/kafka/topic_names.hpp"

#include <functional>
#include <memory>

namespace sonde::queue::kafka {

/// What readers and members need of the queue they belong to; outlives them.
struct surroundings {
  executor loop;           ///< where clients are served
  executor blocking_loop;  ///< where the brokers are asked what takes a blocking call
  std::function<void(std::unique_ptr<connection>)> bury;
  std::function<void(const std::vector<position>&)> committed;  ///< told on the loop
  std::function<void(error)> put_out;  ///< why a member is out of its group; none: it is in again
  std::shared_ptr<const topic_names> names;
  kafka_settings settings;
  const limits& bounds;
  const clock& time;
  standing& how_we_stand;
  logger& log;
};

/// A reader or a member, as its queue ends it.
class closable {
 public:
  virtual ~closable() = default;
  /// On the loop; more than once.
  virtual void end() = 0;
};

/// Reads these partitions from these places. A client of its own: librdkafka reads a partition
/// once for each client.
[[nodiscard]] std::unique_ptr<reader> make_kafka_reader(std::shared_ptr<const surroundings> around,
                                                        std::vector<position> from,
                                                        std::weak_ptr<closable>& made);

/// A member of a group of one topic.
[[nodiscard]] std::unique_ptr<consumer> make_kafka_member(
    std::shared_ptr<const surroundings> around, std::string group, std::string topic,
    std::string instance, std::weak_ptr<closable>& made);

/// Records of a client's queue, without waiting: at most as many as the limits allow. Stops in
/// front of anything that is no record, which is then in `other`.
class record_intake {
 public:
  explicit record_intake(std::shared_ptr<const surroundings> around) : around_(std::move(around)) {}

  /// `errc::out_of_range` and others where a partition cannot be read on.
  [[nodiscard]] result<std::vector<stored_record>> take(client& from, event_ptr& other);

 private:
  std::shared_ptr<const surroundings> around_;
  error after_records_;  ///< found behind records, which are handed over first
};

}  // namespace sonde::queue::kafka
