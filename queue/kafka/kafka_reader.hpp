#pragma once

#include "base/async/condition.hpp"
#include "queue/kafka/client_conf.hpp"
#include "queue/kafka/surroundings.hpp"

#include <functional>
#include <memory>

namespace sonde::queue::kafka {

/// A reader or a member, as seen by the queue that ends it.
class closable {
 public:
  virtual ~closable() = default;
  /// Ends the reader or member. Called on the loop, possibly more than once.
  virtual void end() = 0;
};

/// Creates a reader of the partitions in `from`, from the given positions. Each reader has a
/// separate client, because a librdkafka client reads a partition only once.
[[nodiscard]] std::unique_ptr<reader> make_kafka_reader(std::shared_ptr<const surroundings> around,
                                                        std::vector<position> from,
                                                        std::weak_ptr<closable>& made);

/// Creates a member of a group on one topic.
[[nodiscard]] std::unique_ptr<consumer> make_kafka_member(
    std::shared_ptr<const surroundings> around, std::string group, std::string topic,
    std::string instance, std::weak_ptr<closable>& made);

/// Takes records from a client's queue without waiting, at most as many as the limits allow. Stops
/// before any other event, which it returns in `other`.
class record_intake {
 public:
  explicit record_intake(std::shared_ptr<const surroundings> around) : around_(std::move(around)) {}

  /// Fails with `errc::out_of_range` or another error if a partition cannot be read further.
  [[nodiscard]] result<std::vector<stored_record>> take(client& from, event_ptr& other);

 private:
  std::shared_ptr<const surroundings> around_;
  error after_records_;  ///< found after records, which are returned first
};

}  // namespace sonde::queue::kafka
