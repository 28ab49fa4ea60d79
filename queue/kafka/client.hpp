#pragma once

#include "base/async/asio.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "queue/kafka/broker_health.hpp"
#include "queue/kafka/handles.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sonde::queue::kafka {

/// A librdkafka client with its queues. Creating it is quick. Destroying it may block for seconds
/// when brokers do not respond, so it is destroyed on a loop that is reserved for that.
struct connection {
  connection() = default;
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  rd_kafka_t* handle = nullptr;
  queue_ptr events;   ///< records, delivery reports, changes of the group
  queue_ptr replies;  ///< of a consumer: commits, errors and log lines, for which no call waits
  /// The time limit for leaving the group when this object is destroyed. Zero: it is destroyed
  /// without leaving. After lost partitions, librdkafka's own close may never end.
  std::chrono::milliseconds leave_within{0};
};

[[nodiscard]] result<std::unique_ptr<connection>> connect(rd_kafka_type_t type, conf_ptr conf);

/// Wakes the owner of a connection on a loop, without a thread and without polling: librdkafka
/// writes to an eventfd when a queue is no longer empty.
///
/// librdkafka writes once, and again only after the queue was found empty. The owner must therefore
/// poll until the queue is empty, or poll again before it waits.
///
/// Lives on one loop. `release` must be called on that loop before the object is destroyed.
class client : public std::enable_shared_from_this<client> {
 public:
  client(std::unique_ptr<connection> connection, const executor& loop, broker_health& broker_health,
         logger& log);
  ~client();

  /// Starts to call `woken` when there are events to poll, and `replied` with each event of
  /// `replies`. Called on the loop, or before it runs. Neither callback may keep this client alive.
  void watch(std::function<void()> woken, std::function<void(rd_kafka_event_t&)> replied);

  [[nodiscard]] rd_kafka_t* handle() const { return connection_->handle; }
  [[nodiscard]] rd_kafka_queue_t* replies() const { return connection_->replies.get(); }

  /// Returns the next event, if there is one. Events that concern every client alike are handled
  /// here.
  [[nodiscard]] event_ptr poll();

  /// Stops watching, and returns the connection so that it can be destroyed elsewhere. Returns null
  /// the second time.
  [[nodiscard]] std::unique_ptr<connection> release();

 private:
  void arm();
  void serve();
  /// Handles a log line, or an error that only has to be recorded. Returns false for other events.
  bool handle_common(rd_kafka_event_t& event);

  std::unique_ptr<connection> connection_;
  asio::posix::stream_descriptor wakeup_;
  broker_health& broker_health_;
  logger& log_;
  std::function<void()> woken_;
  std::function<void(rd_kafka_event_t&)> replied_;
};

}  // namespace sonde::queue::kafka
